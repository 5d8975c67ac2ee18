"""Where a run finds its data, and how its script is told: arguments, variables, ``inputs.json``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jupyter_mltrain.data.names import inside
from jupyter_mltrain.data.resolving import Resolved
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.service.run_dirs import have
from jupyter_mltrain.service.written import FOLDER as WRITTEN
from jupyter_mltrain.service.written import folder_of
from jupyter_mltrain.spec import (
    DataInput,
    DataMode,
    DatasetKind,
    Delivered,
    Frozen,
    Run,
)

FOLDER: Final = "data"
"""Of a run's directory: what it takes."""

_REFERENCE: Final = re.compile(r"\$(?:AZUREML_DATAREFERENCE_(\w+)|\{AZUREML_DATAREFERENCE_(\w+)\})")


def make_folders(run: Run, run_dir: Path) -> None:
    """Have the folders there that a run writes its outputs to."""
    for output in run.spec.outputs:
        if output.source is None:
            have(run_dir, f"{WRITTEN}/{output.name}")


def arguments(run: Run, run_dir: Path) -> tuple[str, ...]:
    """The script's arguments, with paths in place of what stands for data."""
    spec = run.spec
    if not spec.inputs and not spec.outputs:
        return spec.arguments
    paths = {each.name: each.path for each in run.data}
    values = {given.argument: _value(given, paths[given.name]) for given in spec.inputs}
    written = {output.name: str(folder_of(output, run_dir)) for output in spec.outputs}
    values |= {output.argument: written[output.name] for output in spec.outputs}
    paths |= written  # a reference may be for upload

    def path_of(match: re.Match[str]) -> str:
        return paths.get(match[1] or match[2], match[0])

    return tuple(values.get(each) or _REFERENCE.sub(path_of, each) for each in spec.arguments)


def _value(given: DataInput, path: str) -> str:
    """What an input is as an argument: of an object, as in Azure ML, its id."""
    if given.mode is DataMode.DIRECT and given.dataset_id is not None:
        return given.dataset_id
    return path


def variables(run: Run, run_dir: Path) -> Mapping[str, str]:
    """The environment variables that have the paths, under the names that Azure ML gives them."""
    paths = {output.name: str(folder_of(output, run_dir)) for output in run.spec.outputs}
    paths |= {each.name: each.path for each in run.data}
    found = dict(paths)
    found |= {f"AZUREML_DATAREFERENCE_{name}": path for name, path in paths.items()}
    named = [given.name for given in run.spec.inputs if not given.reference]
    if named:
        found["AZUREML_DATASET_ENVIRONMENT_VARS"] = ",".join(named)
    if run.spec.outputs:
        found["MLTRAIN_OUTPUTS"] = ",".join(output.name for output in run.spec.outputs)
    return found


def path_of(given: DataInput, found: Resolved, run_dir: Path) -> str:
    """Where the run finds it: the one file, or the folder."""
    place = str(run_dir / FOLDER / given.name)
    if is_below(given.path_on_compute):
        assert given.path_on_compute is not None
        place = str(run_dir / "work" / given.path_on_compute)
    return f"{place}/{found.files[0].name}" if found.single else place


def is_below(path: str | None) -> bool:
    """Whether a path of an input is one in the run's working folder."""
    return path is not None and not path.startswith("/")


class Entry(Frozen, frozen=True, kw_only=True):
    """What a script is told of one input: an entry of ``inputs.json``."""

    name: str
    kind: DatasetKind
    mode: DataMode
    path: str
    reference: bool
    dataset: str | None
    version: int | None
    id: str | None
    read: Mapping[str, Any]
    steps: tuple[Mapping[str, Any], ...]
    """Those that are still to be done: of a table. Files are chosen already."""


def entry(given: DataInput, delivered: Delivered) -> Entry:
    """What a script is told of an input."""
    is_table = given.spec.kind is DatasetKind.TABULAR
    return Entry(
        name=given.name,
        kind=given.spec.kind,
        mode=given.mode,
        path=delivered.path,
        reference=given.reference,
        dataset=given.dataset,
        version=given.version,
        id=given.dataset_id,
        read=given.spec.read,
        steps=given.spec.steps if is_table else (),
    )


def link(run: Run, run_dir: Path) -> None:
    """Put the inputs that belong into the working folder there.

    Raises
    ------
    InvalidSpec
        The script's files have something of that name.
    """
    for given in run.spec.inputs:
        if not is_below(given.path_on_compute):
            continue
        assert given.path_on_compute is not None
        path = run_dir / "work" / inside(given.path_on_compute, "the working folder")
        target = run_dir / FOLDER / given.name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_symlink() and path.readlink() == target:
                continue
            path.symlink_to(target)
        except OSError as error:
            raise InvalidSpec(
                f"The input {given.name!r} can't be put at {given.path_on_compute!r} of the "
                f"working folder: {error.strerror}. Choose another path_on_compute."
            ) from None
