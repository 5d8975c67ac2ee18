"""From submit to the first line, and to the end, as a client of a warm service sees it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks import place
from benchmarks.figures import Figure, percentile

_PAIRS: Final = 50
_WARM_UP: Final = 5
_APART_S: Final = 0.08
"""So that neither of a pair pays for what the other leaves to be tidied."""


class Seen(NamedTuple):
    """Seconds after the start."""

    first_line: float
    completed: float


def measure() -> list[Figure]:
    """Pairs, one with the bare tool and one with ours, in turn."""
    with place.workspace():
        source = place.script(place.scratch() / "source", "print('hello')\n")
        pairs = []
        run = _ours(source)
        for _ in range(_WARM_UP + _PAIRS):
            time.sleep(_APART_S)
            bare = _bare(source)
            time.sleep(_APART_S)
            pairs.append((bare, run()))
    del pairs[:_WARM_UP]
    figures = []
    for at, event in enumerate(("first line", "completed")):
        for share, target in ((0.5, 1.5), (0.95, None)):
            figures.append(
                Figure(
                    name=f"submit → {event} seen, p{share * 100:.0f} of {_PAIRS}",
                    bare=percentile((bare[at] for bare, _ in pairs), share) * 1e3,
                    ours=percentile((ours[at] for _, ours in pairs), share) * 1e3,
                    unit="ms",
                    target=target,
                )
            )
    return figures


def _bare(source: Path) -> Seen:
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-u", "train.py"], cwd=source, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        first_line = time.perf_counter() - start
        process.wait()
        return Seen(first_line, time.perf_counter() - start)


def _ours(source: Path) -> Callable[[], Seen]:
    from jupyter_mltrain import Experiment, ScriptRunConfig, Workspace
    from jupyter_mltrain.client import LogChunk

    experiment = Experiment(Workspace.default(), "latency")

    def run() -> Seen:
        start = time.perf_counter()
        first_line = 0.0
        for item in experiment.submit(ScriptRunConfig(source, "train.py")).follow():
            if isinstance(item, LogChunk) and not first_line:
                first_line = time.perf_counter() - start
        return Seen(first_line, time.perf_counter() - start)

    return run
