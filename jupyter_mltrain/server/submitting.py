"""From a form, in the words of a page, to the request that the service gets.

The paths of a form are those of the file browser. They are looked up below Jupyter's root folder
and never lead out of it, symbolic links included.
"""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path, PurePosixPath
from typing import Final

from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import (
    CELL_SCRIPT,
    MAX_RUN_DURATION_S,
    CellSpec,
    EnvironmentSpec,
    RunKind,
    RunSpec,
    Source,
)
from jupyter_mltrain.wire import SubmitForm, SubmitRequest

_CELL_EXPERIMENT: Final = "notebook"
"""Experiment of a cell that came without a folder."""


def request_of(form: SubmitForm, root: Path, environment: EnvironmentSpec) -> SubmitRequest:
    """The request that a form means; looks at the disk.

    Parameters
    ----------
    root
        The folder that the file browser shows.

    Raises
    ------
    InvalidSpec
        There is no such file or folder below the root, or not exactly one of `path` and `code`.
    """
    if (form.path is None) == (form.code is None):
        raise InvalidSpec("A run has either a script or code. Give one of the two.")
    if form.path is not None:
        script, source = _file(form.path, form.source, root)
        kind = RunKind.NOTEBOOK if script.endswith(".ipynb") else RunKind.SCRIPT
        experiment = form.experiment or experiment_of(PurePosixPath(script).stem)
    else:
        assert form.code is not None
        source = _code(form.code, form.source, root)
        script, kind = CELL_SCRIPT, RunKind.CELL
        named = Path(source.directory).name if source.directory else _CELL_EXPERIMENT
        experiment = form.experiment or experiment_of(named)
    spec = RunSpec(
        experiment=experiment,
        script=script,
        name=form.name,
        kind=kind,
        arguments=form.arguments,
        variables=form.variables,
        compute=form.compute,
        environment=environment,
        resources=form.resources,
        timeout_s=MAX_RUN_DURATION_S if form.timeout_s is None else form.timeout_s,
        priority=form.priority,
        retries=form.retries,
        cell=CellSpec() if kind is RunKind.CELL else None,
    )
    return SubmitRequest(
        spec=spec,
        source=source,
        environment=form.environment,
        request_id=form.request_id or os.urandom(8).hex(),
        tags=form.tags,
        force=form.force,
    )


def script_at(root: Path, path: str) -> Path:
    """The script or notebook that a path of the file browser names; raises `InvalidSpec`."""
    found = below(root, path)
    if not found.is_file():
        what = "a folder" if found.is_dir() else "no file that could run"
        raise InvalidSpec(f"{path!r} is {what}. Choose a script such as train.py, or a notebook.")
    return found


def below(root: Path, path: str) -> Path:
    """Where a path of the file browser is on the disk, symbolic links kept.

    Raises
    ------
    InvalidSpec
        Nothing is there, or it leads out of the root.
    """
    parts = PurePosixPath(path).parts
    if path.startswith(("/", "~")) or ".." in parts or "\0" in path or "\\" in path:
        raise InvalidSpec(
            f"The path {path!r} has to be one of the file browser, from its top folder on."
        )
    base = root.resolve()
    try:
        found = base.joinpath(*parts)
        real = found.resolve(strict=True)
    except (FileNotFoundError, NotADirectoryError):
        raise InvalidSpec(f"Nothing is at {path!r} any more. Choose another file.") from None
    except (OSError, RuntimeError, ValueError) as error:
        raise InvalidSpec(f"{path!r} cannot be reached ({error}). Choose another file.") from None
    if not real.is_relative_to(base):
        raise InvalidSpec(
            f"{path!r} is a link that leads out of the file browser's top folder. Copy what it "
            "leads to, or start Jupyter in a folder above both."
        )
    return found


def experiment_of(name: str) -> str:
    """A valid experiment's name that resembles the given one."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", letters).strip("-._")[:255] or "default"


def _file(path: str, source: str | None, root: Path) -> tuple[str, Source]:
    script = script_at(root, path)
    folder = script.parent if source is None else folder_at(source, root)
    if not script.is_relative_to(folder):
        raise InvalidSpec(
            f"The script {path!r} is not in the folder {source!r}, which is what travels. Choose "
            "a folder that holds it."
        )
    return script.relative_to(folder).as_posix(), Source(directory=str(folder))


def _code(code: str, source: str | None, root: Path) -> Source:
    if not code.strip():
        raise InvalidSpec("The code is empty. Write what the run is to do.")
    text = code if code.endswith("\n") else f"{code}\n"
    if text.startswith("%%train"):
        text = f"#{text}"  # lines count as in the notebook
    directory = None if source is None else str(folder_at(source, root))
    return Source(directory=directory, inline={CELL_SCRIPT: text})


def folder_at(source: str, root: Path) -> Path:
    """The folder that a path of the file browser names; raises `InvalidSpec`."""
    folder = below(root, source)
    if not folder.is_dir():
        raise InvalidSpec(f"{source!r} is a file. Choose the folder that travels with the run.")
    return folder
