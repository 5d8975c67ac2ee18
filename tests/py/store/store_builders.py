"""Builds and compares the folders that tests of the store take."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mltrain.store.blobs import Batch
from jupyter_mltrain.store.snapshots import Snapshots, Taken


def write(folder: Path, **files: str | bytes) -> None:
    """Write files; in their names `__` is a slash and `_dot_` a dot."""
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def tree(folder: Path) -> dict[str, object]:
    """Everything below a folder: content and executable bit, symlink target, or None."""
    found: dict[str, object] = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_dir():
            found[name] = None
        else:
            found[name] = (path.read_bytes(), bool(path.stat().st_mode & 0o100))
    return found


def checked_out(snapshots: Snapshots, taken: Taken, target: Path) -> dict[str, object]:
    snapshots.check_out(taken.id, target)
    return tree(target)


def blob_files(workspace: Path) -> Iterator[Path]:
    return (workspace / "blobs").glob("??/*")


class Clock:
    """A clock that stands far after all file stamps, unless it is set back."""

    def __init__(self) -> None:
        self.now_ns = 4_000_000_000_000_000_000

    def __call__(self) -> int:
        return self.now_ns


class Reads:
    """Counts the files that a snapshot really reads."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._names: list[str] = []
        original = Batch.add_file

        def add_file(batch: Batch, path: str, known: str | None) -> tuple[str, os.stat_result]:
            self._names.append(Path(path).name)
            return original(batch, path, known)

        monkeypatch.setattr(Batch, "add_file", add_file)

    def take(self) -> list[str]:
        """Names of the files read since the last call, ordered."""
        names, self._names = sorted(self._names), []
        return names
