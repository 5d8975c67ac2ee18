"""A workspace with environments and nothing else: ``async with`` opens it, maybe again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path

from clock import FakeClock

from jupyter_mltrain.service.catalog import Catalog
from jupyter_mltrain.service.durability import Durability
from jupyter_mltrain.service.gate import Gate
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.store.builds import BuildStore
from jupyter_mltrain.store.database import Database
from jupyter_mltrain.store.environments import EnvironmentStore
from jupyter_mltrain.store.snapshots import Snapshots


class Place:
    """What a catalog stands on, real all of it but for the clock."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = FakeClock()
        self._closing = AsyncExitStack()

    async def __aenter__(self) -> Place:
        self.directory.mkdir(exist_ok=True)
        database = Database(self.directory / "store.sqlite")
        durability = Durability(database)
        threads = ThreadPoolExecutor(2)
        for close in (database.close, durability.close, threads.shutdown):
            self._closing.callback(close)
        self.hub = Hub()
        self.builds = BuildStore(database)
        self.snapshots = Snapshots(self.directory)
        self.catalog = Catalog(
            store=EnvironmentStore(database),
            builds=self.builds,
            hub=self.hub,
            durability=durability,
            clock=self.clock,
            snapshots=self.snapshots,
            gate=Gate(),
            threads=threads,
        )
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._closing.aclose()
