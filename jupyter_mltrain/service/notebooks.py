"""A notebook as the checks read it: one Python text made of its code cells.

References
----------
The format: https://nbformat.readthedocs.io/en/latest/format_description.html
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from jupyter_mltrain.environments.python import parse_here

_SKIPPED: Final = "skip-execution"
"""Tag of cells that nbclient does not execute."""

PARAMETERS: Final = "parameters"
"""Tag of the cell that holds the defaults of a notebook's arguments, as papermill has it."""

_LINE: Final = re.compile(r"(\s*)(?:[%!]|\w+\s*=\s*[%!]|\?)")
_HELP: Final = re.compile(r"\s*[\w.]+\?{1,2}\s*\Z")
_CELL: Final = re.compile(r"\s*%%(\w*)")
_MAGIC: Final = re.compile(r"\s*(?:\w+\s*=\s*)?%(\w+)")

_KEEPS_PYTHON: Final = frozenset({"capture", "prun", "time", "timeit"})
"""Cell magics whose body is Python that runs in the notebook."""

_HARMLESS: Final = frozenset(
    {"autoreload", "config", "env", "load_ext", "matplotlib", "precision", "pylab", "time"}
    | {"timeit", "who", "whos"}
)
"""Magics that neither install anything nor end the notebook."""

_UNKNOWN: Final = "get_ipython()"
"""Stands for a line that only IPython knows: what it does, an install say, is not known here."""


class NoNotebook(Exception):
    """Why a file is no notebook; completes ``train.ipynb …``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Notebook:
    """What is executed of a notebook."""

    source: str
    """All code cells in order, their lines one to one; IPython's own are replaced."""
    parameters: str | None
    """The cell with the defaults of its arguments."""
    _starts: tuple[int, ...]

    def place(self, line: int) -> tuple[int, int]:
        """Number of the cell, and the line in it, of a line of `source`; all count from 1.

        Cells are numbered as a run numbers them: those that are executed.
        """
        cell = max(1, bisect_right(self._starts, line))
        return cell, line - self._starts[cell - 1] + 1


def read(data: bytes | str) -> Notebook:
    """Read a notebook's file; raises `NoNotebook`."""
    try:
        content = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NoNotebook("is not a notebook: its text is not JSON") from None
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        version = content.get("nbformat") if isinstance(content, dict) else None
        if isinstance(version, int) and version < 4:
            raise NoNotebook(f"is a notebook of the old format {version}")
        raise NoNotebook("is not a notebook: it has no cells")
    if content.get("nbformat") != 4:
        raise NoNotebook(f"is a notebook of the format {content.get('nbformat')!r}, not 4")
    lines: list[str] = []
    starts: list[int] = []
    parameters: str | None = None
    for cell in content["cells"]:
        text, tags = _code(cell)
        if not text.strip() or _SKIPPED in tags:
            continue
        if PARAMETERS in tags and parameters is None:
            parameters = text
        starts.append(len(lines) + 1)
        lines += _python_lines(text)
    return Notebook(
        source="\n".join(lines) + "\n", parameters=parameters, _starts=tuple(starts) or (1,)
    )


def _code(cell: Any) -> tuple[str, list[Any]]:
    """A code cell's text and tags; empty for every other cell."""
    if not isinstance(cell, Mapping) or cell.get("cell_type") != "code":
        return "", []
    source: Any = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(map(str, source))
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, Mapping) else None
    return str(source), tags if isinstance(tags, list) else []


def _python_lines(text: str) -> list[str]:
    """The lines of a cell with those that are no Python replaced, one for one."""
    lines = text.split("\n")
    try:
        parse_here(text, cell=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass  # with something of IPython in it, or wrong
    else:
        return lines
    cell_magic = _CELL.match(text)
    if cell_magic is not None:
        if cell_magic[1] not in _KEEPS_PYTHON:
            return [_UNKNOWN, *("" for _ in lines[1:])]
        lines[0] = ""
    kept: list[str] = []
    continues = False
    for line in lines:
        if continues:
            continues = line.endswith("\\")
            kept.append("")
        elif _HELP.match(line):
            kept.append("")
        elif (found := _LINE.match(line)) is not None and not _operator(kept):
            continues = line.endswith("\\")
            magic = _MAGIC.match(line)
            target = f"{line.partition('=')[0].strip()} = " if "=" in found[0] else ""
            harmless = magic is not None and magic[1] in _HARMLESS
            what = "None" if harmless else _UNKNOWN
            kept.append(f"{found[1]}{target}{what}")
        else:
            kept.append(line)
    return kept


def _operator(before: list[str]) -> bool:
    """Whether a line goes on with the one before it, where a `%` is the operator."""
    return bool(before) and before[-1].rstrip().endswith(("\\", "(", ",", "[", "{", "%", "+"))
