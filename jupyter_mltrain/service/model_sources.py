"""What a model is made from: the files that a request means."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from jupyter_mltrain.errors import InvalidSpec, NoSuchFile
from jupyter_mltrain.spec import Run
from jupyter_mltrain.store.files import RunFiles, checked_name
from jupyter_mltrain.store.model_files import Sources, of_this_machine, there_is
from jupyter_mltrain.store.source_tree import shown
from jupyter_mltrain.wire import ModelRequest


def of_run(run: Run, files: RunFiles, request: ModelRequest) -> Sources:
    """The run's file, or all files of its folder under the folder's name.

    A path is one of the run's files, or below `outputs`, where MLflow's artifacts are: code that
    registers a model which MLflow has logged leaves that out.
    """
    path = request.name if request.path is None else request.path
    wanted = checked_name(path)
    found = _there(files, wanted)
    if not found:
        wanted = f"outputs/{wanted}"
        found = _there(files, wanted)
    if not found:
        raise _nothing(run, files, path, is_default=request.path is None)
    top = wanted.rpartition("/")[2]
    before = len(wanted) - len(top)
    found = _included({name: name[before:] for name in found}, top, request.include)
    return {name[before:]: _opener(files, name) for name in found}


def _there(files: RunFiles, wanted: str) -> list[str]:
    names = [file.name for file in files.page(prefix=wanted).files]
    return [name for name in names if name == wanted or name.startswith(f"{wanted}/")]


def _opener(files: RunFiles, name: str) -> Callable[[], BinaryIO]:
    return lambda: files.open(name)


def _nothing(run: Run, files: RunFiles, path: str, *, is_default: bool) -> NoSuchFile:
    """What there is instead: what the script wrote before its logs."""
    names = [file.name for file in files.list()]
    names.sort(key=lambda name: (not name.startswith("outputs/"), name))
    near = difflib.get_close_matches(path.removeprefix("./"), names, 1, 0.8)
    so_far = "" if run.state.final else " so far"
    default = " (a model's name is its path, unless model_path says another)" if is_default else ""
    hint = f"Did you mean {near[0]!r}?" if near else there_is(names)
    return NoSuchFile(f"{run.label} has no file or folder {shown(path)}{so_far}{default}. {hint}")


def of_machine(request: ModelRequest) -> Sources:
    assert request.source is not None
    if request.path is not None:
        raise InvalidSpec("A path is one of a run's; give a source as a whole.")
    path = Path(request.source)
    sources = of_this_machine(path)
    names = _included({name: name for name in sources}, path.name, request.include)
    return {name: sources[name] for name in names}


def _included(names: Mapping[str, str], top: str, include: Sequence[str] | None) -> list[str]:
    """Those of the files that are asked for; their names in the model begin with `top`."""
    if include is None:
        return list(names)
    chosen = []
    for each in include:
        wanted = f"{top}/{checked_name(each)}"
        found = [n for n, inside in names.items() if f"{inside}/".startswith(f"{wanted}/")]
        if not found:
            inside = [name.partition("/")[2] for name in names.values()]
            raise NoSuchFile(f"{shown(each)} is not in {shown(top)}. {there_is(inside)}")
        chosen += found
    return list(dict.fromkeys(chosen))
