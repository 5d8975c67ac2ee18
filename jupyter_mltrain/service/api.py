"""The service's HTTP API on its unix socket: decode, call a verb, encode.

Who can open the socket is its owner: it lies in a folder of mode 0700 and has mode 0600 itself.
The routes are described in ``docs/api.md``.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from http.client import responses
from typing import Any, Final, TypeVar, cast

from tornado import iostream, web

from jupyter_mltrain import errors, wire
from jupyter_mltrain.service.follow import CHUNK_BYTES, Follower
from jupyter_mltrain.service.gc import Collector
from jupyter_mltrain.service.verbs import Verbs
from jupyter_mltrain.spec import DRIVER_LOG, RunState
from jupyter_mltrain.store.files import RunFiles

T = TypeVar("T")
_log = logging.getLogger(__name__)

MAX_BODY_BYTES: Final = 64_000_000
"""Largest request: scripts travel in it, data does not. `client` refuses what is larger."""

_LARGEST: Final = 2**63 - 1
"""What the database takes for a number."""


class Api(web.RequestHandler):
    """Base of all handlers: errors in one shape, JSON in and out."""

    def initialize(self, verbs: Verbs, follower: Follower, collector: Collector) -> None:
        self.verbs = verbs
        self.follower = follower
        self.collector = collector
        verbs.seen()

    def reply(self, value: object, status: int = 200) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(wire.encode(value))

    def request_as(self, type_: type[T]) -> T:
        return wire.decode_request(self.request.body, type_)

    def number(self, name: str, default: int | None = None) -> int | None:
        text = self.get_query_argument(name, None)
        if text is None:
            return default
        try:
            value = int(text)
        except ValueError:
            raise errors.InvalidSpec(f"{name}={text!r} is not a whole number.") from None
        if abs(value) > _LARGEST:
            raise errors.InvalidSpec(f"{name}={text} is too large. Give at most {_LARGEST}.")
        return value

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None))[1]
        self.set_header("Content-Type", "application/json")
        if isinstance(error, errors.MltrainError):
            self.set_status(wire.status_of(error))
            self.finish(wire.encode_error(error))
        elif isinstance(error, web.HTTPError):
            what = f"{self.request.method} {self.request.path}"
            text = f"The service does not know {what}: {responses[status_code].lower()}."
            self.finish(wire.encode_error(errors.UserError(text)))
        else:
            what = f"{type(error).__name__}: {error}" if error else f"status {status_code}"
            self.finish(wire.encode_error(errors.MltrainError(f"The service failed: {what}.")))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, errors.MltrainError | web.HTTPError):
            _log.error("%s %s", self.request.method, self.request.uri, exc_info=(typ, value, tb))


class NowhereHandler(Api):
    """Everything that is no route."""

    def prepare(self) -> None:
        raise web.HTTPError(404)


class StatusHandler(Api):
    """`GET /v1/status`."""

    def get(self) -> None:
        self.reply(self.verbs.status())


class RunsHandler(Api):
    """`GET /v1/runs`: a page. `POST /v1/runs`: submit; 201 once the run is on disk."""

    def get(self) -> None:
        states = tuple(map(_state, self.get_query_arguments("state")))
        tags: dict[str, str | None] = {}
        for text in self.get_query_arguments("tag"):
            key, found, value = text.partition("=")
            tags[key] = value if found else None
        page = self.verbs.list(
            limit=self.number("limit", 100),
            before=self.number("before"),
            experiment=self.get_query_argument("experiment", None),
            compute=self.get_query_argument("compute", None),
            parent_id=self.get_query_argument("parent", None),
            text=self.get_query_argument("text", None),
            include_children=self.get_query_argument("children", "0") == "1",
            states=states,
            tags=tags,
        )
        self.reply(page)

    async def post(self) -> None:
        self.reply(await self.verbs.submit(self.request_as(wire.SubmitRequest)), 201)


def _state(text: str) -> RunState:
    for state in RunState:
        if state.value.lower() == text.lower():
            return state
    names = ", ".join(state.value for state in RunState)
    raise errors.InvalidSpec(f"No state {text!r}. The states are {names}.")


class RunHandler(Api):
    """`GET /v1/runs/<run>`, and `DELETE`: the run with everything it kept."""

    def get(self, name: str) -> None:
        self.reply(self.verbs.get(name))

    async def delete(self, name: str) -> None:
        self.reply(await self.verbs.delete(name))


class HistoryHandler(Api):
    """`GET /v1/runs/<run>/history`."""

    def get(self, name: str) -> None:
        self.reply(self.verbs.history(name))


class MetricsHandler(Api):
    """`GET /v1/runs/<run>/metrics[?name=…]`."""

    async def get(self, name: str) -> None:
        self.reply(await self.verbs.metrics(name, self.get_query_argument("name", None)))


class CancelHandler(Api):
    """`POST /v1/runs/<run>/cancel`: recorded, not yet ended, hence 202."""

    async def post(self, name: str) -> None:
        self.reply(await self.verbs.cancel(name), 202)


class TagsHandler(Api):
    """`POST /v1/runs/<run>/tags`."""

    async def post(self, name: str) -> None:
        self.reply(await self.verbs.tag(name, self.request_as(wire.TagRequest)))


class PropertiesHandler(Api):
    """`POST /v1/runs/<run>/properties`."""

    async def post(self, name: str) -> None:
        self.reply(await self.verbs.add_properties(name, self.request_as(wire.PropertyRequest)))


class PriorityHandler(Api):
    """`POST /v1/runs/<run>/priority`."""

    async def post(self, name: str) -> None:
        self.reply(await self.verbs.reprioritize(name, self.request_as(wire.PriorityRequest)))


class FilesHandler(Api):
    """`GET /v1/runs/<run>/files`."""

    async def get(self, name: str) -> None:
        self.reply(wire.FilePage(files=await self.verbs.files(name)))


class Streaming(Api):
    """Base of the handlers whose reply has no end known beforehand."""

    _task: asyncio.Task[Any] | None = None

    async def stream(self, work: Callable[[], Awaitable[None]]) -> None:
        """Write until done, or until the client has gone, which is no error."""
        self._task = asyncio.current_task()
        try:
            await work()
        except (iostream.StreamClosedError, asyncio.CancelledError):
            return
        finally:
            self._task = None

    def on_connection_close(self) -> None:
        """Do not wait for something to write before it is noticed that nobody reads."""
        if self._task is not None:
            self._task.cancel()


class FileHandler(Streaming):
    """`GET /v1/runs/<run>/files/<name>[?offset=N]`: the bytes from an offset to the end as is."""

    async def get(self, name: str, file_name: str) -> None:
        await self.stream(lambda: self._send(name, file_name))

    async def _send(self, name: str, file_name: str) -> None:
        files = self.verbs.run_files(name)
        offset = self.number("offset", 0) or 0
        with await self.verbs.in_thread(files.open, file_name) as file:
            size = os.fstat(file.fileno()).st_size
            if not 0 <= offset <= size:
                raise errors.InvalidSpec(
                    f"The offset {offset} is outside {file_name!r}, which has {size} bytes."
                )
            self.set_header("Content-Type", "application/octet-stream")
            self.set_header("Content-Length", str(size - offset))
            while offset < size:
                count = min(CHUNK_BYTES, size - offset)
                data = await self.verbs.in_thread(os.pread, file.fileno(), count, offset)
                if not data:
                    break  # truncated meanwhile: the client sees a short reply
                offset += len(data)
                self.write(data)
                await self.flush()


class FollowHandler(Streaming):
    """`GET /v1/runs/<run>/follow?log=NAME:OFFSET&version=V`: frames until the run has ended.

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
        version = self.number("version", 0) or 0
        await self.stream(lambda: self._send(name, logs, version))

    async def _send(self, name: str, logs: dict[str, int], version: int) -> None:
        self.set_header("Content-Type", "application/x-mltrain-frames")
        async for frame, data in self.follower.follow(name, logs, version=version):
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


class ExperimentsHandler(Api):
    """`GET /v1/experiments`."""

    def get(self) -> None:
        self.reply(self.verbs.experiments())


class ComputesHandler(Api):
    """`GET /v1/computes`."""

    def get(self) -> None:
        self.reply(self.verbs.computes())


class QueueHandler(Api):
    """`GET /v1/queue`."""

    def get(self) -> None:
        self.reply(self.verbs.queued())


class GcHandler(Api):
    """`POST /v1/gc`: what a clean-up takes; takes it unless it is a dry run."""

    async def post(self) -> None:
        self.reply(await self.collector.collect(self.request_as(wire.GcRequest)))


class ShutdownHandler(Api):
    """`POST /v1/shutdown`: leave now; runs go on and the next service finds them."""

    def post(self) -> None:
        self.reply({}, 202)
        cast(Callable[[], None], self.settings["leave"])()


_RUN = r"/v1/runs/([^/]+)"

ROUTES: Final = (
    (r"/v1/status", StatusHandler),
    (r"/v1/runs", RunsHandler),
    (_RUN, RunHandler),
    (_RUN + r"/history", HistoryHandler),
    (_RUN + r"/metrics", MetricsHandler),
    (_RUN + r"/cancel", CancelHandler),
    (_RUN + r"/tags", TagsHandler),
    (_RUN + r"/properties", PropertiesHandler),
    (_RUN + r"/priority", PriorityHandler),
    (_RUN + r"/files", FilesHandler),
    (_RUN + r"/files/(.+)", FileHandler),
    (_RUN + r"/follow", FollowHandler),
    (r"/v1/experiments", ExperimentsHandler),
    (r"/v1/computes", ComputesHandler),
    (r"/v1/queue", QueueHandler),
    (r"/v1/gc", GcHandler),
    (r"/v1/shutdown", ShutdownHandler),
)
"""Every route with its handler; ``docs/api.md`` has a section for each."""


def make_app(
    verbs: Verbs, follower: Follower, collector: Collector, leave: Callable[[], None]
) -> web.Application:
    """The application that answers on the socket."""
    parts = {"verbs": verbs, "follower": follower, "collector": collector}
    return web.Application(
        [(path, handler, parts) for path, handler in ROUTES],
        default_handler_class=NowhereHandler,
        default_handler_args=parts,
        leave=leave,
        log_function=lambda handler: None,
    )
