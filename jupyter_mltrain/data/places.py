"""What is asked of every place that data lies in: list it, read it, write to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from jupyter_mltrain.spec import Frozen


class Entry(Frozen, frozen=True, kw_only=True):
    """One file of a place."""

    name: str
    """Relative to the folder that was listed; of a single file, the last part of its path."""
    path: str
    """Below the place's root, with forward slashes."""
    local: str | None = None
    """Absolute path of the file itself, no link, where it lies on this machine."""
    size_bytes: int | None = None
    stamp: str = ""
    """Differs when the content does: an ETag, or size and time. Empty where nothing is known."""
    md5: str | None = None
    """Hexadecimal, where the place says it."""
    modified_at: datetime | None = None


class Listed(Frozen, frozen=True, kw_only=True):
    """What a path or pattern stands for."""

    files: tuple[Entry, ...]
    """By name."""
    single: bool
    """The path is that of one file."""
    folder: str
    """Below the root: what the names are relative to."""


class Interrupted(Exception):
    """Reading stopped half-way, and may well work when it is tried again."""


class Changed(Exception):
    """The file is not what it was when it was listed."""


class Place(Protocol):
    """A datastore, or the web. Several threads may use it at once; every method may wait.

    Whatever goes wrong is a `DataUnavailable` that names the place, and never a secret of it.
    """

    @property
    def label(self) -> str:
        """What it is called in a sentence: ``the datastore 'raw'``."""

    @property
    def root(self) -> Path | None:
        """Where it lies on this machine; `None`: elsewhere."""

    @property
    def key(self) -> str:
        """Tells it from all other places, whatever its name; has no secret."""

    def look(self) -> None:
        """Find out whether it can be reached, with the credentials that there are.

        Raises
        ------
        DataUnavailable
            It can't.
        """

    def find(self, path: str) -> Listed:
        """The files that a path of a file or folder, or a pattern, stands for.

        Raises
        ------
        DataMissing
            There is no such file or folder, or nothing fits the pattern.
        """

    def reading(self, entry: Entry, offset: int) -> AbstractContextManager[Reading]:
        """Read a file from a byte on.

        Raises
        ------
        Interrupted
            It stopped half-way.
        Changed
            It is another file by now.
        """

    def size_of(self, path: str) -> int | None:
        """How large the file there is; `None` if there is none."""

    def put(self, source: int, path: str) -> None:
        """Write a file there, whole or not at all.

        Parameters
        ----------
        source
            Descriptor of an open file, at its beginning.
        """

    def close(self) -> None:
        """Let go of connections; reading that goes on is interrupted."""


class Reading(Frozen, frozen=True, kw_only=True):
    """A file that is read."""

    start: int
    """The byte that it begins with: what was asked for, or 0 where only all can be had."""
    pieces: Iterator[bytes]
