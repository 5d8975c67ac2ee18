"""The service's API over a real socket, in the test's own event loop."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from service_rig import Rig
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_unix_socket

from jupyter_mltrain.service import api


class Reply(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool
    """It ended as it should, not because the connection did."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Http:
    """Asks, one connection for each request."""

    def __init__(self, path: str) -> None:
        self._path = path

    async def get(self, path: str, **headers: str) -> Reply:
        return await self.ask("GET", path, **headers)

    async def head(self, path: str, **headers: str) -> Reply:
        return await self.ask("HEAD", path, **headers)

    async def post(self, path: str, body: object) -> Reply:
        return await self.ask("POST", path, json.dumps(body).encode())

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
        """Ask, and read the reply to its end; an underscore in a header's name is a dash."""
        reader, writer = await self.open(method, path, body, **headers)
        try:
            return await _reply(reader, method)
        finally:
            writer.close()
            await writer.wait_closed()

    async def open(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Ask, and leave the reply unread."""
        reader, writer = await asyncio.open_unix_connection(self._path)
        lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        return reader, writer


async def _reply(reader: asyncio.StreamReader, method: str) -> Reply:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split()[1])
    headers = {}
    for line in head[1:]:
        name, found, value = line.partition(": ")
        if found:
            headers[name.lower()] = value
    if method == "HEAD":
        return Reply(status, headers, b"", True)
    if headers.get("transfer-encoding") != "chunked":
        size = int(headers.get("content-length", 0))
        try:
            return Reply(status, headers, await reader.readexactly(size), True)
        except asyncio.IncompleteReadError as error:
            return Reply(status, headers, error.partial, False)
    body = b""
    try:
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
    except asyncio.IncompleteReadError:
        return Reply(status, headers, body, False)
    return Reply(status, headers, body, True)


@asynccontextmanager
async def served(rig: Rig) -> AsyncIterator[Http]:
    """The API of an open rig, for as long as the block runs."""
    path = Path("/tmp") / f"mlt-{secrets.token_hex(8)}"  # short enough for a socket
    server = HTTPServer(api.make_app(rig.parts))
    server.add_socket(bind_unix_socket(str(path)))
    try:
        yield Http(str(path))
    finally:
        server.stop()
        await server.close_all_connections()
        path.unlink()
