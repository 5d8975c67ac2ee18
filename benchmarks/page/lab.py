"""A real ``jupyter lab`` in a process of its own, with a look at its event loop."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks import place
from benchmarks.figures import Figure
from benchmarks.page import stalls

_ROOT: Final = Path(__file__).parents[2]
_TOKEN: Final = "benchmarks"
_START_S: Final = 60.0
_BLOCK_MS: Final = 20.0

_CONFIG: Final = """\
import sys
sys.path.insert(0, {root!r})
c.ServerApp.jpserver_extensions = {{"benchmarks.page.stalls": True, "jupyter_mltrain": {ours}}}
c.ServerApp.allow_root = True
c.ServerApp.open_browser = False
c.ServerApp.port_retries = 0
c.IdentityProvider.token = {token!r}
c.LabApp.expose_app_in_browser = True
"""


@dataclass(frozen=True, kw_only=True)
class Lab:
    """One that runs."""

    url: str
    files: Path
    """What its file browser shows."""

    @property
    def page(self) -> str:
        """Where a browser goes: its own workspace, so that nothing is restored."""
        return f"{self.url}lab?reset&token={_TOKEN}"

    def forget_stalls(self) -> None:
        """What held the event loop up so far is not of interest."""
        self._request("DELETE")

    def stalls(self, when: str, *, ours: bool = True) -> Iterator[Figure]:
        """The longest blocks of the event loop since `forget_stalls`; what they were: stderr.

        Parameters
        ----------
        ours
            Whether there is anything of ours that could block.
        """
        found = self._request("GET")
        for stall in (*found["ours"], *found["theirs"]):
            if _own_ms(stall) < _BLOCK_MS / 2:
                continue
            print(
                f"  {when}: {_own_ms(stall):.1f} ms, and {stall['queued_s'] * 1e3:.1f} ms"
                f" without a processor: {stall['what']}",
                file=sys.stderr,
            )
        what = f"{when}: longest block of the server's event loop"
        if ours:
            blocks = found["ours"]
            yield Figure(
                name=f"{what}, by us", ours=_longest_ms(blocks), unit="ms", target=_BLOCK_MS
            )
        yield Figure(name=f"{what}, by JupyterLab", ours=_longest_ms(found["theirs"]), unit="ms")

    def _request(self, method: str) -> Any:
        request = urllib.request.Request(
            f"{self.url}{stalls.PATH}",
            method=method,
            headers={"Authorization": f"token {_TOKEN}"},
        )
        with urllib.request.urlopen(request) as response:
            return json.load(response)


def _own_ms(stall: dict[str, Any]) -> float:
    """What the callback took, without what it waited for a processor of this machine."""
    return float(stall["took_s"] - stall["queued_s"]) * 1e3


def _longest_ms(stalls: list[dict[str, Any]]) -> float:
    return max(map(_own_ms, stalls), default=0.0)


@contextlib.contextmanager
def lab(*, ours: bool = True) -> Iterator[Lab]:
    """Start one on a new folder, in the environment of `place.workspace`; ended afterwards.

    Parameters
    ----------
    ours
        Whether our extensions, of server and page, are on.
    """
    folder = place.scratch()
    files = folder / "files"
    config = folder / "config"
    for made in (files, config / "labconfig"):
        made.mkdir(parents=True)
    (config / "jupyter_server_config.py").write_text(
        _CONFIG.format(root=str(_ROOT), ours=ours, token=_TOKEN), encoding="utf-8"
    )
    # A question about news would lie over what is measured.
    disabled = {"@jupyterlab/apputils-extension:announcements": True}
    if not ours:
        disabled["jupyter-mltrain"] = True
    (config / "labconfig" / "page_config.json").write_text(
        json.dumps({"disabledExtensions": disabled}), encoding="utf-8"
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    said = folder / "jupyter.log"
    with said.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", f"--ServerApp.port={port}"],
            cwd=files,
            env={**os.environ, "JUPYTER_CONFIG_DIR": str(config), "IPYTHONDIR": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    found = Lab(url=f"http://127.0.0.1:{port}/", files=files)
    try:
        _await(process, found, said)
        yield found
    finally:
        process.terminate()
        process.wait()


def _await(process: subprocess.Popen[bytes], found: Lab, said: Path) -> None:
    end = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            found.forget_stalls()
            return
        time.sleep(0.05)
    raise RuntimeError(f"JupyterLab does not start: {said.read_text()[-3_000:]}")
