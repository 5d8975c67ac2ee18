"""The workspace as a stream: every run that changes, for as long as somebody listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from jupyter_mltrain import wire
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.verbs import Verbs
from jupyter_mltrain.store.feed import PAGE, Change, Feed

_GATHER_S: Final = 0.05
"""Between two sends to one listener: what happens meanwhile is sent together."""

_BEAT_S: Final = 15.0
"""A stream says at least this often that it is alive."""

Frame = (
    wire.ResetFrame
    | wire.ChangeFrame
    | wire.DeletedFrame
    | wire.QueueFrame
    | wire.EnvironmentsFrame
    | wire.BeatFrame
)


class Events:
    """Tells listeners what changes, each from where it stopped.

    Nothing is kept for a listener but the number it has reached: the slowest one costs no memory,
    and gets each run once when it reads on. Whoever listens keeps the service from leaving.
    """

    def __init__(self, verbs: Verbs, feed: Feed, hub: Hub) -> None:
        self._verbs = verbs
        self._feed = feed
        self._hub = hub

    async def listen(self, since: str | None = None) -> AsyncGenerator[tuple[Frame, ...], None]:
        """Yield frames, those that belong together at once; never ends by itself.

        Parameters
        ----------
        since
            The cursor that the listener has reached. Without one, or with one that nothing can be
            told from any more, a reset with a new cursor comes first.
        """
        loop = asyncio.get_running_loop()
        happened, others = asyncio.Event(), asyncio.Event()
        with (
            self._hub.listen(happened, Hub.ANY, Hub.QUEUE, Hub.ENVIRONMENTS),
            self._hub.listen(others, Hub.ENVIRONMENTS),
        ):
            at = self._feed.position(since)
            if at is None:
                at = self._feed.last()
                yield (wire.ResetFrame(cursor=self._feed.cursor(at)),)
            queue: wire.QueueFrame | None = None
            while True:
                happened.clear()
                sent_at = loop.time()
                full = True
                while full:  # more at once than one look takes: on without a pause
                    changes = self._feed.since(at, PAGE)
                    full = len(changes) == PAGE
                    frames: list[Frame] = list(map(self._frame, changes))
                    if changes:
                        at = changes[-1].seq
                    if not full and (now := self._queue()) != queue:
                        queue = now
                        frames.append(now)
                    if not full and others.is_set():
                        others.clear()
                        frames.append(wire.EnvironmentsFrame())
                    if frames:
                        yield tuple(frames)
                try:
                    await asyncio.wait_for(happened.wait(), _BEAT_S)
                except asyncio.TimeoutError:
                    yield (wire.BeatFrame(),)
                await asyncio.sleep(max(0.0, sent_at + _GATHER_S - loop.time()))

    def _frame(self, change: Change) -> Frame:
        cursor = self._feed.cursor(change.seq)
        if change.run is None:
            return wire.DeletedFrame(cursor=cursor, run_id=change.run_id)
        return wire.ChangeFrame(cursor=cursor, run=self._verbs.supervisor.describe(change.run))

    def _queue(self) -> wire.QueueFrame:
        status = self._verbs.status()
        return wire.QueueFrame(
            running=status.running, queued=status.queued, paused=status.queue_paused
        )
