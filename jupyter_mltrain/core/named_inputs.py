"""Inputs of a run as people type them: ``NAME=DATASET``, ``NAME=DATASET:VERSION``, ``NAME=URL``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from jupyter_mltrain import client as clients
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import (
    DataInput,
    DataMode,
    DataPath,
    DatasetKind,
    DatasetSpec,
    is_input_name,
)
from jupyter_mltrain.wire import SubmitRequest

HELP: Final = (
    "Data that it takes: its path is in the variable NAME, and in the arguments for $NAME. "
    "Repeatable."
)


def parse(text: str) -> tuple[str, str]:
    """The input's name and what it is.

    Raises
    ------
    InvalidSpec
        It is not of that form.
    """
    name, equals, source = text.partition("=")
    if not equals or not source:
        raise InvalidSpec(f"{text!r} is no input. Write NAME=DATASET or NAME=DATASET:VERSION.")
    if not is_input_name(name):
        raise InvalidSpec(
            f"{name!r} cannot name an input. Use letters, digits and '_', no digit first."
        )
    return name, source


def with_data(
    request: SubmitRequest, client: clients.Client, inputs: Iterable[tuple[str, str]]
) -> SubmitRequest:
    """A request with the data that was named, as it is in this workspace now.

    Raises
    ------
    InvalidSpec
        Two have one name, or a version is no number.
    NoSuchDataset
        There is no such dataset, or no such version; the sentence says what there is.
    """
    found: dict[str, DataInput] = {}
    for name, source in inputs:
        if name in found:
            raise InvalidSpec(f"Two inputs have the name {name!r}. Give one of them another.")
        found[name] = _found(client, name, source)
    if not found:
        return request
    return replace(request, spec=replace(request.spec, inputs=tuple(found.values())))


def _found(client: clients.Client, name: str, source: str) -> DataInput:
    if source.startswith(("http://", "https://")):
        spec = DatasetSpec(kind=DatasetKind.FILE, paths=(DataPath(url=source),))
        return DataInput(name=name, spec=spec)
    dataset = client.dataset(*split(source))
    is_file = dataset.spec.kind is DatasetKind.FILE
    return DataInput(
        name=name,
        spec=dataset.spec,
        mode=DataMode.MOUNT if is_file else DataMode.DIRECT,
        dataset_id=dataset.id,
        dataset=dataset.name,
        version=dataset.version,
    )


def split(text: str) -> tuple[str, int | None]:
    """Name and version of ``NAME`` or ``NAME:VERSION``; no version is the latest.

    Raises
    ------
    InvalidSpec
        The version is no number.
    """
    name, colon, version = text.partition(":")
    if not colon or version == "latest":
        return name, None
    if not (version.isascii() and version.isdigit()):
        raise InvalidSpec(f"{version!r} is no version of a dataset. Write a number: {name}:1.")
    return name, int(version)
