"""Submitting a large folder of which one file has changed, against copying it."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks import place
from benchmarks.figures import Figure, median_ms

_FILES: Final = 5_000
_FILE_BYTES: Final = 60_000
_PER_FOLDER: Final = 50
_REPETITIONS: Final = 3


def measure() -> list[Figure]:
    """Copies and submits in turn, the page cache warm for both."""
    folder = place.scratch()
    with place.workspace():
        source = _large(folder / "source")
        submit = _submits(source)
        first = _timed(submit)
        bare, ours = [], []
        for number in range(_REPETITIONS):
            bare.append(_timed(partial(_copy, source, folder / f"copy-{number}")))
            changed = source / f"part-{number:03d}" / "data" / "file-0.bin"
            changed.write_bytes(os.urandom(_FILE_BYTES))
            ours.append(_timed(submit))
        what = f"{_FILES * _FILE_BYTES / 1e6:.0f} MB in {_FILES:,} files"
        return [
            Figure(
                name=f"{what}, 1 changed: submit",
                bare=median_ms(bare),
                ours=median_ms(ours),
                unit="ms",
                target=0.2,
            ),
            Figure(
                name=f"{what}, all new: submit",
                bare=median_ms(bare),
                ours=first * 1e3,
                unit="ms",
            ),
        ]


def _large(folder: Path) -> Path:
    """Files that neither compress nor repeat, in nested folders."""
    place.script(folder, "print('hello')\n")
    for part in range(_FILES // _PER_FOLDER):
        below = folder / f"part-{part:03d}" / "data"
        below.mkdir(parents=True)
        for number in range(_PER_FOLDER):
            (below / f"file-{number}.bin").write_bytes(os.urandom(_FILE_BYTES))
    return folder


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-r", str(source), str(target)], check=True)


def _submits(source: Path) -> Callable[[], Callable[[], object]]:
    from jupyter_mltrain import Experiment, ScriptRunConfig, Workspace

    workspace = Workspace.default()
    workspace.client.status()  # the service is warm

    def submit() -> Callable[[], object]:
        with contextlib.redirect_stdout(io.StringIO()):  # it warns that this is much
            run = Experiment(workspace, "snapshots").submit(ScriptRunConfig(source, "train.py"))
        return run.wait_for_completion

    return submit


def _timed(work: Callable[[], Callable[[], object] | None]) -> float:
    """Seconds that the work takes; what it returns is waited for outside of them."""
    os.sync()  # nobody pays for what was written before
    start = time.perf_counter()
    rest = work()
    elapsed = time.perf_counter() - start
    if rest is not None:
        rest()
    return elapsed
