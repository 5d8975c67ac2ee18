"""What is built: found by its definition, used, gone, deleted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from jupyter_mltrain.environments import definition
from jupyter_mltrain.environments.base import Builder, Made
from jupyter_mltrain.errors import MltrainError
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.roster import Clock
from jupyter_mltrain.service.sites import MADE
from jupyter_mltrain.spec import Build, BuildState, Built
from jupyter_mltrain.store.blobs import writing
from jupyter_mltrain.store.builds import BuildStore

_log = logging.getLogger(__name__)

LOCK: Final = "lock.txt"
_MODULES: Final = "modules.json"
_RECORD: Final = "build.json"

_NOTE_S: Final = 1.0
"""By this much the notes on who used what are written later: runs start meanwhile."""

Place = tuple[str, str]
"""Key of a definition, and the compute target that it is built for."""


class Shelf:
    """The environments that runs can begin in, in memory; their builds in the store.

    Several builds may stand for one result: that of the first, whose id is in their `built`.
    """

    def __init__(
        self,
        *,
        directory: Path,
        store: BuildStore,
        builder_of: Callable[[Build], Builder],
        hub: Hub,
        clock: Clock,
    ) -> None:
        self._directory = directory
        self._store = store
        self._builder_of = builder_of
        self._hub = hub
        self._clock = clock
        self._ready: dict[Place, Build] = {}
        self._modules: dict[str, frozenset[str] | None] = {}
        self._to_note: dict[str, Build] = {}
        self._noting: asyncio.TimerHandle | None = None
        for key, build in store.in_state(BuildState.BUILT).values():
            self._ready[key, build.compute] = build

    def __iter__(self) -> Iterator[tuple[Build, Built]]:
        """All that are ready, each with its result."""
        found = tuple(self._ready.values())
        return ((build, build.built) for build in found if build.built is not None)

    def at(self, place: Place) -> Build | None:
        """What is ready there."""
        return self._ready.get(place)

    def put(self, place: Place, build: Build) -> None:
        """From now on runs begin in this one."""
        self._ready[place] = build

    def keep_facts(self, build: Build, made: Made) -> None:
        """Put the record, the lock and the names of modules into the folder of a build."""
        folder = self._directory / build.id
        with writing(folder):
            (folder / _RECORD).write_bytes(msgspec.json.encode(build))
            if made.lock is not None:
                (folder / LOCK).write_text(made.lock)
            if made.modules is not None:
                (folder / _MODULES).write_bytes(msgspec.json.encode(made.modules))

    def find_again(self, folder: Path) -> bool:
        """Take in what a database that is lost knew of; whether the folder is of a whole build.

        A run that goes on may be in it.
        """
        try:
            build = msgspec.json.decode((folder / _RECORD).read_bytes(), type=Build)
        except FileNotFoundError:
            return False
        except (OSError, msgspec.DecodeError, msgspec.ValidationError) as error:
            _log.error("%s cannot be read: %s", folder / _RECORD, error)
            return False
        key = definition.key(build.spec)
        self._store.insert(build, key)
        lock = folder / LOCK
        self._store.replace(build, lock=lock.read_text() if lock.exists() else None)
        self._ready[key, build.compute] = build
        return True

    def lock_of(self, built: Built) -> Path | None:
        """The file that names its packages."""
        return self._directory / built.id / LOCK if built.lock else None

    def modules_of(self, built: Built) -> frozenset[str] | None:
        """Top-level modules that the Python of an image finds; for a thread."""
        if built.id not in self._modules:
            try:
                data = (self._directory / built.id / _MODULES).read_bytes()
                self._modules[built.id] = frozenset(msgspec.json.decode(data, type=list[str]))
            except FileNotFoundError:
                self._modules[built.id] = None
        return self._modules[built.id]

    # Used

    def used(self, built: Built) -> None:
        """Note that a run begins in it."""
        for place, build in self._ready.items():
            if build.built is not None and build.built.id == built.id:
                self._ready[place] = self._to_note[build.id] = replace(build, used_at=self._clock())
        if self._noting is None and self._to_note:
            self._noting = asyncio.get_running_loop().call_later(_NOTE_S, self.note)

    def latest(self, build: Build) -> Build:
        """The record as of now: what was used a moment ago is not in the store yet."""
        return self._to_note.get(build.id, build)

    def note(self) -> None:
        """Write down who used what."""
        if self._noting is not None:
            self._noting.cancel()
            self._noting = None
        if not self._to_note:
            return
        noted, self._to_note = tuple(self._to_note.values()), {}
        try:
            self._store.replace(*noted)
        except MltrainError as error:
            _log.error("when environments were used is not noted: %s", error)
        self._hub.changed(Hub.ENVIRONMENTS)

    # Gone

    async def look(self) -> None:
        """Find out which are not there any more."""
        for build, built in self:
            if built.id != build.id:
                continue
            try:
                there = await self.is_there(build, built)
            except MltrainError as error:
                _log.info("%s: whether it is still there cannot be said: %s", build.id, error)
                continue
            if not there:
                self.gone(built)

    async def is_there(self, build: Build, built: Built) -> bool:
        """Whether runs can still begin in it."""
        folder = self._directory / built.id / MADE
        return await self._builder_of(build).is_there(built, build.compute, folder)

    def gone(self, built: Built) -> None:
        """Take in that it is not there any more."""
        what = "image" if built.image else "folder"
        self._outdate(built.id, f"its {what} is not there any more; the next run builds it again")

    def _outdate(self, build_id: str, reason: str) -> dict[Place, Build]:
        """Let nothing begin in it, or in what stands for it, any more; gives what that was."""
        self.note()
        found = {
            place: build
            for place, build in self._ready.items()
            if build.built is not None and build.built.id == build_id
        }
        for place, build in found.items():
            del self._ready[place]
            self._store.replace(replace(build, state=BuildState.STALE, reason=reason))
            self._hub.changed(build.id)
        if found:
            self._hub.changed(Hub.ENVIRONMENTS)
        return found

    async def remove(self, build: Build, reason: str) -> None:
        """Delete what was built; the record stays, and says why.

        Raises
        ------
        MltrainError
            It cannot be deleted; all is as it was.
        """
        built = build.built
        if built is None or built.id != build.id:
            return
        # First, so that no run begins in it meanwhile.
        found = self._outdate(build.id, reason)
        try:
            folder = self._directory / build.id / MADE
            await self._builder_of(build).remove(built, build.compute, folder)
        except MltrainError:
            self._ready = {**found, **self._ready}  # a newer one may have come meanwhile
            self._store.replace(*found.values())
            self._hub.changed(build.id)
            self._hub.changed(Hub.ENVIRONMENTS)
            raise
        if not found:  # a newer one had taken its place
            self._store.replace(replace(build, state=BuildState.STALE, reason=reason))

    def forget(self, build: Build) -> None:
        """Take in that it was on an engine that is no compute target any more."""
        self._outdate(build.id, "its compute target was removed")
