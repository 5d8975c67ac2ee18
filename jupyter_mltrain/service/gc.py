"""Reclaiming space: oldest ended runs first, then what no run left needs, then cached data."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from jupyter_mltrain.data.cache import Unused
from jupyter_mltrain.errors import InvalidSpec, MltrainError
from jupyter_mltrain.service.delivering import Deliverer
from jupyter_mltrain.service.roster import Clock
from jupyter_mltrain.service.verbs import Verbs
from jupyter_mltrain.spec import Run
from jupyter_mltrain.store.builds import BuildStore
from jupyter_mltrain.store.snapshots import Snapshots
from jupyter_mltrain.wire import GcItem, GcReport, GcRequest


class Collector:
    """Says what a clean-up would take, and takes it."""

    def __init__(
        self,
        verbs: Verbs,
        builds: BuildStore,
        snapshots: Snapshots,
        deliverer: Deliverer,
        clock: Clock,
    ) -> None:
        self._verbs = verbs
        self._deliverer = deliverer
        self._builds = builds
        self._snapshots = snapshots
        self._clock = clock

    async def collect(self, request: GcRequest) -> GcReport:
        """Take ended runs by age or size; a dry run only says which.

        Raises
        ------
        InvalidSpec
            Neither an age nor a size is given, or one is negative.
        """
        if request.older_than_s is None and request.keep_bytes is None:
            raise InvalidSpec("Say what to take: runs older than a time, or all beyond a size.")
        if min(request.older_than_s or 0, request.keep_bytes or 0) < 0:
            raise InvalidSpec("An age or a size to keep cannot be negative.")
        taken, left_bytes = await self._choose(request)
        cached = await self._verbs.in_thread(self._choose_cached, request, left_bytes)
        if not request.dry_run:
            taken = [item for item in taken if await self._delete(item)]
        if request.dry_run:
            contexts = self._builds.contexts()
            keep = (await self._kept() - await self._only_of(taken)) | contexts
            blobs, blob_bytes = await self._verbs.in_thread(self._snapshots.unused, keep)
        else:
            async with self._verbs.submits_held():
                keep = await self._kept() | self._builds.contexts()
                remove = self._snapshots.remove_unused
                blobs, blob_bytes = await self._verbs.in_thread(remove, keep)
            await self._verbs.in_thread(self._deliverer.cache.remove, cached)
            await self._verbs.in_thread(self._deliverer.cache.remove_left)
        sizes = [item.size_bytes for item in taken] + [each.size_bytes for each in cached]
        return GcReport(
            runs=tuple(taken),
            freed_bytes=blob_bytes + sum(sizes),
            blobs=blobs,
            cached=len(cached),
            dry_run=request.dry_run,
        )

    async def _kept(self) -> set[str]:
        """Snapshots that some run was made from."""
        found: set[str] = set()
        after = 0
        while page := self._verbs.store.snapshots(after):
            await asyncio.sleep(0)
            found |= set(filter(None, page.values()))
            after = max(page)
        return found

    def _choose_cached(self, request: GcRequest, total: int) -> list[Unused]:
        """What of the cache goes, by the same rules; nothing that a run is using."""
        roster = self._verbs.supervisor.roster
        run_dirs = [roster.run_dir(run) for run in tuple(roster.active.values())]
        chosen = []
        for unused in self._deliverer.cache.unused(self._deliverer.in_use(run_dirs)):
            age = time.time() - unused.used_at
            too_old = request.older_than_s is not None and age > request.older_than_s
            too_much = request.keep_bytes is not None and total > request.keep_bytes
            if too_old or too_much:
                total -= unused.size_bytes
                chosen.append(unused)
        return chosen

    async def _choose(self, request: GcRequest) -> tuple[list[GcItem], int]:
        """Runs that go, and how much the workspace holds without them, if a size was given."""
        now = self._clock().timestamp()
        total = 0
        if request.keep_bytes is not None:
            total = await self._verbs.in_thread(_tree_bytes, self._verbs.directory)
        chosen: list[GcItem] = []
        after = (0.0, 0)
        while page := self._verbs.store.finished(after):
            await asyncio.sleep(0)  # others want an answer too
            for run in page:
                assert run.ended_at is not None
                ended = run.ended_at.timestamp()
                after = (ended, run.number)
                too_old = request.older_than_s is not None and now - ended > request.older_than_s
                too_much = request.keep_bytes is not None and total > request.keep_bytes
                if too_old or too_much:
                    item = await self._measure(run)
                    total -= item.size_bytes
                    chosen.append(item)
        return chosen, total

    async def _measure(self, run: Run) -> GcItem:
        size = await self._verbs.in_thread(_tree_bytes, self._verbs.supervisor.roster.run_dir(run))
        return GcItem(id=run.id, number=run.number, label=run.label, size_bytes=size)

    async def _delete(self, item: GcItem) -> bool:
        try:
            await self._verbs.delete(item.id)
        except MltrainError:
            return False  # somebody else deleted it meanwhile
        return True

    async def _only_of(self, taken: list[GcItem]) -> set[str]:
        """Snapshots that only the chosen runs were made from."""
        ids = {item.id for item in taken}
        others: set[str] = set()
        mine: set[str] = set()
        after: int | None = None
        while page := self._verbs.store.page(before=after, include_children=True):
            await asyncio.sleep(0)
            for run in page:
                if run.snapshot_id is not None:
                    (mine if run.id in ids else others).add(run.snapshot_id)
            after = page[-1].number
        return mine - others


def _tree_bytes(folder: Path) -> int:
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(Path(where) / name).st_size
            except OSError:
                continue  # deleted meanwhile
    return total
