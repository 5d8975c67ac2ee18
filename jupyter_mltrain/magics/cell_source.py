"""A cell as the script of a run, and the files that travel with it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from jupyter_mltrain.errors import SnapshotError
from jupyter_mltrain.spec import CELL_SCRIPT, Source

_COOKIE: Final = re.compile(r"coding[:=]")


def script(line: str, cell: str, lines_above: int = 0) -> str:
    """The cell's script: the magic's line is a comment, so that lines count as in the notebook.

    References
    ----------
    A comment on the first two lines that says ``coding:`` decides how a file is read: PEP 263.
    """
    shown = " ".join(line.split())
    text = cell if cell.endswith("\n") else f"{cell}\n"
    first = text.partition("\n")[0]
    cookie = " -*- coding: utf-8 -*-" if _COOKIE.search(shown) or _COOKIE.search(first) else ""
    above = "\n" * lines_above
    return f"{above}#{cookie} {f'%%train {shown}'.rstrip()}\n{text}"


def lines_above(raw: str, cell: str) -> int:
    """How many blank lines a cell has above its magic's line, which IPython leaves out.

    Parameters
    ----------
    raw
        The whole cell as it was sent, if it is known; of another cell it says nothing.
    cell
        The text below the magic's line.
    """
    body = raw.lstrip()
    if not body.startswith("%%") or body.partition("\n")[2].rstrip() != cell.rstrip():
        return 0
    return raw[: len(raw) - len(body)].count("\n")


def with_modules(text: str, folder: Path, modules: tuple[str, ...]) -> Source:
    """The script alone, or with what it imports from the folder."""
    inline = {CELL_SCRIPT: text}
    if not modules:
        return Source(inline=inline)
    return Source(directory=str(folder), include=modules, inline=inline)


def with_folder(text: str, given: str) -> Source:
    """The script with everything in a folder."""
    return Source(directory=str(folder_of(given)), inline={CELL_SCRIPT: text})


def folder_of(given: str) -> Path:
    """The folder that ``--source`` names, absolute; raises `SnapshotError` if none is there."""
    path = Path(given).expanduser().absolute()
    if not path.is_dir():
        problem = "is a file, not a folder" if path.exists() else "is not there"
        raise SnapshotError(f"The source folder {path} {problem}. Correct --source.")
    return path


def experiment_of(names: Iterable[object]) -> str:
    """The experiment that a notebook's runs belong to unless they say: its file's name.

    Parameters
    ----------
    names
        What may tell the notebook's path, the best first; anything but a path is passed over.
    """
    for name in names:
        if isinstance(name, str) and name:
            letters = unicodedata.normalize("NFKD", Path(name).stem).encode("ascii", "ignore")
            plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", letters.decode()).strip("-._")
            if plain:
                return plain[:255]
    return "notebook"
