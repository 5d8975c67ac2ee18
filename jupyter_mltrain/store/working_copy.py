"""Makes working copies of snapshots: files that a run may change without changing the store."""

# Plain strings, no Paths: this runs once for each of thousands of files.
# ruff: noqa: PTH103, PTH108, PTH112, PTH114, PTH211

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Final

from jupyter_mltrain import errors
from jupyter_mltrain.store.blobs import Blobs, writing
from jupyter_mltrain.store.copying import write_all
from jupyter_mltrain.store.manifest import Entry, Manifest

_CHECKED_BYTES: Final = 65_536
"""Up to this size the content is checked against its hash, beyond it only its size."""


def check_out(manifest: Manifest, blobs: Blobs, target: Path) -> None:
    """Write a snapshot's files below `target`, which is made, or completed if it is there.

    Raises
    ------
    SnapshotError
        A blob is missing or damaged; names the file. The working copy is then incomplete.
    DiskFull, WorkspaceError
        `target` cannot be written.
    """
    root = str(target)
    made = {""}
    with writing(target):
        os.makedirs(root, exist_ok=True)
    for entry in manifest.entries:
        folder = entry.path if entry.kind == "dir" else entry.path.rpartition("/")[0]
        with writing(target):
            if folder not in made:
                os.makedirs(f"{root}/{folder}", exist_ok=True)
                made.add(folder)
        if entry.kind == "file":
            _file(entry, blobs, f"{root}/{entry.path}", target)
        elif entry.kind == "link":
            with writing(target):
                _link(entry, f"{root}/{entry.path}")


def read_blob(entry: Entry, blobs: Blobs) -> bytes:
    """A file's whole content, checked; raises `SnapshotError` when it is missing or damaged."""
    descriptor = open_blob(entry, blobs)
    with open(descriptor, "rb") as file:
        data = file.read()
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        raise _damaged(entry)
    return data


def _file(entry: Entry, blobs: Blobs, path: str, target: Path) -> None:
    mode = 0o755 if entry.executable else 0o644
    small = entry.size <= _CHECKED_BYTES
    data = read_blob(entry, blobs) if small else b""
    with writing(target):
        descriptor = _create(path, mode)
    try:
        with writing(target):
            os.fchmod(descriptor, mode)  # whatever the umask is
            if small:
                write_all(descriptor, data)
                return
        source = open_blob(entry, blobs)
        try:
            with writing(target):
                size = blobs.copier.copy(source, descriptor)
        finally:
            os.close(source)
        if size != entry.size:
            raise _damaged(entry)
    finally:
        os.close(descriptor)


def _create(path: str, mode: int) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        return os.open(path, flags, mode)
    except FileExistsError:
        # What an interrupted check-out left. Never written through: it could be a symlink.
        _remove(path)
        return os.open(path, flags, mode)


def _link(entry: Entry, path: str) -> None:
    try:
        os.symlink(entry.target, path)
    except FileExistsError:
        _remove(path)
        os.symlink(entry.target, path)


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def open_blob(entry: Entry, blobs: Blobs) -> int:
    """A descriptor of a file's content; raises `SnapshotError` when it is missing."""
    try:
        return os.open(blobs.path(entry.sha256), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise errors.SnapshotError(
            f"The stored content of {entry.path!r} is missing from the workspace. "
            "Submit the source folder again."
        ) from None
    except OSError as error:
        raise errors.SnapshotError(
            f"The stored content of {entry.path!r} cannot be read: {error.strerror}. "
            "Check the workspace's permissions and its disk."
        ) from error


def _damaged(entry: Entry) -> errors.SnapshotError:
    return errors.SnapshotError(
        f"The stored content of {entry.path!r} is damaged on the disk. "
        "Submit the source folder again."
    )
