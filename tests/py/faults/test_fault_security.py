"""What is private stays private: the socket from other users, the machine from a run's names."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
import sysconfig
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fault_builders import Place

import jupyter_mltrain
from jupyter_mltrain import errors, workspaces
from jupyter_mltrain.client import LogChunk
from jupyter_mltrain.spec import Run

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


def _connects_as_nobody(path: Path) -> str:
    """What happens when another user connects: the error's name, or "connected"."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            socket.socket(socket.AF_UNIX).connect(str(path))
            os.write(theirs, b"connected")
        except OSError as error:
            os.write(theirs, type(error).__name__.encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(theirs)
    with open(ours) as said:
        return said.read()


@pytest.mark.root
def test_another_user_cannot_connect(place: Place) -> None:
    path = socket_of(place)
    place.root.chmod(0o755)
    (place.root / "runtime").chmod(0o755)
    assert _connects_as_nobody(path) == "PermissionError"
    path.parent.chmod(0o755)  # the socket's own mode is enough
    assert _connects_as_nobody(path) == "PermissionError"
    path.chmod(0o666)
    assert _connects_as_nobody(path) == "connected"  # so it was for that reason


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
        names = [
            f"outputs/{name}" for name in (*links, "etc/passwd", "up/train.py", "up/../run.json")
        ]
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
    gates = [place.gate(name) for name in ("a", "b")]
    script = """\
import os, sys
print("here", flush=True)
open(sys.argv[1]).read()
os.symlink("/etc/passwd", "logs/a")
os.symlink("/etc", "logs/b")
open("logs/c", "w").write("mine")
open(sys.argv[2]).read()
"""
    run = place.submit(script, *gates)
    next(place.lines(run))
    followed = place.client.follow(run.id, {"logs/a": 0, "logs/b/passwd": 0, "logs/c": 0})
    assert isinstance(next(followed), Run)  # so that it watches before there is anything
    gates[0].open()
    first = next(followed)
    assert isinstance(first, LogChunk)
    assert (first.log, first.data) == ("logs/c", b"mine")
    with pytest.raises(errors.InvalidSpec, match="leads out of the run's files"):
        next(place.client.follow(run.id, {"logs/a": 0}))
    gates[1].open()
    assert [item for item in followed if isinstance(item, LogChunk)] == []


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
    """Run code as a user whom permissions bind, in a folder `base` of theirs; gives its output.

    Python and the package may lie where that user may not go, so they are mounted into it.
    """
    base = Path(tempfile.mkdtemp(prefix="mltrain-fault-"))
    base.chmod(0o755)
    mounts = {
        "python": sys.base_prefix,
        "packages": sysconfig.get_paths()["purelib"],
        "ours": str(Path(jupyter_mltrain.__file__).parents[1]),
        "tests": str(Path(__file__).parent),
    }
    for name, source in mounts.items():
        (base / name).mkdir()
        subprocess.run(["mount", "--bind", source, str(base / name)], check=True)
    home = base / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    executable = Path(sys.executable).resolve().relative_to(sys.base_prefix)

    def run(code: str) -> str:
        environment = {
            **os.environ,
            "HOME": str(home),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "PYTHONPATH": os.pathsep.join(str(base / name) for name in list(mounts)[1:]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LD_LIBRARY_PATH": str(base / "python" / "lib"),
        }
        done = subprocess.run(
            [str(base / "python" / executable), "-c", AS_NOBODY + textwrap.dedent(code)],
            env=environment,
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            capture_output=True,
            text=True,
            cwd=home,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    yield run
    for name in mounts:
        subprocess.run(["umount", "--lazy", str(base / name)], check=True)
    shutil.rmtree(base)


AS_NOBODY = """\
import os
from pathlib import Path
from fault_builders import Place
from jupyter_mltrain import errors
from jupyter_mltrain.core.workspace import Workspace
from jupyter_mltrain.spec import Source
base = Path.cwd()
"""


@pytest.mark.root
def test_a_user_without_rights_runs_and_is_told_what_they_may_not(
    as_nobody: Callable[[str], str],
) -> None:
    said = as_nobody(
        """
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
    assert said[2].startswith("/root")
    assert "cannot be read: Permission denied." in said[2]
    assert len(said) == 6
    for line in said[3:]:
        assert "cannot be " in line
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
