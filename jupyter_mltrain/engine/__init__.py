"""One Docker Engine: the way to it, what it is, and its errors in our words.

docker-py is synchronous, so every call happens in a thread of the engine's own.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar

from jupyter_mltrain.engine import whereabouts
from jupyter_mltrain.engine.problems import in_our_words
from jupyter_mltrain.engine.tunnel import Tunnel

if TYPE_CHECKING:
    import docker

T = TypeVar("T")

_THREADS: Final = 256
"""At most; one is held by each run whose output has to be followed from the engine."""

_CONNECT_S: Final = 10
"""For the first request, which finds out what answers."""

_ANSWER_S: Final = 600
"""Between a request and its answer, which for a commit of a large image takes minutes; streams
and waits have limits of their own."""

_UNIX: Final = "unix://"


class Engine:
    """A Docker Engine, or what speaks its API; nothing is connected before the first call."""

    def __init__(self, url: str | None = None) -> None:
        """Name an engine.

        Parameters
        ----------
        url
            ``unix:///…``, ``ssh://user@host[:port][/path/of/its/socket]`` or ``tcp://host:port``;
            `None` is this machine's own, as the ``docker`` command finds it.
        """
        self.url = url
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="engine")
        self._guard = threading.Lock()
        self._client: docker.APIClient | None = None
        self._tunnel: Tunnel | None = None
        self._info: dict[str, Any] | None = None

    def connected(self) -> docker.APIClient:
        """The low-level client; waits for the connection, so not for the event loop.

        Raises
        ------
        ComputeUnavailable
            The engine does not run, or may not be used; the sentence says what to do.
        """
        with self._guard:
            if self._tunnel is not None and not self._tunnel.open:
                self._disconnect()
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _connect(self) -> docker.APIClient:
        import docker  # takes 100 ms, which only those who use an engine pay

        where = self.url
        try:
            given = whereabouts.settings(where)
            where = given.get("base_url")
            if where and where.startswith("ssh://"):
                self._tunnel = Tunnel(where)
                given["base_url"] = _UNIX + str(self._tunnel.socket)
            elif where and where.startswith(_UNIX):
                _knock(where.removeprefix(_UNIX))
            client = docker.APIClient(**given, version="auto", timeout=_CONNECT_S)
        except Exception as error:
            said = self._tunnel.said() if self._tunnel is not None else None
            self._disconnect()
            raise in_our_words(error, where, said) from error
        client.timeout = _ANSWER_S
        return client

    def _disconnect(self) -> None:
        if self._client is not None:
            self._client.close()
        if self._tunnel is not None:
            self._tunnel.close()
        self._client = self._tunnel = self._info = None

    async def call(self, work: Callable[[docker.APIClient], T]) -> T:
        """Do something with the client in a thread; its errors come in our words."""
        return await self.in_thread(self.do, work)

    def do(self, work: Callable[[docker.APIClient], T]) -> T:
        """The same, in the thread that this is called in."""
        client = self.connected()
        try:
            return work(client)
        except Exception as error:
            if _is_about_a_file(error):
                raise
            raise in_our_words(error, self.url) from error

    def in_thread(self, work: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        """Let a thread of the engine's do work that is more than one call."""
        return asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def info(self) -> dict[str, Any]:
        """What the engine says about itself, asked once for each connection; in a thread only."""
        if self._info is None:
            self._info = self.do(lambda client: client.info())
        return self._info

    def close(self) -> None:
        """Let go of the connection."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._guard:
            self._disconnect()


def _is_about_a_file(error: Exception) -> bool:
    """Whether it is one of ours on this machine's disk, and nothing of the engine's."""
    if not isinstance(error, OSError):
        return False
    return error.filename is not None or error.errno in (errno.ENOSPC, errno.EDQUOT)


def _knock(path: str) -> None:
    """Raise what is wrong with the engine's socket; docker-py forgets to close it then."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_CONNECT_S)
        client.connect(path)
