"""Puts files into the folder of a run that goes on, whatever its script does there meanwhile.

Each part of a path is opened relative to the one before and through no symlink, so that a script,
which may be root in its container, cannot have the service write anywhere else. For threads.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from jupyter_mltrain.store.copying import Copier
from jupyter_mltrain.store.removal import remove_tree

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def folder(run_dir: Path, name: str, mode: int = 0o700) -> Iterator[int]:
    """A folder below the run's, made where it is missing, as a descriptor.

    Raises
    ------
    OSError
        The run's folder is gone, or something else is where a folder has to be.
    """
    at = os.open(run_dir, _FOLDER)
    try:
        for part in name.split("/"):
            try:
                os.mkdir(part, mode, dir_fd=at)
            except FileExistsError:
                pass
            inner = os.open(part, _FOLDER, dir_fd=at)
            os.close(at)
            at = inner
        yield at
    finally:
        os.close(at)


def put(run_dir: Path, inner: str, name: str, data: bytes) -> None:
    """Write a file that only the user can read; others see it whole or not at all."""
    partial = f".{secrets.token_hex(8)}.part"
    with folder(run_dir, inner) as at:
        try:
            with open(os.open(partial, _NEW, 0o600, dir_fd=at), "wb") as file:
                file.write(data)
            os.replace(partial, name, src_dir_fd=at, dst_dir_fd=at)
        except BaseException:
            _drop(partial, at)
            raise


def link(run_dir: Path, inner: str, name: str, target: Path) -> None:
    """Let a name lead to a folder of this machine; nothing where it is there already."""
    with folder(run_dir, inner) as at:
        try:
            os.symlink(target, name, dir_fd=at)
        except FileExistsError:
            pass


def move(run_dir: Path, inner: str, name: str, source: Path) -> None:
    """Move something of the same filesystem there, in place of what has the name."""
    with folder(run_dir, inner) as at:
        try:
            # What a service that was killed has brought, and not told of, goes with the run.
            os.rename(name, f".{secrets.token_hex(8)}", src_dir_fd=at, dst_dir_fd=at)
        except FileNotFoundError:
            pass
        os.rename(source, name, dst_dir_fd=at)


def copy(run_dir: Path, inner: str, name: str, files: Iterable[tuple[str, BinaryIO]]) -> None:
    """Make a folder with these files in it; nothing where it is there already.

    Parameters
    ----------
    files
        Relative names with contents; each is closed when it is copied.
    """
    copier = Copier()
    partial = f".{secrets.token_hex(8)}.part"
    with folder(run_dir, inner) as at:
        try:
            os.stat(name, dir_fd=at, follow_symlinks=False)
            return
        except FileNotFoundError:
            pass
        try:
            for path, source in files:
                above, _, last = path.rpartition("/")
                where = "/".join(filter(None, (inner, partial, above)))
                with source, folder(run_dir, where) as here:
                    target = os.open(last, _NEW, 0o444, dir_fd=here)
                    try:
                        copier.copy(source.fileno(), target)
                    finally:
                        os.close(target)
            os.rename(partial, name, src_dir_fd=at, dst_dir_fd=at)
        except BaseException:
            remove_tree(run_dir / inner / partial)
            raise


def _drop(name: str, at: int) -> None:
    try:
        os.unlink(name, dir_fd=at)
    except FileNotFoundError:
        pass
