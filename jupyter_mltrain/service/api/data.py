"""Datastores and datasets."""

from __future__ import annotations

from typing import Final

from jupyter_mltrain import wire
from jupyter_mltrain.service.api.base import Api


class DatastoresHandler(Api):
    """`GET /v1/datastores`: all of them. `POST`: register; 201 once it is on disk."""

    def get(self) -> None:
        self.reply(self.parts.datastores.all())

    async def post(self) -> None:
        request = self.request_as(wire.DatastoreRequest)
        self.reply(await self.parts.datastores.register(request), 201)


class DatastoreHandler(Api):
    """`GET /v1/datastores/<name>`, and `DELETE`: forget it, not what lies there."""

    def get(self, name: str) -> None:
        self.reply(self.parts.datastores.get(name))

    async def delete(self, name: str) -> None:
        self.reply(await self.parts.datastores.delete(name))


class DefaultHandler(Api):
    """`POST /v1/datastores/<name>/default`."""

    async def post(self, name: str) -> None:
        self.reply(await self.parts.datastores.set_default(name))


class DatasetsHandler(Api):
    """`GET /v1/datasets`: of each name the latest. `POST`: register; 201 once it is on disk."""

    def get(self) -> None:
        self.reply(self.parts.datasets.all())

    async def post(self) -> None:
        request = self.request_as(wire.DatasetRequest)
        self.reply(await self.parts.datasets.register(request), 201)


class DatasetHandler(Api):
    """`GET /v1/datasets/<name>[?version=…]`, `POST`: change, and `DELETE`: that version, or all."""

    def get(self, name: str) -> None:
        self.reply(self.parts.datasets.details(name, self.version))

    async def post(self, name: str) -> None:
        self.reply(await self.parts.datasets.change(name, self.request_as(wire.DatasetChange)))

    async def delete(self, name: str) -> None:
        self.reply(await self.parts.datasets.delete(name, self.version))

    @property
    def version(self) -> str | None:
        return self.get_query_argument("version", None)


class DatasetByIdHandler(Api):
    """`GET /v1/datasets/by-id/<id>`."""

    def get(self, dataset_id: str) -> None:
        self.reply(self.parts.datasets.by_id(dataset_id))


ROUTES: Final = (
    (r"/v1/datastores", DatastoresHandler),
    (r"/v1/datastores/([^/]+)", DatastoreHandler),
    (r"/v1/datastores/([^/]+)/default", DefaultHandler),
    (r"/v1/datasets", DatasetsHandler),
    (r"/v1/datasets/by-id/([^/]+)", DatasetByIdHandler),
    (r"/v1/datasets/([^/]+)", DatasetHandler),
)
