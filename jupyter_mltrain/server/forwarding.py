"""Requests that the workspace's service answers as they are."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

import msgspec
from tornado import web

from jupyter_mltrain import errors, wire
from jupyter_mltrain.server.handlers import Api, allowed
from jupyter_mltrain.server.routes.base import Route
from jupyter_mltrain.server.upstream import Answer, Upstream
from jupyter_mltrain.spec import Run

_MAX_BODY_BYTES = 64_000_000
"""What the service takes; beyond, it hangs up, which would look as if it had died."""


class Forwarding(Api):
    """The handler of one path; `handler_of` fills in its methods."""

    routes: ClassVar[Mapping[str, Route]]

    async def forward(self, workspace_id: str, *_: str) -> None:
        method = self.request.method or "GET"
        upstream = await self.upstream(workspace_id)
        if method == "GET":
            await self.while_watched(self._get(upstream))
        elif method == "DELETE":
            self.relay(await self._delete(upstream))
        elif method == "PUT":
            self.relay(await upstream.ask("PUT", self.target(), self._body()))
        else:
            self.relay(await self._post(upstream, self.routes[method]))

    async def _get(self, upstream: Upstream) -> None:
        self.relay(await upstream.ask("GET", self.target()))

    async def _delete(self, upstream: Upstream) -> Answer:
        if "GET" not in self.routes:
            return await upstream.ask("DELETE", self.target())
        before = await upstream.ask("GET", self.target())
        if before.status >= 400:
            return before
        answer = await upstream.ask("DELETE", self.target())
        return before if _done_before(answer) else answer

    async def _post(self, upstream: Upstream, route: Route) -> Answer:
        body = self._body()
        if route.request in (wire.AgainRequest, wire.ModelRequest):
            body = self._numbered(route.request)
        answer = await upstream.ask("POST", self.target(), body)
        if answer.repeated and answer.status == 409 and route.request is wire.PropertyRequest:
            # As with a delete: what is refused may be there by the first try.
            target = self.target().partition("?")[0].rpartition("/")[0]
            now = await upstream.ask("GET", target)
            added = self.request_as(wire.PropertyRequest).add.items()
            if added <= now.decoded(Run).properties.items():
                return now
        return answer

    def _body(self) -> bytes:
        if len(self.request.body) > _MAX_BODY_BYTES:
            raise errors.InvalidSpec("The request is too large. Put data into files.")
        return self.request.body

    def _numbered(self, type_: type[wire.AgainRequest | wire.ModelRequest]) -> bytes:
        """The request with a number of its own, so that sent twice it makes one run or model."""
        request = self.request_as(type_)
        if request.request_id is None:
            request = msgspec.structs.replace(request, request_id=os.urandom(8).hex())
        return wire.encode(request)


def _done_before(answer: Answer) -> bool:
    """Whether a first try was heard by a service that died before it could say so."""
    return answer.repeated and answer.status == 404


def handler_of(routes: Mapping[str, Route]) -> type[Forwarding]:
    """The handler of one path: method -> route."""
    methods: dict[str, Callable[..., Awaitable[None] | None]] = {
        method.lower(): web.authenticated(allowed(route.action)(_forwarding()))
        for method, route in routes.items()
    }
    attributes: dict[str, Any] = {"routes": routes, **methods}
    name = next(iter(routes.values())).path.rpartition("/")[2].strip("{}").title()
    return type(f"{name}Handler", (Forwarding,), attributes)


def _forwarding() -> Callable[..., Awaitable[None]]:
    async def forwarded(self: Forwarding, *parts: str) -> None:
        await self.forward(*parts)

    return forwarded
