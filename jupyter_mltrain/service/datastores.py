"""Datastores by name: places where data lies, and the secrets that open them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from jupyter_mltrain.data.opening import opened, secrets_of, shown
from jupyter_mltrain.data.resolving import Places
from jupyter_mltrain.errors import DataUnavailable, InvalidSpec, NoSuchDatastore
from jupyter_mltrain.service import datastore_checks, known_names
from jupyter_mltrain.service.durability import Durability
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.roster import Clock
from jupyter_mltrain.spec import DEFAULT_DATASTORE, Datastore, DatastoreKind
from jupyter_mltrain.store.datastores import DatastoreStore
from jupyter_mltrain.wire import DatastoreRequest

T = TypeVar("T")

_LOOKS_AT_ONCE: Final = 8
_LOOK_S: Final = 60.0
"""For which a datastore is waited for when it is registered."""


class Datastores:
    """The places that have a name. Deleting one leaves the data, and the runs, alone."""

    def __init__(
        self,
        *,
        store: DatastoreStore,
        directory: Path,
        workspace_id: str,
        hub: Hub,
        durability: Durability,
        clock: Clock,
    ) -> None:
        """Look after those of a store.

        Parameters
        ----------
        directory
            The workspace's; its own datastore is below.
        """
        self._store = store
        self._folder = directory / "datastores" / DEFAULT_DATASTORE
        self._workspace_id = workspace_id
        self._hub = hub
        self._durability = durability
        self._clock = clock
        # Of its own: a place that does not answer, or a keyring, holds up nobody else.
        self._threads = ThreadPoolExecutor(_LOOKS_AT_ONCE, thread_name_prefix="datastores")

    def all(self) -> tuple[Datastore, ...]:
        """Every datastore, the workspace's own among them, by name."""
        registered = self._store.all()
        own = Datastore(
            name=DEFAULT_DATASTORE,
            kind=DatastoreKind.WORKSPACE,
            url=str(self._folder),
            default=not any(each.default for each in registered),
            description="Files of the workspace",
        )
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return tuple(sorted((own, *registered), key=lambda each: each.name))

    def get(self, name: str) -> Datastore:
        """One of them.

        Raises
        ------
        NoSuchDatastore
            There is none of that name; the sentence says what there is.
        """
        found = {each.name: each for each in self.all()}
        if name in found:
            return found[name]
        hint = known_names.hint(name, found)
        raise NoSuchDatastore(
            f"There is no datastore {name!r}. {hint} `Datastore.register` adds one."
        )

    def places(self) -> Places:
        """All of them, and the web, to be opened by a thread: as they are at this moment."""
        known = {each.name: each for each in self.all()}

        def datastore(name: str) -> Datastore:
            if name in known:
                return known[name]
            hint = known_names.hint(name, known)
            raise NoSuchDatastore(f"The datastore {name!r} is not registered any more. {hint}")

        return Places(datastore, self._workspace_id)

    async def register(self, request: DatastoreRequest) -> Datastore:
        """Keep a place under a name, on disk when this returns; it is looked at first.

        The same again is the one that there is; its secrets are replaced.

        Raises
        ------
        InvalidSpec
            It can be none, or the name is taken by another one.
        DataUnavailable
            It can't be reached, or refuses its credentials; nothing is kept.
        """
        datastore_checks.check(request)
        before = next((e for e in self._store.all() if e.name == request.name), None)
        made = Datastore(
            name=request.name,
            kind=request.kind,
            url=request.url,
            options=request.options,
            credentials=tuple(sorted(request.secrets)),
            description=request.description,
            default=before is not None and before.default,
            created_at=self._clock() if before is None else before.created_at,
        )
        place_of = datastore_checks.place_of
        if before is not None and not request.overwrite and place_of(before) != place_of(made):
            raise InvalidSpec(
                f"There is a datastore {made.name!r} already, at "
                f"{shown(before)}. Choose another name, or overwrite it."
            )
        if request.check:
            await self._check(made, request.secrets)
        await self._in_thread(self._keep_secrets, made, request.secrets, before)
        self._store.keep(made)
        self._hub.changed(Hub.ENVIRONMENTS)
        await self._durability.sync()
        return made

    async def _check(self, datastore: Datastore, secrets: Mapping[str, str]) -> None:
        looking = self._in_thread(self._look, datastore, secrets)
        try:
            await asyncio.wait_for(looking, _LOOK_S)
        except asyncio.TimeoutError:
            raise DataUnavailable(
                f"The datastore {datastore.name!r} at {shown(datastore)} does not answer within "
                f"{_LOOK_S:g} s."
            ) from None

    def _look(self, datastore: Datastore, secrets: Mapping[str, str]) -> None:
        place = opened(datastore, self._workspace_id, secrets)
        try:
            place.look()
        finally:
            place.close()

    def _keep_secrets(
        self, datastore: Datastore, secrets: Mapping[str, str], before: Datastore | None
    ) -> None:
        kept = secrets_of(self._workspace_id, datastore.name)
        for name, value in secrets.items():
            kept.keep(name, value)
        for name in set(before.credentials if before else ()) - set(secrets):
            kept.delete(name)

    def _forget_secrets(self, datastore: Datastore) -> None:
        kept = secrets_of(self._workspace_id, datastore.name)
        for name in datastore.credentials:
            kept.delete(name)

    async def set_default(self, name: str) -> Datastore:
        """Make it the one that is meant where none is named."""
        self.get(name)
        changed = [
            replace(each, default=each.name == name)
            for each in self._store.all()
            if each.default != (each.name == name)
        ]
        if changed:
            self._store.keep(*changed)
            self._hub.changed(Hub.ENVIRONMENTS)
        await self._durability.sync()
        return self.get(name)

    async def delete(self, name: str) -> Datastore:
        """Forget it and its secrets; what lies there stays. Gives what it was.

        Raises
        ------
        InvalidSpec
            It is the workspace's own.
        """
        found = self.get(name)
        if found.kind is DatastoreKind.WORKSPACE:
            raise InvalidSpec(f"The datastore {name!r} is the workspace's own and stays.")
        self._store.forget(name)
        await self._in_thread(self._forget_secrets, found)
        self._hub.changed(Hub.ENVIRONMENTS)
        await self._durability.sync()
        return found

    def close(self) -> None:
        """Begin nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _in_thread(self, work: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
