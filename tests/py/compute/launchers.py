"""Launchers as a service has them, for tests."""

from __future__ import annotations

import socket
import subprocess
import sys

_FORK = """
import socket, sys
from jupyter_mltrain.compute import launcher
ours, pid = launcher.fork()
with socket.socket(fileno=int(sys.argv[1])) as back:
    socket.send_fds(back, [str(pid).encode()], [ours.fileno()])
"""


def fork_launcher() -> tuple[socket.socket, int]:
    """A launcher, forked as in a service: by a small process without threads."""
    here, there = socket.socketpair()
    with here, there:
        subprocess.run(
            [sys.executable, "-c", _FORK, str(there.fileno())],
            pass_fds=[there.fileno()],
            check=True,
            timeout=30,
        )
        words, fds, _, _ = socket.recv_fds(here, 64, 1)
    return socket.socket(fileno=fds[0]), int(words)
