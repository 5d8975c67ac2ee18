"""A run as a stream: its record at each change, its logs byte for byte from where one stopped.

What it logs as metrics comes too, for those who ask.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack
from typing import Final

from jupyter_mltrain import wire
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.tails import Following, LogTail, MetricsTail
from jupyter_mltrain.service.verbs import Verbs
from jupyter_mltrain.spec import Run, RunState

_BEAT_S: Final = 15.0
"""A stream says at least this often that it is alive."""

Frame = tuple[wire.RunFrame | wire.LogFrame | wire.MetricsFrame | wire.BeatFrame, bytes]


class Follower:
    """Follows one run until it has ended and everything asked for was sent."""

    def __init__(self, verbs: Verbs, hub: Hub, watcher: Watcher) -> None:
        self._verbs = verbs
        self._hub = hub
        self._watcher = watcher

    async def follow(
        self,
        name: str,
        logs: Mapping[str, int],
        *,
        version: int = 0,
        metrics: int | None = None,
        backlog: int | None = None,
    ) -> AsyncIterator[Frame]:
        """Yield frames; each log frame comes with its bytes.

        Parameters
        ----------
        logs
            Name of a file of the run -> offset in bytes to go on from. A file that is not there
            yet is waited for.
        version
            Of the record that the caller has: only later ones are sent.
        metrics
            Offset in the run's journal from which on metrics are sent; `None` for none.
        backlog
            Whenever a log is further ahead than so many bytes, go on that far from its end.
        """
        run = self._verbs.get(name)
        changed = asyncio.Event()
        with ExitStack() as stack:
            stack.enter_context(self._hub.listen(changed, run.id, Hub.QUEUE))
            files = Following(self._verbs, self._watcher, run)
            streams: list[LogTail | MetricsTail] = [
                LogTail(files, changed, log, offset, backlog) for log, offset in logs.items()
            ]
            if metrics is not None:
                streams.append(MetricsTail(files, changed, metrics))
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
                    async for frame in stream.read(final):
                        yield frame
                if final:
                    # Last of all, so that whoever sees the end has seen all the output.
                    yield wire.RunFrame(run=run), b""
                    return
                try:
                    await asyncio.wait_for(changed.wait(), _BEAT_S)
                except asyncio.TimeoutError:
                    yield wire.BeatFrame(), b""


def _is_news(run: Run, sent: Run | None, version: int) -> bool:
    if sent is None:
        return run.version > version or run.state is RunState.QUEUED
    return run.version > sent.version or run.reason != sent.reason
