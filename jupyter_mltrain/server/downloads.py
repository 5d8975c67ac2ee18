"""Files of runs, zips of them, logs of builds: streamed from the service to be saved, never shown.

What a run wrote, and how it named it, is data of anybody's: nothing of it becomes a page here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import httpx
from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_mltrain import errors
from jupyter_mltrain.server.attachments import attachment
from jupyter_mltrain.server.handlers import Api
from jupyter_mltrain.server.upstream import CUT, TRIES, Upstream
from jupyter_mltrain.spec import Model, Run

_ASKED: Final = ("Range", "If-Range", "If-None-Match", "If-Modified-Since")
_ANSWERED: Final = (
    "Accept-Ranges",
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "ETag",
    "Last-Modified",
)
_UNKNOWN: Final = "application/octet-stream"
_BYTES: Final = re.compile(r"bytes (\d+)-(\d+)/(?:\d+|\*)\Z")


@dataclass(kw_only=True, slots=True)
class _Place:
    """How far a download is, so that it can go on after a cut."""

    position: int
    last: int
    etag: str

    @classmethod
    def of(cls, head: httpx.Headers) -> _Place | None:
        """Where a reply starts and ends; `None` when it cannot be asked for in parts."""
        etag, length = head.get("ETag"), head.get("Content-Length")
        if etag is None or length is None or head.get("Accept-Ranges", "none") == "none":
            return None
        found = _BYTES.match(head.get("Content-Range", ""))
        first = int(found[1]) if found else 0
        return cls(position=first, last=first + int(length) - 1, etag=etag)

    def headers(self) -> dict[str, str]:
        return {"Range": f"bytes={self.position}-{self.last}", "If-Range": self.etag}


class Download(Api):
    """Base of the downloads; `HEAD` gets what `GET` would, without the bytes."""

    @property
    def content_security_policy(self) -> str:
        # First, since of two directives of a kind the first one counts.
        return f"sandbox; default-src 'none'; {super().content_security_policy}"

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Names that are not UTF-8 are no error: the service gets the path as it was sent."""
        return value.decode("utf-8", "replace")

    @web.authenticated
    @authorized
    async def get(self, workspace_id: str, *parts: str) -> None:
        # Not to be loaded by other sites, as Jupyter's own files.
        self.check_xsrf_cookie()
        await self.while_watched(self._download(workspace_id, *parts))

    head = get

    async def file_name(self, upstream: Upstream, run: str, *name: str) -> str:
        """What the file is to be called."""
        return name[0]

    async def _download(self, workspace_id: str, *parts: str) -> None:
        upstream = await self.upstream(workspace_id)
        name = await self.file_name(upstream, *parts)
        headers = {key: self.request.headers[key] for key in _ASKED if key in self.request.headers}
        try:
            await self._transfer(upstream, name, headers)
        except errors.MltrainError:
            if not self._headers_written:
                raise
            self._break_off()

    async def _transfer(self, upstream: Upstream, name: str, headers: dict[str, str]) -> None:
        place: _Place | None = None
        failures = 0
        while True:
            method = self.request.method or "GET"
            try:
                async with upstream.stream(method, self.target(), headers) as response:
                    if not self._headers_written:
                        if not await self._begin(response, name):
                            return
                        place = _Place.of(response.headers)
                    elif response.status_code != 206:
                        self._break_off()  # it has changed meanwhile: the rest would not fit
                        return
                    async for piece in response.aiter_raw():
                        self.write(piece)
                        await self.flush()
                        failures = 0
                        if place is not None:
                            place.position += len(piece)
                self._finish(response)
                return
            except CUT:
                failures += 1
                if self._headers_written and (place is None or failures == TRIES):
                    self._break_off()
                    return
                if failures == TRIES:
                    raise
                if place is not None:
                    headers = place.headers()

    async def _begin(self, response: httpx.Response, name: str) -> bool:
        """Answer with the service's head; whether bytes follow."""
        self.set_status(response.status_code)
        self.set_header("Cache-Control", "private, no-cache")
        if response.status_code >= 400:
            body = await response.aread()
            if "Content-Range" in response.headers:
                self.set_header("Content-Range", response.headers["Content-Range"])
            self.finish(body)
            return False
        for key in _ANSWERED:
            if key in response.headers:
                self.set_header(key, response.headers[key])
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Content-Disposition", attachment(name))
        if self.request.method == "HEAD" or response.status_code == 304:
            self._finish(response)
            return False
        await self.flush()
        return True

    def _finish(self, response: httpx.Response) -> None:
        self.finish(set_content_type=response.headers.get("Content-Type", _UNKNOWN))

    def _break_off(self) -> None:
        """Hang up, so that the browser does not take a part for the whole."""
        self.detach().close()


class FileDownload(Download):
    """`GET workspaces/<ws>/runs/<run>/files/<name>` and `…/snapshot/<name>`."""


class BuildLogDownload(Download):
    """`GET workspaces/<ws>/builds/<build>/log`."""

    async def file_name(self, upstream: Upstream, run: str, *name: str) -> str:
        return f"build-{run}.log"


class ZipDownload(Download):
    """`GET workspaces/<ws>/runs/<run>/zip`."""

    async def file_name(self, upstream: Upstream, run: str, *name: str) -> str:
        target = self.target().partition("?")[0].rpartition("/")[0]
        record = (await upstream.ask("GET", target)).decoded(Run)
        called = f"{record.spec.name or record.spec.experiment}-{record.number}"
        part = self.get_query_argument("prefix", "").strip("/")
        return "-".join([called, *filter(None, [part])]).replace("/", "-") + ".zip"


class ModelFileDownload(Download):
    """`GET workspaces/<ws>/models/<model>/<version>/files/<name>`."""

    async def file_name(self, upstream: Upstream, run: str, *name: str) -> str:
        return name[-1]


class ModelDownload(Download):
    """`GET workspaces/<ws>/models/<model>/<version>/download`."""

    async def file_name(self, upstream: Upstream, run: str, *name: str) -> str:
        target = self.target().partition("?")[0].rpartition("/")[0]
        model = (await upstream.ask("GET", target)).decoded(Model)
        if len(model.files) == 1:
            return model.files[0].name
        return f"{model.name}-{model.version}.zip"
