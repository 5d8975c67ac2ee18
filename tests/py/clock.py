"""Time as an argument: it stands still until a test moves it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone


class FakeClock:
    """Now, as an instant in UTC."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)
        self._moved: list[Callable[[], None]] = []

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass; whatever is due then happens."""
        self.now += timedelta(seconds=seconds)
        for moved in self._moved:
            moved()

    def when_moved(self, moved: Callable[[], None]) -> None:
        """Call back after every move."""
        self._moved.append(moved)
