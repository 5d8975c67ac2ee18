"""From a run's record to the command, folder and variables that a compute executes."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from jupyter_mltrain import runtime
from jupyter_mltrain.compute import processes
from jupyter_mltrain.compute.base import Launch
from jupyter_mltrain.service.run_dirs import FOLDERS
from jupyter_mltrain.spec import CELL_SCRIPT, DRIVER_LOG, Lease, Run, RunKind
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


def check_out(snapshot_id: str, run_dir: Path, snapshots: Snapshots) -> None:
    """Make the working copy, afresh: what an interrupted try left is gone first.

    The folders as well, where a power cut took them: only the record of the run is made to last.
    """
    remove_tree(run_dir / "work")
    for name in FOLDERS:
        (run_dir / name).mkdir(parents=True, exist_ok=True)
    snapshots.check_out(snapshot_id, run_dir / "work")


def compose(
    run: Run, run_dir: Path, lease: Lease, workspace_name: str, grace_s: float, hide_gpus: bool
) -> Launch:
    """Everything the compute needs, for one attempt."""
    spec = run.spec
    interpreter = spec.environment.interpreter or sys.executable
    program: tuple[str, ...]
    if spec.kind in (RunKind.CELL, RunKind.NOTEBOOK):
        script = CELL_SCRIPT if spec.kind is RunKind.CELL else spec.script
        program = (interpreter, str(runtime.PATH / "_mltrain_run" / "cell.py"), script)
    elif spec.script.endswith(".sh"):
        program = ("/bin/sh", spec.script)
    else:
        program = (interpreter, spec.script)
    return Launch(
        run_id=run.id,
        run_dir=str(run_dir),
        argv=(*program, *spec.arguments),
        cwd=str(run_dir / "work"),
        log=str(run_dir / "files" / DRIVER_LOG),
        variables=_variables(run, run_dir, lease, workspace_name, hide_gpus),
        timeout_s=spec.timeout_s,
        grace_s=grace_s,
        memory_bytes=spec.resources.memory_bytes,
    )


def _variables(
    run: Run, run_dir: Path, lease: Lease, workspace_name: str, hide_gpus: bool
) -> Mapping[str, str]:
    spec = run.spec
    given = {**spec.environment.inherited, **spec.variables}
    variables = {name: str(lease.cpus) for name in THREAD_VARIABLES}
    variables["PYTHONIOENCODING"] = "utf-8"
    if spec.kind is not RunKind.NOTEBOOK:  # where figures are outputs of their cells
        variables["MPLBACKEND"] = "module://_mltrain_run.mpl_backend"
    if lease.gpus or hide_gpus:
        variables["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"  # the order NVML counts in
        variables["CUDA_VISIBLE_DEVICES"] = ",".join(str(index) for index in lease.gpus)
    variables |= given
    # From here on nothing is the user's to change: the run could not be found or followed.
    behind = given.get("PYTHONPATH")
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, (str(runtime.PATH), behind)))
    variables |= {
        processes.COOKIE: str(run_dir),
        "MLTRAIN_RUN_ID": run.id,
        "MLTRAIN_RUN_DIR": str(run_dir),
        "MLTRAIN_RUN_NUMBER": str(run.number),
        "MLTRAIN_RUN_NAME": spec.name or spec.experiment,
        "MLTRAIN_EXPERIMENT": spec.experiment,
        "MLTRAIN_WORKSPACE_NAME": workspace_name,
        "AZUREML_RUN_ID": run.id,
        "AZUREML_ARM_PROJECT_NAME": spec.experiment,
        "AZUREML_ARM_WORKSPACE_NAME": workspace_name,
    }
    if spec.cell is not None:
        variables["MLTRAIN_CELL_INPUTS"] = msgspec.json.encode(spec.cell.inputs).decode()
        variables["MLTRAIN_CELL_OUTPUTS"] = msgspec.json.encode(spec.cell.outputs).decode()
    return variables
