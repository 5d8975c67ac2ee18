"""The run card as text: what a notebook shows under a ``%%train`` cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from jupyter_mltrain import units
from jupyter_mltrain.core import words
from jupyter_mltrain.core.folding import plain
from jupyter_mltrain.spec import Run, RunFile, RunState

_LISTED: Final = 10
"""Outputs that are named; the rest is counted."""

_METRICS: Final = 6
"""Metrics that a run which goes on shows: those first logged last."""


def card(
    run: Run,
    tail: str,
    now: datetime,
    *,
    metrics: Mapping[str, Any] = {},
    files: Iterable[RunFile] = (),
) -> str:
    """The whole card: how it stands, the end of what it prints, what it has kept.

    Parameters
    ----------
    tail
        Already folded; see `core.folding`.
    metrics
        As `Client.metrics` gives them, or the latest value of each.
    files
        Of the run; used once it has ended.
    """
    files = tuple(files)
    head = words.summary(run, metrics, files) if run.state.final else header(run, now)
    parts = ["\n".join(map(plain, head.splitlines()))]
    if not run.state.final and (latest := words.scalars(metrics, _METRICS)):
        parts.append("   ".join(f"{plain(name)} {words.number(value)}" for name, value in latest))
    if tail.strip():
        parts.append(tail.strip("\n"))
    if run.state.final and (kept := words.outputs(files)):
        parts.append(_outputs(kept))
    return "\n".join(parts)


def header(run: Run, now: datetime) -> str:
    """A run that goes on, in a line; in a second one why it waits."""
    passed = units.duration(words.elapsed_s(run, now))
    line = f"{words.state_title(run.state)}  {run.label}  {passed}  {words.place(run)}"
    explained = run.state.waiting or run.state is RunState.NOT_RESPONDING
    return f"{line}\n{run.reason}" if explained and run.reason else line


def _outputs(kept: list[RunFile]) -> str:
    named = [
        f"{plain(file.name.removeprefix('outputs/'))} {units.size(file.size_bytes)}"
        for file in kept[:_LISTED]
    ]
    more = [f"and {len(kept) - _LISTED} more"] if len(kept) > _LISTED else []
    return f"outputs  {'   '.join([*named, *more])}"
