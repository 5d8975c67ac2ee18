"""Copies between open files, and names that last."""

from __future__ import annotations

import os
from typing import Final

PIECE_BYTES: Final = 1 << 20
"""What is held of a file in memory at once."""


def copy(source: int, target: int) -> None:
    """Copy all of `source` from its beginning to the empty `target`, sharing blocks if possible."""
    os.lseek(source, 0, os.SEEK_SET)
    done = False
    while hasattr(os, "copy_file_range"):
        try:
            count = os.copy_file_range(source, target, PIECE_BYTES * 64)
        except OSError:
            if done:
                raise
            break  # between file systems of different kinds; and some know no such call
        if not count:
            break  # the end; some answer so where they mean "cannot", which a read tells apart
        done = True
    while piece := os.read(source, PIECE_BYTES):
        view = memoryview(piece)
        while view:
            view = view[os.write(target, view) :]


def sync_folder(folder: str) -> None:
    """Wait until the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
