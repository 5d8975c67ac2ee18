"""One disk flush for all the promises that wait together."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from jupyter_mltrain.store.database import Database


class Durability:
    """Syncs the database in a thread of its own, in groups."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sync")
        self._next: asyncio.Task[None] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def sync(self) -> None:
        """Return when everything written before the call survives a power cut."""
        if self._next is None:
            self._next = asyncio.create_task(self._flush())
        # Shielded: one caller that gives up must not take the flush from the others.
        await asyncio.shield(self._next)

    async def _flush(self) -> None:
        async with self._one_at_a_time:
            self._next = None  # who comes from now on needs another flush
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._thread, self._database.sync)

    def close(self) -> None:
        self._thread.shutdown()
