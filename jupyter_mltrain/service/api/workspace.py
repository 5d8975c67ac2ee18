"""The workspace as a whole: the service, experiments, the queue, clean-up."""

from __future__ import annotations

from typing import Final

from jupyter_mltrain import wire
from jupyter_mltrain.service.api.base import Api


class StatusHandler(Api):
    """`GET /v1/status`."""

    def get(self) -> None:
        self.reply(self.verbs.status())


class ExperimentsHandler(Api):
    """`GET /v1/experiments`."""

    def get(self) -> None:
        self.reply(self.verbs.experiments())


class QueueHandler(Api):
    """`GET /v1/queue`."""

    def get(self) -> None:
        self.reply(self.verbs.queued())


class GcHandler(Api):
    """`POST /v1/gc`: what a clean-up takes; takes it unless it is a dry run."""

    async def post(self) -> None:
        self.reply(await self.parts.collector.collect(self.request_as(wire.GcRequest)))


class ShutdownHandler(Api):
    """`POST /v1/shutdown`: leave now; runs go on and the next service finds them."""

    def post(self) -> None:
        self.reply({}, 202)
        self.parts.leave()


ROUTES: Final = (
    (r"/v1/status", StatusHandler),
    (r"/v1/experiments", ExperimentsHandler),
    (r"/v1/queue", QueueHandler),
    (r"/v1/gc", GcHandler),
    (r"/v1/shutdown", ShutdownHandler),
)
