"""Runs with data, over a rig."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace
from service_builders import a_request, a_spec
from service_rig import Rig

from jupyter_mltrain.compute.base import Launch
from jupyter_mltrain.spec import (
    DEFAULT_DATASTORE,
    DataInput,
    DataOutput,
    DataPath,
    DatasetKind,
    DatasetSpec,
    DatastoreKind,
    Run,
    RunState,
)
from jupyter_mltrain.wire import DatastoreRequest


def a_dataset(*paths: DataPath | str, **given: Any) -> DatasetSpec:
    """Files; a text is a URL, or a path of the workspace's own datastore."""
    made = tuple(
        path
        if isinstance(path, DataPath)
        else DataPath(url=path)
        if path.startswith("http")
        else DataPath(datastore=DEFAULT_DATASTORE, path=path)
        for path in paths
    )
    return replace(DatasetSpec(kind=DatasetKind.FILE, paths=made), **given)


def an_input(name: str, *paths: DataPath | str, steps: Any = (), **given: Any) -> DataInput:
    return replace(DataInput(name=name, spec=a_dataset(*paths, steps=steps)), **given)


def an_output(name: str, **given: Any) -> DataOutput:
    return replace(DataOutput(name=name), **given)


def uploaded(rig: Rig, **files: str) -> Path:
    """Files on the workspace's own datastore; ``__`` in a name is a slash."""
    folder = rig.directory / "datastores" / DEFAULT_DATASTORE
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


async def a_folder_store(rig: Rig, name: str, folder: Path) -> None:
    """Register a folder of this machine."""
    folder.mkdir(parents=True, exist_ok=True)
    request = DatastoreRequest(name=name, kind=DatastoreKind.FOLDER, url=str(folder))
    await rig.datastores.register(request)


async def submitted(rig: Rig, *inputs: DataInput, **given: Any) -> Run:
    """Submit a run that takes these; what is given goes into its spec."""
    return await rig.verbs.submit(a_request(spec=a_spec(inputs=inputs, **given)))


async def launched(rig: Rig, *inputs: DataInput, **given: Any) -> tuple[Run, Launch]:
    """A run that has started, and what its compute was given."""
    run = await submitted(rig, *inputs, **given)
    run = await rig.until(run, RunState.RUNNING, RunState.FAILED)
    assert run.state is RunState.RUNNING, run.reason
    return run, rig.world.job(run.id).launch


async def failed(rig: Rig, run: Run) -> str:
    """Why a run that is to fail has failed."""
    run = await rig.until(run, RunState.FAILED, RunState.RUNNING)
    assert run.state is RunState.FAILED
    return run.reason


def control_log(rig: Rig, run: Run) -> str:
    return (rig.run_dir(run) / "files" / "azureml-logs" / "60_control_log.txt").read_text()
