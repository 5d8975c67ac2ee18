"""Some room on the disk for when it is full: how runs ended still has to be written down."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

_BYTES: Final = 1_000_000
"""Endings of some hundred runs."""


class Reserve:
    """A file that takes up room until that room is needed."""

    def __init__(self, path: Path, floor_bytes: int) -> None:
        """Take the room only where more than `floor_bytes` are left then."""
        self._path = path
        self._floor_bytes = floor_bytes

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
