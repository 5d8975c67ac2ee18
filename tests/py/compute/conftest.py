"""What the tests of computes share: a launcher, and a bench for each compute."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from compute.benches import Bench, FakeBench, ProcessBench
from waiting import wait_until_gone

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


@pytest.fixture(scope="session")
def to_launcher() -> Iterator[socket.socket]:
    """The way to one launcher, for all tests that leave it alive."""
    ours, pid = fork_launcher()
    with ours:
        yield ours
    wait_until_gone(pid)


@pytest.fixture
def processes_bench(tmp_path: Path, to_launcher: socket.socket) -> ProcessBench:
    return ProcessBench(tmp_path, to_launcher)


@pytest.fixture(params=["process", "fake"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """Every compute there is, one after the other."""
    if request.param == "process":
        return ProcessBench(tmp_path, request.getfixturevalue("to_launcher"))
    return FakeBench(tmp_path)
