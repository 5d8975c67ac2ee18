"""Where the files of models are here, and fetching them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from jupyter_mltrain import units
from jupyter_mltrain.client import Client
from jupyter_mltrain.core import receiving
from jupyter_mltrain.errors import FileExists, NoSuchModel, UserError
from jupyter_mltrain.spec import Model

_FOLDER: Final = "azureml-models"
"""Where Azure's SDK puts the models of what is deployed."""


def top(folder: Path, names: Sequence[str]) -> Path:
    """The file or folder that all of these names are, or are in; else the folder itself."""
    tops = {name.partition("/")[0] for name in names}
    return folder / tops.pop() if len(tops) == 1 else folder


def local_path(name: str, version: int | None) -> str:
    """Where a model lies below the current directory; see `Model.get_model_path`.

    Raises
    ------
    NoSuchModel
        It is in none of the places.
    """
    folder = Path(_FOLDER, name)
    there = sorted((each for each in _names(folder) if each.isdecimal()), key=int)
    if there and (version is None or str(version) in there):
        found = folder / (there[-1] if version is None else str(version))
        return str(top(found, _names(found)))
    if Path(name).exists():
        return name
    if there:
        hint = f"{folder} has the {'version' if len(there) == 1 else 'versions'} "
        hint += f"{units.listed(there)}."
    else:
        hint = f"`Model(ws, {name!r}).download()` fetches a registered one."
    which = f"{name!r}" if version is None else f"{name!r}, version {version},"
    raise NoSuchModel(f"No model {which} in {Path.cwd()}: neither in {_FOLDER}/ nor itself. {hint}")


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - names are all that is needed
    except OSError:
        return []


def fetch(client: Client, model: Model, target: Path, *, overwrite: bool) -> str:
    """Fetch all files of a model into a folder; returns the path of its file or folder.

    Raises
    ------
    FileExists
        Something is there already, and is not to be overwritten.
    UserError
        The folder cannot be written, or a name would lead out of it.
    """
    names = [file.name for file in model.files]
    paths = {name: receiving.below(target, name) for name in names}
    whole = top(target, names)
    there = [path for path in paths.values() if os.path.lexists(path)]
    if whole != target and os.path.lexists(whole):
        there.insert(0, whole)
    if there and not overwrite:
        raise FileExists(
            f"{there[0]} is there already. Pass exist_ok=True to overwrite it, or another "
            "target_dir."
        )
    for name, path in paths.items():
        try:
            receiving.write(client.read_model_file(model.name, model.version, name), path)
        except OSError as error:
            raise UserError(f"{path} cannot be written: {error.strerror}.") from None
    return str(whole)
