"""What a notebook gets when a run has ended: its variables, its figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from jupyter_mltrain.spec import Run, RunFile

if TYPE_CHECKING:
    from jupyter_mltrain.client import Client

FIGURES: Final = "outputs/figures/"
MOST_FIGURES: Final = 10
_LARGEST_BYTES: Final = 20_000_000
"""A larger picture is not put into the notebook."""


def figures_of(files: Iterable[RunFile]) -> list[RunFile]:
    """The pictures that the run has shown, in that order."""
    found = [
        file
        for file in files
        if file.name.startswith(FIGURES)
        and file.name.lower().endswith(".png")
        and 0 < file.size_bytes <= _LARGEST_BYTES
    ]
    return sorted(found, key=lambda file: _in_order(file.name))


def _in_order(name: str) -> list[tuple[int, str]]:
    """A key that puts figure-2 before figure-10."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)
    ]


def show_figures(client: Client, run: Run) -> None:
    """Show the first of the run's figures below the cell, and say how many there are besides."""
    from IPython.display import Image, display

    found = figures_of(client.files(run.id))
    for file in found[:MOST_FIGURES]:
        display(Image(b"".join(client.read_file(run.id, file.name)), format="png"))
    if len(found) > MOST_FIGURES:
        print(f"{len(found) - MOST_FIGURES} more figures are in {FIGURES} of {run.label}.")


def name_figures(client: Client, run: Run) -> None:
    """Say in a terminal which figures there are."""
    found = figures_of(client.files(run.id))
    if found:
        print("figures  " + "   ".join(file.name for file in found[:MOST_FIGURES]))


def described(values: Mapping[str, Any]) -> str:
    """What came back, in short: ``model: SVC · table: DataFrame 100 x 3 · losses: list of 20``."""
    return " · ".join(f"{name}: {_kind(value)}" for name, value in values.items())


def _kind(value: Any) -> str:
    name = type(value).__name__
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape and all(isinstance(each, int) for each in shape):
        return f"{name} {' x '.join(map(str, shape))}"
    if isinstance(value, list | tuple | dict | set):
        return f"{name} of {len(value)}"
    if isinstance(value, bool | int | float) or value is None:
        return repr(value)
    return name
