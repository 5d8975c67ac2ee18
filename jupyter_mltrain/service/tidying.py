"""What nobody waits for: records beside the files, working copies dropped, outputs synced."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Final, TypeVar

from jupyter_mltrain.errors import MltrainError
from jupyter_mltrain.service import asking, delivering, finishing, retrying, written
from jupyter_mltrain.service.durability import Durability
from jupyter_mltrain.service.roster import Roster
from jupyter_mltrain.service.run_dirs import RunDirs
from jupyter_mltrain.spec import Run
from jupyter_mltrain.store.files import RunFiles
from jupyter_mltrain.store.removal import remove_tree

T = TypeVar("T")
_log = logging.getLogger(__name__)

_NOT_NOW_S: Final = 0.25
"""By this much what nobody waits for makes way for what somebody does."""

_MANY: Final = 2_000
"""Working copies that may wait, however busy it is."""

_SMALL_BYTES: Final = 1_000_000
_SMALL_FILES: Final = 20


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
        self._to_drop: list[Path] = []
        """Run directories with small working copies: deleting those can wait until it is quiet."""
        self._tidying: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._closed = False

    def record_soon(self, run: Run) -> None:
        """Put the record of a run that has not ended beside its files."""
        asyncio.get_running_loop().call_later(_NOT_NOW_S, self._record, run.id)

    def _record(self, run_id: str) -> None:
        run = self._roster.active.get(run_id)
        if self._closed or run is None:
            return  # it has ended meanwhile, and its last record is there or on its way
        writing = self._in_thread(finishing.keep_record, run, self._roster.run_dir(run))
        writing.add_done_callback(_report)
        self._in_thread(self._run_dirs.keep_ready)

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
                self._to_drop += await self._in_thread(_keep_all, records)
                await self._in_thread(self._run_dirs.keep_ready)
                await self._durability.sync()
                if not self._roster.active or len(self._to_drop) > _MANY or self._hurry.is_set():
                    dropped, self._to_drop = self._to_drop, []
                    await self._in_thread(_drop_all, dropped)
        except MltrainError as error:
            # A full disk: the working copies are dropped when a service starts the next time.
            _log.error("ended runs cannot be tidied: %s", error)
        finally:
            self._tidying = None

    def _in_thread(self, work: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

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


def _keep_all(records: list[tuple[Run, Path]]) -> list[Path]:
    """Sync what is kept and drop large working copies; returns where small ones are left."""
    left = []
    for run, run_dir in records:
        try:
            if run.attempt > 1:  # it may have ended between two attempts
                retrying.give_outputs(run_dir)
                RunFiles(run_dir).collect()
            written.keep_unsent(run_dir)
            delivering.clear(run_dir)
            remove_tree(run_dir / asking.FOLDER)
            finishing.keep(run, run_dir)
        except (MltrainError, OSError) as error:
            _log.error("%s cannot be tidied: %s", run.id, error)
        if _is_small(run_dir / "work"):
            left.append(run_dir)
        else:
            _drop_all([run_dir])
    return left


def _is_small(folder: Path) -> bool:
    """Whether there is next to nothing in the folder; looks at no more than that."""
    count = size_bytes = 0
    for where, folders, names in os.walk(folder):
        count += len(folders) + len(names)
        if count > _SMALL_FILES:
            return False
        for name in names:
            try:
                size_bytes += os.lstat(f"{where}/{name}").st_size
            except OSError:
                return False  # odd: better not wait with it
    return size_bytes < _SMALL_BYTES


def _drop_all(run_dirs: list[Path]) -> None:
    for run_dir in run_dirs:
        for problem in RunFiles(run_dir).drop_work():
            _log.warning("%s: %s", run_dir.name, problem)


def _report(done: asyncio.Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        _log.error("a run's record is not beside its files: %s", error)
