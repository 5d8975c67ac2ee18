"""Data among what a run is given: arguments become text, the rest inputs and outputs.

One function for every way in: `ScriptRunConfig`, estimators, and what a `RunConfiguration` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from jupyter_mltrain.core.abstract_dataset import AbstractDataset
from jupyter_mltrain.core.data_reference import (
    Data,
    DataPath,
    DataReference,
    DataReferenceConfiguration,
    OutputData,
    random_name,
)
from jupyter_mltrain.core.dataset_consumption import DatasetConsumptionConfig, check_name, consumed
from jupyter_mltrain.core.file_dataset import FileDatasetFactory
from jupyter_mltrain.core.output_dataset import OutputDatasetConfig, OutputFileDatasetConfig
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import (
    DEFAULT_DATASTORE,
    DataInput,
    DataMode,
    DataOutput,
    DatasetKind,
    DatasetSpec,
)
from jupyter_mltrain.spec import DataPath as Place

if TYPE_CHECKING:
    from jupyter_mltrain.core.run_configuration import RunConfiguration

_REFERENCE: Final = re.compile(r"\$\{?AZUREML_DATAREFERENCE_(\w+)\}?")


_DATA: Final = (
    *(AbstractDataset, DatasetConsumptionConfig, DataReference, DataPath, OutputDatasetConfig),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Passed:
    """What a run is given."""

    arguments: tuple[str, ...]
    inputs: tuple[DataInput, ...]
    outputs: tuple[DataOutput, ...]


def passed(
    arguments: Iterable[Any],
    config: RunConfiguration | None = None,
    inputs: Iterable[Any] = (),
) -> Passed:
    """Make text of arguments, and find the data in them and in a configuration.

    Parameters
    ----------
    arguments
        Text, numbers, datasets, what `as_named_input`, `as_mount` and their like give, data
        references, outputs.
    config
        Its `data`, `data_references` and `output_data` are inputs and outputs, too.
    inputs
        What the run takes besides: datasets, and what else there is of data among arguments.

    Raises
    ------
    InvalidSpec
        Two inputs or outputs have one name, a reference among the arguments is to nothing, or
        what a configuration has is no data.
    """
    found = _Found()
    if config is not None:
        for name, reference in _items(config.data_references, "data_references"):
            found.take_reference(_reference(name, reference))
        for name, data in _items(config.data, "data"):
            found.take(_consumption(name, data))
        for name, output in _items(config.output_data, "output_data"):
            found.give(_output(name, output))
    for each in inputs:
        if not isinstance(each, _DATA):
            raise InvalidSpec(
                f"An input of a run is a dataset or a data reference, not {type(each).__name__}."
            )
        found.argument(each)
    texts = [found.argument(each) for each in arguments]
    return Passed(
        arguments=tuple(found.checked(text) for text in texts),
        inputs=tuple(found.inputs.values()),
        outputs=tuple(found.outputs.values()),
    )


@dataclass(slots=True)
class _Found:
    """Inputs and outputs by name, as they turn up."""

    inputs: dict[str, DataInput] = field(default_factory=dict)
    outputs: dict[str, DataOutput] = field(default_factory=dict)

    def argument(self, value: Any) -> str:
        """The text of one argument."""
        value = consumed(value)
        if isinstance(value, DataPath):
            value = value.create_data_reference(value._name or random_name())
        if isinstance(value, DataReference):
            return self.take_reference(_reference(value.data_reference_name, value))
        if isinstance(value, DatasetConsumptionConfig):
            return self.take(value.input())
        if isinstance(value, OutputDatasetConfig):
            return self.give(_output(value.name, value))
        return str(value)

    def take_reference(self, reference: DataInput | DataOutput) -> str:
        """An input, or the other way, an output."""
        if isinstance(reference, DataOutput):
            return self.give(reference)
        return self.take(reference)

    def take(self, given: DataInput) -> str:
        if given.name in self.outputs or self.inputs.setdefault(given.name, given) != given:
            raise _twice(given.name)
        return given.argument

    def give(self, given: DataOutput) -> str:
        if given.name in self.inputs or self.outputs.setdefault(given.name, given) != given:
            raise _twice(given.name)
        return given.argument

    def checked(self, text: str) -> str:
        """An argument in which references stand as text: those there are, as the run knows them."""
        for name in _REFERENCE.findall(text):
            if name in self.inputs:
                continue
            if name not in self.outputs:
                raise InvalidSpec(
                    f"The argument {text!r} names the data reference {name!r}, which the run does "
                    "not have. Pass the reference itself, or add it: "
                    f"run_config.data_references = {{{name!r}: reference.to_config()}}."
                )
            if _REFERENCE.fullmatch(text):
                return self.outputs[name].argument
        return text


def _items(given: Any, what: str) -> Iterable[tuple[str, Any]]:
    if given and not isinstance(given, Mapping):
        raise InvalidSpec(f"run_config.{what} is a dict of names, not {type(given).__name__}.")
    return (given or {}).items()


def _reference(name: str, value: Any) -> DataInput | DataOutput:
    if isinstance(value, DataReference):
        value = value.to_config()
    if not isinstance(value, DataReferenceConfiguration):
        raise InvalidSpec(
            f"run_config.data_references[{name!r}] is what reference.to_config() gives, not "
            f"{type(value).__name__}."
        )
    check_name(name)
    datastore = value.data_store_name or DEFAULT_DATASTORE
    path = value.path_on_data_store or ""
    if value.mode == "upload":
        return DataOutput(
            name=name,
            datastore=datastore,
            path=path,
            mode=DataMode.UPLOAD,
            overwrite=bool(value.overwrite),
            source=value.path_on_compute,
        )
    place = Place(datastore=datastore, path=path)
    return DataInput(
        name=name,
        spec=DatasetSpec(kind=DatasetKind.FILE, paths=(place,)),
        mode=DataMode(value.mode),
        path_on_compute=value.path_on_compute,
        reference=True,
    )


def _consumption(name: str, value: Any) -> DataInput:
    if isinstance(value, AbstractDataset):
        mode = "mount" if value.spec.kind is DatasetKind.FILE else "direct"
        value = DatasetConsumptionConfig(name, value, mode)
    if isinstance(value, DatasetConsumptionConfig):
        return value.input()
    if not isinstance(value, Data):
        raise InvalidSpec(
            f"run_config.data[{name!r}] is a dataset or what as_named_input gives, not "
            f"{type(value).__name__}."
        )
    location = value.data_location
    dataset = None if location is None else location.dataset
    place = None if location is None else location.data_path or location.uri
    if dataset is None and place is not None:
        dataset = FileDatasetFactory.from_files(place, validate=False)
    if not isinstance(dataset, AbstractDataset):
        raise InvalidSpec(
            f"run_config.data[{name!r}] has no dataset. Give it one: DataLocation(dataset="
            "Dataset.get_by_name(workspace, 'NAME'))."
        )
    known_by = value.environment_variable_name or name
    return DatasetConsumptionConfig(
        known_by, dataset, value.mechanism, value.path_on_compute
    ).input()


def _output(name: str, value: Any) -> DataOutput:
    if isinstance(value, OutputData):
        location = value.output_location
        destination = None if location is None else location.data_path
        value = OutputFileDatasetConfig(name, destination)
    if not isinstance(value, OutputFileDatasetConfig):
        raise InvalidSpec(
            f"The output {name!r} of the run is an OutputFileDatasetConfig, not "
            f"{type(value).__name__}."
        )
    return value.output()


def _twice(name: str) -> InvalidSpec:
    return InvalidSpec(
        f"Two inputs or outputs of the run have the name {name!r}. Give one of them another."
    )
