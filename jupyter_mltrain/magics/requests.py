"""From a magic's line, a cell and the notebook's variables to the request that is submitted."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from jupyter_mltrain.core import environment_options
from jupyter_mltrain.core.environment_options import Chosen
from jupyter_mltrain.core.script_run_config import kind_of
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.magics import cell_source, local_modules, names, notebook_syntax, options
from jupyter_mltrain.spec import (
    CELL_SCRIPT,
    MAX_RUN_DURATION_S,
    CellSpec,
    Resources,
    RunKind,
    RunSpec,
    Source,
)
from jupyter_mltrain.wire import SubmitRequest

_NOTEBOOK_KEY: Final = "__vsc_ipynb_file__"
"""Where VS Code tells a kernel the notebook's path."""

_NOTEBOOK_VARIABLE: Final = "JPY_SESSION_NAME"
"""Where Jupyter Server tells it."""


@contextmanager
def of_cell(
    given: argparse.Namespace,
    line: str,
    cell: str,
    notebook: Mapping[str, Any],
    workspace: Path,
    lines_above: int = 0,
) -> Iterator[tuple[SubmitRequest, list[str]]]:
    """The request of a ``%%train`` cell, and warnings; what it staged is gone in the end.

    Parameters
    ----------
    notebook
        The notebook's variables, which ``-i`` names.
    workspace
        The workspace's directory, through which their values go.
    lines_above
        Blank lines of the cell before the magic's; they count in its line numbers.

    Raises
    ------
    InvalidSpec, VariableError, SnapshotError
        The cell cannot be a run, and the sentence says why.
    """
    from jupyter_mltrain.core import variables

    if not cell.strip():
        raise InvalidSpec("The cell is empty. Put the code of the run below the %%train line.")
    tree = notebook_syntax.parse(cell)
    if tree is None:
        notebook_syntax.refuse(cell, first_line=lines_above + 2)
    inputs, outputs = options.flat(given.input), options.flat(given.output)
    found = names.read(cell, tree) if tree is not None else None
    values = options.argument_values(given)
    twice = sorted(set(values) & set(inputs))
    if twice:
        raise InvalidSpec(f"{twice[0]} is given by --arg and by -i. Leave one of them out.")
    if found is not None and not found.dynamic:
        # The others are of no use as variables, and may hide what the cell means by the name.
        values = {k: v for k, v in values.items() if k in found.free or k in outputs}
    carried = (*inputs, *values)
    warnings: list[str] = []
    if found is not None:
        names.check_outputs(found, outputs, carried)
        warnings = names.warnings_about(found, carried, notebook)
    carriers = [notebook[name] for name in inputs if name in notebook]
    source = _source(given, cell_source.script(line, cell, lines_above), tree, carriers)
    chosen = environment_options.chosen(given, given.python)
    staged = variables.stage(workspace, carried, {**notebook, **values})
    try:
        spec = _spec(
            given,
            chosen,
            experiment=given.experiment or experiment(notebook),
            script=CELL_SCRIPT,
            kind=RunKind.CELL,
            cell=CellSpec(inputs=carried, outputs=outputs),
        )
        request = SubmitRequest(
            spec=spec,
            source=source,
            environment=chosen.registered,
            inputs=staged,
            tags=dict(given.tag),
            force=given.force,
        )
        yield request, warnings
    finally:
        variables.discard(staged)


def of_file(given: argparse.Namespace, notebook: Mapping[str, Any]) -> SubmitRequest:
    """The request of ``%train FILE``; raises `InvalidSpec` where the file cannot be the script.

    Without ``--source`` the file's own folder travels. A notebook is executed as a run.
    """
    path = Path(given.file).expanduser()
    if given.source is None:
        whole = path.absolute()
        folder, script = whole.parent, whole.name
    else:
        folder = cell_source.folder_of(given.source)
        script = _inside(path, folder)
        whole = folder / script
    if not whole.is_file():
        problem = "is a folder, not a script" if whole.is_dir() else "is not there"
        raise InvalidSpec(f"The script {whole} {problem}. Name a file such as train.py.")
    kind = kind_of(whole)
    if kind is RunKind.NOTEBOOK:
        _check_notebook(whole)
    stem = cell_source.experiment_of([script])
    chosen = environment_options.chosen(given, given.python)
    spec = _spec(
        given,
        chosen,
        experiment=given.experiment or experiment(notebook, stem),
        script=script,
        kind=kind,
        cell=None,
    )
    source = Source(directory=str(folder))
    return SubmitRequest(
        spec=spec,
        source=source,
        environment=chosen.registered,
        tags=dict(given.tag),
        force=given.force,
    )


def _check_notebook(path: Path) -> None:
    """Refuse a notebook that would submit itself, again in each run, without end."""
    run_dir = os.environ.get("MLTRAIN_RUN_DIR")
    if run_dir and path.resolve().is_relative_to(Path(run_dir).resolve()):
        raise InvalidSpec(
            f"{path.name} is being executed as a run already: a %train in it that names it would "
            "submit it again and again. Leave that cell out of the run."
        )


def _inside(path: Path, folder: Path) -> str:
    """The script's path in the source folder: as it is given, else from where the notebook is."""
    if not path.is_absolute() and (folder / path).exists():
        return path.as_posix()
    try:
        return path.absolute().relative_to(folder).as_posix()
    except ValueError:
        if not path.is_absolute() and not path.exists():
            return path.as_posix()
        raise InvalidSpec(
            f"The script {path} is outside the source folder {folder}. Name one in it."
        ) from None


def _source(given: argparse.Namespace, text: str, tree: Any, carried: Iterable[object]) -> Source:
    if given.source is not None:
        return cell_source.with_folder(text, given.source)
    folder = Path.cwd()
    modules = local_modules.needed(tree, folder, local_modules.modules_of(carried))
    return cell_source.with_modules(text, folder, modules)


def experiment(notebook: Mapping[str, Any], otherwise: str | None = None) -> str:
    known = [notebook.get(_NOTEBOOK_KEY), os.environ.get(_NOTEBOOK_VARIABLE), otherwise]
    return cell_source.experiment_of(known)


def _spec(
    given: argparse.Namespace,
    chosen: Chosen,
    *,
    experiment: str,
    script: str,
    kind: RunKind,
    cell: CellSpec | None,
) -> RunSpec:
    return RunSpec(
        experiment=experiment,
        name=given.name,
        script=script,
        kind=kind,
        arguments=options.script_arguments(given),
        variables=environment_options.variables(given),
        compute=given.compute,
        environment=chosen.spec,
        resources=Resources(cpus=given.cpus, gpus=given.gpus, memory_bytes=given.memory),
        timeout_s=given.timeout or MAX_RUN_DURATION_S,
        priority=given.priority,
        retries=given.retries,
        cell=cell,
    )
