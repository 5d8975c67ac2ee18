"""Datasets by name: what is taken of datastores and of the web."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Final

from msgspec.structs import replace

from jupyter_mltrain import units
from jupyter_mltrain.data.local import LocalPlace
from jupyter_mltrain.data.resolving import Places, check_path
from jupyter_mltrain.errors import (
    DataUnavailable,
    InvalidSpec,
    NoSuchDataset,
)
from jupyter_mltrain.service import known_names
from jupyter_mltrain.service.datastores import Datastores
from jupyter_mltrain.service.durability import Durability
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.roster import Clock
from jupyter_mltrain.service.validation import MAX_TAGS
from jupyter_mltrain.spec import (
    Dataset,
    DatasetKind,
    DatasetSpec,
    RunSpec,
    is_dataset_name,
)
from jupyter_mltrain.store.datasets import DatasetStore
from jupyter_mltrain.wire import DatasetChange, DatasetDetails, DatasetRequest

_MOST_PATHS: Final = 100_000
_FORMATS: Final = ("delimited", "parquet", "json_lines")


class Datasets:
    """What there is under which name.

    Deleting one leaves the data alone; and the runs, which carry the definition that they were
    submitted with.
    """

    def __init__(
        self,
        *,
        store: DatasetStore,
        datastores: Datastores,
        hub: Hub,
        durability: Durability,
        clock: Clock,
        threads: Executor,
    ) -> None:
        self._store = store
        self._datastores = datastores
        self._hub = hub
        self._durability = durability
        self._clock = clock
        self._threads = threads

    async def register(self, request: DatasetRequest) -> Dataset:
        """Keep a definition under a name, on disk when this returns.

        The same as the latest version is that version; where no new one is asked for, the same as
        any version is that one.

        Raises
        ------
        InvalidSpec
            The name can be none, the definition contradicts itself, or there is another one of
            that name and no new version is asked for.
        """
        if not is_dataset_name(request.name):
            raise InvalidSpec(
                f"{request.name[:120]!r} cannot name a dataset. Use up to 255 letters, digits, "
                "'_', '-', '.' and blanks, the first a letter or digit."
            )
        self.check(request.spec)
        _check_tags(request.name, request.tags)
        versions = self._store.versions(request.name)
        looked_at = versions[:1] if request.create_new_version else versions
        found = next((each for each in looked_at if each.spec == request.spec), None)
        if found is None:
            if versions and not request.create_new_version:
                raise InvalidSpec(
                    f"There is a dataset {request.name!r} already, version {versions[0].version}, "
                    "with other data. Choose another name, or create_new_version=True."
                )
            found = Dataset(
                id=str(uuid.uuid4()),
                name=request.name,
                version=self._store.next_version(request.name),
                spec=request.spec,
                registered_at=self._clock(),
                description=request.description,
                tags=request.tags,
            )
            self._store.keep(found)
            self._hub.changed(Hub.ENVIRONMENTS)
        await self._durability.sync()
        return found

    def check(self, spec: DatasetSpec) -> None:
        """Raise when a definition can be none, wherever its data is.

        Raises
        ------
        InvalidSpec
            It contradicts itself.
        NoSuchDatastore
            It is of a datastore that there is not.
        """
        if not 0 < len(spec.paths) <= _MOST_PATHS:
            raise InvalidSpec(
                f"A dataset of {len(spec.paths)} places can't be. Give 1 to {_MOST_PATHS}; a "
                "folder or a pattern stands for all of its files."
            )
        for path in spec.paths:
            check_path(path)
        for name in sorted({path.datastore for path in spec.paths if path.datastore is not None}):
            self._datastores.get(name)
        if (spec.kind is DatasetKind.TABULAR) != ("format" in spec.read):
            raise InvalidSpec("Exactly a tabular dataset says the format that it is read in.")
        if spec.read and spec.read["format"] not in _FORMATS:
            raise InvalidSpec(
                f"No format {spec.read['format']!r}. There are {units.listed(_FORMATS)}."
            )

    def all(self) -> tuple[Dataset, ...]:
        """Of every name the latest version, by name."""
        return self._store.latest()

    def get(self, name: str, version: int | str | None = None) -> Dataset:
        """One version; `None` or "latest" is the latest.

        Raises
        ------
        NoSuchDataset
            There is none; the sentence says what there is.
        """
        return self.details(name, "latest" if version is None else version).versions[0]

    def details(self, name: str, version: int | str | None = None) -> DatasetDetails:
        """Every version of a name, the latest first, or that one.

        Raises
        ------
        NoSuchDataset
            There is none; the sentence says what there is.
        """
        versions = self._store.versions(name)
        if not versions:
            hint = known_names.hint(name, [each.name for each in self._store.latest()])
            raise NoSuchDataset(f"There is no dataset {name!r}. {hint}")
        if version == "latest":
            versions = versions[:1]
        elif version is not None:
            versions = tuple(each for each in versions if str(each.version) == str(version))
        if not versions:
            there = known_names.versions(each.version for each in self._store.versions(name))
            raise NoSuchDataset(f"The dataset {name!r} has no version {version}. It has {there}.")
        return DatasetDetails(name=name, versions=versions)

    def by_id(self, dataset_id: str) -> Dataset:
        """The version with that id.

        Raises
        ------
        NoSuchDataset
            There is none.
        """
        found = self._store.by_id(dataset_id)
        if found is None:
            raise NoSuchDataset(f"There is no dataset with the id {dataset_id!r} here.")
        return found

    async def change(self, name: str, request: DatasetChange) -> Dataset:
        """Another description, or other tags."""
        found = self.get(name, request.version)
        tags = {k: v for k, v in found.tags.items() if k not in request.remove_tags}
        tags |= dict(request.set_tags)
        _check_tags(name, tags)
        description = found.description if request.description is None else request.description
        changed = replace(found, tags=tags, description=description)
        if changed != found:
            self._store.keep(changed)
            self._hub.changed(Hub.ENVIRONMENTS)
        await self._durability.sync()
        return changed

    async def delete(self, name: str, version: int | str | None = None) -> DatasetDetails:
        """Forget one version, or all; gives what was forgotten. The data itself stays."""
        details = self.details(name, version)
        self._store.delete(*details.versions)
        self._hub.changed(Hub.ENVIRONMENTS)
        await self._durability.sync()
        return details

    # Runs

    async def check_run(self, spec: RunSpec) -> None:
        """Raise what can be known to fail in a run's data before it is queued.

        What is on this machine has to be there; what is elsewhere is looked at when the run is
        prepared, which comes before its script, too.

        Raises
        ------
        InvalidSpec
            A definition can be none.
        NoSuchDatastore
            An input or output is on a datastore that there is not.
        DataUnavailable
            What lies on this machine is not there, or an output's datastore is read-only.
        """
        for given in spec.inputs:
            self.check(given.spec)
        for output in spec.outputs:
            found = self._datastores.get(output.datastore)
            if found.url.startswith(("http://", "https://")):
                raise DataUnavailable(
                    f"The output {output.name!r} goes to the datastore {found.name!r}, which is "
                    "on the web and can't be written to. Name another one."
                )
        # The store belongs to the event loop's thread, which is asked for the records here.
        places = self._datastores.places()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._threads, _check_there, spec, places)


def takes_data(spec: RunSpec) -> bool:
    """Whether something has to be done for the data of a run before it can start."""
    return bool(spec.inputs or spec.outputs)


def _check_there(spec: RunSpec, places: Places) -> None:
    """Raise when something of a run's data that lies on this machine is not there."""
    with places:
        for path in (path for given in spec.inputs for path in given.spec.paths):
            place = None if path.datastore is None else places[path.datastore]
            if isinstance(place, LocalPlace):
                place.check(path.path)


def _check_tags(name: str, tags: Mapping[str, str | None]) -> None:
    if len(tags) > MAX_TAGS:
        raise InvalidSpec(f"The dataset {name!r} has {len(tags)} tags; {MAX_TAGS} is the most.")
