"""Requests whose answers come bit by bit, and which can be given up in the middle."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import docker
    import requests

T = TypeVar("T")


class Exchange:
    """One request. `hang_up` may be called from another thread at any time, and ends it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._over = threading.Event()
        self._response: requests.Response | None = None

    def messages(
        self, client: docker.APIClient, path: str, **request: Any
    ) -> Iterator[dict[str, Any]]:
        """Send it, and yield the answer's JSON messages as they come; none after a hang-up.

        Parameters
        ----------
        request
            What `requests` takes: `params`, `headers`, `data`, `json`.

        Raises
        ------
        docker.errors.APIError
            The engine refuses.
        """
        for line in self._pieces(client, path, _lines, request):
            if line.strip():
                yield json.loads(line)

    def output(self, client: docker.APIClient, path: str, **request: Any) -> Iterator[bytes]:
        """The same for an answer that is a command's output and errors; pieces of any length."""
        return self._pieces(client, path, _frames, request)

    def _pieces(
        self,
        client: docker.APIClient,
        path: str,
        read: Callable[[requests.Response], Iterator[bytes]],
        request: dict[str, Any],
    ) -> Iterator[bytes]:
        import docker.errors
        import requests

        if self._over.is_set():
            return
        url = f"{client.base_url}/v{client.api_version}{path}"
        with client.post(url, stream=True, timeout=None, **request) as response:
            with self._guard:
                self._response = response
            if self._over.is_set():
                return
            try:
                response.raise_for_status()
            except requests.HTTPError as error:
                raise docker.errors.create_api_error_from_http_exception(error) from error
            try:
                yield from read(response)
            except (requests.RequestException, OSError, AttributeError):
                # A connection that was cut under urllib3 has parts missing when it is read on.
                if not self._over.is_set():
                    raise

    def hang_up(self) -> bool:
        """Cut the connection; the engine then gives up what it does for it.

        Returns whether there was an answer to cut. Without one, the engine is let go of as soon
        as it answers.
        """
        from docker.types.daemon import CancellableStream

        with self._guard:
            self._over.set()
            response = self._response
        if response is not None:
            with suppress(OSError, AttributeError):  # it has just ended by itself
                CancellableStream(iter(()), response).close()
        return response is not None


def _lines(response: requests.Response) -> Iterator[bytes]:
    yield from response.iter_lines()


def _frames(response: requests.Response) -> Iterator[bytes]:
    """What a container's streams bring.

    References
    ----------
    Docker Engine API, "Attach to a container", stream format: a byte for the stream, three of
    zeros, four for the length, then so many bytes.
    """
    while head := response.raw.read(8):
        yield response.raw.read(int.from_bytes(head[4:], "big"))


async def until_done(work: asyncio.Future[T], stop: Callable[[], bool]) -> T:
    """Wait for what a thread does; cancelled, make it stop, and wait until it has.

    Parameters
    ----------
    stop
        Returns `False` where the thread does nothing yet that has to be waited for.
    """
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        # How it ends is of no interest any more.
        work.add_done_callback(lambda done: done.cancelled() or done.exception())
        if stop():
            await asyncio.wait({work})
        raise


def to_the_end() -> bool:
    """A `stop` for what is short, and has to be known when it is undone."""
    return True
