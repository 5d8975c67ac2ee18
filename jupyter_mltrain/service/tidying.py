"""What nobody waits for: records beside the files, working copies dropped, outputs synced."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from concurrent.futures import Executor
from pathlib import Path
from typing import Final

from jupyter_mltrain.errors import MltrainError
from jupyter_mltrain.service import finishing
from jupyter_mltrain.service.durability import Durability
from jupyter_mltrain.service.roster import Roster
from jupyter_mltrain.service.run_dirs import RunDirs
from jupyter_mltrain.spec import Run

_log = logging.getLogger(__name__)

_NOT_NOW_S: Final = 0.25
"""By this much what nobody waits for makes way for what somebody does."""


class Tidier:
    """Works a moment later, in a thread, on all runs that have come together by then."""

    def __init__(
        self, roster: Roster, run_dirs: RunDirs, durability: Durability, threads: Executor
    ) -> None:
        self._roster = roster
        self._run_dirs = run_dirs
        self._durability = durability
        self._threads = threads
        self._untidy: dict[str, Path] = {}
        self._tidying: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._closed = False

    def record_soon(self, run: Run) -> None:
        """Put the record of a run that has not ended beside its files."""
        asyncio.get_running_loop().call_later(_NOT_NOW_S, self._record, run)

    def _record(self, run: Run) -> None:
        if self._closed or run.id not in self._roster.active:
            return  # it has ended meanwhile, and its last record is there or on its way
        loop, run_dir = asyncio.get_running_loop(), self._roster.run_dir(run)
        writing = loop.run_in_executor(self._threads, finishing.keep_record, run, run_dir)
        writing.add_done_callback(_report)
        loop.run_in_executor(self._threads, self._run_dirs.keep_ready)

    def tidy_soon(self, run_id: str, run_dir: Path) -> None:
        """Drop the working copy of a run that has ended, and sync what is kept."""
        self._untidy[run_id] = run_dir
        if self._tidying is None:
            self._tidying = asyncio.create_task(self._tidy())

    async def _tidy(self) -> None:
        try:
            while self._untidy:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._hurry.wait(), _NOT_NOW_S)
                taken, self._untidy = self._untidy, {}
                records = [
                    (self._roster.record(run_id), run_dir) for run_id, run_dir in taken.items()
                ]
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(self._threads, _tidy_all, records)
                await loop.run_in_executor(self._threads, self._run_dirs.keep_ready)
                await self._durability.sync()
        except MltrainError as error:
            # A full disk: the working copies are dropped when a service starts the next time.
            _log.error("ended runs cannot be tidied: %s", error)
        finally:
            self._tidying = None

    async def settled(self) -> None:
        """Do now what was asked for, and return when it is done."""
        if self._tidying is not None:
            self._hurry.set()
            await asyncio.wait([self._tidying])
            self._hurry.clear()

    async def close(self) -> None:
        """Do what is left to do for ended runs, and nothing more."""
        self._closed = True
        await self.settled()


def _tidy_all(records: list[tuple[Run, Path]]) -> None:
    for run, run_dir in records:
        try:
            finishing.tidy(run, run_dir)
        except (MltrainError, OSError) as error:
            _log.error("%s cannot be tidied: %s", run.id, error)


def _report(done: asyncio.Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        _log.error("a run's record is not beside its files: %s", error)
