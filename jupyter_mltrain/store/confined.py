"""Opens files below a folder so that no name and no symlink can lead out of it."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Final

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a named pipe would wait for a writer.
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_TO_APPEND: Final = (
    os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
)

_MAX_LINKS: Final = 40
"""Symlinks followed for one name, as in Linux' path lookup."""


class Leaves(Exception):
    """A symlink on the way leads out of the folder."""


def open_below(root: Path, name: str) -> int:
    """Open a regular file for reading, one part of its name at a time.

    Each part is opened relative to the one before, by descriptor, so that nobody can put a
    symlink in the way in between. A symlink is followed as long as it stays below `root`; an
    absolute one may name `root` itself. Returns the descriptor, for the caller to close.

    Raises
    ------
    Leaves
        A symlink leads out of `root`.
    OSError
        There is no such file, it is not a regular one, or it may not be read.
    """
    folders = [os.open(root, _FOLDER)]
    try:
        descriptor = _descend(root, folders, name)
    finally:
        for folder in folders:
            os.close(folder)
    return _regular(descriptor)


def open_to_append(root: Path, name: str) -> int:
    """Open a file for more to be added, made if it is not there, through no symlink at all.

    Returns the descriptor, for the caller to close.

    Raises
    ------
    OSError
        It cannot be written, is no regular file, or a symlink is on the way or in its place.
    """
    folder, _, last = name.rpartition("/")
    parent = open_folder_below(root, folder)
    try:
        return _regular(os.open(last, _TO_APPEND, 0o644, dir_fd=parent))
    finally:
        os.close(parent)


def plain(path: str, flags: int) -> int:
    """Open a regular file, as the `opener` of `open`: no symlink, and no pipe that would wait.

    Raises
    ------
    OSError
        It cannot be opened, or is something else.
    """
    return _regular(os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644))


def _regular(descriptor: int) -> int:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a regular file")
    return descriptor


def open_folder_below(root: Path, name: str) -> int:
    """Open a folder, one part of its name at a time and through no symlink at all.

    Returns the descriptor, for the caller to close.

    Raises
    ------
    OSError
        There is no such folder, it may not be read, or a symlink is on the way.
    """
    descriptor = os.open(root, _FOLDER)
    for part in name.split("/"):
        if part in ("", "."):
            continue
        try:
            if part == "..":
                raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
            inner = os.open(part, _FOLDER, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor


def _descend(root: Path, folders: list[int], name: str) -> int:
    """Open `name`; leaves all folders that it opened in `folders`."""
    pending = name.split("/")[::-1]
    links = 0
    while pending:
        part = pending.pop()
        if part in ("", "."):
            continue
        if part == "..":
            if len(folders) == 1:
                raise Leaves
            os.close(folders.pop())
            continue
        try:
            if not pending:
                return os.open(part, _FILE, dir_fd=folders[-1])
            folders.append(os.open(part, _FOLDER, dir_fd=folders[-1]))
        except OSError as error:
            # ELOOP says "a symlink"; with O_DIRECTORY it is ENOTDIR, as for a file.
            target = _link_target(part, folders[-1])
            if target is None:
                raise
            links += 1
            if links > _MAX_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from error
            if target.startswith("/"):
                try:
                    target = Path(target).relative_to(root.resolve()).as_posix()
                except ValueError:
                    raise Leaves from None
                while len(folders) > 1:
                    os.close(folders.pop())
            pending += target.split("/")[::-1]
    raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))


def _link_target(part: str, folder: int) -> str | None:
    """Where a symlink leads; `None` for what is none, or not there."""
    try:
        return os.readlink(part, dir_fd=folder)
    except OSError:
        return None
