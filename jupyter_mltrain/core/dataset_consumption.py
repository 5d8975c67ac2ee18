"""`DatasetConsumptionConfig`: a dataset as an input of a run."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any

import msgspec

from jupyter_mltrain.errors import UserError
from jupyter_mltrain.spec import DataInput, DataMode, DatasetKind, DatasetSpec, is_input_name

if TYPE_CHECKING:
    from jupyter_mltrain.core.abstract_dataset import AbstractDataset


class Named:
    """An input or output of a run: it has a name, which is a variable's in the run, too."""

    @property
    def name(self) -> str:
        """What the run knows it by."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        check_name(name)
        self._name = name


class DatasetConsumptionConfig(Named):
    """A dataset under the name that the run knows it by, and how the run gets at it.

    Among a script's arguments it becomes the path, or, of a table that is read in the script, the
    dataset's id. The variable of its name has the same; ``Run.get_context().input_datasets`` has
    the path, or the dataset.
    """

    def __init__(
        self,
        name: str,
        dataset: AbstractDataset,
        mode: str = "direct",
        path_on_compute: str | None = None,
    ) -> None:
        """Azure's parameters.

        Parameters
        ----------
        name
            Letters, digits and ``_``, no digit first.
        mode
            "direct" (an object that is read in the script), "mount" (read where it lies) or
            "download" (a copy of the run's own).
        path_on_compute
            Where the run finds it; a relative path is below its working folder.

        Raises
        ------
        UserError
            The name or the mode is none, what is given is no dataset, or a table is to be mounted.
        """
        from jupyter_mltrain.core.abstract_dataset import AbstractDataset

        if not isinstance(dataset, AbstractDataset):
            raise UserError(
                f"An input of a run is a dataset, not {type(dataset).__name__}. "
                "Dataset.File.from_files and Dataset.get_by_name give one."
            )
        self.name = name
        self.dataset = dataset
        self.mode = _mode(mode)
        self.path_on_compute = path_on_compute
        if self.mode != "direct":
            self._check_files(f"as_{self.mode}")

    @property
    def arg_val(self) -> str:
        """What stands for it among the arguments of a run's definition."""
        return f"DatasetConsumptionConfig:{self.name}"

    def as_mount(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """The same, read where it lies; what is remote is fetched once and shared by all runs."""
        return DatasetConsumptionConfig(self.name, self.dataset, "mount", path_on_compute)

    def as_download(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """The same as a copy of the run's own, which it may change."""
        return DatasetConsumptionConfig(self.name, self.dataset, "download", path_on_compute)

    def as_hdfs(self) -> DatasetConsumptionConfig:
        """Azure's way into Spark, which is not offered here."""
        raise UserError("Runs here have no HDFS. Use as_mount() or as_download().")

    def input(self) -> DataInput:
        """What a run's request has of it."""
        dataset = self.dataset
        return DataInput(
            name=self.name,
            spec=dataset.spec,
            mode=DataMode(self.mode),
            path_on_compute=self.path_on_compute,
            dataset_id=dataset.id or (_id_of(dataset.spec) if self.mode == "direct" else None),
            dataset=dataset.name,
            version=dataset.version,
        )

    def _check_files(self, what: str) -> None:
        if self.dataset.spec.kind is not DatasetKind.FILE:
            raise UserError(
                f"A table is not mounted or downloaded: {what} is for datasets of files. Pass "
                "as_named_input(…) alone and read it in the script with to_pandas_dataframe(), or "
                "make the dataset with Dataset.File.from_files."
            )

    def __repr__(self) -> str:
        return f"DatasetConsumptionConfig({self.name!r}, {self.dataset!r}, {self.mode!r})"


def _id_of(definition: DatasetSpec) -> str:
    """An id for what is not registered: the script gets the dataset by it, from its own inputs."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, msgspec.json.encode(definition).hex()))


def consumed(value: Any) -> Any:
    """A dataset by itself as an input: files are mounted, tables read in the script."""
    from jupyter_mltrain.core.abstract_dataset import AbstractDataset

    if not isinstance(value, AbstractDataset):
        return value
    mode = "mount" if value.spec.kind is DatasetKind.FILE else "direct"
    return DatasetConsumptionConfig(input_name(), value, mode)


def input_name() -> str:
    """A name for an input that has none."""
    return f"input__{os.urandom(4).hex()}"


def check_name(name: str) -> None:
    """Refuse what cannot name an input or an output of a run."""
    if not isinstance(name, str) or not is_input_name(name):
        raise UserError(
            f"{name!r} cannot name an input or output of a run. Use letters, digits and '_', no "
            "digit first."
        )


def _mode(mode: str) -> str:
    found = str(mode).lower()
    if found not in ("direct", "mount", "download"):
        raise UserError(f"{mode!r} is no mode of an input. Use 'direct', 'mount' or 'download'.")
    return found
