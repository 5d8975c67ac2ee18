"""One workspace's service, reached from the Jupyter server's event loop.

Whatever blocks (starting a service, shaking hands with it, looking at the disk) is done in
threads. A service that dies is started again by whoever asks next.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import httpx

from jupyter_mltrain import errors, wire, workspaces
from jupyter_mltrain.connection import Connector

T = TypeVar("T")

CUT: Final = httpx.TransportError
"""How it looks when the service dies while one talks to it."""

TRIES: Final = 5
"""So often a request is sent before the service is said to keep failing."""

_CONNECT_S: Final = 10.0
_SILENCE_S: Final = 60.0
"""A stream that beats every 15 s and has been silent for so long is cut."""

_QUICK: Final = httpx.Timeout(None, connect=_CONNECT_S)
_STREAM: Final = httpx.Timeout(None, connect=_CONNECT_S, read=_SILENCE_S)
_LIMITS: Final = httpx.Limits(max_connections=None, max_keepalive_connections=8)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A whole reply of the service, refusals included."""

    status: int
    headers: httpx.Headers
    body: bytes
    repeated: bool = False
    """The request was sent more than once, since the service died meanwhile."""

    def decoded(self, type_: type[T]) -> T:
        """The reply as a type of `wire`, or the error that it carries."""
        if self.status >= 400:
            raise wire.decode_error(self.body, self.status)
        return wire.decode_reply(self.body, type_)


class Upstream:
    """The service of one workspace.

    Every request may safely be sent twice; those that make something carry a `request_id`.
    """

    def __init__(self, directory: Path, check: Callable[[], None] = lambda: None) -> None:
        """
        Parameters
        ----------
        check
            Called in a thread before a service is started; raises when it must not be.
        """
        self.directory = directory
        self._check = check
        self._client: httpx.AsyncClient | None = None
        self._starting: asyncio.Task[httpx.AsyncClient] | None = None
        self._closed = False

    async def close(self) -> None:
        """Close the connections for good; the service goes on."""
        self._closed = True
        if self._starting is not None:
            await asyncio.wait([self._starting])
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def start(self) -> None:
        """See to it that the service runs.

        Raises
        ------
        MltrainError
            It does not start, and the sentence says why.
        """
        await self._ready()

    async def ask(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] = {}
    ) -> Answer:
        """One request and its whole reply, sent again after a cut.

        Parameters
        ----------
        target
            Path and query, percent-encoded; travels as it is.

        Raises
        ------
        MltrainError
            The service cannot be reached. What it refuses is an answer like any other.
        """
        tries = _Tries(self, method, target, body, headers, _QUICK)
        while True:
            try:
                response = await tries.send()
                try:
                    content = await response.aread()
                finally:
                    await response.aclose()
            except CUT as error:
                await tries.after(error)
                continue
            return Answer(
                status=response.status_code,
                headers=response.headers,
                body=content,
                repeated=tries.count > 0,
            )

    @asynccontextmanager
    async def stream(
        self, method: str, target: str, headers: Mapping[str, str] = {}, *, beats: bool = False
    ) -> AsyncIterator[httpx.Response]:
        """A reply whose body is read piece by piece. After its head, a cut is the caller's (`CUT`).

        Parameters
        ----------
        beats
            The service sends something every 15 s; silence then means that it hangs.
        """
        tries = _Tries(self, method, target, b"", headers, _STREAM if beats else _QUICK)
        while True:
            try:
                response = await tries.send()
            except CUT as error:
                await tries.after(error)
            else:
                break
        try:
            yield response
        finally:
            await response.aclose()

    def failing(self, error: Exception | None) -> errors.ServiceUnavailable:
        """What to say when the service was tried often enough."""
        return errors.ServiceUnavailable(
            f"The service of {self.directory} keeps failing ({error!r}). "
            f"{self.directory / 'service.log'} says why; runs go on."
        )

    async def _ready(self, gone: httpx.AsyncClient | None = None) -> httpx.AsyncClient:
        """A client for a service that has answered; not `gone`, which found nobody."""
        if self._closed:
            raise errors.ServiceUnavailable("The Jupyter server is shutting down.")
        if self._client is not None and self._client is not gone:
            return self._client
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
            self._starting.add_done_callback(self._started)
        # Shielded: that one page goes does not take the service from the others who wait.
        return await asyncio.shield(self._starting)

    async def _start(self) -> httpx.AsyncClient:
        old, self._client = self._client, None
        try:
            self._client = await asyncio.to_thread(self._greeted)
            return self._client
        finally:
            if old is not None:
                await old.aclose()

    def _started(self, task: asyncio.Task[httpx.AsyncClient]) -> None:
        self._starting = None
        if not task.cancelled():
            task.exception()  # those who waited for it have it; nobody may be left

    def _greeted(self) -> httpx.AsyncClient:
        """Start the service if need be, shake hands, and say where it listens."""
        self._check()
        connector = Connector(self.directory)
        try:
            with connector.connected():
                endpoint = workspaces.endpoint(self.directory)
        finally:
            connector.close()
        if endpoint is None:
            raise errors.ServiceUnavailable(
                f"The service of {self.directory} left just as it was asked. Try again."
            )
        return _client(endpoint.socket)


class _Tries:
    """The attempts at one request."""

    def __init__(
        self,
        upstream: Upstream,
        method: str,
        target: str,
        body: bytes,
        headers: Mapping[str, str],
        timeout: httpx.Timeout,
    ) -> None:
        self._upstream = upstream
        self._client: httpx.AsyncClient | None = None
        self._gone: httpx.AsyncClient | None = None
        self._request = httpx.Request(
            method,
            "http://service/",
            content=body,
            headers={**headers, "Accept-Encoding": "identity"},
            # The path as it is: httpx would resolve and quote what the service has to judge.
            extensions={"target": target.encode("ascii"), "timeout": timeout.as_dict()},
        )
        self.count = 0
        """How many have failed."""

    async def send(self) -> httpx.Response:
        """One attempt; the reply has its head, and whoever gets it closes it."""
        self._client = await self._upstream._ready(self._gone)
        return await self._client.send(self._request, stream=True)

    async def after(self, error: httpx.TransportError) -> None:
        """Get ready for the next attempt, or say that there is none."""
        self.count += 1
        if self.count == TRIES:
            raise self._upstream.failing(error) from error
        self._gone = self._client if isinstance(error, httpx.ConnectError) else None
        await asyncio.sleep(0.05 * (self.count - 1))


def _client(socket: str) -> httpx.AsyncClient:
    # Certificates have no say on a unix socket, and reading them takes 20 ms.
    transport = httpx.AsyncHTTPTransport(uds=socket, verify=False, trust_env=False, limits=_LIMITS)
    return httpx.AsyncClient(transport=transport, trust_env=False)


class Frames:
    """Lines, and the raw bytes between them, of a streamed reply."""

    def __init__(self, response: httpx.Response) -> None:
        self._pieces = response.aiter_raw()
        self._buffer = bytearray()

    async def line(self) -> bytes | None:
        """The next line without its end; `None` after the last.

        Raises
        ------
        httpx.TransportError
            The stream was cut, within a line or elsewhere.
        """
        looked = 0
        while (end := self._buffer.find(b"\n", looked)) < 0:
            looked = len(self._buffer)
            if not await self._more():
                if self._buffer:
                    raise httpx.ReadError("cut within a frame")
                return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    async def exactly(self, count: int) -> bytes:
        """The next `count` bytes; raises `httpx.TransportError` where there are fewer."""
        while len(self._buffer) < count:
            if not await self._more():
                raise httpx.ReadError("cut within a frame")
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    async def _more(self) -> bool:
        async for piece in self._pieces:
            self._buffer += piece
            return True
        return False
