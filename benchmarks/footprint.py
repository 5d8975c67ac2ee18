"""What it costs to have it: memory of an idle service, its start, our imports."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks import place, processes
from benchmarks.figures import Figure, median_ms

_REPETITIONS: Final = 10
_IDLE_MB: Final = 60.0
_START_MS: Final = 400.0
_IMPORT_MS: Final = 150.0
_LOAD_MS: Final = 200.0

_ASK: Final = "from jupyter_mltrain import Workspace; Workspace.default().client.status()"

_PUBLIC: Final = """\
import jupyter_mltrain
for name in jupyter_mltrain.__all__:
    getattr(jupyter_mltrain, name)
"""

_LOAD_EXT: Final = """\
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
start = time.perf_counter()
shell.run_line_magic("load_ext", "jupyter_mltrain")
print(time.perf_counter() - start)
"""


def measure() -> list[Figure]:
    """Each in fresh processes, in turn with a Python that does nothing."""
    folder = place.scratch()
    with place.workspace() as workspace:
        return [
            *_memory(place.script(folder / "source", "print('hello')\n")),
            *_starts(workspace),
            *_imports(),
            *_load_ext(folder),
        ]


def _memory(source: Path) -> Iterator[Figure]:
    """Of a service that has had some work and has none now, and of those that wait beside it."""
    from jupyter_mltrain import Experiment, ScriptRunConfig, Workspace

    workspace = Workspace.default()
    pid = workspace.client.status().pid
    fresh = [processes.memory(each) for each in processes.below(pid)]
    for _ in range(20):
        run = Experiment(workspace, "footprint").submit(ScriptRunConfig(source, "train.py"))
        run.wait_for_completion()
    time.sleep(0.5)  # what is tidied after the last run is no longer there
    used = [processes.memory(each) for each in processes.below(pid)]
    for when, found, target in (("just started", fresh, None), ("after 20 runs", used, _IDLE_MB)):
        what = f"idle, {when}"
        yield Figure(
            name=f"{what}: resident set of the service",
            ours=found[0].resident_mb,
            unit="MB",
            target=target,
        )
        yield Figure(
            name=f"{what}: service, launcher and reapers together",
            ours=sum(each.proportional_mb for each in found),
            unit="MB",
            target=target,
        )


def _starts(workspace: Path) -> Iterator[Figure]:
    """From a new Python without a service to its first answer."""
    cold, warm = [], []
    for _ in range(_REPETITIONS):
        place.end_service(workspace)
        cold.append(_python(_ASK))
        warm.append(_python(_ASK))
    yield Figure(
        name="service start: new Python to first answer",
        ours=median_ms(cold),
        unit="ms",
        target=_START_MS,
    )
    yield Figure(name="the same with the service warm", ours=median_ms(warm), unit="ms")


def _imports() -> Iterator[Figure]:
    bare, package, public = [], [], []
    for _ in range(_REPETITIONS):
        bare.append(_python("pass"))
        package.append(_python("import jupyter_mltrain"))
        public.append(_python(_PUBLIC))
    for name, found, target in (
        ("import jupyter_mltrain", package, _IMPORT_MS),
        ("import of every public name", public, None),
    ):
        yield Figure(
            name=f"{name}, over a bare Python",
            ours=max(0.0, median_ms(found) - median_ms(bare)),
            unit="ms",
            target=target,
        )


def _load_ext(folder: Path) -> Iterator[Figure]:
    if importlib.util.find_spec("jupyter_mltrain.magics.extension") is None:
        print("%load_ext is not measured: there are no magics yet.", file=sys.stderr)
        return
    seconds = []
    for _ in range(_REPETITIONS):
        said = subprocess.run(
            [sys.executable, "-c", _LOAD_EXT], cwd=folder, check=True, stdout=subprocess.PIPE
        )
        seconds.append(float(said.stdout.split()[-1]))
    yield Figure(
        name="%load_ext jupyter_mltrain in a new IPython",
        ours=median_ms(seconds),
        unit="ms",
        target=_LOAD_MS,
    )


def _python(code: str) -> float:
    """Seconds of a whole new interpreter that executes the code."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start
