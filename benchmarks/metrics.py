"""Metrics: what logging costs a script, and how long many points take to read and to draw."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from benchmarks import place
from benchmarks.figures import Figure, median_ms
from jupyter_mltrain import runtime
from jupyter_mltrain.client import Client
from jupyter_mltrain.service import series
from jupyter_mltrain.spec import RunSpec, Source
from jupyter_mltrain.wire import SubmitRequest

_POINTS: Final = 200_000
_MANY: Final = 1_000_000
_REPETITIONS: Final = 5
_PER_S: Final = 20_000
"""Points a second that a script can log without being slowed."""

_SHARE: Final = 1.1
"""How much longer a script may take that logs that many."""

_LOGS: Final = f"""\
import time
from azureml.core import Run
log = Run.get_context().log
start = time.perf_counter()
for step in range({_POINTS}):
    log("loss", 1 / (step + 1), step=step)
print(time.perf_counter() - start)
"""

# Works for a fixed time, in pieces as long as a training step between two points would be.
_WORKS: Final = """\
import sys, time
log = None
if sys.argv[1] == "logs":
    from azureml.core import Run
    log = Run.get_context().log
start = time.perf_counter()
for step in range(40_000):
    total = 0.0
    for number in range(900):
        total += number * 0.5
    if log is not None:
        log("loss", total, step=step)
print(time.perf_counter() - start)
"""


def measure() -> list[Figure]:
    """A script that only logs; one that works with and without logging; reading it all."""
    folder = place.scratch()
    logs, works = place.script(folder / "logs", _LOGS), place.script(folder / "works", _WORKS)
    with place.workspace() as directory:
        client = Client(directory)
        alone = [_seconds(client, logs) for _ in range(_REPETITIONS)]
        bare, ours = [], []
        for _ in range(_REPETITIONS):
            bare.append(_seconds(client, works, "works"))
            ours.append(_seconds(client, works, "logs"))
        client.close()
    return [
        Figure(
            name=f"{_POINTS:,} points from one script that does nothing else",
            ours=median_ms(alone),
            unit="ms",
            target=1_000 * _POINTS / _PER_S,
        ),
        Figure(
            name="40,000 points from a script that works in between",
            bare=median_ms(bare),
            ours=median_ms(ours),
            unit="ms",
            target=_SHARE,
        ),
        *_reading(folder),
    ]


def _seconds(client: Client, source: Path, *arguments: str) -> float:
    """How long the script's loop took by its own clock."""
    spec = RunSpec(experiment="metrics", script="train.py", arguments=arguments)
    run = client.submit(SubmitRequest(spec=spec, source=Source(directory=str(source)), force=True))
    for _ in client.follow(run.id):
        pass
    return float(b"".join(client.read_file(run.id, "azureml-logs/70_driver_log.txt")))


def _reading(folder: Path) -> list[Figure]:
    """A million points, read for a chart and for `get_metrics`."""
    subprocess.run(
        [sys.executable, "-c", _LOGS.replace(str(_POINTS), str(_MANY))],
        env={"PYTHONPATH": str(runtime.PATH), "MLTRAIN_RUN_DIR": str(folder)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    journal = folder / "journal.jsonl"
    drawn, read = [], []
    for _ in range(_REPETITIONS):
        start = time.perf_counter()
        frame = series.read(journal, 0)
        drawn.append(time.perf_counter() - start)
        assert 2 < len(frame.points) <= series.LIMIT
        start = time.perf_counter()
        assert len(runtime.metrics.aggregate(series.records(journal))["loss"]) == _MANY
        read.append(time.perf_counter() - start)
    return [
        Figure(name=f"{_MANY:,} points thinned for a chart", ours=median_ms(drawn), unit="ms"),
        Figure(name=f"{_MANY:,} points for get_metrics", ours=median_ms(read), unit="ms"),
    ]
