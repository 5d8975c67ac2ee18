"""Compute targets: this machine, and engines that are attached."""

from __future__ import annotations

from typing import Final

from jupyter_mltrain import wire
from jupyter_mltrain.service.api.base import Api


class ComputesHandler(Api):
    """`GET /v1/computes`. `POST`: attach an engine; 201 once that is on disk."""

    def get(self) -> None:
        self.reply(self.parts.attached.all(self.verbs.computes()))

    async def post(self) -> None:
        self.reply(await self.parts.attached.attach(self.request_as(wire.AttachRequest)), 201)


class ComputeHandler(Api):
    """`DELETE /v1/computes/<name>`: forget an engine."""

    async def delete(self, name: str) -> None:
        self.reply(await self.parts.attached.detach(name))


ROUTES: Final = (
    (r"/v1/computes", ComputesHandler),
    (r"/v1/computes/([^/]+)", ComputeHandler),
)
