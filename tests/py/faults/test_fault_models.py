"""Models, and a service that is killed while it makes one."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest
from fault_builders import MakePlace, Place

from jupyter_mltrain.spec import Model
from jupyter_mltrain.wire import ModelRequest

pytestmark = pytest.mark.slow

FILES = 1_500


def many_files(folder: Path) -> Path:
    """So many that they take a while to copy."""
    folder.mkdir()
    for at in range(FILES):
        (folder / f"{at}.bin").write_bytes(bytes([at % 256]) * 20_000)
    return folder


def digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()


def test_a_registration_survives_the_kill_of_its_service_and_leaves_one_whole_version(
    place: Place,
) -> None:
    source = many_files(place.root / "net")
    made: list[Model] = []
    request = ModelRequest(name="net", source=str(source))

    def register() -> None:
        made.append(place.client.register_model(request))

    place.client.status()
    worker = threading.Thread(target=register)
    worker.start()
    staging = place.directory / "models" / ".staging"
    while not any(staging.glob("*/net/*")):
        assert worker.is_alive(), "it was over before it could be killed"
    place.kill_service()
    worker.join()
    assert [model.version for model in place.client.models()] == [made[0].version] == [1]
    folder = place.directory / "models" / "net" / "1"
    assert digest(folder / "net") == digest(source)


def test_what_the_killed_one_has_left_is_deleted_by_the_next(place: Place) -> None:
    left = place.directory / "models" / ".staging" / "0123456789abcdef"
    left.mkdir(parents=True)
    (left / "half").write_bytes(b"x")
    place.client.status()
    place.client.shutdown()
    assert not left.exists()


def test_a_model_outlives_a_database_that_is_lost(place: Place) -> None:
    source = place.root / "model.pt"
    source.write_text("weights")
    model = place.client.register_model(ModelRequest(name="net", source=str(source)))
    place.kill_service()
    for path in place.directory.glob("store.sqlite*"):
        path.unlink()
    assert place.client.model("net") == model
    assert b"".join(place.client.read_model_file("net", 1, "model.pt")) == b"weights"


REGISTERS = """\
import sys
from azureml.core import Run
open("outputs/m", "wb").write(b"x" * 3_000_000)
print("one", flush=True)
open(sys.argv[1]).read()
for attempt in range(2):
    try:
        print(Run.get_context().register_model("net", "outputs/m").version, flush=True)
    except Exception as error:
        print(error, flush=True)
    open(sys.argv[2]).read()
"""


@pytest.mark.root
def test_a_run_is_told_that_a_model_does_not_fit_and_registers_it_when_it_does(
    disk: Path, make_place: MakePlace
) -> None:
    place = make_place(disk / "workspace")
    full, room = place.gate("full"), place.gate("room")
    run = place.submit(REGISTERS, full, room)
    lines = place.lines(run)
    assert next(lines) == b"one\n"
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(os.statvfs(disk).f_bavail * 4096 - 1_000_000))
    full.open()
    assert b"the model is not registered" in next(lines)
    assert place.client.models("net") == ()
    ballast.unlink()
    room.open()
    assert next(lines) == b"1\n"
    room.open()
    place.completed(run)
    assert [model.version for model in place.client.models("net")] == [1]
    assert list((place.directory / "models" / ".staging").iterdir()) == []
    place.close()
