"""A build as a stream: its record at each change, its log from where one stopped."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, TypeVar

from jupyter_mltrain import wire
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.service.builds import Builds
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.sites import LOG
from jupyter_mltrain.service.tails import LogTail
from jupyter_mltrain.service.verbs import Verbs
from jupyter_mltrain.spec import Build

T = TypeVar("T")

_BEAT_S: Final = 15.0
"""A stream says at least this often that it is alive."""

Frame = tuple[wire.BuildFrame | wire.LogFrame | wire.BeatFrame, bytes]


class BuildFollower:
    """Follows one build until it has ended and its log was sent."""

    def __init__(self, builds: Builds, verbs: Verbs, hub: Hub, watcher: Watcher) -> None:
        self._builds = builds
        self._verbs = verbs
        self._hub = hub
        self._watcher = watcher

    async def follow(
        self, build_id: str, offset: int, *, backlog: int | None = None
    ) -> AsyncIterator[Frame]:
        """Yield frames; each log frame comes with its bytes. The build's end comes last.

        Parameters
        ----------
        offset
            In the log, to go on from.
        backlog
            Whenever the log is further ahead than so many bytes, go on that far from its end.
        """
        folder = self._builds.folder(build_id)
        changed = asyncio.Event()
        with ExitStack() as stack:
            stack.enter_context(self._hub.listen(changed, build_id))
            logs = _BuildLogs(folder, self._verbs, self._watcher)
            tail = LogTail(logs, changed, LOG, offset, backlog)
            stack.callback(tail.close)
            sent: Build | None = None
            while True:
                changed.clear()
                build = self._builds.get(build_id)
                final = build.state.final
                if build != sent and not final:
                    sent = build
                    yield wire.BuildFrame(build=build), b""
                async for frame in tail.read(final):
                    yield frame
                if final:
                    yield wire.BuildFrame(build=build), b""
                    return
                try:
                    await asyncio.wait_for(changed.wait(), _BEAT_S)
                except asyncio.TimeoutError:
                    yield wire.BeatFrame(), b""


class _BuildLogs:
    """The one log that a build has; there from its beginning."""

    def __init__(self, folder: Path, verbs: Verbs, watcher: Watcher) -> None:
        self._folder = folder
        self._verbs = verbs
        self._watcher = watcher

    def open(self, log: str) -> int | None:
        try:
            return os.open(self._folder / log, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None  # deleted by somebody

    def watch(self, log: str, changed: Callable[[], None]) -> Callable[[], None] | None:
        return self._watcher.watch(self._folder / log, changed)

    def in_thread(self, work: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        return self._verbs.in_thread(work, *arguments)
