"""Adding pip packages to an image through the service, against the same Dockerfile by hand.

By hand it is what can be written at best for the engine's own builder: uv, which compiles the code
too. It downloads the packages each time, since that builder keeps no cache; ours keeps them in a
volume of the engine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import place
from benchmarks.figures import Figure, median_ms

if TYPE_CHECKING:
    from jupyter_mltrain import Workspace
    from jupyter_mltrain.spec import EnvironmentSpec

BASE: Final = "mltrain-test/python:3.11"
"""As the tests make it; `make test` leaves it in the engine."""

_PACKAGES: Final = ("scikit-learn", "pandas")
_PAIRS: Final = 3
_BY_HAND: Final = "mltrain-bench/by-hand:1"


def measure() -> list[Figure]:
    """Pairs in turn, neither of which uses what the other has made."""
    from jupyter_mltrain import Workspace
    from jupyter_mltrain.spec import EnvironmentSpec, ImageSpec, PackagesSpec

    spec = EnvironmentSpec(
        name="bench", image=ImageSpec(image=BASE), packages=PackagesSpec(pip=_PACKAGES)
    )
    # Both ask the same indexes: uv by hand does not know what pip is configured with.
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        del os.environ[name]
    os.environ["PIP_CONFIG_FILE"] = os.devnull
    with place.workspace(), _dockerfile() as folder:
        workspace = Workspace.default()
        _by_hand(folder)
        _ours(workspace, spec)
        by_hand, ours = [], []
        for _ in range(_PAIRS):
            by_hand.append(_by_hand(folder))
            ours.append(_ours(workspace, spec))
    return [
        Figure(
            name=f"image with {' + '.join(_PACKAGES)}: build → built seen, against docker build",
            bare=median_ms(by_hand),
            ours=median_ms(ours),
            unit="ms",
            target=1.2,
        )
    ]


@contextmanager
def _dockerfile() -> Iterator[Path]:
    from uv import find_uv_bin

    folder = place.scratch()
    shutil.copy(find_uv_bin(), folder / "uv")
    lines = [f"FROM {BASE}", "COPY uv /usr/local/bin/"]
    if bundle := os.environ.get("SSL_CERT_FILE"):
        shutil.copy(bundle, folder / "authorities.pem")
        lines += ["COPY authorities.pem /", "ENV SSL_CERT_FILE=/authorities.pem"]
    lines.append(
        "RUN uv pip install --system --break-system-packages --no-cache --compile-bytecode "
        + " ".join(_PACKAGES)
    )
    (folder / "Dockerfile").write_text("".join(f"{line}\n" for line in lines))
    try:
        yield folder
    finally:
        subprocess.run(["docker", "rmi", "-f", _BY_HAND], capture_output=True, check=True)


def _by_hand(folder: Path) -> float:
    os.sync()
    start = time.perf_counter()
    # As quiet as it can be: drawing its output costs time too.
    command = ["docker", "build", "--quiet", "--no-cache", "--tag", _BY_HAND, str(folder)]
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - start


def _ours(workspace: Workspace, spec: EnvironmentSpec) -> float:
    """Build it anew, as ``fresh`` does, and delete it again."""
    from jupyter_mltrain.spec import Build, BuildState
    from jupyter_mltrain.wire import BuildRequest

    client = workspace.client
    client.status()  # the service is warm
    os.sync()
    start = time.perf_counter()
    build = client.build(BuildRequest(spec=spec, fresh=True))
    for item in client.follow_build(build.id):
        if isinstance(item, Build):
            build = item
    elapsed = time.perf_counter() - start
    if build.state is not BuildState.BUILT:
        raise RuntimeError(build.reason)
    client.delete_build(build.id)
    return elapsed
