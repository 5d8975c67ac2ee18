"""From a run's record to the command, folder and variables that a compute executes."""

from __future__ import annotations

import os
import posixpath
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from jupyter_mltrain import runtime
from jupyter_mltrain.compute import processes
from jupyter_mltrain.compute.base import Container, Launch
from jupyter_mltrain.errors import EnvironmentFailed, EnvironmentGone
from jupyter_mltrain.service import data_paths, retrying
from jupyter_mltrain.service.run_dirs import FOLDERS, have
from jupyter_mltrain.spec import (
    CELL_SCRIPT,
    DRIVER_LOG,
    EnvironmentSpec,
    ImageSpec,
    Lease,
    Run,
    RunKind,
    RunSpec,
)
from jupyter_mltrain.store.removal import remove_tree
from jupyter_mltrain.store.snapshots import Snapshots

THREAD_VARIABLES: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)
"""What the numeric libraries read their number of threads from; set to the leased CPUs."""

_MLFLOW: Final = runtime.load("mlflow_plugin")

_NO_CLOUD: Final = "local"
"""Stands for the subscription and the group that a workspace has in Azure, as in the SDK."""
_ELF: Final = b"\x7fELF"
_OF_PYTHON: Final = re.compile(rb"#!.*\bpython[\d.]*\b")
"""A script that names Python as its interpreter: it gets that of its environment."""


def check_out(run: Run, run_dir: Path, snapshots: Snapshots) -> None:
    """Make the working copy, afresh: what an interrupted try left is gone first.

    What an attempt before this one wrote to `outputs` and `logs` is there again. The folders as
    well, where a power cut took them: only the record of the run is made to last.
    """
    assert run.snapshot_id is not None
    if run.attempt > 1:
        retrying.take_outputs(run_dir)
    remove_tree(run_dir / "work")
    for name in FOLDERS:
        have(run_dir, name)
    snapshots.check_out(run.snapshot_id, run_dir / "work")
    if run.attempt > 1:
        retrying.give_outputs(run_dir)
        retrying.announce(run, run_dir)


def is_program(script: str, head: bytes) -> bool:
    """Whether a script is executed as it is, not by a Python.

    Parameters
    ----------
    head
        The first bytes of the file, its first line at least.
    """
    if script.endswith(".sh"):
        return True
    if script.endswith((".py", ".ipynb")):
        return False
    return head.startswith(_ELF) or (head.startswith(b"#!") and not _OF_PYTHON.match(head))


def check_there(run: Run) -> None:
    """Look whether the Python of a process environment still is where it was made.

    Raises
    ------
    EnvironmentGone
        It is not.
    """
    built = run.environment
    if built is None or not built.id or built.image is not None or built.interpreter is None:
        return
    if not os.path.exists(built.interpreter):  # noqa: PTH110 - on the way of every such run
        name = run.spec.environment.name
        raise EnvironmentGone(f"The environment {name} is not in {built.interpreter} any more.")


def compose(
    run: Run,
    run_dir: Path,
    lease: Lease,
    workspace_name: str,
    grace_s: float,
    hide_gpus: bool,
    limit_s: float,
    data: tuple[str, ...] = (),
) -> Launch:
    """Everything the compute needs, for one attempt; the working copy is there.

    Parameters
    ----------
    limit_s
        How long this attempt may take.
    data
        What the links among its data lead to.

    Raises
    ------
    EnvironmentFailed
        The script needs a Python, and the image has none.
    """
    spec = run.spec
    image = spec.environment.image
    return Launch(
        run_id=run.id,
        attempt=run.attempt,
        run_dir=str(run_dir),
        argv=(*_program(run, run_dir / "work"), *data_paths.arguments(run, run_dir)),
        cwd=str(run_dir / "work"),
        log=str(run_dir / "files" / DRIVER_LOG),
        variables=_variables(run, run_dir, lease, workspace_name, hide_gpus),
        timeout_s=limit_s,
        grace_s=grace_s,
        memory_bytes=lease.memory_bytes or None,
        container=None if image is None else _container(run, run_dir, image, lease, data),
    )


def _container(
    run: Run, run_dir: Path, image: ImageSpec, lease: Lease, data: tuple[str, ...]
) -> Container:
    assert run.environment is not None
    assert run.environment.image is not None
    return Container(
        image=run.environment.image,
        lease=lease,
        shm_bytes=image.shm_bytes,
        arguments=image.arguments,
        platform=image.platform,
        readonly=(str(runtime.PATH),),
        data=data,
        links=tuple(str(run_dir / data_paths.FOLDER / given.name) for given in run.spec.inputs),
    )


def _program(run: Run, work: Path) -> tuple[str, ...]:
    """What is executed, without the script's arguments."""
    spec = run.spec
    if spec.kind in (RunKind.CELL, RunKind.NOTEBOOK):
        script = CELL_SCRIPT if spec.kind is RunKind.CELL else spec.script
        return (_interpreter(run), str(runtime.PATH / "_mltrain_run" / "cell.py"), script)
    if spec.script.endswith(".sh"):
        return ("/bin/sh", spec.script)
    if not spec.script.endswith(".py") and is_program(spec.script, _head(work / spec.script)):
        program = work / spec.script
        program.chmod(program.stat().st_mode | 0o111)
        return (str(program),)
    return (_interpreter(run), spec.script)


def _head(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(200)
    except OSError:
        return b""  # a forced submit: whatever executes it says that there is no such file


def _interpreter(run: Run) -> str:
    built, environment = run.environment, run.spec.environment
    if built is None or not built.id:
        return environment.interpreter or sys.executable
    if built.interpreter is None:
        raise EnvironmentFailed(no_python(environment, run.spec))
    return built.interpreter


def no_python(environment: EnvironmentSpec, spec: RunSpec) -> str:
    """The sentence for a script that needs a Python in an image that has none."""
    what = "the cell" if spec.kind is RunKind.CELL else spec.script
    label = image_label(environment)
    return (
        f"{label[0].upper()}{label[1:]} has no Python, and {what} needs one. Take an image with "
        "Python, or submit a shell script or a program."
    )


def image_label(environment: EnvironmentSpec) -> str:
    """What an image is called in a sentence."""
    image = environment.image
    if image is not None and image.image is not None:
        return f"the image {image.image}"
    return f"the image {environment.name}"


def _variables(
    run: Run, run_dir: Path, lease: Lease, workspace_name: str, hide_gpus: bool
) -> Mapping[str, str]:
    spec = run.spec
    given = {**_of_environment(run), **spec.environment.variables, **spec.variables}
    variables = {name: str(lease.cpus) for name in THREAD_VARIABLES}
    variables["PYTHONIOENCODING"] = "utf-8"
    if spec.kind is not RunKind.NOTEBOOK:  # where figures are outputs of their cells
        variables["MPLBACKEND"] = "module://_mltrain_run.mpl_backend"
    # A container sees the devices that it is given, and counts them from 0.
    if (lease.gpus or hide_gpus) and spec.environment.image is None:
        variables["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"  # the order NVML counts in
        variables["CUDA_VISIBLE_DEVICES"] = ",".join(str(index) for index in lease.gpus)
    variables |= data_paths.variables(run, run_dir)
    variables |= given
    # From here on nothing is the user's to change: the run could not be found or followed.
    behind = given.get("PYTHONPATH")
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, (str(runtime.PATH), behind)))
    variables |= {
        processes.COOKIE: str(run_dir),
        "MLTRAIN_RUN_ID": run.id,
        "MLTRAIN_RUN_DIR": str(run_dir),
        "MLTRAIN_RUN_NUMBER": str(run.number),
        "MLTRAIN_ATTEMPT": str(run.attempt),
        "MLTRAIN_RUN_NAME": spec.name or spec.experiment,
        "MLTRAIN_EXPERIMENT": spec.experiment,
        "MLTRAIN_WORKSPACE_NAME": workspace_name,
        "AZUREML_RUN_ID": run.id,
        "AZUREML_ARM_PROJECT_NAME": spec.experiment,
        "AZUREML_ARM_WORKSPACE_NAME": workspace_name,
        "AZUREML_ARM_SUBSCRIPTION": _NO_CLOUD,
        "AZUREML_ARM_RESOURCEGROUP": _NO_CLOUD,
        "AZUREML_EXPERIMENT_ID": spec.experiment,
        "AZUREML_FRAMEWORK": spec.framework,
        "AZUREML_COMMUNICATOR": spec.communicator,
    }
    if run.attempt > 1:
        variables["MLTRAIN_ATTEMPT_AT"] = repr(time.time())
    if not _tracks_elsewhere(given):
        variables |= {
            "MLFLOW_TRACKING_URI": f"{_MLFLOW.SCHEME}:/{_MLFLOW.run_key(run.id)}",
            "MLFLOW_RUN_ID": _MLFLOW.run_key(run.id),
            "MLFLOW_EXPERIMENT_NAME": spec.experiment,
        }
    if spec.cell is not None:
        variables["MLTRAIN_CELL_INPUTS"] = msgspec.json.encode(spec.cell.inputs).decode()
        variables["MLTRAIN_CELL_OUTPUTS"] = msgspec.json.encode(spec.cell.outputs).decode()
    return variables


def _tracks_elsewhere(given: Mapping[str, str]) -> bool:
    """Whether the user has MLflow log to a server of theirs."""
    uri = given.get("MLFLOW_TRACKING_URI", "")
    return bool(uri) and not uri.startswith("mltrain")


def _of_environment(run: Run) -> Mapping[str, str]:
    """What activating the environment in a shell would set."""
    environment, built = run.spec.environment, run.environment
    if environment.image is not None:
        return {}
    if built is None or not built.id or built.interpreter is None:
        return _with_its_python(environment)
    folder = posixpath.dirname(built.interpreter)
    prefix = posixpath.dirname(folder)
    path = os.pathsep.join((folder, os.environ.get("PATH", os.defpath)))
    if built.kind == "conda":
        return {"PATH": path, "CONDA_PREFIX": prefix, "CONDA_DEFAULT_ENV": environment.name}
    return {"PATH": path, "VIRTUAL_ENV": prefix}


def _with_its_python(environment: EnvironmentSpec) -> Mapping[str, str]:
    """What it inherits, and its own ``python`` where another one, or none, would be found.

    A kernel is started by the path of its Python, whose folder need not be on the kernel's PATH.
    """
    inherited = environment.inherited
    folder = posixpath.dirname(environment.interpreter or sys.executable)
    path = inherited.get("PATH") or os.environ.get("PATH", os.defpath)
    if folder in path.split(os.pathsep):
        return inherited
    return {**inherited, "PATH": os.pathsep.join((folder, path))}
