"""What every handler of the service's API shares: JSON in and out, errors in one shape."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from http.client import responses
from typing import Any, Final, TypeVar

from tornado import iostream, web

from jupyter_mltrain import errors, wire
from jupyter_mltrain.service.parts import Parts

T = TypeVar("T")
_log = logging.getLogger(__name__)

RUN: Final = r"/v1/runs/([^/]+)"
"""Begin of every route that is about one run."""

_PIECE_BYTES: Final = 500_000

_LARGEST: Final = 2**63 - 1
"""What the database takes for a number."""


class Api(web.RequestHandler):
    """Base of all handlers: errors in one shape, JSON in and out."""

    def initialize(self, parts: Parts) -> None:
        self.parts = parts
        self.verbs = parts.verbs
        # A page's timers, and the Jupyter server's, do not keep an idle service from leaving.
        if "no_track_activity" not in self.request.query_arguments:
            self.verbs.seen()

    def compute_etag(self) -> str | None:
        """None: to hash what is sent costs more than to send it, and nobody asks for it."""
        return None

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

    async def reply_encoded(self, body: bytes) -> None:
        """Send JSON, a good piece at a time: a long one as a whole would hold the event loop up."""
        self.set_header("Content-Type", "application/json")
        self.set_header("Content-Length", str(len(body)))
        await self.stream(lambda: self._send_encoded(body))

    async def _send_encoded(self, body: bytes) -> None:
        for at in range(0, len(body), _PIECE_BYTES):
            self.write(body[at : at + _PIECE_BYTES])
            await self.flush()

    def on_connection_close(self) -> None:
        """Do not wait for something to write before it is noticed that nobody reads."""
        if self._task is not None:
            self._task.cancel()
