"""Being told when a file grows: inotify where there is one, else looking now and then."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

_LOOK_AGAIN_S: Final = 0.2
"""Between two looks where the system does not tell."""


class Watcher:
    """Calls back on the event loop when a watched file changes.

    A callback may come without a change; no change goes without a callback after it.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._callbacks: dict[int, set[Callable[[], None]]] = {}
        self._inotify = _open_inotify()
        if self._inotify is not None:
            self._loop.add_reader(self._inotify.fileno(), self._on_events)

    def watch(self, path: Path, changed: Callable[[], None]) -> Callable[[], None]:
        """Watch an existing file or folder; the returned function ends it.

        Raises
        ------
        FileNotFoundError
            Nothing is there to watch.
        """
        if self._inotify is None:
            return self._look_now_and_then(path, changed)
        try:
            descriptor = self._inotify.add_watch(path, _MASK)
        except FileNotFoundError:
            raise
        except OSError:
            # The user's limit of inotify watches is reached.
            return self._look_now_and_then(path, changed)
        listeners = self._callbacks.setdefault(descriptor, set())
        listeners.add(changed)

        def end() -> None:
            listeners.discard(changed)
            if not listeners and self._callbacks.pop(descriptor, None) is not None:
                assert self._inotify is not None
                try:
                    self._inotify.rm_watch(descriptor)
                except OSError:
                    pass  # the file was deleted, and its watch with it

        return end

    def _on_events(self) -> None:
        assert self._inotify is not None
        for descriptor in {event.wd for event in self._inotify.read(timeout=0)}:
            for changed in tuple(self._callbacks.get(descriptor, ())):
                changed()

    def _look_now_and_then(self, path: Path, changed: Callable[[], None]) -> Callable[[], None]:
        path.stat()
        timer: asyncio.TimerHandle

        def look() -> None:
            nonlocal timer
            changed()
            timer = self._loop.call_later(_LOOK_AGAIN_S, look)

        timer = self._loop.call_later(_LOOK_AGAIN_S, look)
        return lambda: timer.cancel()

    def close(self) -> None:
        if self._inotify is not None:
            self._loop.remove_reader(self._inotify.fileno())
            self._inotify.close()


if sys.platform == "linux":
    import inotify_simple

    _MASK: Final = (
        inotify_simple.flags.MODIFY
        | inotify_simple.flags.CREATE
        | inotify_simple.flags.MOVED_TO
        | inotify_simple.flags.CLOSE_WRITE
    )

    def _open_inotify() -> inotify_simple.INotify | None:
        try:
            return inotify_simple.INotify(nonblocking=True)
        except OSError:
            return None  # the user's limit of inotify instances is reached

else:
    _MASK: Final = 0

    def _open_inotify() -> None:
        return None
