"""Runs as an aligned table of text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from jupyter_mltrain import units
from jupyter_mltrain.core import words
from jupyter_mltrain.core.folding import plain
from jupyter_mltrain.spec import Run, RunState

EMPTY: Final = (
    "No runs yet. Put `%%train` at the top of a cell, or start a script with `%train FILE.py`."
)
_LONGEST: Final = {"name": 32, "experiment": 32, "": 100}
_NUMBERS: Final = frozenset({"#", "took"})


def table(runs: Sequence[Run], now: datetime, *, colored: bool = False) -> str:
    """One line for each run under a line of titles; the last column is the state's one fact."""
    titles = ("#", "state", "name", "experiment", "submitted", "took", "")
    rows = [
        (
            str(run.number),
            f"{words.state_shape(run.state)} {words.state_word(run.state)}",
            run.spec.name or "",
            run.spec.experiment,
            words.age(run.created_at, now),
            units.duration(words.elapsed_s(run, now)) if run.started_at else "",
            "" if run.state is RunState.COMPLETED else words.fact(run, now),
        )
        for run in runs
    ]
    cells = [
        tuple(
            _cut(plain(cell), _LONGEST.get(title)) for title, cell in zip(titles, row, strict=True)
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(titles, *cells, strict=True)]
    lines = [_line(titles, titles, widths)]
    for run, row in zip(runs, cells, strict=True):
        line = _line(titles, row, widths)
        if colored:
            line = line.replace(row[1], words.in_color(row[1], run.state), 1)
        lines.append(line)
    return "\n".join(lines)


def _line(titles: Sequence[str], row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.rjust(width) if title in _NUMBERS else cell.ljust(width)
        for title, cell, width in zip(titles, row, widths, strict=True)
    ]
    return "  ".join(cells).rstrip()


def _cut(text: str, longest: int | None) -> str:
    return text if longest is None or len(text) <= longest else f"{text[: longest - 1]}…"
