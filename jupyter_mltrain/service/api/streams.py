"""Replies that have no end known beforehand: one run as it goes, all runs as they change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Final

from jupyter_mltrain import errors, wire
from jupyter_mltrain.service.api.base import RUN, Streaming
from jupyter_mltrain.service.follow import Frame
from jupyter_mltrain.spec import DRIVER_LOG
from jupyter_mltrain.store.files import RunFiles


class FollowHandler(Streaming):
    """`GET /v1/runs/<run>/follow?log=NAME:OFFSET&version&metrics&backlog`: frames until the end.

    A frame is a line of JSON; a log frame is followed by as many raw bytes as it says.
    """

    async def get(self, name: str) -> None:
        logs: dict[str, int] = {}
        # As it is: `get_query_arguments` strips spaces and replaces control characters.
        for given in self.request.query_arguments.get("log", ()):
            name_given, _, offset = given.rpartition(b":")
            try:
                logs[name_given.decode() or DRIVER_LOG] = int(offset)
            except ValueError:
                raise errors.InvalidSpec(f"log={given!r} has to be NAME:OFFSET.") from None
        for log in logs:
            if log != DRIVER_LOG:
                await self.verbs.in_thread(_check_log, self.verbs.run_files(name), log)
        frames = self.parts.follower.follow(
            name,
            logs,
            version=self.number("version", 0) or 0,
            metrics=self.number("metrics"),
            backlog=self.number("backlog"),
        )
        await self.stream(lambda: self._send(frames))

    async def _send(self, frames: AsyncIterator[Frame]) -> None:
        self.set_header("Content-Type", "application/x-mltrain-frames")
        async for frame, data in frames:
            self.write(wire.encode(frame) + b"\n")
            if data:
                self.write(data)
            await self.flush()


def _check_log(files: RunFiles, log: str) -> None:
    """Refuse what no log can be, as long as a refusal can be sent."""
    try:
        files.open(log).close()
    except errors.NoSuchFile:
        pass  # it may come


class EventsHandler(Streaming):
    """`GET /v1/events?since=CURSOR`: frames, a line of JSON each, for as long as one reads."""

    async def get(self) -> None:
        await self.stream(lambda: self._send(self.get_query_argument("since", None)))

    async def _send(self, since: str | None) -> None:
        self.set_header("Content-Type", "application/x-mltrain-frames")
        async with aclosing(self.parts.events.listen(since)) as stream:
            async for frames in stream:
                self.write(b"".join(wire.encode(frame) + b"\n" for frame in frames))
                await self.flush()


ROUTES: Final = (
    (RUN + r"/follow", FollowHandler),
    (r"/v1/events", EventsHandler),
)
