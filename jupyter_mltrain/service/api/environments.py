"""Environments by name, and the passwords of registries."""

from __future__ import annotations

from typing import Final

from jupyter_mltrain import errors, wire
from jupyter_mltrain.service.api.base import Api


class EnvironmentsHandler(Api):
    """`GET /v1/environments`: all of them. `POST`: register; 201 once it is on disk."""

    def get(self) -> None:
        self.reply(self.parts.catalog.all())

    async def post(self) -> None:
        spec = self.request_as(wire.EnvironmentRequest).spec
        self.reply(await self.parts.catalog.register(spec), 201)


class EnvironmentHandler(Api):
    """`GET /v1/environments/<name>[?version=…]`, and `DELETE`: that version, or all of them."""

    def get(self, name: str) -> None:
        self.reply(self.parts.catalog.get(name, self.version))

    async def delete(self, name: str) -> None:
        self.reply(await self.parts.catalog.delete(name, self.version))

    @property
    def version(self) -> str | None:
        return self.get_query_argument("version", None)


class ReclaimHandler(EnvironmentHandler):
    """`POST /v1/environments/reclaim`: delete builds; an environment may have that name too."""

    async def post(self, name: str) -> None:
        request = self.request_as(wire.ReclaimRequest)
        self.reply(await self.parts.builds.reclaim(request))


class CredentialsHandler(Api):
    """`PUT /v1/credentials`: keep a password, or forget it. It is never given out."""

    async def put(self) -> None:
        request = self.request_as(wire.CredentialsRequest)
        if not request.address.strip() or not request.username.strip():
            raise errors.InvalidSpec("A password needs the address of its registry, and a user.")
        await self.verbs.in_thread(
            self.parts.credentials.keep, request.address, request.username, request.password
        )
        self.set_status(204)


ROUTES: Final = (
    (r"/v1/environments", EnvironmentsHandler),
    (r"/v1/environments/(reclaim)", ReclaimHandler),
    (r"/v1/environments/([^/]+)", EnvironmentHandler),
    (r"/v1/credentials", CredentialsHandler),
)
