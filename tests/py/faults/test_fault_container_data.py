"""Data of runs in containers: each sees what it takes, and nothing else of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engines import BASE, PYTHON
from fault_builders import Place
from web_server import serving

from jupyter_mltrain.engine import Engine, containers
from jupyter_mltrain.spec import (
    DEFAULT_DATASTORE,
    DataInput,
    DataMode,
    DataOutput,
    DataPath,
    DatasetKind,
    DatasetSpec,
    DatastoreKind,
    EnvironmentSpec,
    ImageSpec,
    Run,
    RunSpec,
    Source,
)
from jupyter_mltrain.wire import DatastoreRequest, SubmitRequest

IN_IMAGE = EnvironmentSpec(name="base", interpreter=PYTHON, image=ImageSpec(image=BASE))
TOKEN = "never-to-be-seen-7f3a"

SCRIPT = """\
import os, sys, time
from azureml.core import Run

web, mounted, copied, out = sys.argv[1:5]
with open(os.path.join(out, "made.txt"), "w") as file:
    file.write("made")
with open(os.path.join(copied, "a.txt"), "a") as file:
    file.write(" and mine")
try:
    open(os.path.join(mounted, "a.txt"), "a")
except OSError as error:
    print("mounted:", error.strerror)
web = os.path.join(web, "a") if os.path.isdir(web) else web
blobs = os.path.dirname(os.path.dirname(os.path.realpath(web)))
print("web:", open(web).read(), sum(len(names) for _, _, names in os.walk(blobs)))
print("copied:", open(os.path.join(copied, "a.txt")).read())
print("named:", *sorted(Run.get_context().input_datasets), flush=True)
while not os.path.exists("go"):
    time.sleep(0.02)
"""


def an_input(name: str, path: DataPath, **given: Any) -> DataInput:
    spec = DatasetSpec(kind=DatasetKind.FILE, paths=(path,))
    return DataInput(name=name, spec=spec, **given)


def start(place: Place, script: str, *given: DataInput, **more: Any) -> Run:
    """A run of a script whose arguments are the inputs' paths, and one of an output."""
    out = DataOutput(name="made")
    arguments = (*(each.argument for each in given), out.argument)
    spec = RunSpec(
        experiment="faults",
        script="train.py",
        arguments=arguments,
        inputs=given,
        outputs=(out,),
        **more,
    )
    source = Source(inline={"train.py": script})
    return place.client.submit(SubmitRequest(spec=spec, source=source))


@pytest.mark.slow
def test_a_container_sees_its_own_data_and_no_secret(place: Place, engine: Engine) -> None:
    folder = place.directory / "datastores" / DEFAULT_DATASTORE / "mnist"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("1")
    local = DataPath(datastore=DEFAULT_DATASTORE, path="mnist")
    with serving() as site:
        site.files |= {"/a": b"first", "/b": b"other"}
        site.wants = f"Bearer {TOKEN}"
        place.client.register_datastore(
            DatastoreRequest(
                name="far", kind=DatastoreKind.REMOTE, url=site.url, secrets={"token": TOKEN}
            )
        )
        far = {name: DataPath(datastore="far", path=name) for name in "ab"}
        place.completed(start(place, "print('fetched')", an_input("other", far["b"])))
        given = (
            an_input("web", far["a"]),
            an_input("_mounted_", local, path_on_compute="/mnt/data"),
            an_input("Copied1", local, mode=DataMode.DOWNLOAD),
        )
        run = start(place, SCRIPT, *given, environment=IN_IMAGE)
        lines = place.lines(run)
        said = b"".join(next(lines) for _ in range(4)).decode().splitlines()
        identity = json.loads((place.directory / "workspace.json").read_bytes())["id"]
        labels = {"mltrain.workspace": identity}
        told = engine.do(
            lambda client: [
                client.inspect_container(name) for name in containers.names(client, labels)
            ]
        )
        (place.run_dir(run) / "work" / "go").touch()
        now = place.completed(run)
    assert said == [
        "mounted: Read-only file system",
        "web: first 1",
        "copied: 1 and mine",
        "named: Copied1 _mounted_ web",
    ]
    assert len(told) == 1
    assert TOKEN not in json.dumps(told)
    assert (folder / "a.txt").read_text() == "1"
    assert (folder.parent / "dataset" / now.id / "made" / "made.txt").read_text() == "made"
    assert [each.files for each in now.data] == [1, 1, 1]
