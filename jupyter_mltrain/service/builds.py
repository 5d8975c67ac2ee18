"""What clients can ask about builds: begin, look, follow, cancel, delete, compare. No HTTP here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, MutableSequence
from concurrent.futures import Executor
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from jupyter_mltrain import wire
from jupyter_mltrain.compute.base import Compute
from jupyter_mltrain.environments import definition as definitions
from jupyter_mltrain.environments.differences import differences
from jupyter_mltrain.errors import (
    InvalidSpec,
    MltrainError,
    NoSuchEnvironment,
    WrongState,
)
from jupyter_mltrain.service.catalog import Catalog
from jupyter_mltrain.service.durability import Durability
from jupyter_mltrain.service.gate import Gate
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.preparing import Preparer
from jupyter_mltrain.service.roster import Clock, Roster
from jupyter_mltrain.service.submitting import Acceptor
from jupyter_mltrain.service.validation import check_environment, check_kind, no_compute
from jupyter_mltrain.spec import Build, BuildState
from jupyter_mltrain.store.builds import BuildStore
from jupyter_mltrain.store.removal import remove_tree

T = TypeVar("T")

_LOOK_S: Final = 30.0
"""So long nobody asks again whether what was built is still there."""


class Builds:
    """Every request about builds, as a method."""

    def __init__(
        self,
        *,
        store: BuildStore,
        preparer: Preparer,
        catalog: Catalog,
        computes: Mapping[str, Compute],
        roster: Roster,
        acceptor: Acceptor,
        gate: Gate,
        hub: Hub,
        durability: Durability,
        clock: Clock,
        threads: Executor,
    ) -> None:
        self._store = store
        self._preparer = preparer
        self._catalog = catalog
        self._computes = computes
        self._roster = roster
        self._acceptor = acceptor
        self._gate = gate
        self._hub = hub
        self._durability = durability
        self._clock = clock
        self._threads = threads
        self._looking: asyncio.Task[None] | None = None
        self._looked_at = float("-inf")

    # Looking

    def list(self, environment: str | None = None) -> tuple[Build, ...]:
        """The newest builds, newest first; of one environment ``NAME`` or ``NAME:VERSION`` alone.

        What was built under another name, and means the same, is among those.
        """
        self.look()
        if environment is None:
            return tuple(map(self._preparer.shelf.latest, self._store.list()))
        name, colon, version = environment.partition(":")
        which = version if colon else None
        found = {build.id: build for build in self._store.list(name, which)}
        try:
            for each in self._catalog.get(name, which).versions:
                if each.build is not None:
                    found[each.build.id] = each.build
        except NoSuchEnvironment:
            if not found:  # not one that was deleted, either
                raise
        newest = sorted(found.values(), key=lambda build: build.created_at, reverse=True)
        return tuple(map(self._preparer.shelf.latest, newest))

    def get(self, build_id: str) -> Build:
        """The build as of now; raises `NoSuchEnvironment`."""
        return self._preparer.shelf.latest(self._store.get(build_id))

    def folder(self, build_id: str) -> Path:
        """Where the build's log is."""
        return self._preparer.directory / self._store.get(build_id).id

    def look(self) -> None:
        """Find out, beside everything else, whether what was built is still there."""
        now = asyncio.get_running_loop().time()
        if now - self._looked_at > _LOOK_S and (self._looking is None or self._looking.done()):
            self._looked_at = now
            self._looking = asyncio.create_task(self._preparer.shelf.look())

    # Building

    async def start(self, request: wire.BuildRequest) -> Build:
        """Begin to build, or give what there is or goes on already; on disk when this returns.

        Raises
        ------
        InvalidSpec
            There is nothing to build, or not on that compute target.
        NoSuchEnvironment
            No environment answers to the name.
        """
        if (request.environment is None) == (request.spec is None):
            raise InvalidSpec("Give either the name of an environment to build, or a definition.")
        if request.spec is not None:
            definition = request.spec
        else:
            definition = self._catalog.resolve(request.environment or "")
        compute = self._computes.get(request.compute)
        if compute is None:
            raise no_compute(request.compute, self._computes)
        check_environment(definition)
        check_kind(definition, compute)
        if not definition.is_built:
            raise InvalidSpec(
                f"The environment {definition.name!r} is an interpreter of this machine: there is "
                "nothing to build."
            )
        async with self._gate.passing():
            definition = await self._in_thread(self._acceptor.with_context_kept, definition)
            definition = self._catalog.implied(definition)
            await self._preparer.look_at(definition, compute.name)
            build = self._preparer.build(definition, compute.name, fresh=request.fresh)
        await self._durability.sync()
        return self.get(build.id)

    async def cancel(self, build_id: str) -> Build:
        """Ask a build to end; one that has ended is given as it is."""
        build = self.get(build_id)
        work = self._preparer.building(build_id)
        if work is not None:
            work.cancel("cancelled by you")
        return build

    # Deleting

    async def delete(self, build_id: str) -> Build:
        """Delete what was built, its log and its lock.

        Raises
        ------
        WrongState
            It is being built, or a run that has not ended is in it.
        """
        build = self.get(build_id)
        if not build.state.final:
            raise WrongState(f"{_label(build)} is being built. Cancel that first, then delete it.")
        user = self._user_of(build)
        if user is not None:
            raise WrongState(f"{user} uses {_label(build)}. Wait for its end, or cancel it.")
        if build.compute in self._computes:
            await self._preparer.shelf.remove(build, "deleted")
        else:
            self._preparer.shelf.forget(build)
        self._store.delete(build.id)
        await self._in_thread(remove_tree, self._preparer.directory / build.id)
        self._hub.changed(Hub.ENVIRONMENTS)
        await self._durability.sync()
        return build

    async def reclaim(self, request: wire.ReclaimRequest) -> wire.ReclaimReport:
        """Delete what no run is in, by how long it has not been used; a dry run only says what.

        The records stay, and the locks: what a run needs again is made again exactly.
        """
        if request.unused_for_s < 0:
            raise InvalidSpec("The time that builds were not used for cannot be negative.")
        latest = self._clock() - timedelta(seconds=request.unused_for_s)
        chosen = [
            build
            for _, stored in self._store.in_state(BuildState.BUILT).values()
            if (build := self._preparer.shelf.latest(stored)).built is not None
            and build.built.id == build.id
            and (build.used_at or build.ended_at or build.created_at) <= latest
            and self._user_of(build) is None
        ]
        problems: MutableSequence[str] = []
        if not request.dry_run:
            chosen = [build for build in chosen if await self._reclaimed(build, problems)]
            self._hub.changed(Hub.ENVIRONMENTS)
            await self._durability.sync()
        return wire.ReclaimReport(
            builds=tuple(chosen),
            freed_bytes=sum(build.size_bytes or 0 for build in chosen),
            dry_run=request.dry_run,
            problems=tuple(problems),
        )

    async def _reclaimed(self, build: Build, problems: MutableSequence[str]) -> bool:
        if self._user_of(build) is not None:
            return False  # a run has begun in it meanwhile
        try:
            await self._preparer.shelf.remove(build, "deleted to reclaim its space")
        except MltrainError as error:
            problems.append(f"{_label(build)} is not deleted: {error.message}")
            return False
        await self._in_thread(remove_tree, self._preparer.made(build.id))
        return True

    def _user_of(self, build: Build) -> str | None:
        """A run that has not ended and executes in it, or is about to."""
        if build.built is None or build.built.id != build.id:
            return None
        for run in self._roster.active.values():
            if run.environment is not None and run.environment.id == build.id:
                return run.label
        return None

    # Comparing

    def difference(self, build_id: str) -> wire.Difference:
        """Why it was not there already: what differs from the nearest that was built before."""
        build = self._store.get(build_id)
        mine = self._identified(build)
        nearest: tuple[tuple[bool, int, float], Build, tuple[str, ...]] | None = None
        for _, other in self._store.in_state(BuildState.BUILT, BuildState.STALE).values():
            if other.id == build.id or other.created_at > build.created_at:
                continue
            theirs = self._identified(other)
            changes = differences(mine, theirs)
            if other.compute != build.compute:
                where = f"It is for {build.compute!r}, the other for {other.compute!r}."
                changes = (where, *changes)
            # What differs of those of another kind is not looked at.
            rank = (mine.kind != theirs.kind, len(changes), -other.created_at.timestamp())
            if nearest is None or rank < nearest[0]:
                nearest = rank, other, changes
        if nearest is None:
            return wire.Difference()
        _, other, changes = nearest
        if not changes:
            changes = (_why_again(other),)
        return wire.Difference(nearest=other.id, nearest_name=_label(other), changes=changes)

    def _identified(self, build: Build) -> definitions.Definition:
        return definitions.identified(build.spec, self._store.identity(build.id))

    def _in_thread(self, work: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    async def close(self) -> None:
        """Stop looking."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)


def _label(build: Build) -> str:
    return build.name if build.version is None else f"{build.name}:{build.version}"


def _why_again(other: Build) -> str:
    if other.state is BuildState.STALE:
        return f"Nothing differs, but the other is not there any more: {other.reason}."
    return "Nothing differs: it was asked for with fresh versions."
