"""A run as it goes, brought to the shell's own thread, where an interrupt arrives."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Final

from jupyter_mltrain.client import Client, LogChunk
from jupyter_mltrain.spec import BUILD_LOG, Run
from jupyter_mltrain.wire import MetricsFrame

_ITEMS: Final = 64
"""Most pieces of output that wait to be shown: 16 MB. Then the reader waits, never the run."""

_LOOK_S: Final = 0.2
"""How soon a reader that waits for room notices that nobody wants it any more."""


class Feed:
    """Begins a run, or finds one, and follows it in a thread of its own, from its environment on.

    A thread, because whoever shows the run also has to show that time passes, and because a
    request that is under way when the user interrupts is better finished than forgotten.
    """

    def __init__(self, client: Client, begin: Callable[[], Run], logs: tuple[str, ...]) -> None:
        self._client = client
        self._begin = begin
        self._logs = logs
        self._items: queue.Queue[Run | LogChunk | MetricsFrame | Exception] = queue.Queue(_ITEMS)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._read, name="mltrain-feed", daemon=True)

    def start(self) -> None:
        """Begin the run."""
        self._thread.start()

    def first(self) -> Run | None:
        """Wait for the run itself; `None` when it was interrupted before it could begin."""
        while self._thread.is_alive() or not self._items.empty():
            item = self.next(_LOOK_S)
            if isinstance(item, Run):
                return item
        return None

    def next(self, timeout_s: float | None) -> Run | LogChunk | MetricsFrame | None:
        """The next change or piece of output; `None` when nothing came in time.

        Raises
        ------
        MltrainError
            The run could not begin, or cannot be followed any longer.
        """
        try:
            item = self._items.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if isinstance(item, Exception):
            raise item
        return item

    def stop(self) -> None:
        """Watch no longer. The thread ends at the next thing that it hears."""
        self._stopped.set()

    def _read(self) -> None:
        try:
            run = self._begin()
            self._put(run)
            if self._stopped.is_set():
                return
            logs = [*([BUILD_LOG] if run.spec.environment.is_built else []), *self._logs]
            for item in self._client.follow(run.id, dict.fromkeys(logs, 0), metrics=0):
                self._put(item)
                if self._stopped.is_set():
                    return
        except Exception as error:  # raised again where somebody sees it
            self._put(error)

    def _put(self, item: Run | LogChunk | MetricsFrame | Exception) -> None:
        while not self._stopped.is_set():
            try:
                self._items.put(item, timeout=_LOOK_S)
            except queue.Full:
                continue
            return
