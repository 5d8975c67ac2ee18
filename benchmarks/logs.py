"""Output on its way to a client: many lines against a pipe, and memory when there is much."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from benchmarks import place, processes
from benchmarks.figures import Figure, median_ms

_LINES: Final = 200_000
_REPETITIONS: Final = 5
_MUCH_BYTES: Final = 1_000_000_000
_FLAT_MB: Final = 10.0

_PRINTED: Final = f"""\
rest = "." * 90
for number in range({_LINES}):
    print(f"{{number:08d}} {{rest}}")
"""

# Under -u a print is two system calls, text and line end, and in a run it is one. Here both sides
# have one for each line, so that this compares the ways alone: a file that is followed, a pipe.
_WRITTEN: Final = f"""\
import sys
write, rest = sys.stdout.write, "." * 90
for number in range({_LINES}):
    write(f"{{number:08d}} {{rest}}\\n")
"""

_MUCH: Final = f"""\
import os
block = b"." * 99_999 + b"\\n"
for _ in range({_MUCH_BYTES} // len(block)):
    os.write(1, block)
"""


def measure() -> list[Figure]:
    """Lines in turn with the bare tool, then the service's memory."""
    folder = place.scratch()
    with place.workspace():
        return [
            _many_lines(place.script(folder / "printed", _PRINTED), "printed", 1.3),
            _many_lines(place.script(folder / "written", _WRITTEN), "one write each", None),
            *_much(place.script(folder / "much", _MUCH)),
        ]


def _many_lines(source: Path, how: str, target: float | None) -> Figure:
    bare, ours = [], []
    for _ in range(_REPETITIONS):
        bare.append(_timed(_piped(source)))
        ours.append(_timed(_followed(source)))
    return Figure(
        name=f"{_LINES:,} lines of 100 bytes, {how}: all received",
        bare=median_ms(bare),
        ours=median_ms(ours),
        unit="ms",
        target=target,
    )


def _timed(chunks: Iterable[bytes]) -> float:
    """Seconds until the last line has come; raises `AssertionError` when one is missing."""
    start = time.perf_counter()
    received = list(chunks)
    elapsed = time.perf_counter() - start
    lines = b"".join(received).splitlines(keepends=True)
    assert [int(line[:8]) for line in lines] == list(range(_LINES)), "lines are lost or moved"
    assert {len(line) for line in lines} == {100}
    return elapsed


def _piped(source: Path) -> Iterator[bytes]:
    with subprocess.Popen(
        [sys.executable, "-u", "train.py"], cwd=source, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        while data := os.read(process.stdout.fileno(), 262_144):
            yield data


def _followed(source: Path) -> Iterator[bytes]:
    from jupyter_mltrain import Experiment, ScriptRunConfig, Workspace
    from jupyter_mltrain.client import LogChunk

    experiment = Experiment(Workspace.default(), "logs")
    for item in experiment.submit(ScriptRunConfig(source, "train.py")).follow():
        if isinstance(item, LogChunk):
            yield item.data


def _much(source: Path) -> Iterator[Figure]:
    from jupyter_mltrain import Workspace

    start = time.perf_counter()
    piped = sum(map(len, _piped(source)))
    bare_s = time.perf_counter() - start
    pid = Workspace.default().client.status().pid
    before = processes.memory(pid)
    processes.forget_peak(pid)
    start = time.perf_counter()
    received = sum(map(len, _followed(source)))
    ours_s = time.perf_counter() - start
    after = processes.memory(pid)
    assert received == piped == _MUCH_BYTES, "bytes are lost"
    yield Figure(
        name="1 GB of log, to the last byte", bare=bare_s * 1e3, ours=ours_s * 1e3, unit="ms"
    )
    yield Figure(
        name="1 GB of log: growth of the service",
        ours=max(0.0, after.resident_mb - before.resident_mb),
        unit="MB",
        target=_FLAT_MB,
    )
    yield Figure(
        name="1 GB of log: peak of the service over before",
        ours=max(0.0, after.peak_mb - before.resident_mb),
        unit="MB",
        target=_FLAT_MB,
    )
