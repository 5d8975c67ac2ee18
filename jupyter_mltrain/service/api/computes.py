"""Compute targets: this machine, clusters that share it, and engines that are attached."""

from __future__ import annotations

from typing import Final

from jupyter_mltrain import wire
from jupyter_mltrain.service.api.base import Api


class ComputesHandler(Api):
    """`GET /v1/computes`. `POST`: attach an engine; 201 once that is on disk."""

    def get(self) -> None:
        self.reply(self.parts.clusters.all(self.parts.attached.all(self.verbs.computes())))

    async def post(self) -> None:
        self.reply(await self.parts.attached.attach(self.request_as(wire.AttachRequest)), 201)


class ComputeHandler(Api):
    """`DELETE /v1/computes/<name>`: forget an engine."""

    async def delete(self, name: str) -> None:
        self.reply(await self.parts.attached.detach(name))


class ClustersHandler(Api):
    """`POST /v1/clusters`: create a cluster; 201 once that is on disk."""

    async def post(self) -> None:
        self.reply(await self.parts.clusters.create(self.request_as(wire.ClusterRequest)), 201)


class SizesHandler(Api):
    """`GET /v1/vm-sizes`: VM sizes, and what they come to here."""

    def get(self) -> None:
        self.reply(self.parts.clusters.sizes())


class ClusterHandler(Api):
    """`POST /v1/clusters/<name>`: other limits; `DELETE`: it with its nodes."""

    async def post(self, name: str) -> None:
        self.reply(await self.parts.clusters.change(name, self.request_as(wire.ClusterChange)))

    async def delete(self, name: str) -> None:
        self.reply(await self.parts.clusters.delete(name))


ROUTES: Final = (
    (r"/v1/computes", ComputesHandler),
    (r"/v1/computes/([^/]+)", ComputeHandler),
    (r"/v1/clusters", ClustersHandler),
    (r"/v1/vm-sizes", SizesHandler),
    (r"/v1/clusters/([^/]+)", ClusterHandler),
)
