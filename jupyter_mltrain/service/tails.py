"""The growing files of one run: each read from an offset on, again whenever it has grown."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from jupyter_mltrain import wire
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.errors import InvalidSpec, NoSuchFile
from jupyter_mltrain.service import series
from jupyter_mltrain.service.verbs import Verbs
from jupyter_mltrain.spec import Run

T = TypeVar("T")

CHUNK_BYTES: Final = 120_000
"""Most bytes of a log in one frame.

Just below what glibc's allocator takes fresh pages for each time (mallopt(3), M_MMAP_THRESHOLD:
128 KiB) and what a socket's buffer takes at once: larger pieces cost twice the processor time."""

_GATHER_S: Final = 0.01
"""What comes this soon after a read waits for the next one. Being woken for each of many lines
would take the processor from the script that prints them."""

_METRICS_S: Final = 0.1
"""The same for metrics, of which a script may log thousands in a second."""


class Logs(Protocol):
    """The logs of whatever is followed."""

    def open(self, log: str) -> int | None:
        """A file descriptor of the log, `None` when it is not there yet."""

    def watch(self, log: str, changed: Callable[[], None]) -> Callable[[], None] | None:
        """Be told when the log grows or, as long as it is not there, when it may have come."""

    def in_thread(self, work: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        """Do slow work beside the event loop."""


class Following:
    """One run's files, as those see it who follow it."""

    def __init__(self, verbs: Verbs, watcher: Watcher, run: Run) -> None:
        self._verbs = verbs
        self._watcher = watcher
        self._run_id = run.id
        self._run_dir = verbs.supervisor.roster.run_dir(run)
        self.journal = self._run_dir / "journal.jsonl"
        """Where the run writes what it logs."""

    def open(self, log: str) -> int | None:
        """A file descriptor of the log, `None` when it is not there yet."""
        try:
            with self._verbs.run_files(self._run_id).open(log) as file:
                return os.dup(file.fileno())
        except (NoSuchFile, InvalidSpec):
            return None  # the latter for a symlink that leads elsewhere by now

    def watch(self, log: str, changed: Callable[[], None]) -> Callable[[], None] | None:
        """Be told when the log grows or, as long as it is not there, when it may have come."""
        run_dir = self._run_dir
        for root in (run_dir / "files", run_dir / "work"):
            path = root / log
            while path != run_dir and run_dir in path.parents:
                if path.is_symlink():
                    break
                if path.exists() and (path != root or root.name == "work"):
                    return self._watcher.watch(path, changed)
                path = path.parent
        return None

    def watch_journal(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Be told when the journal grows or, as long as it is not there, when it comes."""
        # A child's folder comes when it first logs something.
        for path in (self.journal, *self.journal.parents[:3]):
            try:
                return self._watcher.watch(path, changed)
            except FileNotFoundError:
                continue
        raise FileNotFoundError(self.journal)

    def in_thread(self, work: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        return self._verbs.in_thread(work, *arguments)


class _Tail:
    """Sleeps until its file has grown; after it was read, for a moment even then."""

    def __init__(self, changed: asyncio.Event, what: str, offset: int, gather_s: float) -> None:
        if offset < 0:
            raise InvalidSpec(f"The offset {offset} of {what} is negative. Start at 0.")
        self._changed = changed
        self._offset = offset
        self._gather_s = gather_s
        self._unwatch: Callable[[], None] | None = None
        self._gathering: asyncio.TimerHandle | None = None

    def _begin_watch(self) -> Callable[[], None] | None:
        raise NotImplementedError

    def _size(self) -> int:
        """Of the file as it is now."""
        raise NotImplementedError

    def _watch(self) -> None:
        self._watch_no_more()
        try:
            self._unwatch = self._begin_watch()
        except FileNotFoundError:
            pass  # moved or deleted between the look and the watch

    def _watch_no_more(self) -> None:
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None

    def _gather(self) -> None:
        self._watch_no_more()
        loop = asyncio.get_running_loop()
        self._gathering = loop.call_later(self._gather_s, self._look)

    def _look(self) -> None:
        """After a while of not being told: is there more?"""
        self._gathering = None
        self._watch()
        if self._size() > self._offset:
            self._changed.set()

    def close(self) -> None:
        if self._gathering is not None:
            self._gathering.cancel()
        self._watch_no_more()


class LogTail(_Tail):
    """One log. With a backlog, what lies further back from the end than that is left out."""

    def __init__(
        self,
        files: Logs,
        changed: asyncio.Event,
        name: str,
        offset: int,
        backlog: int | None = None,
    ) -> None:
        super().__init__(changed, repr(name), offset, _GATHER_S)
        self._files = files
        if backlog is not None and backlog < 1:
            raise InvalidSpec(f"A backlog of {backlog} bytes leaves nothing to send.")
        self._name = name
        self._backlog = backlog
        self._fd: int | None = None

    async def read(self, final: bool) -> AsyncIterator[tuple[wire.LogFrame, bytes]]:
        """Everything from the offset to the end as it is now."""
        if self._fd is None and not self._open():
            return
        assert self._fd is not None
        # Not for ever: what is written meanwhile is for the next read, in a larger piece.
        end = self._size()
        if end > self._offset and self._gathering is None:
            self._gather()
        if self._backlog is not None:
            self._offset = max(self._offset, end - self._backlog)
        while self._offset < end:
            data = await self._piece(min(CHUNK_BYTES, end - self._offset))
            if not data:
                return  # truncated meanwhile
            frame = wire.LogFrame(log=self._name, offset=self._offset, size_bytes=len(data))
            self._offset += len(data)
            yield frame, data

    async def _piece(self, count: int) -> bytes:
        assert self._fd is not None
        try:
            return _pread_now(self._fd, count, self._offset)
        except OSError:
            # It has to come from the disk, or the file system cannot tell whether it has to.
            return await self._files.in_thread(os.pread, self._fd, count, self._offset)

    def _open(self) -> bool:
        # Watched before it is opened: what is written in between is not missed.
        self._watch()
        self._fd = self._files.open(self._name)
        return self._fd is not None

    def _begin_watch(self) -> Callable[[], None] | None:
        return self._files.watch(self._name, self._changed.set)

    def _size(self) -> int:
        assert self._fd is not None
        return os.fstat(self._fd).st_size

    def close(self) -> None:
        super().close()
        if self._fd is not None:
            os.close(self._fd)


class MetricsTail(_Tail):
    """What a run logs. After a pause it is sent at once."""

    def __init__(self, files: Following, changed: asyncio.Event, offset: int) -> None:
        super().__init__(changed, "the metrics", offset, _METRICS_S)
        self._files = files
        self._path: Path = files.journal

    async def read(self, final: bool) -> AsyncIterator[tuple[wire.MetricsFrame, bytes]]:
        """What is new; of a run that has ended even if something was sent a moment ago."""
        if self._gathering is not None:
            if not final:
                return
            self._gathering.cancel()
        if self._unwatch is None or not self._size():
            # Watched before the look: what is written in between is not missed.
            self._watch()
        if self._size() <= self._offset:
            return
        self._gather()
        try:
            frame = await self._files.in_thread(series.read, self._path, self._offset)
        except OSError:
            return  # deleted by the script
        self._offset = frame.next_offset
        if frame.points:
            yield frame, b""

    def _begin_watch(self) -> Callable[[], None]:
        return self._files.watch_journal(self._changed.set)

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError:
            return 0  # not there yet, or deleted by the script


if sys.platform == "linux":

    def _pread_now(fd: int, count: int, offset: int) -> bytes:
        """Read without waiting for a disk: what was just written is in memory.

        Raises
        ------
        OSError
            That is not possible.

        References
        ----------
        preadv2(2), RWF_NOWAIT.
        """
        buffer = bytearray(count)
        size = os.preadv(fd, [buffer], offset, os.RWF_NOWAIT)
        return bytes(memoryview(buffer)[:size])

else:

    def _pread_now(fd: int, count: int, offset: int) -> bytes:
        raise OSError("this system cannot tell whether a read has to wait")
