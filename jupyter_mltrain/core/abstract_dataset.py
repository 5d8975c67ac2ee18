"""What file and tabular datasets share: where they come from, and their registration."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from inspect import isfunction
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from jupyter_mltrain import runtime
from jupyter_mltrain.core import data_access, data_sources
from jupyter_mltrain.core.labels import tag_texts
from jupyter_mltrain.errors import UserError
from jupyter_mltrain.spec import Dataset as Record
from jupyter_mltrain.spec import DatasetKind, DatasetSpec
from jupyter_mltrain.wire import DatasetChange, DatasetRequest

if TYPE_CHECKING:
    from typing_extensions import Self

    from jupyter_mltrain.core.dataset_consumption import DatasetConsumptionConfig
    from jupyter_mltrain.core.workspace import Workspace
    from jupyter_mltrain.data.resolving import Found

K = TypeVar("K", bound=type)


@contextmanager
def said_as_ours() -> Iterator[None]:
    """Turn what the runtime's code says of a wrong call into a `UserError`."""
    try:
        yield
    except runtime.load("errors").UserErrorException as error:
        raise UserError(error.message) from None


def raising_ours(kind: K) -> K:
    """Let what a class has from the runtime raise a `UserError`, as everything here does."""
    for base in kind.__mro__:
        if base.__module__.startswith("_mltrain_run"):
            for name, method in vars(base).items():
                if isfunction(method) and not name.startswith("_") and name not in vars(kind):
                    setattr(kind, name, _converted(method))
    return kind


def _converted(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def converted(*args: Any, **kwargs: Any) -> Any:
        with said_as_ours():
            return method(*args, **kwargs)

    return converted


class AbstractDataset:
    """A reference to data, and what is done with it. It never changes; what is registered is kept.

    Factories make it: `Dataset.File.from_files`, `Dataset.Tabular.from_delimited_files` and their
    like, or `Dataset.get_by_name`.
    """

    _kind: DatasetKind
    File: Any
    Tabular: Any

    def __init__(self) -> None:
        raise UserError(
            f"{type(self).__name__} is not made by itself. Dataset.File.from_files, "
            "Dataset.Tabular.from_delimited_files and Dataset.get_by_name give one."
        )

    @classmethod
    def _of(
        cls,
        definition: DatasetSpec,
        workspace: Workspace | None,
        registered: Record | None = None,
    ) -> Self:
        dataset = cls.__new__(cls)
        dataset._spec, dataset._workspace, dataset._registered = definition, workspace, registered
        return dataset

    _spec: DatasetSpec
    _workspace: Workspace | None
    _registered: Record | None

    def _with(self, step: Mapping[str, Any]) -> Self:
        made = msgspec.structs.replace(self._spec, steps=(*self._spec.steps, step))
        return self._of(made, self._workspace)

    def _all_steps(self) -> Sequence[Mapping[str, Any]]:
        return self._spec.steps

    @property
    def spec(self) -> DatasetSpec:
        """What it consists of, as the service keeps it."""
        return self._spec

    @property
    def id(self) -> str | None:
        """Of the version that it is; `None` when it is not registered."""
        return None if self._registered is None else self._registered.id

    @property
    def name(self) -> str | None:
        """What it is registered under."""
        return None if self._registered is None else self._registered.name

    @property
    def version(self) -> int | None:
        """Counts up from 1 under its name."""
        return None if self._registered is None else self._registered.version

    @property
    def description(self) -> str | None:
        """As it was given when it was registered, or by `update`."""
        return None if self._registered is None else self._registered.description

    @property
    def tags(self) -> dict[str, str | None]:
        """Key -> value."""
        return {} if self._registered is None else dict(self._registered.tags)

    @property
    def data_changed_time(self) -> datetime | None:
        """When the newest of its files was changed; `None` where nobody says."""
        times = [file.entry.modified_at for file in self._files() if file.entry.modified_at]
        return max(times, default=None)

    @property
    def partition_keys(self) -> list[str]:
        """The columns that ``partition_format`` makes."""
        return re.findall(r"\{(\w+)", self._spec.read.get("partition_format") or "")

    def get_partition_key_values(
        self, partition_keys: Sequence[str] | None = None
    ) -> list[dict[str, Any]]:
        """What the partition columns are, each combination once."""
        keys = list(partition_keys or self.partition_keys)
        if not keys:
            raise UserError(
                "The dataset has no partitions. partition_format names them where it is made."
            )
        columns = runtime.load("columns")
        found: list[dict[str, Any]] = []
        for file in self._files():
            with said_as_ours():
                pattern = self._spec.read["partition_format"]
                values = dict(columns.partition(pattern, f"/{file.name}"))
            row = {key: _value(values.get(key)) for key in keys}
            if row not in found:
                found.append(row)
        return found

    # Registered

    def register(
        self,
        workspace: Workspace,
        name: str,
        description: str | None = None,
        tags: Mapping[str, Any] | None = None,
        create_new_version: bool = False,
    ) -> Self:
        """Keep it in the workspace under a name; the same definition again is the version there is.

        Parameters
        ----------
        create_new_version
            Let another definition of that name become its next version.

        Raises
        ------
        UserError
            The name cannot be one, the data belongs to another workspace, or there is another
            definition of that name and `create_new_version` is not set.
        """
        if self._workspace is not None and self._workspace != workspace:
            raise UserError(
                f"The data lies on a datastore of the workspace {self._workspace.name!r}, not of "
                f"{workspace.name!r}. Register it there, or upload the data."
            )
        request = DatasetRequest(
            name=name,
            spec=self._spec,
            description=description,
            tags=tag_texts(tags),
            create_new_version=create_new_version,
        )
        return self._of(self._spec, workspace, workspace.client.register_dataset(request))

    def update(self, description: str | None = None, tags: Mapping[str, Any] | None = None) -> Self:
        """Give it another description, or other tags in place of all that it has."""
        new = tag_texts(tags)
        gone = [] if tags is None else [key for key in self.tags if key not in new]
        return self._changed(description=description, set_tags=new, remove_tags=tuple(gone))

    def add_tags(self, tags: Mapping[str, Any] | None = None) -> Self:
        """Set tags; others stay."""
        return self._changed(set_tags=tag_texts(tags))

    def remove_tags(self, tags: str | Sequence[str] | None = None) -> Self:
        """Remove tags by key; one that is not there is no error."""
        keys = (tags,) if isinstance(tags, str) else tuple(tags or ())
        return self._changed(remove_tags=keys)

    def _changed(self, **change: Any) -> Self:
        workspace, registered = self._known("changed")
        request = DatasetChange(version=registered.version, **change)
        self._registered = workspace.client.change_dataset(registered.name, request)
        return self

    def unregister_all_versions(self) -> None:
        """Forget every version of its name. The data itself stays where it lies."""
        workspace, registered = self._known("unregistered")
        workspace.client.delete_dataset(registered.name)
        self._registered = None

    def _known(self, what: str) -> tuple[Workspace, Record]:
        if self._workspace is None or self._registered is None:
            raise UserError(
                f"The dataset is not registered, so it cannot be {what}. "
                "dataset.register(workspace, 'NAME') does it."
            )
        return self._workspace, self._registered

    @staticmethod
    def get_by_name(
        workspace: Workspace, name: str, version: int | str = "latest", **kwargs: Any
    ) -> Any:
        """The dataset registered under a name, by default its latest version.

        Raises
        ------
        UserError
            There is none of that name, or no such version; the sentence names what is near.
        """
        return registered(workspace, workspace.client.dataset(name, version_of(version)))

    @staticmethod
    def get_by_id(workspace: Workspace, id: str, **kwargs: Any) -> Any:
        """The version of a dataset that has this id."""
        return registered(workspace, workspace.client.dataset_by_id(id))

    @staticmethod
    def get_all(workspace: Workspace) -> dict[str, Any]:
        """Name -> latest version, of every dataset."""
        found = workspace.client.datasets()
        return {each.name: registered(workspace, each) for each in found}

    # In a run

    def as_named_input(self, name: str) -> DatasetConsumptionConfig:
        """The dataset as an input of a run, under that name."""
        from jupyter_mltrain.core.dataset_consumption import DatasetConsumptionConfig

        return DatasetConsumptionConfig(name, self)

    # Its files

    def _files(self) -> tuple[Found, ...]:
        """What it consists of now: of files those that its steps leave, of a table all."""
        with said_as_ours():
            return data_access.files(self._spec, self._workspace)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Another object of the same data and workspace: run configurations are copied."""
        return self._of(self._spec, self._workspace, self._registered)

    def __repr__(self) -> str:
        read = self._spec.read.get("format")
        steps = [next(iter(step)) for step in self._spec.steps]
        shown: dict[str, Any] = {
            "source": [data_sources.shown(path) for path in self._spec.paths],
            "definition": [f"read {read} files" if read else "files", *steps],
        }
        if self._registered is not None:
            workspace = self._workspace
            shown["registration"] = {
                "id": self.id,
                "name": self.name,
                "version": self.version,
                "workspace": None if workspace is None else workspace.name,
            }
        return f"{type(self).__name__}\n{json.dumps(shown, indent=2)}"


def registered(workspace: Workspace, record: Record) -> Any:
    """The dataset of a record."""
    return _class_of(record.spec)._of(record.spec, workspace, record)


def unregistered(workspace: Workspace, definition: DatasetSpec) -> Any:
    """The dataset of a definition."""
    return _class_of(definition)._of(definition, workspace)


def _class_of(definition: DatasetSpec) -> type[AbstractDataset]:
    from jupyter_mltrain.core.file_dataset import FileDataset
    from jupyter_mltrain.core.tabular_dataset import TabularDataset

    return FileDataset if definition.kind is DatasetKind.FILE else TabularDataset


def version_of(version: int | str | None) -> int | None:
    """A version as a number; `None` for the latest."""
    if version is None or version == "latest":
        return None
    text = str(version)
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise UserError(
            f"{version!r} is no version of a dataset. Versions count from 1; 'latest' is the last."
        )
    return int(text)


def _value(value: Any) -> Any:
    return datetime(*value) if isinstance(value, tuple) else value
