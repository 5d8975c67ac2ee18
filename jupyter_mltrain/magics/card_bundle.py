"""The run card as a cell's output: for JupyterLab's renderer, and as text for everyone else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from jupyter_mltrain.core import words
from jupyter_mltrain.spec import EnvironmentSpec, Run, RunFile
from jupyter_mltrain.wire import RunCard

MIME: Final = "application/vnd.jupyter-mltrain.run+json"

MOST_FILES: Final = 20
_MOST_LABELS: Final = 50
_MOST_CHARACTERS: Final = 2_000
"""Of all arguments, all warnings, or all labels together."""

T = TypeVar("T", str, str | None)


def bundle(run: Run, text: str, files: Iterable[RunFile] = ()) -> dict[str, Any]:
    """One display's data: what the page needs to find the run, and the card's text.

    A few kilobytes beside the text, whatever the run is. It is saved with the notebook and may
    be shared with it, so no value of an environment variable is in it, and no path of the machine.

    Parameters
    ----------
    files
        Of the run; the first 20 of its outputs are told.
    """
    card = RunCard(
        workspace_id=run.workspace_id,
        run=_shown(run),
        files=tuple(words.outputs(files)[:MOST_FILES]),
    )
    return {MIME: msgspec.to_builtins(card), "text/plain": text}


def _shown(run: Run) -> Run:
    spec = msgspec.structs.replace(
        run.spec,
        arguments=_first(run.spec.arguments),
        variables={},
        environment=EnvironmentSpec(name=run.spec.environment.name),
    )
    return msgspec.structs.replace(
        run,
        spec=spec,
        source_directory=None,
        warnings=_first(run.warnings),
        tags=_few(run.tags),
        properties=_few(run.properties),
    )


def _first(texts: tuple[str, ...]) -> tuple[str, ...]:
    """The texts from the first on, as far as they fit."""
    found: list[str] = []
    left = _MOST_CHARACTERS
    for text in texts:
        if len(text) > left:
            return (*found, f"{text[:left]}…")
        left -= len(text)
        found.append(text)
    return tuple(found)


def _few(labels: Mapping[str, T]) -> dict[str, T]:
    """The labels from the first on, as far as they fit; none is cut, or it would say another."""
    found: dict[str, T] = {}
    left = _MOST_CHARACTERS
    for key, value in list(labels.items())[:_MOST_LABELS]:
        left -= len(key) + len(value or "")
        if left < 0:
            break
        found[key] = value
    return found
