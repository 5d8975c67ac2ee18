"""Gets runs their environment and their data, before they are queued.

The environment once more when it has gone since.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from jupyter_mltrain.environments.base import Environments
from jupyter_mltrain.errors import EnvironmentGone, NoSuchRun
from jupyter_mltrain.service import finishing
from jupyter_mltrain.service.datasets import takes_data
from jupyter_mltrain.service.delivering import Deliverer, cautions
from jupyter_mltrain.service.preflight import Report
from jupyter_mltrain.service.repeating import AGAIN_OF
from jupyter_mltrain.service.roster import Roster
from jupyter_mltrain.spec import BUILD_LOG, Run, RunState


class Readier:
    """The runs that wait for their environment or their data."""

    def __init__(
        self,
        roster: Roster,
        environments: Environments,
        home: Callable[[str], str],
        data: Deliverer,
        threads: Executor,
    ) -> None:
        """Get environments for the runs of a roster.

        Parameters
        ----------
        home
            Gives the compute target that environments are made for, where runs execute on one.
        """
        self._roster = roster
        self._environments = environments
        self._home = home
        self._data = data
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
        self._data.forget(run_id)

    async def prepare(self, run: Run) -> tuple[str, str] | None:
        """Get the run what it executes in and its data, at the same time.

        Returns
        -------
        tuple of str
            Why it will fail all the same, if it will: a sentence, and one that says what to do.
        """
        reasons = _Reasons(self._roster, run.id)
        if not takes_data(run.spec):
            return await self._prepare_environment(run, reasons)
        reasons.of("data")("bringing the data")
        both = [
            asyncio.ensure_future(self._prepare_environment(run, reasons)),
            asyncio.ensure_future(self._deliver(run, reasons)),
        ]
        try:
            problem, _ = await asyncio.gather(*both)
        finally:
            # One of them has failed, or the run is cancelled: neither works on behind its back.
            for each in both:
                each.cancel()
            await asyncio.gather(*both, return_exceptions=True)
        return problem

    async def _deliver(self, run: Run, reasons: _Reasons) -> None:
        run_dir = self._roster.run_dir(run)
        delivered = await self._data.deliver(run, run_dir, reasons.of("data"))
        run = self._roster.active[run.id]
        found = cautions(run, self._first(run), delivered)
        new = [each for each in found if each not in run.warnings]
        self._roster.amend(run, data=delivered, warnings=(*run.warnings, *new))
        reasons.of("data")("")

    def _first(self, run: Run) -> Run | None:
        """The run that this one repeats, if it is still there."""
        try:
            return self._roster.record(run.properties[AGAIN_OF])
        except (KeyError, NoSuchRun):
            return None

    async def _prepare_environment(self, run: Run, reasons: _Reasons) -> tuple[str, str] | None:
        log = self._roster.run_dir(run) / "files" / BUILD_LOG
        spec, audience = run.spec, _Waiting(reasons.of("environment"), log)
        place = self._home(spec.compute)
        built = await self._environments.prepare(spec.environment, place, audience)
        run = self._roster.amend(run.id, environment=built)
        reasons.of("environment")("" if takes_data(spec) else "the environment is ready")
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

    tell: Callable[[str], None]
    log: Path

    def said(self, reason: str) -> None:
        self.tell(reason)


class _Reasons:
    """What a run waits for, told by several that work for it at the same time."""

    def __init__(self, roster: Roster, run_id: str) -> None:
        self._roster = roster
        self._run_id = run_id
        self._told: dict[str, str] = {}

    def of(self, what: str) -> Callable[[str], None]:
        """Takes what one of them has to say; the empty string is nothing any more."""

        def told(reason: str) -> None:
            self._told[what] = reason
            reasons = "; ".join(filter(None, self._told.values()))
            run = self._roster.active.get(self._run_id)
            if run is not None and reasons and reasons != run.reason and not run.state.final:
                self._roster.amend(run, reason=reasons)

        return told
