"""What is private stays private: the socket from other users, the machine from a run's names."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fault_builders import Place

from jupyter_mltrain import errors, workspaces

pytestmark = pytest.mark.slow

NOBODY = 65534


def socket_of(place: Place) -> Path:
    place.client.status()
    endpoint = workspaces.endpoint(place.directory)
    assert endpoint is not None
    return Path(endpoint.socket)


def test_the_socket_is_its_owners_alone_in_a_folder_of_its_owners(place: Place) -> None:
    path = socket_of(place)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_folder_for_sockets_that_is_open_to_others_is_closed(place: Place) -> None:
    folder = place.root / "runtime" / "mltrain"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    path = socket_of(place)
    assert path.parent == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_for_sockets_that_is_a_symlink_is_not_used(place: Place) -> None:
    elsewhere = place.root / "elsewhere"
    elsewhere.mkdir()
    (place.root / "runtime").mkdir()
    (place.root / "runtime" / "mltrain").symlink_to(elsewhere)
    assert socket_of(place).parent != elsewhere


def test_what_the_service_writes_is_its_owners_alone(place: Place) -> None:
    place.completed(place.submit("print('here')"))
    for name in ("runs", "staging", "service.log", "service.json", "workspace.json", "lock"):
        assert stat.S_IMODE((place.directory / name).stat().st_mode) & 0o077 == 0, name


@pytest.mark.root
def test_another_user_cannot_connect(place: Place) -> None:
    path = socket_of(place)
    for folder in (place.root, place.root / "runtime"):
        folder.chmod(0o755)
    code = textwrap.dedent(
        f"""
        import socket
        try:
            socket.socket(socket.AF_UNIX).connect({str(path)!r})
        except PermissionError:
            print("refused")
        """
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], user=NOBODY, group=NOBODY, capture_output=True, text=True
    )
    assert done.stdout == "refused\n", done.stderr
    path.parent.chmod(0o755)  # the socket's own mode is enough
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], user=NOBODY, group=NOBODY, capture_output=True, text=True
    )
    assert done.stdout == "refused\n", done.stderr


def test_symlinks_that_a_script_makes_lead_to_nothing_outside_of_the_run(place: Place) -> None:
    links = {
        "passwd": "/etc/passwd",
        "store": "../../../../store.sqlite",
        "etc": "/etc",
        "up": "..",
        "record": "../../run.json",
        "loop": "loop",
        "own": "real",
    }
    gate = place.gate()
    script = f"""\
import os, sys
open("outputs/real", "w").write("mine")
for name, target in {links!r}.items():
    os.symlink(target, os.path.join("outputs", name))
print("here", flush=True)
open(sys.argv[1]).read()
"""
    run = place.submit(script, gate)
    output = place.lines(run)
    next(output)

    def reachable() -> dict[str, bytes]:
        found = {}
        names = [f"outputs/{name}" for name in (*links, "etc/passwd", "up/train.py", "up/../run.json")]
        for name in names:
            try:
                found[name] = place.output(run, name)
            except (errors.NoSuchFile, errors.InvalidSpec):
                continue
        return found

    assert reachable() == {"outputs/own": b"mine"}
    listed = {f.name for f in place.client.files(run.id) if f.name.startswith("outputs")}
    assert listed == {"outputs/real", "outputs/own"}
    gate.open()
    b"".join(output)
    place.completed(run)
    assert reachable() == {"outputs/own": b"mine"}


def test_a_followed_log_that_is_a_symlink_leads_nowhere(place: Place) -> None:
    gate = place.gate()
    script = """\
import os, sys
os.symlink("/etc/passwd", "logs/a")
os.symlink("/etc", "logs/b")
print("here", flush=True)
open(sys.argv[1]).read()
"""
    run = place.submit(script, gate)
    next(place.lines(run))
    followed = place.client.follow(run.id, {"logs/a": 0, "logs/b/passwd": 0})
    first = next(followed)
    gate.open()
    assert [item for item in (first, *followed) if not hasattr(item, "state")] == []


def test_a_folder_that_becomes_a_symlink_while_it_is_read_leads_nowhere(place: Place) -> None:
    secret = place.root / "secret"
    secret.mkdir()
    (secret / "file").write_text("secret")
    script = """\
import os, sys
os.mkdir("outputs/real")
open("outputs/real/file", "w").write("mine")
os.symlink(sys.argv[1], "outputs/link")
print("here", flush=True)
os.mkdir("outputs/d")
open("outputs/d/file", "w").write("mine")
while not os.path.exists(sys.argv[2]):
    os.rename("outputs/d", "outputs/aside"); os.symlink(sys.argv[1], "outputs/d")
    os.unlink("outputs/d"); os.rename("outputs/aside", "outputs/d")
"""
    stop = place.root / "stop"
    run = place.submit(script, secret, stop)
    output = place.lines(run)
    next(output)
    seen = set()
    for _ in range(200):
        try:
            seen.add(place.output(run, "outputs/d/file"))
        except (errors.NoSuchFile, errors.InvalidSpec):
            continue
        names = {file.name for file in place.client.files(run.id)}
        assert "outputs/link/file" not in names
    stop.touch()
    place.ended(run)
    assert seen <= {b"mine"}


@pytest.fixture
def as_nobody() -> Iterator[Callable[[str], str]]:
    """Run code as a user whom permissions bind, in a folder of theirs; gives what it prints."""
    base = Path(tempfile.mkdtemp(prefix="mltrain-fault-"))
    os.chown(base, NOBODY, NOBODY)

    def run(code: str) -> str:
        places = {"data": "data", "rt": "runtime", "home": "home"}
        for name in places:
            (base / name).mkdir(exist_ok=True)
            os.chown(base / name, NOBODY, NOBODY)
        environment = {
            **os.environ,
            "HOME": str(base / "home"),
            "JUPYTER_DATA_DIR": str(base / "data"),
            "JUPYTER_RUNTIME_DIR": str(base / "rt"),
            "MLTRAIN_WORKSPACE": str(base / "workspace"),
        }
        head = f"""\
import os, sys
from pathlib import Path
from jupyter_mltrain import errors
from jupyter_mltrain.core.workspace import Workspace
from jupyter_mltrain.spec import RunSpec, Source
from jupyter_mltrain.wire import SubmitRequest
import fault_builders
base = Path({str(base)!r})
"""
        done = subprocess.run(
            [sys.executable, "-c", head + textwrap.dedent(code)],
            env={**environment, "PYTHONPATH": str(Path(__file__).parent)},
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            capture_output=True,
            text=True,
            cwd=base,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    yield run
    for folder, _, _ in os.walk(base):
        Path(folder).chmod(0o700)
    shutil.rmtree(base)


PYTHON_IS_OPEN = os.access(sys.executable, os.X_OK)


@pytest.mark.root
def test_a_user_without_rights_runs_and_is_told_what_they_may_not(
    as_nobody: Callable[[str], str],
) -> None:
    said = as_nobody(
        """
        from fault_builders import Place
        place = Place(base)
        run = place.completed(place.submit("import os; print(os.getuid())"))
        print(place.output(run).decode().strip())
        source = base / "source"
        source.mkdir()
        (source / "train.py").write_text("print(1)")
        (source / "secret.bin").write_text("x")
        (source / "secret.bin").chmod(0)
        for directory in (source, Path("/root")):
            try:
                place.submit("", source=Source(directory=str(directory)))
            except errors.SnapshotError as error:
                print(error.message)
        place.close()
        place.directory.chmod(0o500)
        for directory in (place.directory, Path("/nobodys/workspace"), Path("/root/workspace")):
            try:
                Workspace.at(directory).client.status()
            except errors.WorkspaceError as error:
                print(error.message)
        """
    ).splitlines()
    assert said[0] == str(NOBODY)
    assert "'secret.bin'" in said[1]
    assert said[2].startswith("/root cannot be read: Permission denied.")
    assert len(said) == 6
    for line in said[3:]:
        assert "Permission denied" in line
        assert "MLTRAIN_WORKSPACE" in line


@pytest.mark.root
def test_a_workspace_of_another_user_is_refused_in_a_sentence(
    place: Place, as_nobody: Callable[[str], str]
) -> None:
    socket_of(place)
    place.root.chmod(0o755)
    for path in (place.directory, place.root / "runtime"):
        path.chmod(0o755)
    (place.directory / "service.json").chmod(0o644)
    said = as_nobody(
        f"""
        try:
            Workspace.at({str(place.directory)!r}).client.status()
        except errors.MltrainError as error:
            print(error.message)
        """
    )
    assert said == (
        f"The service of {place.directory} belongs to another user. Use a workspace of your own "
        "(MLTRAIN_WORKSPACE).\n"
    )


def test_a_client_does_not_trust_a_socket_that_nobody_listens_on(place: Place) -> None:
    path = socket_of(place)
    place.kill_service()
    assert path.exists()
    assert place.client.status().pid == place.service_pid
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
