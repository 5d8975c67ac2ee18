"""Making a virtual environment through the service, against bare uv; its cache is warm for both."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from benchmarks import place
from benchmarks.figures import Figure, median_ms, percentile

_PACKAGES: Final = ("scikit-learn", "pandas")
_PAIRS: Final = 7
_SUBMITS: Final = 30
_WARM_UP: Final = 5
_APART_S: Final = 0.1
"""So that no submit pays for the run of the one before."""


def measure() -> list[Figure]:
    """Pairs in turn, each environment where nothing has been before."""
    from jupyter_mltrain import Workspace

    folder = place.scratch()
    # Both ask the same indexes: bare uv does not know what pip is configured with.
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        del os.environ[name]
    os.environ["PIP_CONFIG_FILE"] = os.devnull
    with place.workspace():
        workspace = Workspace.default()
        _bare(folder / "first")  # fills the cache
        _ours(workspace)
        bare, ours = [], []
        for number in range(_PAIRS):
            bare.append(_bare(folder / str(number)))
            ours.append(_ours(workspace))
        added_ms = _added_ms()
    return [
        Figure(
            name=f"venv of {' + '.join(_PACKAGES)}, uv's cache warm: build → built seen",
            bare=median_ms(bare),
            ours=median_ms(ours),
            unit="ms",
            target=1.2,
        ),
        Figure(
            name=f"an environment that is built: added to a submit, p50 of {_SUBMITS} pairs",
            ours=added_ms,
            unit="ms",
            target=5.0,
        ),
    ]


def _bare(folder: Path) -> float:
    from uv import find_uv_bin

    uv = find_uv_bin()
    os.sync()  # nobody pays for what was written before
    start = time.perf_counter()
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([uv, "pip", "install", "-q", "--python", python, *_PACKAGES], check=True)
    return time.perf_counter() - start


def _ours(workspace: object) -> float:
    """Build the same definition anew, as ``fresh`` does."""
    from jupyter_mltrain import Workspace
    from jupyter_mltrain.spec import Build, BuildState, EnvironmentSpec, PackagesSpec
    from jupyter_mltrain.wire import BuildRequest

    assert isinstance(workspace, Workspace)
    spec = EnvironmentSpec(name="bench", packages=PackagesSpec(pip=_PACKAGES))
    workspace.client.status()  # the service is warm
    os.sync()
    start = time.perf_counter()
    build = workspace.client.build(BuildRequest(spec=spec, fresh=True))
    for item in workspace.client.follow_build(build.id):
        if isinstance(item, Build):
            build = item
    elapsed = time.perf_counter() - start
    if build.state is not BuildState.BUILT:
        raise RuntimeError(build.reason)
    return elapsed


def _added_ms() -> float:
    """What a submit into a built environment takes beyond one into this interpreter."""
    from jupyter_mltrain import Environment, Experiment, ScriptRunConfig, Workspace

    source = place.script(place.scratch() / "submits", "")
    built = Environment("built")
    built.python.conda_dependencies.add_pip_package("six")
    experiment = Experiment(Workspace.default(), "submits")

    def submit(environment: Environment) -> float:
        config = ScriptRunConfig(source, "train.py", environment=environment)
        time.sleep(_APART_S)
        start = time.perf_counter()
        run = experiment.submit(config)
        elapsed = time.perf_counter() - start
        run.wait_for_completion()
        return elapsed

    pairs = [(submit(Environment.current()), submit(built)) for _ in range(_WARM_UP + _SUBMITS)]
    return percentile([after - before for before, after in pairs[_WARM_UP:]], 0.5) * 1e3
