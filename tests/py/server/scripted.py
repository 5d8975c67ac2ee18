"""A service on a unix socket that answers as a test says, and hangs up where it is to."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from jupyter_mltrain import __version__, wire, workspaces

HANG_UP: Final = b"\0hang up"
"""At the end of an answer: the connection is closed after what is before it."""

STATUS: Final = wire.ServiceStatus(
    version=__version__,
    protocol=wire.PROTOCOL,
    pid=os.getpid(),
    workspace_id="scripted",
    workspace="scripted",
    started_at="2026-01-01T00:00:00Z",
    running=0,
    queued=0,
)


def reply(body: object, status: int = 200) -> bytes:
    """A whole HTTP reply."""
    data = wire.encode(body)
    return b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n%b" % (status, len(data), data)


class ScriptedService:
    """Gives each request, but the greeting, to `answer`: method, target and body -> the bytes."""

    def __init__(self, directory: Path, answer: Callable[[str, str, bytes], bytes]) -> None:
        self.asked: list[tuple[str, str]] = []
        self._serving: set[asyncio.Task[None]] = set()
        self._directory = directory
        self._answer = answer

    async def __aenter__(self) -> ScriptedService:
        path = workspaces.socket_path(workspaces.identify(self._directory))
        self._server = await asyncio.start_unix_server(self._serve, path)
        endpoint = workspaces.Endpoint(socket=str(path), pid=os.getpid(), version=__version__)
        (self._directory / "service.json").write_bytes(msgspec.json.encode(endpoint))
        return self

    async def __aexit__(self, *error: object) -> None:
        (self._directory / "service.json").unlink()
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            while await self._answered(reader, writer):
                pass
        except (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            pass  # the test is over, or the other side has hung up
        writer.close()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
        method, target, _ = lines[0].split(" ")
        fields = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        body = await reader.readexactly(int(fields.get("content-length", "0")))
        if target == "/v1/status":
            answer = reply(STATUS)
        else:
            self.asked.append((method, target))
            answer = self._answer(method, target, body)
        writer.write(answer.removesuffix(HANG_UP))
        await writer.drain()
        return not answer.endswith(HANG_UP)
