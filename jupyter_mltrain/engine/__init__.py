"""One Docker Engine: the way to it, what it is, and its errors in our words.

docker-py is synchronous, so every call happens in a thread of the engine's own.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar

from jupyter_mltrain.engine.problems import in_our_words

if TYPE_CHECKING:
    import docker

T = TypeVar("T")

_THREADS: Final = 16
_CONNECT_S: Final = 10
"""Between a request and its answer; streams and waits have limits of their own."""


class Engine:
    """A Docker Engine, or what speaks its API; nothing is connected before the first call."""

    def __init__(self, url: str | None = None) -> None:
        """Name an engine.

        Parameters
        ----------
        url
            ``unix:///…``, ``ssh://user@host`` or ``tcp://host:port``; `None` is this machine's
            own, as the ``docker`` command finds it.
        """
        self.url = url
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="engine")
        self._guard = threading.Lock()
        self._client: docker.APIClient | None = None

    def connected(self) -> docker.APIClient:
        """The low-level client; waits for the connection, so not for the event loop.

        Raises
        ------
        ComputeUnavailable
            The engine does not run, or may not be used; the sentence says what to do.
        """
        with self._guard:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _connect(self) -> docker.APIClient:
        import docker  # takes 100 ms, which only those who use an engine pay

        try:
            if self.url is None:
                settings = docker.utils.kwargs_from_env()
                return docker.APIClient(**settings, version="auto", timeout=_CONNECT_S)
            return docker.APIClient(self.url, version="auto", timeout=_CONNECT_S)
        except Exception as error:
            raise in_our_words(error, self.url) from error

    async def call(self, work: Callable[[docker.APIClient], T]) -> T:
        """Do something with the client in a thread; its errors come in our words."""

        def done() -> Any:
            client = self.connected()
            try:
                return work(client)
            except Exception as error:
                raise in_our_words(error, self.url) from error

        return await asyncio.get_running_loop().run_in_executor(self._threads, done)

    def close(self) -> None:
        """Let go of the connection."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._client is not None:
            self._client.close()
