"""Making a virtual environment through the service, against bare uv; its cache is warm for both."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from benchmarks import place
from benchmarks.figures import Figure, median_ms

_PACKAGES: Final = ("scikit-learn", "pandas")
_PAIRS: Final = 7


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
    return [
        Figure(
            name=f"venv of {' + '.join(_PACKAGES)}, uv's cache warm: build → built seen",
            bare=median_ms(bare),
            ours=median_ms(ours),
            unit="ms",
            target=1.2,
        )
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
