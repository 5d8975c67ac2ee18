"""Looking into a run: its files, what was shipped with it, where something is in them."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Generator
from typing import BinaryIO, Final, cast

from tornado.http1connection import HTTP1Connection

from jupyter_mltrain import errors, wire
from jupyter_mltrain.service import ranges
from jupyter_mltrain.service.api.base import RUN, Streaming
from jupyter_mltrain.service.tails import CHUNK_BYTES
from jupyter_mltrain.service.zipping import Changed
from jupyter_mltrain.spec import DRIVER_LOG


class Browsing(Streaming):
    """Base of the handlers here."""

    @property
    def limit(self) -> int | None:
        return self.number("limit")

    @property
    def after(self) -> str | None:
        return self.text("after")

    def text(self, name: str) -> str | None:
        """A query argument as it is: `get_query_argument` takes off spaces."""
        given = self.request.query_arguments.get(name)
        return given[-1].decode("utf-8", "replace") if given else None


class FilesHandler(Browsing):
    """`GET /v1/runs/<run>/files?limit&after&prefix`."""

    async def get(self, name: str) -> None:
        prefix = self.text("prefix") or ""
        browser = self.parts.browser
        page = await browser.files(name, limit=self.limit, after=self.after, prefix=prefix)
        await self.reply_encoded(page)


class FolderHandler(Browsing):
    """`GET /v1/runs/<run>/folder?path&limit&after`."""

    async def get(self, name: str) -> None:
        path = self.text("path") or ""
        browser = self.parts.browser
        page = await browser.folder(name, path, limit=self.limit, after=self.after)
        await self.reply_encoded(page)


class SnapshotHandler(Browsing):
    """`GET /v1/runs/<run>/snapshot?limit&after`."""

    async def get(self, name: str) -> None:
        page = await self.parts.browser.snapshot(name, limit=self.limit, after=self.after)
        await self.reply_encoded(page)


class SearchHandler(Browsing):
    """`GET /v1/runs/<run>/search?log&text|what=error&from&backwards`."""

    async def get(self, name: str) -> None:
        text = self.request.query_arguments.get("text", [None])[-1]
        what = self.text("what")
        if (text is None) == (what is None) or what not in (None, "error"):
            raise errors.InvalidSpec("Give either text=… to search for, or what=error.")
        log = self.text("log") or DRIVER_LOG
        await self.stream(lambda: self._search(name, log, text))

    async def _search(self, name: str, log: str, text: bytes | None) -> None:
        backwards = self.text("backwards") in ("1", "true")
        browser = self.parts.browser
        start = self.number("from")
        self.reply(await browser.search(name, log, text, start, backwards=backwards))


class Serving(Browsing):
    """Base of the handlers that send bytes: all of them, or those a `Range` asks for.

    `HEAD` gets the headers that `GET` would.
    """

    async def head(self, *names: str) -> None:
        await self.get(*names)

    async def get(self, *names: str) -> None:
        raise NotImplementedError

    def ranged(self, size: int, etag: str) -> ranges.Part | None:
        """Set the headers of a content of so many bytes; the part to send, `None` for nothing."""
        self.set_header("Accept-Ranges", "bytes")
        self.set_header("Etag", etag)
        asked = self.request.headers.get("Range") if self.request.method == "GET" else None
        try:
            part = ranges.asked(asked, self.request.headers.get("If-Range"), etag, size)
        except ranges.Unsatisfiable:
            self.set_status(416)
            self.set_header("Content-Range", f"bytes */{size}")
            self.set_header("Content-Type", "application/json")
            sentence = f"{asked} asks for nothing of the {size} bytes that there are."
            self.finish(wire.encode_error(errors.InvalidSpec(sentence)))
            return None
        if part is not None:
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {part.start}-{part.end - 1}/{size}")
        part = part or ranges.Part(0, size)
        self.set_header("Content-Length", str(part.end - part.start))
        return None if self.request.method == "HEAD" else part

    def asked(self, info: os.stat_result, name: str) -> ranges.Part | None:
        """As `ranged`, of a file; with `offset` in the query, what comes from there on."""
        offset, size = self.number("offset"), info.st_size
        if offset is None:
            return self.ranged(size, ranges.etag_of(info))
        if not 0 <= offset <= size:
            raise errors.InvalidSpec(
                f"The offset {offset} is outside {name!r}, which has {size} bytes."
            )
        self.set_header("Content-Length", str(size - offset))
        return ranges.Part(offset, size)

    async def send(self, pieces: AsyncIterator[bytes]) -> None:
        """Write what comes; a content that cannot be completed ends the connection."""
        try:
            async for data in pieces:
                self.write(data)
                await self.flush()
        except Changed as changed:
            if not self._headers_written:
                raise errors.WrongState(str(changed)) from None
            # In the middle of a reply nothing else tells the client that it is not whole.
            cast(HTTP1Connection, self.request.connection).stream.close()

    async def send_file(self, file: BinaryIO, part: ranges.Part) -> None:
        await self.send(self._of_file(file, part))

    async def _of_file(self, file: BinaryIO, part: ranges.Part) -> AsyncIterator[bytes]:
        at = part.start
        while at < part.end:
            count = min(CHUNK_BYTES, part.end - at)
            # Shielded: the file may be closed only when nobody reads it any more.
            data = await _finished(self.verbs.in_thread(os.pread, file.fileno(), count, at))
            if not data:
                raise Changed(str(file.name))
            at += len(data)
            yield data


async def _finished(work: asyncio.Future[bytes]) -> bytes:
    """The result of a thread's work; a cancelled caller waits for its end too."""
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise


class FileHandler(Serving):
    """`GET /v1/runs/<run>/files/<name>[?offset=N]`: its bytes as they are now, or a `Range`."""

    async def get(self, *names: str) -> None:
        await self.stream(lambda: self._send(*names))

    async def _send(self, name: str, file_name: str) -> None:
        with await self.parts.browser.open(name, file_name) as file:
            info = os.fstat(file.fileno())
            self.set_header("Content-Type", "application/octet-stream")
            part = self.asked(info, file_name)
            if part is not None and self.request.method == "GET":
                await self.send_file(file, part)


class SnapshotFileHandler(Serving):
    """`GET /v1/runs/<run>/snapshot/<name>`: a file as it was shipped, or a `Range` of it."""

    async def get(self, *names: str) -> None:
        await self.stream(lambda: self._send(*names))

    async def _send(self, name: str, file_name: str) -> None:
        file, sha256 = await self.parts.browser.open_shipped(name, file_name)
        with file:
            self.set_header("Content-Type", "application/octet-stream")
            part = self.ranged(os.fstat(file.fileno()).st_size, f'"{sha256}"')
            if part is not None:
                await self.send_file(file, part)


class ZipHandler(Serving):
    """`GET /v1/runs/<run>/zip?prefix`: its files; of an ended run with a size and any `Range`."""

    async def get(self, *names: str) -> None:
        await self.stream(lambda: self._send(*names))

    async def _send(self, name: str) -> None:
        archive, ended = await self.parts.browser.zip(name, self.text("prefix") or "")
        self.set_header("Content-Type", "application/zip")
        part: ranges.Part | None = ranges.Part(0, 0)
        if ended:
            size, etag = await self.verbs.in_thread(lambda: (archive.size, archive.etag))
            part = self.ranged(size, etag)
        if part is None or self.request.method == "HEAD":
            return
        left = part.end - part.start if ended else None
        await self.send(self._pieces(archive.pieces(part.start), left))

    async def _pieces(
        self, pieces: Generator[bytes, None, None], left: int | None
    ) -> AsyncIterator[bytes]:
        """What a thread reads, a good piece at a time; no more than is left to send."""
        reader = _Reader(pieces)
        try:
            while left is None or left > 0:
                data = await self.verbs.in_thread(reader.take, CHUNK_BYTES)
                if not data:
                    return
                if left is not None:
                    data = data[:left]
                    left -= len(data)
                yield data
        finally:
            await asyncio.shield(self.verbs.in_thread(reader.close))


class _Reader:
    """Joins small pieces. One thread at a time takes; closing waits for it."""

    def __init__(self, pieces: Generator[bytes, None, None]) -> None:
        self._pieces = pieces
        self._lock = threading.Lock()

    def take(self, size: int) -> bytes:
        """At least so many bytes; less at the end only, and nothing after it."""
        taken: list[bytes] = []
        count = 0
        with self._lock:
            while count < size:
                data = next(self._pieces, None)
                if data is None:
                    break
                taken.append(data)
                count += len(data)
        return b"".join(taken)

    def close(self) -> None:
        """Close the file that is being read."""
        with self._lock:
            self._pieces.close()


class PreviewHandler(Browsing):
    """`POST /v1/preview`: what a submit would ship. Nothing is changed."""

    async def post(self) -> None:
        self.reply(await self.parts.browser.preview(self.request_as(wire.SubmitRequest)))


class ArgumentsHandler(Browsing):
    """`POST /v1/arguments`: what a script asks for."""

    async def post(self) -> None:
        self.reply(await self.parts.browser.arguments(self.request_as(wire.ArgumentsRequest)))


ROUTES: Final = (
    (RUN + r"/files", FilesHandler),
    (RUN + r"/files/(.+)", FileHandler),
    (RUN + r"/folder", FolderHandler),
    (RUN + r"/zip", ZipHandler),
    (RUN + r"/search", SearchHandler),
    (RUN + r"/snapshot", SnapshotHandler),
    (RUN + r"/snapshot/(.+)", SnapshotFileHandler),
    (r"/v1/preview", PreviewHandler),
    (r"/v1/arguments", ArgumentsHandler),
)
