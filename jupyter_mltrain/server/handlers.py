"""What every handler of the extension shares, and the requests it answers itself."""

from __future__ import annotations

import asyncio
import logging
import string
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from http.client import responses
from pathlib import Path
from typing import Any, Final, TypeVar, cast
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler, AuthenticatedHandler
from jupyter_server.utils import url_path_join
from tornado import iostream, web

from jupyter_mltrain import errors, wire
from jupyter_mltrain.server import describing, places, submitting
from jupyter_mltrain.server.places import Places
from jupyter_mltrain.server.pythons import Pythons
from jupyter_mltrain.server.routes import BASE
from jupyter_mltrain.server.routes.base import Action
from jupyter_mltrain.server.upstream import Answer, Upstream

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
_log = logging.getLogger(__name__)

_NOT_FORWARDED: Final = ("token=", "_xsrf=")
"""Parts of a query that are between the page and the Jupyter server."""


def allowed(action: Action) -> Callable[[F], F]:
    """As `authorized`, for what a method's name does not tell."""
    return cast(Callable[[F], F], authorized(action))


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What the handlers work with."""

    places: Places
    pythons: Pythons
    open_ends: set[Callable[[], None]]
    """What ends each open WebSocket, for when the Jupyter server stops."""


class Api(APIHandler):
    """Base of all handlers but the WebSockets: errors in one shape, JSON in and out."""

    auth_resource = "mltrain"

    _task: asyncio.Task[Any] | None = None

    def initialize(self, parts: Parts) -> None:
        self.parts = parts

    async def upstream(self, workspace_id: str) -> Upstream:
        return await self.parts.places.upstream(workspace_id)

    def target(self) -> str:
        """Path and query for the service, as the page sent them: it judges names, not we."""
        path = service_path(self)
        pieces = self.request.query.split("&")
        query = "&".join(piece for piece in pieces if not piece.startswith(_NOT_FORWARDED))
        return f"{path}?{_plain(query)}" if query else path

    def request_as(self, type_: type[T]) -> T:
        return wire.decode_request(self.request.body or b"{}", type_)

    def reply(self, value: object) -> None:
        self.set_header("Cache-Control", "private, no-cache")
        self.finish(wire.encode(value))

    def relay(self, answer: Answer) -> None:
        """Give the service's answer to the page."""
        self.set_status(answer.status)
        self.set_header("Cache-Control", "private, no-cache")
        self.finish(answer.body or None)  # with 204 there must be none

    async def while_watched(self, work: Coroutine[Any, Any, None]) -> None:
        """Go on until done, or until the page has gone, which is no error."""
        self._task = asyncio.current_task()
        try:
            await work
        except (iostream.StreamClosedError, asyncio.CancelledError):
            return
        finally:
            self._task = None

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if self._task is not None:
            self._task.cancel()

    def compute_etag(self) -> str | None:
        """None: to hash a long list costs more than to send it."""
        return None

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None))[1]
        if isinstance(error, errors.MltrainError):
            self.set_status(wire.status_of(error))
            self.finish(wire.encode_error(error))
            return
        code = responses.get(status_code, "error").lower().replace(" ", "_")
        if isinstance(error, web.HTTPError):
            message = error.log_message or f"The Jupyter server says: {responses[status_code]}."
        else:
            message = f"The Jupyter server failed: {type(error).__name__}. Its log says more."
        self.finish(wire.encode(wire.ErrorReply(code=code, message=message)))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, errors.MltrainError | web.HTTPError):
            _log.error("%s %s", self.request.method, self.request.path, exc_info=(typ, value, tb))


def service_path(handler: AuthenticatedHandler) -> str:
    """The path of a request as the service knows it, from what follows the workspace's id."""
    prefix = url_path_join(handler.base_url, BASE, "workspaces/")
    rest = handler.request.path.removeprefix(prefix).partition("/")[2]
    return _plain(f"/v1/{rest}")


def _plain(text: str) -> str:
    """Percent-encode what some clients send as it is; what is encoded stays."""
    return quote(text, safe=string.punctuation, encoding="latin-1")


class NowhereHandler(Api):
    """Everything below `BASE` that is no route."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        raise web.HTTPError(404, "There is nothing at this address.")

    post = put = patch = delete = head = get


class WorkspacesHandler(Api):
    """`GET workspaces`."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.reply(await asyncio.to_thread(places.info))


class PythonsHandler(Api):
    """`GET pythons`."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.reply(await self.parts.pythons.found())


class FormHandler(Api):
    """Base of those that take a run in the words of a page."""

    def root(self) -> Path:
        """The folder that the file browser shows."""
        root = getattr(self.contents_manager, "root_dir", "")
        if not root:
            raise errors.InvalidSpec(
                "The files of this Jupyter server are not on its disk, so none can be run. "
                "Submit from a notebook's kernel, with `%%train`."
            )
        return Path(root)

    async def submit_request(self) -> wire.SubmitRequest:
        form = self.request_as(wire.SubmitForm)
        root = self.root()
        environment = await asyncio.to_thread(describing.environment_of, form)
        if environment is None:
            environment = await self.parts.pythons.environment(form.interpreter)
        return await asyncio.to_thread(submitting.request_of, form, root, environment)


class SubmitHandler(FormHandler):
    """`POST workspaces/<ws>/submit`: 201 once the run is on disk."""

    @web.authenticated
    @allowed("execute")
    async def post(self, workspace_id: str) -> None:
        upstream = await self.upstream(workspace_id)
        request = await self.submit_request()
        self.relay(await upstream.ask("POST", "/v1/runs", wire.encode(request)))


class PreviewHandler(FormHandler):
    """`POST workspaces/<ws>/preview`: what a submit would ship."""

    @web.authenticated
    @authorized
    async def post(self, workspace_id: str) -> None:
        upstream = await self.upstream(workspace_id)
        request = await self.submit_request()
        await self.while_watched(self._preview(upstream, request))

    async def _preview(self, upstream: Upstream, request: wire.SubmitRequest) -> None:
        self.relay(await upstream.ask("POST", "/v1/preview", wire.encode(request)))


class DescribeHandler(FormHandler):
    """`POST workspaces/<ws>/describe`: an environment of a form becomes a version."""

    @web.authenticated
    @allowed("write")
    async def post(self, workspace_id: str) -> None:
        upstream = await self.upstream(workspace_id)
        form = self.request_as(wire.EnvironmentForm)
        spec = await asyncio.to_thread(describing.spec_of, form, self.root())
        request = wire.EnvironmentRequest(spec=spec)
        self.relay(await upstream.ask("POST", "/v1/environments", wire.encode(request)))


class ArgumentsHandler(FormHandler):
    """`GET workspaces/<ws>/arguments?path=…`: what a script asks for."""

    @web.authenticated
    @authorized
    async def get(self, workspace_id: str) -> None:
        upstream = await self.upstream(workspace_id)
        given = self.get_query_argument("path", "", strip=False)
        path = await asyncio.to_thread(submitting.script_at, self.root(), given)
        request = wire.ArgumentsRequest(directory=str(path.parent), script=path.name)
        self.relay(await upstream.ask("POST", "/v1/arguments", wire.encode(request)))
