"""A Docker Engine on another machine, brought to a socket of this one by the ``ssh`` command.

By the command, so that the user's keys, agent, host names and known hosts hold as they do in a
terminal; by one connection for all requests, where one for each would cost a handshake.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
import urllib.parse
from collections import deque
from pathlib import Path
from typing import Final

from jupyter_mltrain.errors import ComputeUnavailable

_SOCKET: Final = "/var/run/docker.sock"
_READY: Final = "mltrain-ready"
_OPTIONS: Final = (
    "BatchMode=yes",  # nobody is there to type a password
    "ConnectTimeout=10",
    "ServerAliveInterval=15",
    "ExitOnForwardFailure=yes",
)


class Tunnel:
    """The way to one engine; ends with this process, however that ends."""

    def __init__(self, url: str) -> None:
        """Open it.

        Parameters
        ----------
        url
            ``ssh://[user@]host[:port][/path of the engine's socket there]``.

        Raises
        ------
        ComputeUnavailable
            With what ssh says.
        """
        parts = urllib.parse.urlsplit(url)
        if not parts.hostname:
            raise ComputeUnavailable(f"{url} names no machine. Write it as ssh://user@host.")
        self._folder = Path(tempfile.mkdtemp(prefix="mltrain-ssh-"))
        self.socket = self._folder / "docker.sock"
        self._lines: deque[str] = deque(maxlen=20)
        command = ["ssh", *(f"-o{option}" for option in _OPTIONS)]
        command += ["-L", f"{self.socket}:{parts.path or _SOCKET}"]
        if parts.username:
            command += ["-l", parts.username]
        if parts.port:
            command += ["-p", str(parts.port)]
        # Its end of our pipe is closed when this process is gone; cat ends then, and ssh with it.
        command += ["--", parts.hostname, f"echo {_READY}; exec cat"]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,  # Ctrl-C in a terminal is not for it
            )
        except FileNotFoundError:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise ComputeUnavailable(
                f"{url} is reached with the ssh command, which is not here. "
                "Install an OpenSSH client."
            ) from None
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        assert self._process.stdout is not None
        while (line := self._process.stdout.readline()) and line.strip() != _READY:
            pass  # what the other machine's shell greets with
        if not line:
            self.close()
            why = self.said() or "ssh ended without a word"
            raise ComputeUnavailable(
                f"{parts.hostname} cannot be reached by ssh: {why}. Try `ssh {_target(parts)}` in "
                "a terminal; it has to work there without a password."
            )

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if line.strip():
                self._lines.append(line.strip())

    @property
    def open(self) -> bool:
        """Whether it is still there."""
        return self._process.poll() is None

    def said(self) -> str | None:
        """The last thing ssh complained about."""
        if not self.open:
            self._reading.join(timeout=1)
        return self._lines[-1].removeprefix("ssh: ").rstrip(".") if self._lines else None

    def close(self) -> None:
        """End it; a second time does nothing."""
        self._process.terminate()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._reading.join(timeout=1)
        if self._process.stderr is not None and not self._reading.is_alive():
            self._process.stderr.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _target(parts: urllib.parse.SplitResult) -> str:
    """What to type after ``ssh``."""
    port = f"-p {parts.port} " if parts.port else ""
    user = f"{parts.username}@" if parts.username else ""
    return f"{port}{user}{parts.hostname}"
