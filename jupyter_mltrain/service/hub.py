"""Who wants to know: followers are woken when a run, or the queue, changes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Hub:
    """Wakes waiters by topic.

    A topic is a run's id, a build's, or one of these: the queue; environments, builds and compute
    targets; any run.
    """

    QUEUE = ""
    ENVIRONMENTS = "/"
    ANY = "*"

    def __init__(self) -> None:
        self._waiters: dict[str, set[asyncio.Event]] = {}

    def __len__(self) -> int:
        """How many listen, counted once a topic."""
        return sum(map(len, self._waiters.values()))

    def changed(self, topic: str) -> None:
        """Wake everyone who listens to the topic."""
        for event in self._waiters.get(topic, ()):
            event.set()
        if topic not in (self.QUEUE, self.ENVIRONMENTS):
            for event in self._waiters.get(self.ANY, ()):
                event.set()

    @contextmanager
    def listen(self, event: asyncio.Event, *topics: str) -> Iterator[None]:
        """Set `event` at every change of the topics while the block runs."""
        for topic in topics:
            self._waiters.setdefault(topic, set()).add(event)
        try:
            yield
        finally:
            for topic in topics:
                waiters = self._waiters[topic]
                waiters.discard(event)
                if not waiters:
                    del self._waiters[topic]
