"""A real ``jupyter lab`` as a process of its own, for tests of what users get."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

TOKEN: Final = "a-secret-of-the-tests"
_LIMIT_S: Final = 60


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class JupyterLab:
    """JupyterLab on a folder, from its first word to its end; what it prints goes to a file.

    Parameters
    ----------
    wrap
        Makes another command of the command, such as one that limits its memory.
    """

    def __init__(
        self,
        folder: Path,
        log: Path,
        *,
        environment: Mapping[str, str] = os.environ,
        base_url: str = "/",
        port: int | None = None,
        python: Path | str = sys.executable,
        options: Sequence[str] = (),
        wrap: Callable[[Sequence[str]], Sequence[str]] = tuple,
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}{base_url}"
        command = [
            *(str(python), "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1"),
            *(f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0"),
            *(f"--ServerApp.base_url={base_url}", f"--IdentityProvider.token={TOKEN}"),
            # No look-up of news, and no question about it.
            "--LabApp.news_url=None",
            *(["--allow-root"] if os.geteuid() == 0 else []),
            *options,
        ]
        self._log = log
        self._ready = threading.Event()
        self.process = subprocess.Popen(
            list(wrap(command)),
            cwd=folder,
            env=dict(environment),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        started = self._ready.wait(_LIMIT_S) and self._connect()
        assert started, f"JupyterLab does not start: {self.printed()[-3_000:]}"

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr, self._log.open("ab") as log:
            for line in self.process.stderr:
                log.write(line)
                log.flush()
                if b"is running at" in line:
                    self._ready.set()
        self._ready.set()

    def _connect(self) -> bool:
        # It says that it runs a moment before it listens.
        deadline = time.monotonic() + _LIMIT_S
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return True
            except ConnectionRefusedError:
                time.sleep(0.02)
        return False

    def printed(self) -> str:
        """Everything that it has said."""
        return self._log.read_text(errors="replace")

    def stop(self, how: int = signal.SIGTERM) -> None:
        """End it, and wait until it is gone; idempotent."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(_LIMIT_S)
        self._reader.join(_LIMIT_S)
