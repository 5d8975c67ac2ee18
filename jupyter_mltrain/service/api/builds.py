"""Builds of environments: begin, list, follow, cancel, delete, compare."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Final

from jupyter_mltrain import errors, wire
from jupyter_mltrain.service.api.base import Api, Streaming
from jupyter_mltrain.service.api.looking import Serving
from jupyter_mltrain.service.following import Frame
from jupyter_mltrain.service.sites import LOG

BUILD: Final = r"/v1/builds/([^/]+)"
"""Begin of every route that is about one build."""


class BuildsHandler(Api):
    """`GET /v1/builds[?environment=NAME[:VERSION]]`. `POST`: build; 202, it may take a while."""

    def get(self) -> None:
        self.reply(self.parts.builds.list(self.get_query_argument("environment", None)))

    async def post(self) -> None:
        self.reply(await self.parts.builds.start(self.request_as(wire.BuildRequest)), 202)


class BuildHandler(Api):
    """`GET /v1/builds/<build>`, and `DELETE`: what was built, its log and its lock."""

    def get(self, build_id: str) -> None:
        self.reply(self.parts.builds.get(build_id))

    async def delete(self, build_id: str) -> None:
        self.reply(await self.parts.builds.delete(build_id))


class CancelBuildHandler(Api):
    """`POST /v1/builds/<build>/cancel`: asked for, not yet ended, hence 202."""

    async def post(self, build_id: str) -> None:
        self.reply(await self.parts.builds.cancel(build_id), 202)


class DifferenceHandler(Api):
    """`GET /v1/builds/<build>/difference`: why it was not there already."""

    def get(self, build_id: str) -> None:
        self.reply(self.parts.builds.difference(build_id))


class BuildLogHandler(Serving):
    """`GET /v1/builds/<build>/log[?offset=N]`: its bytes as they are now, or a `Range`."""

    async def get(self, *names: str) -> None:
        await self.stream(lambda: self._send(*names))

    async def _send(self, build_id: str) -> None:
        path = self.parts.builds.folder(build_id) / LOG
        try:
            file = await self.verbs.in_thread(lambda: open(path, "rb"))  # noqa: SIM115 - below
        except FileNotFoundError:
            raise errors.NoSuchFile(f"The log of {build_id} is gone.") from None
        with file:
            info = os.fstat(file.fileno())
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            part = self.asked(info, LOG)
            if part is not None and self.request.method == "GET":
                await self.send_file(file, part)


class FollowBuildHandler(Streaming):
    """`GET /v1/builds/<build>/follow?offset&backlog`: frames until the end, as of a run."""

    async def get(self, build_id: str) -> None:
        self.parts.builds.get(build_id)  # a refusal can be sent only before the first frame
        offset, backlog = self.number("offset", 0) or 0, self.number("backlog")
        frames = self.parts.build_follower.follow(build_id, offset, backlog=backlog)
        await self.stream(lambda: self._send(frames))

    async def _send(self, frames: AsyncIterator[Frame]) -> None:
        self.set_header("Content-Type", "application/x-mltrain-frames")
        async with aclosing(frames):  # type: ignore[type-var]
            async for frame, data in frames:
                self.write(wire.encode(frame) + b"\n")
                if data:
                    self.write(data)
                await self.flush()


ROUTES: Final = (
    (r"/v1/builds", BuildsHandler),
    (BUILD, BuildHandler),
    (BUILD + r"/cancel", CancelBuildHandler),
    (BUILD + r"/difference", DifferenceHandler),
    (BUILD + r"/log", BuildLogHandler),
    (BUILD + r"/follow", FollowBuildHandler),
)
