"""Gets runs their environment: before they are queued, and once more when it has gone since."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from jupyter_mltrain.environments.base import Environments
from jupyter_mltrain.errors import EnvironmentGone
from jupyter_mltrain.service import finishing
from jupyter_mltrain.service.preflight import Report
from jupyter_mltrain.service.roster import Roster
from jupyter_mltrain.spec import BUILD_LOG, Run, RunState


class Readier:
    """The runs that wait for their environment."""

    def __init__(self, roster: Roster, environments: Environments, threads: Executor) -> None:
        self._roster = roster
        self._environments = environments
        self._threads = threads
        self._to_check: dict[str, Callable[[Run], Report]] = {}
        self._prepared_again: set[str] = set()

    def check_later(self, run: Run, check: Callable[[Run], Report]) -> None:
        """Ask this, in a thread, once the run's environment is known."""
        self._to_check[run.id] = check

    def forget(self, run_id: str) -> None:
        """The run has ended."""
        self._to_check.pop(run_id, None)
        self._prepared_again.discard(run_id)

    async def prepare(self, run: Run) -> tuple[str, str] | None:
        """Get the run what it executes in; gives why it will fail in it all the same, if it will.

        Returns
        -------
        tuple of str
            A sentence, and one that says what to do.
        """
        log = self._roster.run_dir(run) / "files" / BUILD_LOG
        spec, audience = run.spec, _Waiting(self._roster, run.id, log)
        built = await self._environments.prepare(spec.environment, spec.compute, audience)
        run = self._roster.amend(run.id, environment=built, reason="the environment is ready")
        check = self._to_check.pop(run.id, None)
        if check is None:
            return None
        loop = asyncio.get_running_loop()
        report = await loop.run_in_executor(self._threads, check, run)
        run = self._roster.active[run.id]
        if new := tuple(each for each in report.warnings if each not in run.warnings):
            self._roster.amend(run, warnings=(*run.warnings, *new))
        return report.problems[0] if report.problems else None

    def lose(self, run: Run, error: EnvironmentGone) -> Run:
        """Take in that a run which is to start has no environment any more: back to Preparing.

        Raises
        ------
        EnvironmentGone
            It is the second time.
        """
        assert run.environment is not None
        self._environments.gone(run.environment)
        if run.id in self._prepared_again:
            raise error
        self._prepared_again.add(run.id)
        # No state leads from Starting to Preparing; nobody looks in between.
        run = self._roster.move(run, RunState.QUEUED, error.message, nodes=(), environment=None)
        return self._roster.move(run, RunState.PREPARING, "preparing the environment again")

    async def begun(self, run: Run, run_dir: Path) -> None:
        """Note that the run executes in it, and put the exact packages among the run's files."""
        if run.environment is None or not run.environment.id:
            return
        self._environments.used(run.environment)
        lock = self._environments.lock_of(run.environment)
        if lock is not None:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._threads, finishing.keep_lock, lock, run_dir)


@dataclass(frozen=True)
class _Waiting:
    """A run that waits for its environment."""

    roster: Roster
    run_id: str
    log: Path

    def said(self, reason: str) -> None:
        self.roster.amend(self.run_id, reason=reason)
