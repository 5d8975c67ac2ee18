"""Makes environments ready: one build for all who wait for it, its result kept and found again.

A build belongs to a definition and a compute target. What the definition's names stand for is
asked once and remembered, so that the same definition is the same environment until somebody asks
afresh; what was installed is kept as a lock, so that what is gone can be made again exactly.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import secrets
from collections.abc import Callable
from concurrent.futures import Executor
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from msgspec.structs import replace

from jupyter_mltrain import units
from jupyter_mltrain.environments import curated
from jupyter_mltrain.environments import definition as definitions
from jupyter_mltrain.environments.base import Audience, Builder, Made
from jupyter_mltrain.errors import BuildCanceled, DiskFull, EnvironmentFailed, MltrainError
from jupyter_mltrain.service import results
from jupyter_mltrain.service.building import Work
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.leftovers import Leftovers
from jupyter_mltrain.service.roster import Clock
from jupyter_mltrain.service.shelf import Place, Shelf
from jupyter_mltrain.service.sites import CONTEXT, MADE, BuildSite
from jupyter_mltrain.spec import Build, BuildState, Built, EnvironmentSpec
from jupyter_mltrain.store.blobs import writing
from jupyter_mltrain.store.builds import BuildStore
from jupyter_mltrain.store.removal import remove_tree
from jupyter_mltrain.store.snapshots import Snapshots

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Preparer:
    """The environments of one workspace; implements `Environments`."""

    def __init__(
        self,
        *,
        directory: Path,
        workspace_id: str,
        store: BuildStore,
        snapshots: Snapshots,
        processes: Callable[[], Builder],
        images: Callable[[], Builder],
        resolved: Callable[[EnvironmentSpec], EnvironmentSpec],
        hub: Hub,
        clock: Clock,
        threads: Executor,
        timeout_s: float,
    ) -> None:
        """Take over what earlier services built; what they left unfinished is cancelled.

        Parameters
        ----------
        directory
            The folder of all builds.
        processes, images
            Make the builder of each kind, when it is first needed.
        resolved
            Puts what the name of a default image stands for in its place.
        """
        self.directory = directory
        self._workspace_id = workspace_id
        self._store = store
        self._snapshots = snapshots
        self._processes = cache(processes)
        self._images = cache(images)
        self._resolved = resolved
        self._hub = hub
        self._clock = clock
        self._threads = threads
        self._timeout_s = timeout_s
        self._works: dict[str, Work] = {}
        """Build id -> what goes on."""
        self._cleaned: dict[tuple[int, str], asyncio.Future[None]] = {}
        with writing(directory):
            directory.mkdir(exist_ok=True, mode=0o700)
        self.shelf = Shelf(
            directory=directory,
            store=store,
            builder_of=lambda build: self._builder(build.spec),
            hub=hub,
            clock=clock,
        )
        self._leftovers = Leftovers(directory, store, self.shelf, clock)

    def clear(self) -> None:
        """Delete the folders that a killed service has left half made. For a thread."""
        self._leftovers.clear()

    async def clean(self) -> None:
        """Let builders clean up where a killed service was building."""
        await self._leftovers.clean(
            lambda is_image, compute: self._clean(
                self._images() if is_image else self._processes(), compute
            )
        )

    # The contract

    def ready(self, definition: EnvironmentSpec, compute: str) -> Built | None:
        if not definition.is_built:
            return Built(id="", kind="interpreter", interpreter=definition.interpreter)
        found = self.shelf.at(self._place(definition, compute))
        if found is None or found.built is None:
            return None
        return results.as_defined(definition, found.built)

    async def prepare(self, definition: EnvironmentSpec, compute: str, audience: Audience) -> Built:
        ready = self.ready(definition, compute)
        if ready is not None:
            return ready
        place = self._place(definition, compute)
        work = self._work_at(place) or self._begin(definition, compute, fresh=False)
        return results.as_defined(definition, await work.wait(audience, self._threads))

    def used(self, built: Built) -> None:
        self.shelf.used(built)

    def gone(self, built: Built) -> None:
        self.shelf.gone(built)

    def lock_of(self, built: Built) -> Path | None:
        return self.shelf.lock_of(built)

    def modules_of(self, built: Built) -> frozenset[str] | None:
        return self.shelf.modules_of(built)

    def _place(self, definition: EnvironmentSpec, compute: str) -> Place:
        return self.key(definition), compute

    def _work_at(self, place: Place) -> Work | None:
        works = (work for work in self._works.values() if work.place == place)
        return next((work for work in works if work.may_be_joined), None)

    # What people ask for

    def build(self, definition: EnvironmentSpec, compute: str, *, fresh: bool) -> Build:
        """Begin to build, or join what goes on already, or give what there is."""
        place = self._place(definition, compute)
        work = self._work_at(place)
        if work is None:
            found = self.shelf.at(place)
            if found is not None and not fresh:
                return found
            work = self._begin(definition, compute, fresh=fresh)
        work.held = True
        return work.build

    def key(self, definition: EnvironmentSpec) -> str:
        """By which the same definition is known again."""
        return definitions.key(self._resolved(definition))

    def made(self, build_id: str) -> Path:
        """The folder that a build's result is in, where it is one of this machine."""
        return self.directory / build_id / MADE

    async def look_at(self, definition: EnvironmentSpec, compute: str) -> None:
        """Find out whether what it was made into is still there, if it was made."""
        found = self.shelf.at(self._place(definition, compute))
        if found is None or found.built is None:
            return
        if not await self.shelf.is_there(found, found.built):
            self.gone(found.built)

    def building(self, build_id: str) -> Work | None:
        """A build that goes on."""
        return self._works.get(build_id)

    @property
    def busy(self) -> bool:
        """Whether anything is being built."""
        return bool(self._works)

    # One build's life

    def _begin(self, definition: EnvironmentSpec, compute: str, *, fresh: bool) -> Work:
        resolved = self._resolved(definition)
        build = Build(
            id=f"{results.slug(definition.name)[:24]}-{secrets.token_hex(4)}",
            hash="",
            name=definition.name,
            version=definition.version,
            compute=compute,
            state=BuildState.BUILDING,
            created_at=self._clock(),
            spec=replace(resolved, inherited={}),
        )
        place = (definitions.key(resolved), compute)
        folder = self.directory / build.id
        work = Work(build, place, resolved, folder, fresh=fresh, tell=self._tell)
        with writing(self.directory):
            work.site = BuildSite(
                folder,
                workspace=self._workspace_id,
                build_id=build.id,
                compute=compute,
                clock=self._clock,
                stepped=work.stepped,
            )
            if resolved is not definition:
                work.site.write(curated.notice(definition, resolved))
        work.build = replace(build, reason=work.reason)
        try:
            self._store.insert(work.build, place[0])
        except BaseException:
            work.close()
            raise
        self._works[build.id] = work
        work.task = asyncio.create_task(self._run(work))
        self._hub.changed(Hub.ENVIRONMENTS)
        return work

    def _tell(self, work: Work) -> None:
        """Keep how far it is."""
        self._keep(work, reason=work.reason, steps=work.site.steps)

    def _keep(self, work: Work, lock: str | None = None, **changes: Any) -> None:
        build = replace(work.build, **changes)
        if build == work.build and lock is None:
            return
        try:
            self._store.replace(build, lock=lock)
        except MltrainError as error:
            if build.state is BuildState.BUILT:
                raise
            _log.error("%s: how far it is cannot be written: %s", build.id, error)
        work.build = build
        self._hub.changed(build.id)
        self._hub.changed(Hub.ENVIRONMENTS)

    async def _run(self, work: Work) -> None:
        """Build, and take in how that ends."""
        built: Built | None = None
        error: MltrainError
        try:
            built = await asyncio.wait_for(self._make(work), self._timeout_s)
        except asyncio.CancelledError:
            error = BuildCanceled(work.cancelled_because or "cancelled: the service has ended")
        except asyncio.TimeoutError:
            limit = units.duration(self._timeout_s)
            error = EnvironmentFailed(
                f"The build of {work.build.name} took longer than {limit} and was ended. Give it "
                "longer with build_timeout_s in the workspace's settings.json."
            )
        except MltrainError as found:
            error = found
        except Exception as found:
            error = self._unforeseen(work, found)
        # From here on it cannot be cancelled: what it has come to is decided.
        work.ending = True
        await self._in_thread(remove_tree, work.folder / CONTEXT)
        if built is None:
            await self._failed(work, error)
        else:
            self._end(work)
            work.done.set_result(built)

    def _unforeseen(self, work: Work, error: Exception) -> MltrainError:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return DiskFull(
                f"No space left to build {work.build.name} in {self.directory}. Free some, for "
                "example with `jupyter mltrain environments reclaim`."
            )
        _log.error("%s", work.build.id, exc_info=error)
        return EnvironmentFailed(f"The build of {work.build.name} broke off: {error!r}.")

    async def _failed(self, work: Work, error: MltrainError) -> None:
        """Keep the log, and nothing of what was half made."""
        cancelled = isinstance(error, BuildCanceled)
        try:
            work.site.write(f"\n{error.message}\n")
        except OSError as problem:
            _log.error("%s: its log ends early: %s", work.build.id, problem.strerror)
        await self._in_thread(remove_tree, work.folder / MADE)
        self._keep(
            work,
            state=BuildState.CANCELED if cancelled else BuildState.FAILED,
            reason=error.message,
            steps=work.site.steps,
            ended_at=self._clock(),
        )
        self._end(work)
        work.done.set_exception(error)

    def _end(self, work: Work) -> None:
        work.close()
        del self._works[work.build.id]

    async def _make(self, work: Work) -> Built:
        """Find out what it is, and make it unless it is there under another name."""
        definition, (key, compute), site = work.definition, work.place, work.site
        builder = self._builder(definition)
        await self._clean(builder, compute)
        identity = None if work.fresh else self._store.resolution(key, compute)
        if identity is None:
            identity = await builder.identify(definition, site, fresh=work.fresh)
            if identity:
                self._store.keep_resolution(key, compute, identity, self._clock())
        site.identity = identity
        work.build = replace(work.build, hash=definitions.hash_of(definition, identity))
        self._store.identify(work.build, identity)
        found = None if work.fresh else await self._same(work)
        if found is not None:
            self._keep_built(work, found)
            return found
        work.making = True  # no pause since the look: of two alike one makes, the other waits
        site.lock = None if work.fresh else self._store.lock_of(work.build.hash, compute)
        token = work.build.id.rpartition("-")[2]
        site.tag = f"mltrain/{results.slug(definition.name)}:{work.build.hash[:12]}-{token}"
        made = await self._build(builder, definition, work)
        built = results.result(work.build, made)
        # Without a pause: a cancel must not come between what was made and the note of it.
        try:
            self._keep_built(work, built, made)
        except MltrainError:
            await builder.remove(built, compute, site.directory)
            raise
        return built

    async def _same(self, work: Work) -> Built | None:
        """What another definition that means the same was, or is just being, made into."""
        hash_, compute = work.build.hash, work.build.compute
        for build, built in self.shelf:
            if build.hash == hash_ and build.compute == compute:
                with work.site.step(f"the same as {build.name}", cached=True):
                    there = await self.shelf.is_there(build, built)
                if there:
                    return built
                self.shelf.gone(built)
        for other in tuple(self._works.values()):
            same = other.build.hash == hash_ and other.build.compute == compute
            if same and other.making and other.may_be_joined:
                work.site.write(f"The same is being built for {other.build.name}.\n")
                return await other.wait_as(work, self._threads)
        return None

    async def _build(self, builder: Builder, definition: EnvironmentSpec, work: Work) -> Made:
        image = definition.image
        if image is None or image.context is None:
            return await builder.build(definition, work.site)
        folder = work.folder / CONTEXT
        folder.mkdir()
        await self._in_thread(self._snapshots.check_out, image.context, folder)
        there = replace(definition, image=replace(image, context=str(folder)))
        return await builder.build(there, work.site)

    def _keep_built(self, work: Work, built: Built, made: Made | None = None) -> None:
        """Keep what the work has come to; without `made` it is that of another build."""
        changes = {
            "state": BuildState.BUILT,
            "reason": "built" if made else f"the same as {built.id}",
            "steps": work.site.steps,
            "ended_at": self._clock(),
            "size_bytes": made.size_bytes if made else 0,
            "built": built,
        }
        if made is not None:
            self.shelf.keep_facts(replace(work.build, **changes), made)
        self._keep(work, lock=made.lock if made else None, **changes)
        self.shelf.put(work.place, work.build)

    async def _clean(self, builder: Builder, compute: str) -> None:
        """Let the builder clean up after a killed service, before it first builds there."""
        at = (id(builder), compute)
        if at not in self._cleaned:
            work = asyncio.ensure_future(builder.clean(self._workspace_id, compute))
            self._cleaned[at] = work
            work.add_done_callback(lambda done: self._cleaned.pop(at) if _broke(done) else None)
        await asyncio.shield(self._cleaned[at])

    def _builder(self, definition: EnvironmentSpec) -> Builder:
        return self._processes() if definition.image is None else self._images()

    def _in_thread(self, work: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    async def close(self) -> None:
        """End what is being built; the runs that wait for it are prepared again by the next."""
        works = tuple(self._works.values())
        for work in works:
            work.cancel("cancelled: the service ended while it was built")
        await asyncio.gather(*(work.task for work in works), return_exceptions=True)
        self.shelf.note()


def _broke(done: asyncio.Future[None]) -> bool:
    return done.cancelled() or done.exception() is not None
