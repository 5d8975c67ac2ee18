"""A run as a stream: its record at each change, its logs byte for byte from where one stopped."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack
from typing import Final

from jupyter_mltrain import wire
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.errors import InvalidSpec, NoSuchFile
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.verbs import Verbs
from jupyter_mltrain.spec import Run, RunState

CHUNK_BYTES: Final = 262_144
"""Most bytes of a log in one frame."""

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
                run = self._verbs.get(run.id)
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
        except NoSuchFile:
            return None

    def watch(self, run: Run, log: str, changed: Callable[[], None]) -> Callable[[], None] | None:
        """Be told when the log grows or, as long as it is not there, when it may have come."""
        run_dir = self._verbs.supervisor.run_dir(run)
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

    async def read(self) -> AsyncIterator[Frame]:
        """Everything from the offset to the end as it is now."""
        if self._fd is None and not self._open():
            return
        assert self._fd is not None
        while os.fstat(self._fd).st_size > self._offset:
            data = await self._follower.in_thread(os.pread, self._fd, CHUNK_BYTES, self._offset)
            if not data:
                return
            frame = wire.LogFrame(log=self._name, offset=self._offset, size_bytes=len(data))
            self._offset += len(data)
            yield frame, data

    def _open(self) -> bool:
        # Watched before it is opened: what is written in between is not missed.
        if self._unwatch is not None:
            self._unwatch()
        try:
            self._unwatch = self._follower.watch(self._run, self._name, self._changed.set)
        except FileNotFoundError:
            self._unwatch = None  # moved or deleted between the look and the watch
        self._fd = self._follower.open(self._run, self._name)
        return self._fd is not None

    def close(self) -> None:
        if self._unwatch is not None:
            self._unwatch()
        if self._fd is not None:
            os.close(self._fd)


def _is_news(run: Run, sent: Run | None, version: int) -> bool:
    if sent is None:
        return run.version > version or run.state is RunState.QUEUED
    return run.version > sent.version or run.reason != sent.reason
