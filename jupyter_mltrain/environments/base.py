"""The contract of environments: from a definition to something a run can execute in."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from jupyter_mltrain.spec import EnvironmentSpec


class Environments(Protocol):
    """Makes environments ready. Preparing is a phase of the run with a log of its own.

    A definition for which `ready` is true costs a run nothing; for any other the run is in the
    state Preparing while `prepare` works.
    """

    def ready(self, definition: EnvironmentSpec) -> bool:
        """Whether runs can execute in it right now; does no work."""

    async def prepare(self, definition: EnvironmentSpec, run_dir: Path) -> None:
        """Make it ready, writing what happens to ``azureml-logs/20_image_build_log.txt``.

        One preparation serves all runs that wait for the same definition. A cancelled one leaves
        nothing half made.

        Raises
        ------
        MltrainError
            It cannot be made ready; the sentence says which step failed.
        """


class InterpreterEnvironments:
    """Interpreters of this machine: there is nothing to prepare."""

    def ready(self, definition: EnvironmentSpec) -> bool:
        return True

    async def prepare(self, definition: EnvironmentSpec, run_dir: Path) -> None:
        return None
