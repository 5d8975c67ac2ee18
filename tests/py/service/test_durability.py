"""One flush of the disk for all the promises that wait together."""

from __future__ import annotations

import asyncio
import threading
from typing import cast

import pytest
from loops import in_loop

from jupyter_mltrain.errors import DiskFull
from jupyter_mltrain.service.durability import Durability
from jupyter_mltrain.store.database import Database


class SlowDisk:
    """A database whose flush waits until it may end, and notes what was written by its begin."""

    def __init__(self) -> None:
        self.written = 0
        self.flushed: list[int] = []
        """What each flush covers."""
        self.fails = False
        self._may_end = threading.Semaphore(0)
        self._begun = threading.Semaphore(0)

    def sync(self) -> None:
        covered = self.written
        self._begun.release()
        assert self._may_end.acquire(timeout=10)
        if self.fails:
            raise DiskFull("No space left.")
        self.flushed.append(covered)

    async def begun(self) -> None:
        """Return when a flush has begun."""
        assert await asyncio.to_thread(self._begun.acquire, True, 10)

    def let_end(self, flushes: int = 1) -> None:
        self._may_end.release(flushes)


def over(disk: SlowDisk) -> Durability:
    return Durability(cast(Database, disk))


@in_loop
async def test_a_sync_covers_everything_written_before_it() -> None:
    disk = SlowDisk()
    durability = over(disk)
    disk.written = 1
    first = asyncio.create_task(durability.sync())
    await disk.begun()
    disk.written = 2  # too late for the flush that is under way
    second = asyncio.create_task(durability.sync())
    disk.let_end()
    await first
    assert disk.flushed == [1]
    assert not second.done()
    disk.let_end()
    await second
    assert disk.flushed == [1, 2]
    durability.close()


@in_loop
async def test_all_who_wait_while_one_flush_runs_share_the_next() -> None:
    disk = SlowDisk()
    durability = over(disk)
    first = asyncio.create_task(durability.sync())
    await disk.begun()
    disk.written = 100
    rest = [asyncio.create_task(durability.sync()) for _ in range(100)]
    await asyncio.sleep(0)
    disk.let_end(2)
    await asyncio.gather(first, *rest)
    assert disk.flushed == [0, 100]
    durability.close()


@in_loop
async def test_a_flush_that_fails_promises_nobody_anything() -> None:
    disk = SlowDisk()
    disk.fails = True
    durability = over(disk)
    disk.let_end()
    results = await asyncio.gather(*(durability.sync() for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [DiskFull] * 3
    durability.close()


@in_loop
async def test_after_a_failure_the_next_sync_tries_anew() -> None:
    disk = SlowDisk()
    disk.fails = True
    durability = over(disk)
    disk.let_end(2)
    with pytest.raises(DiskFull):
        await durability.sync()
    disk.fails = False
    await durability.sync()
    assert disk.flushed == [0]
    durability.close()


@in_loop
async def test_one_who_gives_up_does_not_take_the_flush_from_the_others() -> None:
    disk = SlowDisk()
    durability = over(disk)
    first, second = (asyncio.create_task(durability.sync()) for _ in range(2))
    await disk.begun()
    first.cancel()
    disk.let_end()
    await second
    assert first.cancelled()
    assert disk.flushed == [0]
    durability.close()
