"""What the tests of the store share."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from store_builders import Clock, Reads

from jupyter_mltrain.store.snapshots import Snapshots

NOBODY = 65534


@pytest.fixture
def as_nobody() -> Iterator[Callable[[str], str]]:
    """Run Python code as a user whom permissions bind, in a folder `base`; gives its output.

    Root reads everything, so a test of what cannot be read needs another user. Imports come
    before the change of user, who may not be allowed to read Python's own files.
    """
    base = Path(tempfile.mkdtemp())

    def run(code: str) -> str:
        become = f"os.seteuid({NOBODY})" if os.geteuid() == 0 else ""
        program = "\n".join(
            [
                "import filecmp, os, shutil, encodings.idna",
                "from pathlib import Path",
                "from jupyter_mltrain import errors",
                "from jupyter_mltrain.store.files import RunFiles",
                "from jupyter_mltrain.store.snapshots import Snapshots",
                f"base = Path({str(base)!r})",
                become,
                textwrap.dedent(code),
            ]
        )
        if os.geteuid() == 0:
            os.chown(base, NOBODY, NOBODY)
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, cwd=base, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    yield run
    for folder, _, _ in os.walk(base):
        Path(folder).chmod(0o700)
    shutil.rmtree(base)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.mkdir()
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    path = tmp_path / "workspace"
    path.mkdir()
    return path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def snapshots(workspace: Path, clock: Clock) -> Snapshots:
    return Snapshots(workspace, clock)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    return Reads(monkeypatch)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    path = tmp_path / "run"
    (path / "files").mkdir(parents=True)
    (path / "work/outputs").mkdir(parents=True)
    (path / "work/logs").mkdir()
    return path
