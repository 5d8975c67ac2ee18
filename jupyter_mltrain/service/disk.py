"""The disk that the workspace lies on: its floor, and some room for when it fills all the same."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from jupyter_mltrain import units

_BYTES: Final = 1_000_000
"""Endings of some hundred runs."""


class Disk:
    """Looks after free space, and keeps a file that takes up room until that room is needed:
    how runs ended still has to be written down."""

    def __init__(self, path: Path, floor_bytes: int) -> None:
        """Start nothing, and reserve nothing, where less than `floor_bytes` would be left."""
        self._path = path
        self._floor_bytes = floor_bytes

    def why_short(self) -> str | None:
        """Why nothing new should start now, in words; `None` when there is room enough."""
        folder = self._path.parent
        try:
            free = shutil.disk_usage(folder).free
        except OSError as error:
            return f"the queue is paused: {folder} cannot be read ({error.strerror})"
        if free >= self._floor_bytes:
            return None
        return (
            f"the queue is paused: {units.size(free)} are free where the workspace lies, and it "
            f"keeps {units.size(self._floor_bytes)}; `jupyter mltrain gc` frees some"
        )

    def keep(self) -> None:
        """Take the room, unless it is taken, or there is not enough for others then."""
        try:
            if os.path.exists(self._path) or not self._is_plenty():  # noqa: PTH110 - every second
                return
            with open(self._path, "xb") as file:
                file.write(bytes(_BYTES))
        except OSError:
            self._path.unlink(missing_ok=True)  # it has just become full

    def _is_plenty(self) -> bool:
        return shutil.disk_usage(self._path.parent).free > self._floor_bytes + 10 * _BYTES

    def give_up(self) -> bool:
        """Give the room back; returns whether there was any."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
