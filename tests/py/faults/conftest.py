"""What the fault tests share: workspaces of their own, with real services."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fault_builders import PATIENCE_S, MakePlace, Place

from jupyter_mltrain.spec import Run


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Fail a test that hangs, wherever it hangs."""

    def give_up(*_: object) -> None:
        raise AssertionError(f"not over after {PATIENCE_S} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a short path that holds a user's whole world."""
    path = Path(tempfile.mkdtemp(prefix="mltrain-fault-"))
    monkeypatch.setenv("MLTRAIN_WORKSPACE", str(path / "workspace"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(path / "data"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(path / "runtime"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def make_place(root: Path) -> Iterator[MakePlace]:
    """Makes workspaces; each one's service, and all it started, is ended afterwards."""
    places: list[Place] = []

    def make(directory: Path | None = None, **settings: Any) -> Place:
        places.append(Place(root, directory, **settings))
        return places[-1]

    yield make
    for place in places:
        place.close()


@pytest.fixture
def place(make_place: MakePlace) -> Place:
    return make_place()


@pytest.fixture(scope="module")
def shared() -> Iterator[Place]:
    """One workspace for all tests of a module: for those that leave it as it was."""
    path = Path(tempfile.mkdtemp(prefix="mltrain-fault-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DATA_DIR", str(path / "data"))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(path / "runtime"))
        place = Place(path)
        try:
            yield place
        finally:
            place.close()
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def done(shared: Place) -> Run:
    """A run that has ended, with an output."""
    run = shared.submit("open('outputs/model', 'w').write('weights'); print('here')")
    return shared.completed(run)


@pytest.fixture
def unchanged(shared: Place, done: Run) -> Iterator[Place]:
    """A workspace that has to be unchanged after the test, its service the same."""
    service = shared.service_pid
    yield shared
    assert [run.id for run in shared.client.iterate()] == [done.id]
    assert shared.run_dirs() == {done.id}
    assert shared.client.get(done.id).version == done.version
    assert (shared.client.status().running, shared.client.status().queued) == (0, 0)
    assert shared.service_pid == service


@pytest.fixture
def disk(root: Path) -> Iterator[Path]:
    """A file system of 24 MB."""
    point = root / "disk"
    point.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(point)], check=True)
    yield point
    subprocess.run(["umount", "--lazy", str(point)], check=True)
