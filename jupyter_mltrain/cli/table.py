"""Aligned columns that fit the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from jupyter_mltrain.cli import terminal

_GAP: Final = "  "
_LAST: Final = 24
"""Columns that the last one has at least; others leave for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """How one column is set; the last one takes the room that is left."""

    title: str
    most: int = 40
    """Widest on a terminal."""
    right: bool = False
    leaves: int = 0
    """On a narrow terminal columns leave in this order; 0 stays."""


Paint = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Cell:
    """Text on one line, and how it is painted once it is set."""

    text: str
    paint: Paint | None = None


def lines(
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]],
    room: int | None,
    *,
    titled: bool = True,
    indent: str = "",
) -> list[str]:
    """The table as lines, the first one of titles.

    Parameters
    ----------
    room
        Width of the terminal; `None` cuts nothing.
    """
    texts = [[terminal.plain(cell.text) for cell in row] for row in rows]
    widths = [
        max(terminal.width(column.title), *(terminal.width(row[at]) for row in texts), 0)
        for at, column in enumerate(columns)
    ]
    shown = list(range(len(columns)))
    if room is not None:
        room -= len(indent)
        last = shown[-1]
        natural = widths[last]
        widths = [min(width, column.most) for width, column in zip(widths, columns, strict=True)]
        for at in sorted((i for i in shown if columns[i].leaves), key=lambda i: columns[i].leaves):
            if _total(widths, shown[:-1]) + min(natural, _LAST) <= room:
                break
            shown.remove(at)
        widths[last] = min(natural, max(0, room - _total(widths, shown[:-1])))
    title = _GAP.join(
        _set(columns[at], columns[at].title, widths[at], room, at == shown[-1]) for at in shown
    )
    result = [terminal.paint(title.rstrip(), terminal.FAINT)] if titled else []
    for row, cells in zip(texts, rows, strict=True):
        pieces = []
        for at in shown:
            text = _set(columns[at], row[at], widths[at], room, at == shown[-1])
            paint = cells[at].paint
            pieces.append(paint(text) if paint and text.strip() else text)
        result.append(indent + _GAP.join(pieces).rstrip())
    return result


def _total(widths: Sequence[int], shown: Sequence[int]) -> int:
    return sum(widths[at] + len(_GAP) for at in shown)


def _set(column: Column, text: str, width: int, room: int | None, last: bool) -> str:
    if room is not None:
        text = terminal.cut(text, width)
    return text if last and not column.right else terminal.pad(text, width, right=column.right)
