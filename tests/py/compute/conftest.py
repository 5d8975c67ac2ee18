"""What the tests of computes share: a launcher, and a bench for each compute."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from compute.benches import Bench, DockerBench, FakeBench, ProcessBench
from compute.launchers import fork_launcher
from waiting import wait_until_gone

from jupyter_mltrain.engine import Engine


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


@pytest.fixture
def containers_bench(tmp_path: Path, engine: Engine) -> DockerBench:
    return DockerBench(tmp_path, engine)


@pytest.fixture(params=["process", "docker", "docker, copying", "fake"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """Every compute there is, one after the other."""
    if request.param == "process":
        return ProcessBench(tmp_path, request.getfixturevalue("to_launcher"))
    if request.param == "docker":
        return DockerBench(tmp_path, request.getfixturevalue("engine"))
    if request.param == "docker, copying":
        return DockerBench(tmp_path, request.getfixturevalue("engine"), shared=False)
    return FakeBench(tmp_path)
