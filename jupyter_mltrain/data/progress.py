"""How far bringing data has got: counted by threads, read by whoever shows it."""

from __future__ import annotations

import threading

from jupyter_mltrain import units


class Stopped(Exception):
    """It was asked to stop."""


class Progress:
    """Counts files and bytes. `stop` asks whoever works to give up soon."""

    def __init__(self) -> None:
        self.files = 0
        self.bytes = 0
        self.of_files: int | None = None
        """How many there are in all, once that is known."""
        self.of_bytes: int | None = None
        self.fetched_bytes = 0
        """How many came from elsewhere: not those that were here already."""
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def expect(self, files: int, size_bytes: int | None) -> None:
        """So many more there are."""
        with self._lock:
            self.of_files = (self.of_files or 0) + files
            if size_bytes is None:
                self.of_bytes = None
            elif self.of_bytes is not None or self.of_files == files:
                self.of_bytes = (self.of_bytes or 0) + size_bytes

    def begun(self, name: str) -> None:
        """A file is on its way. For those who say so to override."""

    def moved(self, count: int, *, fetched: bool = True) -> None:
        """So many bytes further; fewer than none where it begins anew."""
        with self._lock:
            self.bytes += count
            self.fetched_bytes += count if fetched else 0

    def done(self, name: str) -> None:
        """A file is there. Those who override it call this, too."""
        with self._lock:
            self.files += 1

    @property
    def stopped(self) -> bool:
        """Whether it was asked to stop."""
        return self._stopped.is_set()

    def stop(self) -> None:
        self._stopped.set()

    def check(self) -> None:
        """Raise `Stopped` when it was asked for."""
        if self._stopped.is_set():
            raise Stopped

    def wait(self, seconds: float) -> None:
        """Wait so long, or until it is asked to stop, which then raises `Stopped`."""
        self._stopped.wait(seconds)
        self.check()

    def __str__(self) -> str:
        if self.of_files is None:
            return "looking"
        text = f"{self.files} of {units.plural(self.of_files, 'file')}"
        if self.of_bytes:
            return f"{text}, {units.size(max(self.bytes, 0))} of {units.size(self.of_bytes)}"
        return f"{text}, {units.size(self.bytes)}" if self.bytes > 0 else text
