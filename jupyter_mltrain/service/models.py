"""Models: made from a run's files or those of this machine, looked up, changed, deleted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from msgspec.structs import replace

from jupyter_mltrain.errors import InvalidSpec, MltrainError, NoSuchModel, WrongState
from jupyter_mltrain.service import known_names, model_sources
from jupyter_mltrain.service.durability import Durability
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.roster import Clock
from jupyter_mltrain.service.validation import MAX_TAGS
from jupyter_mltrain.service.verbs import Verbs
from jupyter_mltrain.spec import Model, ModelDataset, Run, is_model_name
from jupyter_mltrain.store.model_files import Kept, ModelFiles, Staged
from jupyter_mltrain.store.models import ModelStore
from jupyter_mltrain.store.removal import remove_tree
from jupyter_mltrain.wire import ModelChange, ModelRequest

_FIRST_FILES: Final = 20
"""So many of a model's files are in a brief list."""

LATEST: Final = "latest"
"""In place of a version: the newest there is."""

_log = logging.getLogger(__name__)


class Reader:
    """Opens the files of one model; for a thread."""

    def __init__(self, files: ModelFiles, model: Model) -> None:
        self._files = files
        self._model = model

    def open(self, name: str) -> BinaryIO:
        """Open one of them."""
        return self._files.open(self._model, name)


class Models:
    """What there is under which name.

    The files of a version are a copy and never change; a run that is deleted leaves them. A
    version that is deleted gives its number to no other.
    """

    def __init__(
        self,
        *,
        files: ModelFiles,
        store: ModelStore,
        verbs: Verbs,
        hub: Hub,
        durability: Durability,
        clock: Clock,
        user: str = "",
    ) -> None:
        """Look after the models of a store.

        Parameters
        ----------
        user
            Who registers here, as the system names them.
        """
        self._files = files
        self._store = store
        self._verbs = verbs
        self._hub = hub
        self._durability = durability
        self._clock = clock
        self._user = user
        self._leftovers: list[Path] = []
        self._under_way: dict[str, asyncio.Task[Model]] = {}
        self._in_turn = asyncio.Lock()

    def restore(self) -> None:
        """Find again what a lost database knew, and finish deletions that were cut off.

        Nothing may be registered before.
        """
        known = self._store.known()
        for name, version in self._files.versions():
            there = known.get((name, version))
            if there is None:
                kept = self._files.kept(name, version)
                if kept is not None:
                    self._store.add(kept.model, kept.request_id)
            elif not there:
                self._remove(name, version)
        self._leftovers = self._files.leftovers()

    def clear(self) -> None:
        """Delete what registrations that were cut off have left; for a thread."""
        for folder in self._leftovers:
            for problem in remove_tree(folder):
                _log.error("what is left of a model stays: %s", problem)

    # Registering

    async def register(self, request: ModelRequest) -> Model:
        """Copy the files, and make them the next version of the name; on disk when this returns.

        A request that comes again finds the version that the first one has made.

        Raises
        ------
        InvalidSpec
            The name cannot be one, or the request contradicts itself.
        NoSuchRun, NoSuchFile
            There is nothing to make it from; the sentence lists what there is.
        DiskFull
            There is no room for another copy; nothing was changed.
        """
        _check(request)
        key = request.request_id
        if key is None:
            return await self._register(request)
        made = self._store.requested(key)
        if made is not None:
            await self._durability.sync()
            return made
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._register(request))
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        return await asyncio.shield(task)

    async def _register(self, request: ModelRequest) -> Model:
        run = None if request.run is None else self._verbs.get(request.run)
        if run is not None:
            files = self._verbs.run_files(run.id)
            sources = await self._verbs.in_thread(model_sources.of_run, run, files, request)
        else:
            sources = await self._verbs.in_thread(model_sources.of_machine, request)
        staged = await self._verbs.in_thread(self._files.stage, sources)
        try:
            async with self._in_turn:
                model = await self._commit(request, run, staged)
        finally:
            await self._verbs.in_thread(self._files.discard, staged)
        self._hub.changed(Hub.ENVIRONMENTS)
        await self._durability.sync()
        return model

    async def _commit(self, request: ModelRequest, run: Run | None, staged: Staged) -> Model:
        model = Model(
            name=request.name,
            version=self._store.next_version(request.name),
            created_at=self._clock(),
            size_bytes=sum(file.size_bytes for file in staged.files),
            files=staged.files,
            description=request.description,
            tags=request.tags,
            properties=request.properties,
            framework=request.framework,
            framework_version=request.framework_version,
            run_id=None if run is None else run.id,
            experiment=None if run is None else run.spec.experiment,
            datasets=request.datasets or _datasets_of(run),
            created_by=self._user,
        )
        kept = Kept(model=model, request_id=request.request_id)
        await self._verbs.in_thread(self._files.commit, staged, kept)
        try:
            self._store.add(model, request.request_id)
        except BaseException:
            # Without a row it was refused, and must not be found by the next service.
            await self._verbs.in_thread(self._remove, model.name, model.version)
            raise
        return model

    # Looking

    def get(self, name: str, version: int | str | None = None) -> Model:
        """One version; by default, or as "latest", the newest.

        Raises
        ------
        NoSuchModel
            There is none; the sentence says what there is.
        """
        number = _number(version)
        found = None if number == 0 else self._store.get(name, number)
        if found is not None:
            return found
        versions = self._store.versions(name)
        if not versions:
            raise self._unknown(name)
        there = known_names.versions(versions)
        raise NoSuchModel(f"The model {name!r} has no version {version}. It has {there}.")

    def all(
        self,
        *,
        name: str | None = None,
        run: str | None = None,
        tags: Mapping[str, str | None] = {},
        latest: bool = False,
        brief: bool = False,
    ) -> tuple[Model, ...]:
        """Every version, the one made last first.

        Parameters
        ----------
        run
            Only those made by this run, given by its id; it may be deleted by now.
        tags
            Only those that have all these: key -> value, or `None` for any value.
        latest
            Of each name only the newest of them.
        brief
            Only the first files of those that have many, and how many there are.
        """
        found = self._store.all(name, run)
        if tags:
            found = tuple(each for each in found if _has(each.tags, tags))
        if latest:
            newest: dict[str, Model] = {}
            for each in found:
                if each.name not in newest or newest[each.name].version < each.version:
                    newest[each.name] = each
            found = tuple(newest.values())
        return tuple(map(_briefly, found)) if brief else found

    def folder(self, model: Model) -> Path:
        """Where its files lie; read-only."""
        return self._files.folder(model.name, model.version)

    async def open(self, model: Model, name: str) -> BinaryIO:
        """One of its files."""
        return await self._verbs.in_thread(self._files.open, model, name)

    def reader(self, model: Model) -> Reader:
        """What opens its files by name."""
        return Reader(self._files, model)

    def _unknown(self, name: str) -> NoSuchModel:
        none = "There are none yet: `run.register_model` makes one of a run's files."
        hint = known_names.hint(name, self._store.names(), none)
        return NoSuchModel(f"There is no model {name[:260]!r}. {hint}")

    # Changing

    async def change(self, name: str, version: int | str, change: ModelChange) -> Model:
        """Give it other words; its files stay as they are.

        Raises
        ------
        WrongState
            A property is there already with another value.
        """
        async with self._in_turn:
            model = self.get(name, version)
            changed = replace(
                model,
                description=model.description if change.description is None else change.description,
                tags=_tags(model, change),
                properties=_properties(model, change),
                datasets=tuple(dict.fromkeys((*model.datasets, *change.add_datasets))),
            )
            if changed != model:
                self._store.replace(changed)
                await self._verbs.in_thread(self._files.note, Kept(model=changed))
                self._hub.changed(Hub.ENVIRONMENTS)
        await self._durability.sync()
        return changed

    async def delete(self, name: str, version: int | str) -> Model:
        """Delete a version with its files; gives what it was. There is no way back."""
        async with self._in_turn:
            if version == LATEST:
                raise InvalidSpec("Say which version to delete: its number, not 'latest'.")
            model = self.get(name, version)
            self._store.delete(model.name, model.version)
            self._hub.changed(Hub.ENVIRONMENTS)
            await self._durability.sync()
            await self._verbs.in_thread(self._remove, model.name, model.version)
        return model

    def _remove(self, name: str, version: int) -> None:
        try:
            self._files.remove(name, version)
        except (MltrainError, OSError) as error:
            _log.error("files of the deleted model %s:%d are there: %s", name, version, error)


def _check(request: ModelRequest) -> None:
    if not is_model_name(request.name):
        raise InvalidSpec(
            f"{request.name[:260]!r} cannot name a model. Use up to 255 letters, digits, '_', '-' "
            "and '.', the first a letter or digit."
        )
    if (request.run is None) == (request.source is None):
        raise InvalidSpec("A model is made either from a run's files or from a folder or file.")
    if request.source is not None and not request.source.startswith("/"):
        raise InvalidSpec(f"The source {request.source!r} is not an absolute path.")
    if len(request.tags) > MAX_TAGS:
        raise InvalidSpec(f"The model has {len(request.tags)} tags; {MAX_TAGS} is the most.")


def _briefly(model: Model) -> Model:
    count = len(model.files)
    if count <= _FIRST_FILES:
        return model
    return replace(model, files=model.files[:_FIRST_FILES], file_count=count)


def _datasets_of(run: Run | None) -> tuple[ModelDataset, ...]:
    """The registered datasets that a run took."""
    return tuple(
        ModelDataset(
            label=each.name, dataset_id=each.dataset_id, dataset=each.dataset, version=each.version
        )
        for each in (run.spec.inputs if run is not None else ())
        if each.dataset_id is not None and each.dataset is not None
    )


def _tags(model: Model, change: ModelChange) -> dict[str, str | None]:
    tags: dict[str, Any] = {k: v for k, v in model.tags.items() if k not in change.remove_tags}
    tags |= change.set_tags
    if len(tags) > MAX_TAGS:
        raise InvalidSpec(f"{model.id} would have {len(tags)} tags; {MAX_TAGS} is the most.")
    return tags


def _properties(model: Model, change: ModelChange) -> dict[str, str]:
    for key, value in change.add_properties.items():
        if model.properties.get(key, value) != value:
            raise WrongState(
                f"{model.id} has the property {key!r} already, and properties never change. "
                "Use a tag for what does."
            )
    return {**model.properties, **change.add_properties}


def _has(tags: Mapping[str, str | None], wanted: Mapping[str, str | None]) -> bool:
    return all(key in tags and value in (None, tags[key]) for key, value in wanted.items())


def _number(version: int | str | None) -> int | None:
    """A version; 0 for what is none, `None` for the latest."""
    if version in (None, LATEST):
        return None
    text = str(version)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
