"""Which names a cell defines, and which it uses without: as the compiler sees it."""

from __future__ import annotations

import ast
import builtins
import difflib
import symtable
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from jupyter_mltrain.errors import VariableError

_GIVEN: Final = frozenset(dir(builtins)) | {
    "__annotations__",
    "__builtins__",
    "__file__",
    "__loader__",
    "__name__",
    "__package__",
    "__spec__",
    "display",
}
"""What every run's cell finds defined."""

_DYNAMIC: Final = frozenset({"eval", "exec", "globals", "locals", "vars"})


@dataclass(frozen=True, kw_only=True, slots=True)
class CellNames:
    """The names of one cell."""

    defined: frozenset[str]
    """Assigned, imported or defined at its top level, or there by a `global` statement."""
    free: frozenset[str]
    """Used and nowhere defined, builtins left out."""
    dynamic: bool
    """It may define names that cannot be seen: a star import, `exec`, `globals`."""


def read(cell: str, tree: ast.Module) -> CellNames | None:
    """The names of a cell; `tree` is what it parses to. `None` where its scopes make no sense."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            top = symtable.symtable(cell, "cell.py", "exec")
    except (SyntaxError, RecursionError):
        return None
    defined: set[str] = set()
    used: set[str] = set()
    waiting = [top]
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        for symbol in table.get_symbols():
            if table is not top and not symbol.is_global():
                continue
            if symbol.is_assigned() or symbol.is_imported():
                defined.add(symbol.get_name())
            if symbol.is_referenced():
                used.add(symbol.get_name())
    star = any(
        alias.name == "*"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    )
    return CellNames(
        defined=frozenset(defined),
        free=frozenset(used - defined - _GIVEN),
        dynamic=star or not _DYNAMIC.isdisjoint(used),
    )


def check_outputs(names: CellNames, outputs: Collection[str], inputs: Collection[str]) -> None:
    """Raise `VariableError` for a name that the cell is to bring back and never has."""
    if names.dynamic:
        return
    for name in outputs:
        if name not in names.defined and name not in inputs:
            close = difflib.get_close_matches(name, names.defined, n=1)
            hint = f"Did you mean {close[0]}?" if close else "Assign it, or leave it out of -o."
            raise VariableError(f"The cell never assigns {name}, which -o asks for. {hint}")


def warnings_about(
    names: CellNames, inputs: Collection[str], notebook: Mapping[str, Any]
) -> list[str]:
    """What the cell uses as if it ran in the notebook, in sentences that say what to do.

    Parameters
    ----------
    notebook
        The notebook's variables.
    """
    if names.dynamic:
        return []
    sentences = []
    variables = []
    for name in sorted(names.free - set(inputs)):
        if name == "get_ipython":
            sentences.append("get_ipython is of the notebook: a run is plain Python.")
        elif isinstance(value := notebook.get(name), ModuleType):
            line = f"import {value.__name__}" + ("" if value.__name__ == name else f" as {name}")
            sentences.append(f"{name} is imported in another cell: add `{line}` to this one.")
        elif name in notebook:
            variables.append(name)
    if variables:
        listed = ", ".join(variables)
        kind = "is a variable" if len(variables) == 1 else "are variables"
        sentences.append(
            f"{listed} {kind} of this notebook, not of the run: add -i {','.join(variables)}."
        )
    return sentences
