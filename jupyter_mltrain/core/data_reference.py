"""`DataReference` and its kin: a place on a datastore as what a run reads from or writes to.

Azure's older way beside datasets. ``str(reference)`` stands among a script's arguments for the
path that the run gets.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from jupyter_mltrain.core.strict import Strict
from jupyter_mltrain.data import names
from jupyter_mltrain.errors import UserError
from jupyter_mltrain.spec import is_input_name

if TYPE_CHECKING:
    from jupyter_mltrain.core.abstract_datastore import AbstractAzureStorageDatastore

SUPPORTED_DATAREF_MODES: Final = ["mount", "download", "upload"]
"""What a reference can be to a run."""


def inside(datastore: str, *parts: str | None) -> str:
    """A path on a datastore, joined of its parts, without slashes around it.

    Raises
    ------
    UserError
        It leads out of the datastore.
    """
    return names.inside("/".join(part for part in parts if part), f"the datastore {datastore!r}")


class DataReference:
    """A place on a datastore, and how a run gets at it."""

    def __init__(
        self,
        datastore: AbstractAzureStorageDatastore,
        data_reference_name: str | None = None,
        path_on_datastore: str | None = None,
        mode: str = "mount",
        path_on_compute: str | None = None,
        overwrite: bool = False,
    ) -> None:
        """A reference to a whole datastore, or to a path on it.

        Parameters
        ----------
        data_reference_name
            Letters, digits and ``_``, no digit first; by default the datastore's name. The run
            finds the path in the variable ``AZUREML_DATAREFERENCE_<name>``, too.
        mode
            "mount" (read where it lies), "download" (a copy of the run's own) or "upload" (what
            the run writes goes there when it ends).
        path_on_compute
            Where the run finds or writes it; a relative path is below its working folder.

        Raises
        ------
        UserError
            The name or the mode is none, or the path leads out of the datastore.
        """
        name = data_reference_name or datastore.name
        if not is_input_name(name):
            raise UserError(
                f"{name!r} cannot name a data reference. Use letters, digits and '_', no digit "
                "first."
            )
        self.datastore = datastore
        self.data_reference_name = name
        self.path_on_datastore = path_on_datastore and inside(datastore.name, path_on_datastore)
        self.mode = _mode(mode)
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite

    @staticmethod
    def create(
        data_reference_name: str | None = None,
        datapath: DataPath | None = None,
        datapath_compute_binding: DataPathComputeBinding | None = None,
    ) -> DataReference:
        """The reference to a `DataPath`, with what a `DataPathComputeBinding` says of the run."""
        if datapath is None or datapath._datastore is None:
            raise UserError(
                "A data reference needs a datapath with a datastore: DataPath(datastore, 'path')."
            )
        binding = datapath_compute_binding or DataPathComputeBinding()
        return DataReference(
            datapath._datastore,
            data_reference_name,
            datapath.path_on_datastore,
            binding.mode,
            binding.path_on_compute,
            binding.overwrite,
        )

    def path(
        self, path: str | None = None, data_reference_name: str | None = None
    ) -> DataReference:
        """The reference to a path below this one, under a name of its own."""
        return DataReference(
            self.datastore,
            data_reference_name or random_name(),
            inside(self.datastore.name, self.path_on_datastore, path),
            self.mode,
            self.path_on_compute,
            self.overwrite,
        )

    def as_mount(self) -> DataReference:
        """The same, read where it lies."""
        return self._with("mount", None, False)

    def as_download(
        self, path_on_compute: str | None = None, overwrite: bool = False
    ) -> DataReference:
        """The same as a copy of the run's own."""
        return self._with("download", path_on_compute, overwrite)

    def as_upload(
        self, path_on_compute: str | None = None, overwrite: bool = False
    ) -> DataReference:
        """The same the other way: what the run writes to `path_on_compute` goes there."""
        return self._with("upload", path_on_compute, overwrite)

    def _with(self, mode: str, path_on_compute: str | None, overwrite: bool) -> DataReference:
        return DataReference(
            self.datastore,
            self.data_reference_name,
            self.path_on_datastore,
            mode,
            path_on_compute,
            overwrite,
        )

    def to_config(self) -> DataReferenceConfiguration:
        """What ``run_config.data_references[name]`` takes."""
        return DataReferenceConfiguration(
            self.datastore.name,
            self.mode,
            self.path_on_datastore,
            self.path_on_compute,
            self.overwrite,
        )

    def __str__(self) -> str:
        return f"$AZUREML_DATAREFERENCE_{self.data_reference_name}"

    def __repr__(self) -> str:
        return str(self)


def random_name() -> str:
    """A name of 32 hexadecimal digits, a letter first, so that it can name a variable, too."""
    return "abcdef"[uuid.uuid4().int % 6] + uuid.uuid4().hex[1:]


class DataPath:
    """A path on a datastore."""

    def __init__(
        self,
        datastore: AbstractAzureStorageDatastore | None = None,
        path_on_datastore: str | None = None,
        name: str | None = None,
    ) -> None:
        self._datastore = datastore
        self._path = path_on_datastore
        self._name = name

    @property
    def datastore_name(self) -> str | None:
        """Of its datastore."""
        return None if self._datastore is None else self._datastore.name

    @property
    def path_on_datastore(self) -> str | None:
        """As it was given."""
        return self._path

    def create_data_reference(
        self,
        data_reference_name: str | None = None,
        datapath_compute_binding: DataPathComputeBinding | None = None,
    ) -> DataReference:
        """The reference to it."""
        return DataReference.create(
            data_reference_name or self._name, self, datapath_compute_binding
        )

    @staticmethod
    def create_from_data_reference(data_reference: DataReference) -> DataPath:
        """The path that a reference is to."""
        return DataPath(
            data_reference.datastore,
            data_reference.path_on_datastore,
            data_reference.data_reference_name,
        )

    def __repr__(self) -> str:
        return f"DataPath({self.datastore_name!r}, {self._path!r})"


class DataPathComputeBinding:
    """How a run gets at a `DataPath`."""

    def __init__(
        self, mode: str = "mount", path_on_compute: str | None = None, overwrite: bool = False
    ) -> None:
        self.mode = _mode(mode)
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite

    def create_data_reference(
        self, data_reference_name: str | None = None, datapath: DataPath | None = None
    ) -> DataReference:
        """The reference to a path, bound like this."""
        return DataReference.create(data_reference_name, datapath, self)

    @staticmethod
    def create_from_data_reference(data_reference: DataReference) -> DataPathComputeBinding:
        """How a reference is bound."""
        return DataPathComputeBinding(
            data_reference.mode, data_reference.path_on_compute, data_reference.overwrite
        )


class DataReferenceConfiguration(Strict):
    """A data reference in a `RunConfiguration`, under its name in ``data_references``."""

    __slots__ = (
        "data_store_name",
        "mode",
        "overwrite",
        "path_on_compute",
        "path_on_data_store",
    )

    def __init__(
        self,
        datastore_name: str | None = None,
        mode: str = "mount",
        path_on_datastore: str | None = None,
        path_on_compute: str | None = None,
        overwrite: bool = False,
    ) -> None:
        self.data_store_name = datastore_name
        self.mode = _mode(mode)
        self.path_on_data_store = path_on_datastore
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite


class DataLocation(Strict):
    """Where the data of a `Data` or an `OutputData` is: a dataset, a datastore's path or a URL."""

    __slots__ = ("data_path", "dataset", "uri")

    def __init__(self, dataset: Any = None, data_path: Any = None, uri: Any = None) -> None:
        self.dataset = dataset
        self.data_path = data_path
        self.uri = uri


class Data(Strict):
    """Data in a `RunConfiguration`, under its name in ``data``: what a consumption config says."""

    __slots__ = (
        "create_output_directories",
        "data_location",
        "environment_variable_name",
        "mechanism",
        "options",
        "overwrite",
        "path_on_compute",
    )

    def __init__(
        self,
        data_location: DataLocation | None = None,
        create_output_directories: bool | None = None,
        mechanism: str = "direct",
        environment_variable_name: str | None = None,
        path_on_compute: str | None = None,
        overwrite: bool = False,
        options: dict[str, str] | None = None,
    ) -> None:
        self.data_location = data_location
        self.create_output_directories = create_output_directories
        self.mechanism = mechanism
        self.environment_variable_name = environment_variable_name
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite
        self.options = options

    @staticmethod
    def create(data: Any) -> Data:
        """The same of a consumption config, a dataset or another `Data`.

        Raises
        ------
        UserError
            It is none of them.
        """
        from jupyter_mltrain.core.dataset_consumption import DatasetConsumptionConfig, consumed

        if isinstance(data, Data):
            return data
        taken = consumed(data)
        if not isinstance(taken, DatasetConsumptionConfig):
            raise UserError(
                f"run_config.data takes datasets and what as_named_input gives, not "
                f"{type(data).__name__}."
            )
        return Data(
            data_location=DataLocation(dataset=taken.dataset),
            mechanism=taken.mode,
            environment_variable_name=taken.name,
            path_on_compute=taken.path_on_compute,
        )


class OutputData(Strict):
    """An output in a `RunConfiguration`, under its name in ``output_data``."""

    __slots__ = ("additional_options", "mechanism", "output_location")

    def __init__(
        self,
        output_location: DataLocation | None = None,
        mechanism: str = "mount",
        additional_options: Any = None,
    ) -> None:
        self.output_location = output_location
        self.mechanism = mechanism
        self.additional_options = additional_options


def _mode(mode: str) -> str:
    found = str(mode).lower()
    if found not in SUPPORTED_DATAREF_MODES:
        raise UserError(
            f"{mode!r} is no mode of a data reference. Use 'mount', 'download' or 'upload'."
        )
    return found
