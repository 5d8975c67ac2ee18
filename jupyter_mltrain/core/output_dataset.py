"""`OutputFileDatasetConfig`: a folder that a run writes, and where it goes when the run ends."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_mltrain.core.data_reference import DataPath, DataReference, inside
from jupyter_mltrain.core.dataset_consumption import Named
from jupyter_mltrain.errors import UserError
from jupyter_mltrain.spec import DEFAULT_DATASTORE, DataMode, DataOutput, is_dataset_name

if TYPE_CHECKING:
    from typing_extensions import Self

    from jupyter_mltrain.core.abstract_datastore import AbstractAzureStorageDatastore

_DESTINATION = "dataset/{run-id}/{output-name}"


class OutputDatasetConfig(Named):
    """What every output has: a name, a mode, and maybe the dataset that it becomes."""

    def __init__(self, mode: str, name: str | None = None, **kwargs: Any) -> None:
        if mode not in ("mount", "upload"):
            raise UserError(f"{mode!r} is no mode of an output. Use 'mount' or 'upload'.")
        self.mode = mode
        self.name = name if name is not None else f"output_{os.urandom(4).hex()}"
        self._registered: tuple[str, str | None, dict[str, str]] | None = None

    @property
    def arg_val(self) -> str:
        """What stands for it among the arguments of a run's definition."""
        return f"DatasetOutputConfig:{self.name}"

    def register_on_complete(
        self, name: str, description: str | None = None, tags: Mapping[str, Any] | None = None
    ) -> Self:
        """The same, registered as a version of that dataset when the run completes.

        Raises
        ------
        UserError
            The name cannot be a dataset's.
        """
        if not isinstance(name, str) or not is_dataset_name(name):
            raise UserError(
                f"{name!r} cannot name a dataset. Use letters, digits, '_', '-', '.' and blanks."
            )
        made = copy.copy(self)
        made._registered = (name, description, {str(k): str(v) for k, v in (tags or {}).items()})
        return made

    def as_input(self, name: str | None = None) -> NoReturn:
        """Azure's way from one step of a pipeline to the next, which is not offered here."""
        raise UserError(
            "An output is the input of another step only in a pipeline, which is not offered here. "
            "register_on_complete('NAME') keeps it; when the run has completed, "
            "Dataset.get_by_name(workspace, 'NAME') is an input of the next."
        )


class OutputFileDatasetConfig(OutputDatasetConfig):
    """Files of a run that go to a datastore when it ends, whatever the ending."""

    def __init__(
        self,
        name: str | None = None,
        destination: tuple[AbstractAzureStorageDatastore, str]
        | AbstractAzureStorageDatastore
        | Any = None,
        source: str | None = None,
        partition_format: str | None = None,
    ) -> None:
        """Azure's parameters.

        Parameters
        ----------
        name
            Letters, digits and ``_``, no digit first; by default a random one.
        destination
            A datastore and a path on it, in which ``{run-id}`` and ``{output-name}`` are filled
            in; by default ``dataset/{run-id}/{output-name}`` on the workspace's own.
        source
            A path of the run's working folder to take, instead of the folder that the run gets.

        Raises
        ------
        UserError
            The name is none, or the destination is not of that form.
        """
        super().__init__("mount", name)
        if partition_format is not None:
            raise UserError(
                "partition_format is not offered for outputs. Give it where the files are read: "
                "Dataset.Tabular.from_delimited_files(…, partition_format=…)."
            )
        self.destination = destination
        self.source = source
        self._overwrite = False
        self._globs: str | None = None
        self._place()

    def as_mount(self, disable_metadata_cache: bool = False) -> OutputFileDatasetConfig:
        """The same; files go to the datastore when the run ends, as with `as_upload`."""
        made = copy.copy(self)
        made.mode = "mount"
        return made

    def as_upload(
        self, overwrite: bool = False, source_globs: str | None = None
    ) -> OutputFileDatasetConfig:
        """The same; files that are on the datastore already are replaced with `overwrite`.

        Raises
        ------
        UserError
            `source_globs` is given: all files of the folder go.
        """
        if source_globs:
            raise UserError(
                "source_globs is not offered: every file of the output's folder goes. Write the "
                "others elsewhere."
            )
        made = copy.copy(self)
        made.mode = "upload"
        made._overwrite = overwrite
        return made

    def read_delimited_files(
        self,
        include_path: bool = False,
        separator: str = ",",
        header: Any = None,
        partition_format: str | None = None,
        path_glob: str | None = None,
        set_column_types: Any = None,
    ) -> NoReturn:
        """Azure's table of what a pipeline's step wrote, which is not offered here."""
        raise _no_table("from_delimited_files")

    def read_parquet_files(
        self,
        include_path: bool = False,
        partition_format: str | None = None,
        path_glob: str | None = None,
        set_column_types: Any = None,
    ) -> NoReturn:
        """Azure's table of what a pipeline's step wrote, which is not offered here."""
        raise _no_table("from_parquet_files")

    def output(self) -> DataOutput:
        """What a run's request has of it."""
        datastore, path = self._place()
        name, description, tags = self._registered or (None, None, {})
        return DataOutput(
            name=self.name,
            datastore=datastore,
            path=path,
            mode=DataMode(self.mode),
            overwrite=self._overwrite,
            source=self.source,
            register_as=name,
            description=description,
            tags=tags,
        )

    def _place(self) -> tuple[str, str]:
        from jupyter_mltrain.core.abstract_datastore import AbstractAzureStorageDatastore

        destination = self.destination
        if destination is None:
            return DEFAULT_DATASTORE, _DESTINATION
        if isinstance(destination, DataReference):
            destination = (destination.datastore, destination.path_on_datastore)
        if isinstance(destination, DataPath):
            destination = (destination._datastore, destination.path_on_datastore)
        if isinstance(destination, AbstractAzureStorageDatastore):
            destination = (destination, None)
        if (
            not isinstance(destination, tuple | list)
            or len(destination) != 2
            or not isinstance(destination[0], AbstractAzureStorageDatastore)
            or not isinstance(destination[1], str | None)
        ):
            raise UserError(
                "The destination of an output is a datastore and a path on it: "
                "(workspace.get_default_datastore(), 'results/{run-id}')."
            )
        datastore, path = destination
        return datastore.name, inside(datastore.name, path or _DESTINATION)

    def __repr__(self) -> str:
        return f"OutputFileDatasetConfig({self.name!r}, {'/'.join(self._place())!r})"


class OutputTabularDatasetConfig(OutputDatasetConfig):
    """Azure's table of what a pipeline's step wrote, which is not offered here."""

    def __init__(self, **kwargs: Any) -> None:
        raise _no_table("from_delimited_files")


def _no_table(factory: str) -> UserError:
    return UserError(
        "A table out of a run's output is for the steps of a pipeline, which are not offered here. "
        "When the run has completed, read what it wrote: "
        f"Dataset.Tabular.{factory}((datastore, 'path'))."
    )
