"""From submit to the first line and the end of a run in a container, against ``docker run``."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks import place
from benchmarks.figures import Figure, percentile
from benchmarks.images import BASE
from benchmarks.latency import Seen

_PAIRS: Final = 15
_WARM_UP: Final = 3
_APART_S: Final = 0.6
"""An engine goes on tidying for a while after a container has ended."""

_PYTHON: Final = "/usr/bin/python3"
_NAME: Final = "mltrain-bench-run"
_SHM_BYTES: Final = 2 * 1024**3
"""What runs have where nobody says otherwise."""


def measure() -> list[Figure]:
    """Pairs, one with the command and one with ours, in turn."""
    with place.workspace():
        source = place.script(place.scratch() / "source", "print('hello')\n")
        run = _ours(source)
        pairs = []
        for _ in range(_WARM_UP + _PAIRS):
            time.sleep(_APART_S)
            bare = _bare(source)
            time.sleep(_APART_S)
            pairs.append((bare, run()))
    del pairs[:_WARM_UP]
    return [
        Figure(
            name=f"docker: submit → {event} seen, p50 of {_PAIRS}",
            bare=percentile((bare[at] for bare, _ in pairs), 0.5) * 1e3,
            ours=percentile((ours[at] for _, ours in pairs), 0.5) * 1e3,
            unit="ms",
            target=target,
        )
        for at, (event, target) in enumerate((("first line", 1.0), ("completed", 1.2)))
    ]


def _bare(source: Path) -> Seen:
    """The same network, user, mounts and limits; its removal is not counted."""
    from jupyter_mltrain import runtime

    home = place.scratch()
    command = ["docker", "run", "--name", _NAME, "--user", f"{os.getuid()}:{os.getgid()}"]
    command += ["--workdir", str(source), "--volume", f"{source}:{source}"]
    command += ["--volume", f"{runtime.PATH}:{runtime.PATH}:ro", "--env", f"HOME={home}"]
    command += ["--cpus", "1", "--shm-size", str(_SHM_BYTES), "--cap-drop", "ALL"]
    command += ["--security-opt", "no-new-privileges", BASE, _PYTHON, "-u", "train.py"]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        first_line = time.perf_counter() - start
        process.wait()
        seen = Seen(first_line, time.perf_counter() - start)
    assert process.returncode == 0
    subprocess.run(["docker", "rm", "--volumes", _NAME], stdout=subprocess.DEVNULL, check=True)
    return seen


def _ours(source: Path) -> Callable[[], Seen]:
    from jupyter_mltrain import Environment, Experiment, ScriptRunConfig, Workspace
    from jupyter_mltrain.client import LogChunk
    from jupyter_mltrain.spec import DRIVER_LOG, Resources

    environment = Environment.from_docker_image("bench", BASE)
    environment.python.user_managed_dependencies = True
    experiment = Experiment(Workspace.default(), "docker")
    config = ScriptRunConfig(
        source, "train.py", environment=environment, resources=Resources(cpus=1)
    )

    def run() -> Seen:
        start = time.perf_counter()
        first_line = 0.0
        for item in experiment.submit(config).follow():
            if isinstance(item, LogChunk) and item.log == DRIVER_LOG and not first_line:
                first_line = time.perf_counter() - start
        return Seen(first_line, time.perf_counter() - start)

    return run
