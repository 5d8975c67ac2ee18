"""What a run in a container can see and do, and what it cannot do to us when it has ended."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from engines import BASE, PYTHON
from fault_builders import Place

from jupyter_mltrain import runtime
from jupyter_mltrain.errors import MltrainError
from jupyter_mltrain.spec import EnvironmentSpec, ImageSpec, Run

pytestmark = pytest.mark.slow

SECRET = "nothing of a run's"

LOOKS = """\
import errno, json, os, sys
run_dir, path, outside, others = os.environ["MLTRAIN_RUN_DIR"], *sys.argv[1:]
found = {}
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
found["capabilities"] = sorted({status[name].strip() for name in status if name[:3] == "Cap"})
found["no_new_privileges"] = status["NoNewPrivs"].strip()
found["ids"] = [os.getuid(), os.getgid()]
found["sockets"] = [name for name in (
    "/var/run/docker.sock", "/run/docker.sock", "/run/podman/podman.sock") if os.path.exists(name)]
found["others"] = [name for name in (outside, *others.split(":")) if os.path.exists(name)]
found["beside"] = os.listdir(os.path.dirname(run_dir))
try:
    open(os.path.join(path, "sitecustomize.py"), "a")
except OSError as error:
    found["runtime"] = errno.errorcode[error.errno]
found["processes"] = sum(name.isdigit() for name in os.listdir("/proc"))
for name, do in {
    "device": lambda: os.mknod("device", 0o600 | 0o060000, os.makedev(8, 0)),
    "owner": lambda: os.chown(run_dir, 12345, 12345),
    "kernel": lambda: open("/proc/sys/kernel/hostname", "w").write("x"),
}.items():
    try:
        do()
    except OSError as error:
        found[name] = errno.errorcode[error.errno]
print(json.dumps(found))
"""


def in_image(place: Place, *arguments: str) -> EnvironmentSpec:
    image = ImageSpec(image=BASE, arguments=arguments)
    return EnvironmentSpec(name="base", interpreter=PYTHON, image=image)


@pytest.fixture
def outside(place: Place, base_image: str) -> Iterator[Path]:
    """A folder of the user's that no run has to do with; unchanged after the test."""
    folder = place.root / "outside"
    folder.mkdir()
    (folder / "file").write_text(SECRET)
    (folder / "file").chmod(0o640)
    (folder / "folder" / "outputs").mkdir(parents=True)
    (folder / "folder" / "file").write_text(SECRET)
    (folder / "folder" / "outputs" / "file").write_text(SECRET)

    def seen() -> dict[str, tuple[int, str]]:
        return {
            str(path.relative_to(folder)): (
                path.lstat().st_mode,
                path.read_text() if path.is_file() else "",
            )
            for path in (folder, *folder.rglob("*"))
        }

    before = seen()
    yield folder
    assert seen() == before


def test_a_container_sees_its_own_folder_and_has_no_rights(place: Place, outside: Path) -> None:
    others = ":".join(str(place.directory / name) for name in ("store.sqlite", "service.log"))
    environment = in_image(place)
    run = place.submit(LOOKS, runtime.PATH, outside, others, environment=environment)
    place.completed(run)
    found = json.loads(place.output(run))
    assert found.pop("processes") <= 4  # its own
    assert found == {
        "capabilities": ["0000000000000000"],
        "no_new_privileges": "1",
        "ids": [os.getuid(), os.getgid()],
        "sockets": [],
        "others": [],
        "beside": [run.id],
        "runtime": "EROFS",
        "device": "EPERM",
        "owner": "EPERM",
        "kernel": "EROFS",
    }


def everything_read(place: Place, run: Run) -> bytes:
    """All that is told of the run's files."""
    found = b""
    for file in place.client.files(run.id):
        try:
            found += place.output(run, file.name)
        except MltrainError as error:
            found += error.message.encode()
    return found + json.dumps(place.client.metrics(run.id)).encode()


REPLACES = """\
import os, sys
name, target = sys.argv[1:]
os.chdir(os.environ["MLTRAIN_RUN_DIR"])
os.makedirs("work/outputs", exist_ok=True)
with open("work/outputs/model", "w") as file:
    file.write("weights")
if name == "control/exit.new":
    os.unlink("control/exit.json")
    os.mkdir("control/exit.json")  # so that it is written by the service
if os.path.lexists(name):
    os.rename(name, name + "-aside")
if target == "pipe":
    os.mkfifo(name)
else:
    os.symlink(target, name)
if os.path.isdir("work/outputs"):
    os.symlink("/nowhere", "work/outputs/nowhere")  # there is something to be noted
sys.exit(3)
"""


@pytest.mark.parametrize(
    ("name", "target"),
    [
        *((name, "folder") for name in ("files", "work", "home", "children", "variables")),
        *((name, "folder") for name in ("control", "work/outputs", "files/azureml-logs")),
        *((name, "file") for name in ("journal.jsonl", "control/exit.json", "run.json")),
        *((name, "file") for name in ("control/reaper.json", "control/exit.new")),
        *((name, "file") for name in ("work/outputs/evil", "files/azureml-logs/70_driver_log.txt")),
        ("files/azureml-logs/60_control_log.txt", "file"),
    ],
)
def test_a_link_in_the_place_of_ours_changes_and_shows_nothing_outside(
    place: Place, outside: Path, name: str, target: str
) -> None:
    run = place.submit(REPLACES, name, outside / target, environment=in_image(place))
    ended = place.ended(run)
    assert SECRET not in f"{ended}"
    assert SECRET.encode() not in everything_read(place, run)
    place.client.delete(run.id)
    place.completed(place.submit("print('the workspace works')"))


REPLACES_FOR_LATER = """\
import os, sys
folder, *names = sys.argv[1:]
os.chdir(os.environ["MLTRAIN_RUN_DIR"])
for name in names:
    if os.path.lexists(name):
        os.rename(name, name + "-aside" + os.environ["MLTRAIN_ATTEMPT"])
    os.symlink(folder, name)
if "work" in names:
    os.makedirs("carried-outputs", exist_ok=True)
sys.exit(os.environ["MLTRAIN_ATTEMPT"] != "3")
"""


@pytest.mark.parametrize(
    "names",
    [
        *(("control-1", "control-2", "control"), ("carried-outputs", "carried-logs"), ("work",)),
        *(("files",), ("files/azureml-logs",), ("data",), ("asks",), ("written",), ("home",)),
        *(("work/outputs", "work/logs"), ("journal.jsonl",)),
    ],
    ids=" ".join,
)
def test_a_link_that_an_attempt_leaves_leads_a_later_one_nowhere(
    place: Place, outside: Path, names: tuple[str, ...]
) -> None:
    environment = in_image(place)
    folder = outside / "folder"
    run = place.submit(REPLACES_FOR_LATER, folder, *names, environment=environment, retries=2)
    assert place.ended(run).attempt == 3
    assert SECRET.encode() not in everything_read(place, run)
    place.kill_service()
    place.completed(place.submit("print('the workspace works')"))


@pytest.mark.parametrize(
    "name",
    [
        *("journal.jsonl", "control/exit.json", "control/reaper.json", "run.json", "files"),
        *("control", "work/outputs", "files/azureml-logs/70_driver_log.txt"),
        *("files/azureml-logs/60_control_log.txt", "work", "home", "control/exit.new"),
    ],
)
def test_a_pipe_in_the_place_of_ours_holds_nobody_up(
    place: Place, outside: Path, name: str
) -> None:
    run = place.submit(REPLACES, name, "pipe", environment=in_image(place))
    place.ended(run)
    everything_read(place, run)
    place.client.delete(run.id)
    place.completed(place.submit("print('the workspace works')"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("-v", "/var/run/docker.sock:/var/run/docker.sock"),
        ("-v", "/run:/host-run"),
        ("-v", "/:/host"),
        ("-v", "/proc/1/root:/host"),
        ("--mount", "type=bind,source=/var/run,target=/x"),
        ("--mount", "type=volume,target=/x,volume-opt=device=/"),
        ("--privileged",),
        ("--pid", "host"),
        ("--pid=host",),
        ("--volumes-from", "x"),
        ("--cap-add", "ALL"),
        ("--security-opt", "systempaths=unconfined"),
        ("--network", "container:x"),
        ("--userns=host",),
        ("--cgroup-parent", "/"),
        ("--device", "/dev/mem"),
        ("--device", "/dev/sda"),
        ("--device", "/dev/../dev/nvme0n1p2:/dev/x"),
        ("--device", "/dev"),
    ],
    ids=" ".join,
)
def test_an_argument_that_opens_the_machine_is_refused(
    place: Place, arguments: tuple[str, ...]
) -> None:
    with pytest.raises(MltrainError):
        place.submit("print(1)", environment=in_image(place, *arguments))
