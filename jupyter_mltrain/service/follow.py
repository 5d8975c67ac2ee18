"""A run as a stream: its record at each change, its logs byte for byte from where one stopped."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack
from typing import Final

from jupyter_mltrain import wire
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.errors import InvalidSpec, NoSuchFile
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.verbs import Verbs
from jupyter_mltrain.spec import Run, RunState

CHUNK_BYTES: Final = 120_000
"""Most bytes of a log in one frame.

Just below what glibc's allocator takes fresh pages for each time (mallopt(3), M_MMAP_THRESHOLD:
128 KiB) and what a socket's buffer takes at once: larger pieces cost twice the processor time."""

_GATHER_S: Final = 0.01
"""What comes this soon after a read waits for the next one. Being woken for each of many lines
would take the processor from the script that prints them."""

_BEAT_S: Final = 15.0
"""A stream says at least this often that it is alive."""

Frame = tuple[wire.RunFrame | wire.LogFrame | wire.BeatFrame, bytes]


class Follower:
    """Follows one run until it has ended and everything asked for was sent."""

    def __init__(self, verbs: Verbs, hub: Hub, watcher: Watcher) -> None:
        self._verbs = verbs
        self._hub = hub
        self._watcher = watcher

    async def follow(
        self, name: str, logs: Mapping[str, int], *, version: int = 0
    ) -> AsyncIterator[Frame]:
        """Yield frames; each log frame comes with its bytes.

        Parameters
        ----------
        logs
            Name of a file of the run -> offset in bytes to go on from. A file that is not there
            yet is waited for.
        version
            Of the record that the caller has: only later ones are sent.
        """
        run = self._verbs.get(name)
        changed = asyncio.Event()
        with ExitStack() as stack:
            stack.enter_context(self._hub.listen(changed, run.id, Hub.QUEUE))
            streams = [_Log(self, run, log, offset, changed) for log, offset in logs.items()]
            for stream in streams:
                stack.callback(stream.close)
            sent: Run | None = None
            while True:
                changed.clear()
                run = self._verbs.now(run.id)
                final = run.state.final
                if _is_news(run, sent, version) and not final:
                    sent = run
                    yield wire.RunFrame(run=run), b""
                for stream in streams:
                    async for frame in stream.read():
                        yield frame
                if final:
                    # Last of all, so that whoever sees the end has seen all the output.
                    yield wire.RunFrame(run=run), b""
                    return
                try:
                    await asyncio.wait_for(changed.wait(), _BEAT_S)
                except asyncio.TimeoutError:
                    yield wire.BeatFrame(), b""

    def open(self, run: Run, log: str) -> int | None:
        """A file descriptor of the log, `None` when it is not there yet."""
        try:
            with self._verbs.run_files(run.id).open(log) as file:
                return os.dup(file.fileno())
        except (NoSuchFile, InvalidSpec):
            return None  # the latter for a symlink that leads elsewhere by now

    def watch(self, run: Run, log: str, changed: Callable[[], None]) -> Callable[[], None] | None:
        """Be told when the log grows or, as long as it is not there, when it may have come."""
        run_dir = self._verbs.supervisor.roster.run_dir(run)
        for root in (run_dir / "files", run_dir / "work"):
            path = root / log
            while path != run_dir and run_dir in path.parents:
                if path.is_symlink():
                    break
                if path.exists() and (path != root or root.name == "work"):
                    return self._watcher.watch(path, changed)
                path = path.parent
        return None

    def in_thread(self, work: Callable[..., bytes], *arguments: int) -> asyncio.Future[bytes]:
        return self._verbs.in_thread(work, *arguments)


class _Log:
    """One log of a follow stream."""

    def __init__(
        self, follower: Follower, run: Run, name: str, offset: int, changed: asyncio.Event
    ) -> None:
        if offset < 0:
            raise InvalidSpec(f"The offset {offset} of {name!r} is negative. Start at 0.")
        self._follower = follower
        self._run = run
        self._name = name
        self._offset = offset
        self._changed = changed
        self._fd: int | None = None
        self._unwatch: Callable[[], None] | None = None
        self._gathering: asyncio.TimerHandle | None = None

    async def read(self) -> AsyncIterator[Frame]:
        """Everything from the offset to the end as it is now."""
        if self._fd is None and not self._open():
            return
        assert self._fd is not None
        # Not for ever: what is written meanwhile is for the next read, in a larger piece.
        end = os.fstat(self._fd).st_size
        if end > self._offset and self._gathering is None:
            self._gather()
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
            return await self._follower.in_thread(os.pread, self._fd, count, self._offset)

    def _open(self) -> bool:
        # Watched before it is opened: what is written in between is not missed.
        self._watch()
        self._fd = self._follower.open(self._run, self._name)
        return self._fd is not None

    def _watch(self) -> None:
        self._watch_no_more()
        try:
            self._unwatch = self._follower.watch(self._run, self._name, self._changed.set)
        except FileNotFoundError:
            pass  # moved or deleted between the look and the watch

    def _watch_no_more(self) -> None:
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None

    def _gather(self) -> None:
        self._watch_no_more()
        loop = asyncio.get_running_loop()
        self._gathering = loop.call_later(_GATHER_S, self._look)

    def _look(self) -> None:
        """After a while of not being told: is there more?"""
        assert self._fd is not None
        self._gathering = None
        self._watch()
        if os.fstat(self._fd).st_size > self._offset:
            self._changed.set()

    def close(self) -> None:
        if self._gathering is not None:
            self._gathering.cancel()
        self._watch_no_more()
        if self._fd is not None:
            os.close(self._fd)


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


def _is_news(run: Run, sent: Run | None, version: int) -> bool:
    if sent is None:
        return run.version > version or run.state is RunState.QUEUED
    return run.version > sent.version or run.reason != sent.reason
