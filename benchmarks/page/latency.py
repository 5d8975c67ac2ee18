"""From what happens in a run to what is painted, while ten runs print at once."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import place
from benchmarks.figures import Figure, percentile
from benchmarks.page.browser import SETTLE_MS, browser, execute, jupyterlab
from benchmarks.page.lab import Lab, lab

if TYPE_CHECKING:
    from jupyter_mltrain import Run

_PRINTING: Final = 10
_ENDING: Final = 30
_MEDIAN_MS: Final = 100.0
_P95_MS: Final = 250.0

_WINDOW: Final = (1_400, 4_000)
"""High enough for all ten cards at once."""

_PRINTS: Final = """\
import random, sys, time
number = 0
while True:
    print(f"@{time.time():.6f} {sys.argv[1]} {number};")
    number += 1
    time.sleep(random.uniform(0.1, 0.3))
"""
_ENDS: Final = "import time; time.sleep(0.3)\n"


def measure() -> list[Figure]:
    """Ten cards of ten runs in a notebook, and beside them the list in which others come and go."""
    with place.workspace() as workspace:
        workspace.mkdir(parents=True)
        (workspace / "settings.json").write_text(json.dumps({"cpus": _PRINTING + 2}))
        folder = place.scratch()
        printing = list(_printing(place.script(folder / "prints", _PRINTS)))
        try:
            with lab() as served, browser() as opened:
                _notebook(served.files / "runs.ipynb", printing)
                with jupyterlab(opened, served, _WINDOW) as page:
                    return list(_watch(page, served, place.script(folder / "ends", _ENDS)))
        finally:
            for run in printing:
                run.cancel()


def _printing(source: Path) -> Iterator[Run]:
    from jupyter_mltrain import Experiment, ScriptRunConfig, Workspace
    from jupyter_mltrain.spec import Resources

    experiment = Experiment(Workspace.default(), "printing")
    for number in range(_PRINTING):
        yield experiment.submit(
            ScriptRunConfig(
                source, "train.py", arguments=[str(number)], resources=Resources(cpus=1)
            )
        )


def _notebook(path: Path, runs: Iterable[Run]) -> None:
    """A saved one whose cells have started the runs."""
    from jupyter_mltrain.magics.card_bundle import bundle

    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{number}",
            "metadata": {},
            "source": "",
            "outputs": [
                {"output_type": "display_data", "metadata": {}, "data": bundle(run.record, "")}
            ],
        }
        for number, run in enumerate(runs)
    ]
    kernel = {"name": "python3", "display_name": "Python 3"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook), encoding="utf-8")


def _watch(page: Any, served: Lab, source: Path) -> Iterator[Figure]:
    execute(page, "docmanager:open", {"path": "runs.ipynb"})
    execute(page, "mltrain:show-sidebar")
    page.wait_for_function(
        "count => [...document.querySelectorAll('.xterm-rows')]"
        ".filter(rows => rows.textContent.includes(';')).length === count",
        arg=_PRINTING,
    )
    page.wait_for_timeout(SETTLE_MS)
    page.evaluate("bench.watchLines(); bench.watchStates()")
    served.forget_stalls()
    moves = _moves(source)
    # The last one is painted.
    page.wait_for_function(
        "count => bench.states.filter(([, state]) => state === 'Completed').length === count",
        arg=_ENDING,
    )
    seen = {(number, state): at for number, state, at in page.evaluate("bench.states")}
    lines = page.evaluate("bench.lines")
    what = f"{_PRINTING} runs printing"
    yield from _delays(f"{what}: line printed to painted", [at - said for _, _, said, at in lines])
    yield Figure(name=f"{what}: lines that were never seen", ours=_missing(lines), unit="%")
    for state, instants in moves.items():
        # One that had ended before it was painted as running is right when it is painted as ended.
        delays = [
            seen.get((number, state), seen[number, "Completed"]) - at
            for number, at in instants.items()
        ]
        yield from _delays(f"{what}: {state} to painted in the sidebar", delays)
    yield from served.stalls(what)


def _moves(source: Path) -> dict[str, dict[int, float]]:
    """Start and end runs, one after the other; state -> number of a run -> when it came to it, ms.

    An end is when the process had ended, as its reaper saw it.
    """
    from jupyter_mltrain import Experiment, ScriptRunConfig, Workspace
    from jupyter_mltrain.spec import Resources

    experiment = Experiment(Workspace.default(), "ending")
    found: dict[str, dict[int, float]] = {"Running": {}, "Completed": {}}
    for _ in range(_ENDING):
        run = experiment.submit(ScriptRunConfig(source, "train.py", resources=Resources(cpus=1)))
        run.wait_for_completion()
        record = run.record
        assert record.started_at is not None
        assert record.exit is not None
        assert record.exit.ended_at is not None
        found["Running"][record.number] = record.started_at.timestamp() * 1e3
        found["Completed"][record.number] = record.exit.ended_at.timestamp() * 1e3
        time.sleep(0.2)
    return found


def _delays(what: str, delays_ms: Sequence[float]) -> Iterator[Figure]:
    print(f"  {what}: {len(delays_ms)}, the longest {max(delays_ms):.0f} ms", file=sys.stderr)
    yield Figure(
        name=f"{what}, median",
        ours=statistics.median(delays_ms),
        unit="ms",
        target=_MEDIAN_MS,
    )
    yield Figure(
        name=f"{what}, 95th percentile",
        ours=percentile(delays_ms, 0.95),
        unit="ms",
        target=_P95_MS,
    )


def _missing(lines: Iterable[tuple[int, int, float, float]]) -> float:
    """Percentage of the lines that were scrolled out of sight before they were painted."""
    numbers = defaultdict(set)
    for run, number, _, _ in lines:
        numbers[run].add(number)
    printed = sum(max(each) - min(each) + 1 for each in numbers.values())
    return 100.0 * (1 - sum(map(len, numbers.values())) / printed)
