"""The WebSockets: the streams of a workspace's service, which outlive its death.

A socket that cannot go on says why in a frame ``{"frame": "error", …}`` and closes with 4000 plus
the HTTP status of that error: 4400 the request is wrong, 4404 workspace, run or build is gone, 4503
the service does not start. 1000 is the end of a run or a build, after its final record.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from jupyter_mltrain import errors, wire
from jupyter_mltrain.server.handlers import Parts, service_path
from jupyter_mltrain.server.upstream import CUT, TRIES, Frames, Upstream
from jupyter_mltrain.spec import DRIVER_LOG, BuildState, RunState

_CLOSE: Final = 4000
_PAUSES_S: Final = (0.05, 0.2, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Between attempts at a service that cannot be started; the last one goes on."""


class _RunHead(msgspec.Struct):
    state: RunState
    version: int


class _BuildHead(msgspec.Struct):
    state: BuildState


class _Head(msgspec.Struct):
    """As much of a frame as has to be known to go on after it."""

    frame: str
    cursor: str | None = None
    log: str = ""
    offset: int = 0
    size_bytes: int = 0
    next_offset: int = 0
    run: _RunHead | None = None
    build: _BuildHead | None = None


_head = msgspec.json.Decoder(_Head).decode


class Refused(Exception):
    """The service has answered, and will not do it however often it is asked."""

    def __init__(self, error: errors.MltrainError) -> None:
        super().__init__(error.message)
        self.error = error


class Socket(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """Base of the WebSockets. One that is open does not count as activity of the server."""

    auth_resource = "mltrain"

    _task: asyncio.Task[None] | None = None

    def initialize(self, parts: Parts) -> None:
        self.parts = parts

    def set_default_headers(self) -> None:
        """None: they make no sense here."""

    def get_compression_options(self) -> dict[str, Any] | None:
        options: dict[str, Any] | None = self.settings.get("websocket_compression_options")
        return options

    @ws_authenticated
    @authorized
    async def get(self, *parts: str) -> None:
        await super().get(*parts)

    def open(self, *parts: str) -> None:
        super().open(*parts)
        self._task = asyncio.create_task(self._run(*parts))
        self.parts.open_ends.add(self._end)

    def on_message(self, message: str | bytes) -> None:
        """Nothing is expected from the page."""

    def on_close(self) -> None:
        self.parts.open_ends.discard(self._end)
        if self._task is not None:
            self._task.cancel()

    def _end(self) -> None:
        """The server goes away: stop before the cut connections start the service again."""
        if self._task is not None:
            self._task.cancel()
        self.close(1001)

    async def relay(self, upstream: Upstream, *parts: str) -> None:
        raise NotImplementedError

    async def send(self, data: bytes, *, binary: bool = False) -> None:
        """Give it to the page, and wait while the page has enough to read."""
        await self.write_message(data, binary=binary)

    async def _run(self, workspace_id: str, *parts: str) -> None:
        try:
            upstream = await self.parts.places.upstream(workspace_id)
            await self.relay(upstream, *parts)
        except WebSocketClosedError:
            pass  # the page has gone
        except Refused as refused:
            await self._give_up(refused.error)
        except errors.MltrainError as error:
            await self._give_up(error)
        except Exception as error:
            self.log.exception("%s", self.request.path)
            await self._give_up(errors.MltrainError(f"The Jupyter server failed: {error!r}."))
        else:
            self.close(1000)

    async def _give_up(self, error: errors.MltrainError) -> None:
        frame = wire.ErrorFrame(code=error.code, message=error.message)
        with contextlib.suppress(WebSocketClosedError):
            await self.send(wire.encode(frame))
        self.close(_CLOSE + wire.status_of(error), error.code)

    def _whole_number(self, name: str) -> int | None:
        text = self.get_query_argument(name, None)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit()):
            raise errors.InvalidSpec(f"{name}={text!r} is not a whole number.")
        return int(text)


@contextlib.asynccontextmanager
async def _frames(upstream: Upstream, target: str) -> AsyncIterator[Frames]:
    async with upstream.stream("GET", target, beats=True) as response:
        if response.status_code >= 400:
            body = await response.aread()
            raise Refused(wire.decode_error(body, response.status_code))
        yield Frames(response)


class EventsSocket(Socket):
    """`workspaces/<ws>/events?since=CURSOR`: changes of everything, and of the service."""

    def initialize(self, parts: Parts) -> None:
        super().initialize(parts)
        self._nudged = asyncio.Event()
        self._told = ""

    def on_message(self, message: str | bytes) -> None:
        """Whatever it is: the page wants the service tried again now."""
        self._nudged.set()

    async def relay(self, upstream: Upstream, *parts: str) -> None:
        cursor = self.get_query_argument("since", None)
        attempt = 0
        while True:
            self._nudged.clear()
            query = "" if cursor is None else f"?{urlencode({'since': cursor})}"
            try:
                async with _frames(upstream, f"{service_path(self)}{query}") as frames:
                    await self._tell("up")
                    while (line := await frames.line()) is not None:
                        cursor = _head(line).cursor or cursor
                        attempt = 0
                        await self.send(line)
            except CUT:
                pass  # killed, say
            except errors.MltrainError as error:
                await self._tell("failed", error.message)
                await self._pause(attempt)
                attempt += 1
                continue
            await self._tell("restarting")
            if attempt:
                await self._pause(attempt)  # it comes up and dies before it says a word
            attempt += 1

    async def _tell(self, state: str, message: str = "") -> None:
        told = f"{state} {message}"
        if told != self._told:
            self._told = told
            await self.send(wire.encode(wire.ServiceFrame(state=state, message=message)))

    async def _pause(self, attempt: int) -> None:
        pause = _PAUSES_S[min(attempt, len(_PAUSES_S) - 1)]
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._nudged.wait(), pause)
            self._told = ""  # the page asked, so it gets an answer even if it is the same


class Following(Socket):
    """Base of what follows one thing to its end: goes on where it was when the service was cut.

    Frames are text; a `log` frame is followed by one binary message with its bytes.
    """

    def begin(self) -> None:
        """Read from the query where to start."""
        raise NotImplementedError

    def query(self) -> list[tuple[str, str]]:
        """What to ask the service for, to go on from here."""
        raise NotImplementedError

    def take(self, head: _Head) -> bool:
        """Remember how far the page has come; whether that was the last frame."""
        raise NotImplementedError

    async def relay(self, upstream: Upstream, *parts: str) -> None:
        self.begin()
        path = service_path(self)
        failures = 0
        while True:
            cut: Exception | None = None
            try:
                async with _frames(upstream, f"{path}?{urlencode(self.query())}") as frames:
                    while (line := await frames.line()) is not None:
                        head = _head(line)
                        # All of it or nothing: what is cut in between is asked for again.
                        data = await frames.exactly(head.size_bytes) if head.size_bytes else b""
                        await self.send(line)
                        failures = 0
                        if head.frame == "log":
                            await self.send(data, binary=True)
                        if self.take(head):
                            return
            except CUT as error:
                cut = error
            failures += 1
            if failures > TRIES:
                raise upstream.failing(cut)
            await asyncio.sleep(0.05 * (failures - 1))


class FollowSocket(Following):
    """`workspaces/<ws>/runs/<run>/follow?log=NAME:OFFSET&…`: a run as it goes."""

    def begin(self) -> None:
        self._offsets = self._logs()
        self._version = self._whole_number("version") or 0
        self._metrics = self._whole_number("metrics")
        self._backlog = self._whole_number("backlog")

    def query(self) -> list[tuple[str, str]]:
        query = [("log", f"{log}:{offset}") for log, offset in self._offsets.items()]
        query.append(("version", str(self._version)))
        if self._metrics is not None:
            query.append(("metrics", str(self._metrics)))
        if self._backlog is not None:
            query.append(("backlog", str(self._backlog)))
        return query

    def take(self, head: _Head) -> bool:
        if head.frame == "log":
            self._offsets[head.log] = head.offset + head.size_bytes
        elif head.frame == "metrics":
            self._metrics = head.next_offset
        elif head.run is not None:
            self._version = head.run.version
            return head.run.state.final
        return False

    def _logs(self) -> dict[str, int]:
        found = {}
        # As it is: `get_query_arguments` strips spaces and replaces control characters.
        for given in self.request.query_arguments.get("log", ()):
            name, _, offset = given.rpartition(b":")
            try:
                found[name.decode() or DRIVER_LOG] = int(offset)
            except ValueError:
                raise errors.InvalidSpec(f"log={given!r} has to be NAME:OFFSET.") from None
        return found


class BuildSocket(Following):
    """`workspaces/<ws>/builds/<build>/follow?offset=`: a build as it goes."""

    def begin(self) -> None:
        self._offset = self._whole_number("offset") or 0

    def query(self) -> list[tuple[str, str]]:
        return [("offset", str(self._offset))]

    def take(self, head: _Head) -> bool:
        if head.frame == "log":
            self._offset = head.offset + head.size_bytes
        return head.build is not None and head.build.state.final
