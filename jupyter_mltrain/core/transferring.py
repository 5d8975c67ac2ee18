"""Uploads and downloads told line by line, in the words that Azure's SDK has for them."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from jupyter_mltrain.data.progress import Progress


class Told(Progress):
    """Prints which file is on its way and which has arrived."""

    def __init__(self, verb: str, count: int, *, shown: bool) -> None:
        """Begin to tell.

        Parameters
        ----------
        verb
            "Upload" or "Download".
        count
            How many files there are.
        shown
            Whether anything is printed.
        """
        super().__init__()
        self._verb = verb
        self._count = count
        self._shown = shown
        self._telling = threading.Lock()
        self._tell(f"{verb}ing an estimated of {count} files")

    def begun(self, name: str) -> None:
        self._tell(f"{self._verb}ing {name}")

    def done(self, name: str) -> None:
        super().done(name)
        self._tell(
            f"{self._verb}ed {name}, {self.files} files out of an estimated total of {self._count}"
        )

    def end(self, left: Sequence[str] = ()) -> None:
        """Say how many arrived, and which were there already."""
        for name in left:
            self._tell(f"Target already exists. Skipping {self._verb.lower()} for {name}")
        self._tell(f"{self._verb}ed {self.files} files")

    def _tell(self, line: str) -> None:
        if self._shown:
            with self._telling:  # several threads do the work
                print(line)
