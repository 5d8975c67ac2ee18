"""Where the measurements happen: a workspace of their own, compiled code, plain children."""

from __future__ import annotations

import compileall
import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DISTORTING = (
    "PYTHONDONTWRITEBYTECODE",  # every child would compile what it imports
    "PYTHONUNBUFFERED",  # the bare tool says -u where it means it
    "PYTHONPROFILEIMPORTTIME",
    "PYTHONTRACEMALLOC",
    "PYTHONDEVMODE",
)
_COMPILED = ("jupyter_mltrain", "msgspec", "tornado", "pathspec", "jupyter_core", "IPython")


def clear() -> None:
    """Take out what distorts a measurement: variables of the caller, code not yet compiled."""
    for name in _DISTORTING:
        os.environ.pop(name, None)
    sys.dont_write_bytecode = False
    for name in _COMPILED:
        found = importlib.util.find_spec(name)
        for folder in found.submodule_search_locations or () if found else ():
            compileall.compile_dir(folder, quiet=2)


@contextmanager
def disk() -> Iterator[None]:
    """Let all that follows lie in one folder, which is gone in the end.

    Not sooner: an ext4 without a journal avoids inodes deleted in the last minutes, one by one,
    and what the next subject creates would pay for what the one before has deleted.
    """
    with tempfile.TemporaryDirectory(prefix="mltrain-bench-") as folder:
        before, tempfile.tempdir = tempfile.tempdir, folder
        try:
            yield
        finally:
            tempfile.tempdir = before


def scratch() -> Path:
    """A new folder, on the disk where the workspaces lie."""
    return Path(tempfile.mkdtemp())


@contextmanager
def workspace() -> Iterator[Path]:
    """A new workspace as the default one; its service is ended afterwards."""
    folder = scratch()
    given = {
        "MLTRAIN_WORKSPACE": str(folder / "workspace"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
    }
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield folder / "workspace"
    finally:
        end_service(folder / "workspace")
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def end_service(directory: Path) -> None:
    """End the workspace's service, if there is one, and wait until the workspace is free."""
    from jupyter_mltrain import workspaces
    from jupyter_mltrain.client import Client
    from jupyter_mltrain.errors import WorkspaceLocked
    from jupyter_mltrain.service.lock import WorkspaceLock

    endpoint = workspaces.endpoint(directory)
    if endpoint is None or not Path(endpoint.socket).exists():
        return
    Client(directory).shutdown()
    while True:
        try:
            WorkspaceLock(directory).release()
            return
        except WorkspaceLocked:
            time.sleep(0.005)


def script(folder: Path, text: str) -> Path:
    """A source folder with one script, ``train.py``."""
    folder.mkdir(parents=True)
    (folder / "train.py").write_text(text, encoding="utf-8")
    return folder
