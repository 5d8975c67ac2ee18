"""One task for each run that is prepared, started or watched; an error in it ends the run."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from jupyter_mltrain.errors import BuildCanceled, DiskFull, EnvironmentFailed, MltrainError
from jupyter_mltrain.service import retrying
from jupyter_mltrain.service.disk import Disk
from jupyter_mltrain.service.observing import LOOK_AGAIN_S
from jupyter_mltrain.service.roster import Roster
from jupyter_mltrain.spec import BUILD_LOG, Run, RunState

_MORE: Final = f"Its build log, {BUILD_LOG}, says more."

Step = Callable[[Run], Awaitable[None]]
_log = logging.getLogger(__name__)


class End(Protocol):
    """Ends a run with its reason, and what to do next."""

    def __call__(
        self, run: Run, state: RunState, reason: str, *, advice: str | None = None
    ) -> object: ...


class RunTasks:
    """What goes on for the runs of a supervisor."""

    def __init__(self, roster: Roster, disk: Disk, end: End, carry_on: Step) -> None:
        """Keep tasks.

        Parameters
        ----------
        carry_on
            Continues a run that was started, as the next service would.
        """
        self._roster = roster
        self._disk = disk
        self._end = end
        self._carry_on = carry_on
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, run: Run, step: Step) -> None:
        """Do this for the run, in a task of its own."""
        self._tasks[run.id] = asyncio.create_task(self._guarded(run, step))

    def cancel(self, run_id: str) -> None:
        self._tasks[run_id].cancel()

    async def ended(self, run_id: str) -> None:
        """Return when nothing goes on for the run."""
        task = self._tasks.get(run_id)
        if task is not None:
            await asyncio.wait([task])

    async def _guarded(self, run: Run, step: Step) -> None:
        try:
            await self._despite_a_full_disk(run, step)
        except BuildCanceled as error:
            reason = f"{error.message}: the build of its environment"
            self._fail(run.id, reason, RunState.CANCELED)
        except EnvironmentFailed as error:
            # The lines that it shows below its sentence are in the log, too.
            reason, _, more = error.message.partition("\n")
            self._fail(run.id, reason, advice=_MORE if more else None)
        except MltrainError as error:
            _log.error("%s: %s", run.id, error)
            self._fail(run.id, error.message)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            _log.exception("%s", run.id)
            self._fail(run.id, f"the service failed: {error!r}")
        finally:
            # Preparing a run ends with its start, which is then the run's task.
            if self._tasks.get(run.id) is asyncio.current_task():
                del self._tasks[run.id]

    async def _despite_a_full_disk(self, run: Run, step: Step) -> None:
        """Do a step; when it runs out of disk after the run was started, go on as after a restart.

        The run is there, and it will have an ending: that has to be written down some time.
        """
        while True:
            try:
                return await step(run)
            except (DiskFull, OSError) as error:
                full = isinstance(error, DiskFull) or error.errno == errno.ENOSPC
                if not full or run.id not in self._roster.active or not self._was_started(run):
                    raise
                _log.error("%s: %s", run.id, error)
            if not self._disk.give_up():
                await asyncio.sleep(LOOK_AGAIN_S)
            run, step = self._roster.active[run.id], self._carry_on

    def _was_started(self, run: Run) -> bool:
        run = self._roster.active[run.id]
        control = retrying.control_of(run, self._roster.run_dir(run))
        return (control / "reaper.json").exists()

    def _fail(
        self,
        run_id: str,
        reason: str,
        state: RunState = RunState.FAILED,
        *,
        advice: str | None = None,
    ) -> None:
        """Last resort: an ending with a reason rather than a run that hangs for ever."""
        run = self._roster.active.get(run_id)
        if run is None:
            return
        try:
            try:
                self._end(run, state, reason, advice=advice)
            except DiskFull:
                if not self._disk.give_up():
                    raise
                self._end(run, state, reason, advice=advice)
        except MltrainError as error:
            # Not even that can be written. The next service finds the run and tries again.
            _log.error("%s cannot be ended: %s", run_id, error)

    async def close(self) -> None:
        """Cancel what goes on; for runs that have ended what is left to do is done first."""
        for run_id, task in self._tasks.items():
            if run_id in self._roster.active:
                task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
