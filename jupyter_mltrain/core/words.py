"""How times, sizes, numbers and states read: one voice for the magics and the command line."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from jupyter_mltrain import units
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import Run, RunFile, RunKind, RunState

S = RunState
_SHAPES: Final[Mapping[RunState, str]] = {
    S.NOT_STARTED: "○",
    S.QUEUED: "○",
    S.PREPARING: "◔",
    S.PROVISIONING: "◔",
    S.STARTING: "◔",
    S.RUNNING: "◐",
    S.FINALIZING: "◐",
    S.CANCEL_REQUESTED: "⊘",
    S.COMPLETED: "✓",
    S.FAILED: "✗",
    S.CANCELED: "⊘",
    S.NOT_RESPONDING: "…",
}
_WORDS: Final[Mapping[RunState, str]] = {
    S.NOT_STARTED: "Not started",
    S.CANCEL_REQUESTED: "Canceling",
    S.NOT_RESPONDING: "Not responding",
}
_SGR: Final[Mapping[RunState, str]] = {
    S.RUNNING: "34",
    S.FINALIZING: "34",
    S.STARTING: "34",
    S.COMPLETED: "32",
    S.FAILED: "31",
    S.NOT_RESPONDING: "33",
    S.CANCELED: "2",
    S.CANCEL_REQUESTED: "2",
}
"""Parameters of the terminal's "select graphic rendition": blue, green, red, yellow, faint."""
del S

_NO_OUTPUTS: Final = ("azureml-logs/", "logs/", "variables/")

_WORD_WIDTH: Final = len("Completed")

_SIZE: Final = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([kmgt]?)(i?b?)\s*\Z", re.IGNORECASE)
_PART: Final = (
    r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(d(?:ays?)?|h(?:ours?)?|m(?:in(?:utes?)?)?|s(?:ec(?:onds?)?)?)"
)
_UNITS_S: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


# Times


def age(at: datetime, now: datetime) -> str:
    """How long ago something was: ``12 s ago``, ``2 min ago``, ``yesterday``; the day if long."""
    seconds = (now - at).total_seconds()
    if seconds < 1:
        return "just now"
    if seconds < 60:
        return f"{int(seconds)} s ago"
    if seconds < 3_600:
        return f"{int(seconds / 60)} min ago"
    local, today = at.astimezone(now.tzinfo), now
    days = (today.date() - local.date()).days
    if seconds < 12 * 3_600 or days == 0:
        return f"{int(seconds / 3_600)} h ago"
    if days == 1:
        return "yesterday"
    return f"{days} days ago" if days < 7 else local.date().isoformat()


def begun_again(run: Run) -> str:
    """That a run which has failed is started once more."""
    before = run.attempt - 1
    return f"Attempt {before} of {run.spec.retries + 1} failed; attempt {run.attempt} begins."


def elapsed_s(run: Run, now: datetime) -> float:
    """How long a run has been running or, until it starts, waiting."""
    start = run.started_at or run.created_at
    return max(0.0, ((run.ended_at or now) - start).total_seconds())


def parse_duration(text: str) -> float:
    """Read a length of time: ``90``, ``90s``, ``10m``, ``2h``, ``1d``, ``1h30m``.

    Returns
    -------
    float
        Seconds.

    Raises
    ------
    InvalidSpec
        It cannot be read, or is not more than nothing.
    """
    try:
        seconds = float(text)
    except ValueError:
        whole = re.fullmatch(rf"(?:{_PART})+\s*", text, re.IGNORECASE)
        parts = re.findall(_PART, text, re.IGNORECASE) if whole else []
        seconds = sum(float(count) * _UNITS_S[unit[0].lower()] for count, unit in parts)
    if not (math.isfinite(seconds) and seconds > 0):
        raise InvalidSpec(
            f"{text!r} is no length of time. Use seconds, or a number with s, m, h or d: "
            "90s, 10m, 2h, 1d."
        )
    return seconds


# Sizes and numbers


def parse_size(text: str) -> int:
    """Read an amount of memory or disk: ``4GB``, ``512MB``, ``1.5 GiB``, ``2g``, ``1048576``.

    Units are powers of 1024 whichever way they are spelled, as Docker and Slurm read them.

    Returns
    -------
    int
        Bytes.

    Raises
    ------
    InvalidSpec
        It cannot be read.
    """
    found = _SIZE.match(text)
    if found is None:
        raise InvalidSpec(f"{text!r} is no size. Use a number with a unit: 512MB, 4GB, 1.5GiB.")
    power = " kmgt".index(found[2].lower() or " ")
    return int(float(found[1]) * 1_024**power)


def number(value: float) -> str:
    """A metric's value with 3 significant digits; whole numbers below a million as they are."""
    if not math.isfinite(value):
        return str(value)
    if abs(value) < 1_000_000 and (isinstance(value, int) or abs(value) >= 999.5):
        return f"{value:.0f}"
    return f"{value:.3g}"


# Runs


def state_shape(state: RunState) -> str:
    """The state as one character: ``◐``, ``✓`` …"""
    return _SHAPES[state]


def state_word(state: RunState) -> str:
    """The state's name as people read it."""
    return _WORDS.get(state, state.value)


def state_title(state: RunState, *, colored: bool = False) -> str:
    """Shape and word, filled up to one width, with the terminal's colour on request."""
    title = f"{state_shape(state)} {state_word(state):<{_WORD_WIDTH}}"
    return in_color(title, state) if colored else title


def in_color(text: str, state: RunState) -> str:
    """A text in the state's colour, for a terminal."""
    code = _SGR.get(state)
    return f"\x1b[{code}m{text}\x1b[0m" if code else text


def place(run: Run) -> str:
    """Where it runs and what it holds there, or asks for: ``local · 2 CPUs · 1 GPU``."""
    if run.spec.kind is RunKind.INTERACTIVE:
        return "the notebook or program that logs to it"
    lease = run.nodes[0].lease if run.nodes else None
    asked = run.spec.resources
    cpus, gpus = (lease.cpus, len(lease.gpus)) if lease else (asked.cpus, asked.gpus)
    memory = asked.memory_bytes
    return " · ".join(
        [
            run.spec.compute,
            *([units.plural(cpus, "CPU")] if cpus else []),
            *([units.plural(gpus, "GPU")] if gpus else []),
            *([_memory(memory)] if memory else []),
        ]
    )


def _memory(count: int) -> str:
    """Memory that was asked for, in the unit it was written in."""
    for power, unit in ((3, "GB"), (2, "MB")):
        if count % 1_024**power == 0:
            return f"{count // 1_024**power} {unit}"
    return units.size(count)


def fact(run: Run, now: datetime) -> str:
    """The one fact that matters in the run's state: how long, when, or why."""
    if run.state is RunState.COMPLETED:
        return age(run.ended_at or now, now)
    if run.state is RunState.CANCELED:
        return canceled_reason(run)
    if run.state is RunState.RUNNING:
        return place(run)
    return run.reason


def canceled_reason(run: Run) -> str:
    """Why a run was cancelled, to be read after its state: ``by you after 0:41``."""
    return re.sub(r"\Acancell?ed:? ", "", run.reason, flags=re.IGNORECASE)


def scalars(metrics: Mapping[str, Any], most: int = 3) -> list[tuple[str, float]]:
    """The last value of the metrics that are numbers, those first logged last.

    Parameters
    ----------
    metrics
        As `Client.metrics` gives them; a number, or a list of numbers.
    """
    found = []
    for name, value in metrics.items():
        last = value[-1] if isinstance(value, list) and value else value
        if isinstance(last, int | float) and not isinstance(last, bool):
            found.append((name, last))
    return found[-most:]


def outputs(files: Iterable[RunFile]) -> list[RunFile]:
    """The files that a run was made for: not its logs, nor pickles of a notebook's variables."""
    return [file for file in files if not file.name.startswith(_NO_OUTPUTS)]


def summary(
    run: Run,
    metrics: Mapping[str, Any] = {},
    files: Iterable[RunFile] = (),
    *,
    colored: bool = False,
) -> str:
    """How a run ended: a line, and after a failure a second one with what to do next."""
    head = f"{state_title(run.state, colored=colored)}  {run.label}  "
    kept = outputs(files)
    total = units.size(sum(file.size_bytes for file in kept))
    if run.state is RunState.COMPLETED:
        parts = [units.duration(elapsed_s(run, run.ended_at or run.created_at))]
        parts += [f"{name} {number(value)}" for name, value in scalars(metrics)]
        parts += [f"{units.plural(len(kept), 'output')}, {total}"] if kept else []
        return head + " · ".join(parts)
    if run.state is RunState.CANCELED:
        kept_words = f" · outputs kept: {units.plural(len(kept), 'file')}, {total}" if kept else ""
        reason = f"{head}{canceled_reason(run)}{kept_words}"
    else:
        reason = head + run.reason
    return f"{reason}\n{run.advice}" if run.advice else reason
