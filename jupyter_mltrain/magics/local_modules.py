"""Which modules beside the notebook a cell needs: they travel with it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import EXTENSION_SUFFIXES, PathFinder
from pathlib import Path
from typing import Any

from jupyter_mltrain.magics.notebook_syntax import parse


def needed(tree: ast.Module | None, folder: Path, modules: Iterable[str] = ()) -> tuple[str, ...]:
    """The files and packages of a folder that a cell imports, and what those import in turn.

    Parameters
    ----------
    tree
        The cell; `None` needs nothing.
    folder
        Where the notebook is; modules there come first on its path, as in a run.
    modules
        Modules that are needed besides.

    Returns
    -------
    tuple of str
        Names relative to the folder, ordered: ``helper.py``, ``package``. A package counts whole.
    """
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [*modules, *(_imported(tree) if tree is not None else ())]
    while waiting:
        top = waiting.pop().partition(".")[0]
        if top in seen or top in sys.builtin_module_names or not top.isidentifier():
            continue
        seen.add(top)
        for path in _local(top, folder):
            found.add(path.name)
            for source in _sources(path):
                inner = parse(source)
                waiting += _imported(inner) if inner is not None else ()
    return tuple(sorted(found))


def modules_of(values: Iterable[Any]) -> Iterator[str]:
    """The modules that pickles of these values will ask for."""
    for value in values:
        for each in (value, type(value)):
            module = getattr(each, "__module__", None)
            if isinstance(module, str):
                yield module


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _local(top: str, folder: Path) -> Iterator[Path]:
    """Where Python would find the module in the folder, in its own order."""
    package = folder / top
    if (package / "__init__.py").is_file():
        yield package
        return
    files = [folder / f"{top}{suffix}" for suffix in (*EXTENSION_SUFFIXES, ".py")]
    present = [path for path in files if path.is_file()]
    if present:
        yield from present
    elif package.is_dir() and any(_python_files(package)) and not _installed(top, folder):
        yield package  # a folder without __init__.py, which an installed module would precede


def _installed(top: str, folder: Path) -> bool:
    here = folder.resolve()
    elsewhere = [entry for entry in sys.path if entry and Path(entry).resolve() != here]
    return PathFinder.find_spec(top, elsewhere) is not None


def _sources(path: Path) -> Iterator[str]:
    for file in _python_files(path) if path.is_dir() else [path]:
        if file.suffix == ".py":
            try:
                yield file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                continue  # the submit names what cannot be read; another encoding imports no more


def _python_files(package: Path) -> Iterator[Path]:
    return (file for file in package.rglob("*.py") if file.is_file())
