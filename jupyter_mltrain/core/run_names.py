"""What Azure's module of runs has beside `Run`: the offline run's class, and a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jupyter_mltrain import runtime
from jupyter_mltrain.core.run import Run

if TYPE_CHECKING:
    from jupyter_mltrain.core.experiment import Experiment

_OfflineRun: Final[Any] = runtime.load("offline")._OfflineRun
"""What `Run.get_context` gives outside a run; scripts test for it by this name."""


def get_run(
    experiment: Experiment, run_id: str, rehydrate: bool = True, clean_up: bool = True
) -> Run:
    """The run with this id, number or name; raises `NoSuchRun`.

    Parameters
    ----------
    rehydrate, clean_up
        Passed over: a run here is always what it was submitted as.
    """
    return Run.get(experiment.workspace, run_id)
