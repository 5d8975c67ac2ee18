"""Files of a run that goes on, between here and a compute target that does not see ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from jupyter_mltrain.compute.base import Compute
from jupyter_mltrain.compute.docker import DockerCompute
from jupyter_mltrain.compute.machine import Machine
from jupyter_mltrain.service.roster import Roster
from jupyter_mltrain.spec import Run


class ByCompute:
    """Carries by the compute target that the run is on; nothing where it sees our files."""

    def __init__(
        self,
        roster: Roster,
        computes: Mapping[str, Compute],
        handle: Callable[[str], str | None],
    ) -> None:
        """Look up a run's handle by its id with `handle`."""
        self._roster = roster
        self._computes = computes
        self._handle = handle

    async def bring(self, run: Run, paths: tuple[Path, ...]) -> None:
        """Put files or folders of the run's directory there, under the same names."""
        compute, handle = self._computes[run.spec.compute], self._handle(run.id)
        if isinstance(compute, Machine | DockerCompute) and handle:
            await compute.bring(handle, self._roster.run_dir(run) / "control", paths)

    async def take_back(self, run: Run) -> None:
        """Have here what the run has written so far."""
        compute, handle = self._computes[run.spec.compute], self._handle(run.id)
        if isinstance(compute, Machine | DockerCompute) and handle:
            await compute.take_back(handle, self._roster.run_dir(run) / "control")
