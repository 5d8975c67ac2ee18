"""Being told when containers end: one stream of events for all of a workspace's."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from jupyter_mltrain.engine import Engine

_log = logging.getLogger(__name__)

_AGAIN_S: Final = 1.0


class Deaths:
    """Calls back on the event loop when a container ends, and when that may have been missed."""

    def __init__(self, engine: Engine, label: str) -> None:
        """Listen to containers with that label, as in ``name=value``, from `begin` on."""
        self._engine = engine
        self._label = label
        self._listeners: dict[str, set[Callable[[], None]]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stream: Any = None
        self._tried = threading.Event()
        self._closed = False

    async def begin(self) -> None:
        """Return when every later death is heard of, or nothing can be heard just now.

        After that nobody has to wait: whoever listens is called whenever the stream is there again.
        """
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            # A daemon: it waits for the engine, for which nobody has to wait at the end.
            threading.Thread(target=self._listen, name="deaths", daemon=True).start()
        if not self._tried.is_set():
            await self._engine.in_thread(self._tried.wait)

    @contextmanager
    def listening(self, name: str, died: Callable[[], None]) -> Iterator[None]:
        """Be called while the block lasts."""
        listeners = self._listeners.setdefault(name, set())
        listeners.add(died)
        try:
            yield
        finally:
            listeners.discard(died)
            if not listeners:
                self._listeners.pop(name, None)

    def _listen(self) -> None:
        """In a thread of its own, as long as there is somebody to tell."""
        while not self._closed:
            try:
                self._hear()
            except Exception as error:
                # Whoever listens looks by himself now, and says what is wrong.
                _log.info("events of %s: %s", self._engine.url or "the engine", error)
            self._tried.set()
            if not self._closed:
                self._tell(None)
                time.sleep(_AGAIN_S)

    def _hear(self) -> None:
        client = self._engine.connected()
        wanted = {"type": "container", "event": "die", "label": self._label}
        self._stream = client.events(filters=wanted, decode=True)
        if self._closed:
            self._stream.close()
        self._tried.set()
        self._tell(None)
        for event in self._stream:
            self._tell(event["Actor"]["Attributes"]["name"])

    def _tell(self, name: str | None) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(self._dispatch, name)
        except RuntimeError:
            self._closed = True  # the loop has ended, and everybody with it

    def _dispatch(self, name: str | None) -> None:
        names = tuple(self._listeners) if name is None else (name,)
        for each in names:
            for died in tuple(self._listeners.get(each, ())):
                died()

    def close(self) -> None:
        """Listen no longer."""
        self._closed = True
        if self._stream is not None:
            self._stream.close()
