"""Models: register, list, look at, change, delete, download."""

from __future__ import annotations

import os
from typing import Final

from jupyter_mltrain import wire
from jupyter_mltrain.service.api.base import Api
from jupyter_mltrain.service.api.looking import Serving, ZipHandler
from jupyter_mltrain.service.zipping import Zip

_MODEL: Final = r"/v1/models/([^/]+)/([^/]+)"


class ModelsHandler(Api):
    """`GET /v1/models`: the latest made first. `POST`: register; 201 once it is on disk."""

    def get(self) -> None:
        tags: dict[str, str | None] = {}
        for text in self.get_query_arguments("tag"):
            key, found, value = text.partition("=")
            tags[key] = value if found else None
        models = self.parts.models.all(
            name=self.get_query_argument("name", None),
            run=self.get_query_argument("run", None),
            tags=tags,
            latest=self.get_query_argument("latest", "0") in ("1", "true"),
            brief=self.get_query_argument("brief", "0") in ("1", "true"),
        )
        self.reply(models)

    async def post(self) -> None:
        self.reply(await self.parts.models.register(self.request_as(wire.ModelRequest)), 201)


class ModelHandler(Api):
    """`GET /v1/models/<name>/<version>`; `POST`: other words; `DELETE`: with its files."""

    def get(self, name: str, version: str) -> None:
        self.reply(self.parts.models.get(name, version))

    async def post(self, name: str, version: str) -> None:
        change = self.request_as(wire.ModelChange)
        self.reply(await self.parts.models.change(name, version, change))

    async def delete(self, name: str, version: str) -> None:
        self.reply(await self.parts.models.delete(name, version))


class ModelFileHandler(Serving):
    """`GET /v1/models/<name>/<version>/files/<path>[?offset=N]`: its bytes, or a `Range`."""

    async def get(self, *names: str) -> None:
        await self.stream(lambda: self._send(*names))

    async def _send(self, name: str, version: str, file_name: str) -> None:
        model = self.parts.models.get(name, version)
        with await self.parts.models.open(model, file_name) as file:
            self.set_header("Content-Type", "application/octet-stream")
            part = self.asked(os.fstat(file.fileno()), file_name)
            if part is not None and self.request.method == "GET":
                await self.send_file(file, part)


class ModelDownloadHandler(ZipHandler):
    """`GET /v1/models/<name>/<version>/download`: its one file, or all of them in a zip."""

    async def get(self, *names: str) -> None:
        await self.stream(lambda: self._send_model(*names))

    async def _send_model(self, name: str, version: str) -> None:
        models = self.parts.models
        model = models.get(name, version)
        if len(model.files) == 1:
            with await models.open(model, model.files[0].name) as file:
                self.set_header("Content-Type", "application/octet-stream")
                part = self.asked(os.fstat(file.fileno()), model.files[0].name)
                if part is not None and self.request.method == "GET":
                    await self.send_file(file, part)
            return
        archive = Zip(models.reader(model), model.files, ended=True)
        self.set_header("Content-Type", "application/zip")
        size, etag = await self.verbs.in_thread(lambda: (archive.size, archive.etag))
        part = self.ranged(size, etag)
        if part is not None and self.request.method == "GET":
            await self.send(self._pieces(archive.pieces(part.start), part.end - part.start))


ROUTES: Final = (
    (r"/v1/models", ModelsHandler),
    (_MODEL, ModelHandler),
    (_MODEL + r"/files/(.+)", ModelFileHandler),
    (_MODEL + r"/download", ModelDownloadHandler),
)
