"""Brings one remote file into a local one, piece by piece, going on where it was cut."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
from typing import Final

import msgspec

from jupyter_mltrain import units
from jupyter_mltrain.data.files import PIECE_BYTES
from jupyter_mltrain.data.places import Changed, Entry, Interrupted, Place
from jupyter_mltrain.data.progress import Progress
from jupyter_mltrain.errors import DataUnavailable, DiskFull
from jupyter_mltrain.spec import Frozen

_TRIES: Final = 5
"""In a row without a byte."""

_PAUSE_S: Final = 0.2
"""Before the second try; it doubles with each."""


class Part(Frozen, frozen=True, kw_only=True):
    """What is noted beside a file that is on its way: which version of it that is."""

    stamp: str


class Fetched(Frozen, frozen=True, kw_only=True):
    """A file that has arrived."""

    sha256: str
    size_bytes: int


def fetch(place: Place, entry: Entry, part: Path, progress: Progress) -> Fetched:
    """Bring a file, from the byte that an earlier try has got to; on disk at return.

    Parameters
    ----------
    part
        Where it goes. What is there stays after a cut, for the next try; after anything else that
        goes wrong it is deleted. Nobody else may use it meanwhile.

    Raises
    ------
    Changed
        The file is another one than when it was listed; what was fetched is gone.
    DataUnavailable
        It can't be had, not even after a few tries, or it arrived damaged.
    DiskFull
        No room for it.
    """
    try:
        return _Fetch(place, entry, part, progress).run()
    except (Changed, DiskFull):
        _drop(part)
        raise
    except OSError as error:
        _drop(part)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise no_room(entry, part.parent) from None
        raise DataUnavailable(f"{part.parent} cannot be written: {error.strerror}.") from None


def no_room(entry: Entry, folder: Path) -> DiskFull:
    """The error for a file that does not fit."""
    size = "" if entry.size_bytes is None else f" ({units.size(entry.size_bytes)})"
    return DiskFull(
        f"No room for {entry.name}{size} in {folder.parent}. `jupyter mltrain gc` frees some."
    )


def _drop(part: Path) -> None:
    part.unlink(missing_ok=True)
    part.with_suffix(".json").unlink(missing_ok=True)


class _Fetch:
    """One file on its way."""

    def __init__(self, place: Place, entry: Entry, part: Path, progress: Progress) -> None:
        self._place = place
        self._entry = entry
        self._part = part
        self._progress = progress
        self._hash = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._size = 0

    def run(self) -> Fetched:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file = os.open(self._part, flags, 0o600)
        try:
            self._take_up()
            self._get()
            os.fsync(self._file)
        finally:
            os.close(self._file)
        self._check()
        return Fetched(sha256=self._hash.hexdigest(), size_bytes=self._size)

    def _take_up(self) -> None:
        """Go on with what is there, if it is of this version of the file."""
        note = self._part.with_suffix(".json")
        try:
            same = msgspec.json.decode(note.read_bytes(), type=Part).stamp == self._entry.stamp
        except (OSError, msgspec.DecodeError):
            same = False
        if not same or not self._entry.stamp:
            self._begin_anew()
            note.write_bytes(msgspec.json.encode(Part(stamp=self._entry.stamp)))
            return
        while piece := os.read(self._file, PIECE_BYTES):
            self._count(piece, fetched=False)

    def _begin_anew(self) -> None:
        self._progress.moved(-self._size, fetched=False)
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)
        self._hash, self._md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        self._size = 0

    def _count(self, piece: bytes, *, fetched: bool = True) -> None:
        self._hash.update(piece)
        self._md5.update(piece)
        self._size += len(piece)
        self._progress.moved(len(piece), fetched=fetched)

    def _get(self) -> None:
        """Read until all is there, however often it is cut, as long as it gets further."""
        wanted, tries, furthest = self._entry.size_bytes, 0, self._size
        while self._size != wanted or not self._size:
            try:
                self._read()
                if wanted is None or self._size >= wanted:
                    return
                raise Interrupted("it ended early")
            except Interrupted as error:
                # Counted by what is new: a server that knows no ranges begins anew each time.
                tries = 0 if self._size > furthest else tries + 1
                furthest = max(furthest, self._size)
                if tries >= _TRIES:
                    raise self._cut(error) from None
                self._progress.wait(_PAUSE_S * 2**tries)

    def _read(self) -> None:
        with self._place.reading(self._entry, self._size) as reading:
            if reading.start != self._size:
                self._begin_anew()
            for piece in reading.pieces:
                self._progress.check()
                view = memoryview(piece)
                while view:
                    view = view[os.write(self._file, view) :]
                self._count(piece)

    def _cut(self, error: Interrupted) -> DataUnavailable:
        wanted = self._entry.size_bytes
        of = f" of {units.size(wanted)}" if wanted is not None else ""
        return DataUnavailable(
            f"{self._entry.name} of {self._place.label} was cut after {units.size(self._size)}"
            f"{of}: {error}. What has come is kept; another try goes on from there."
        )

    def _check(self) -> None:
        """Raise when it is not what its source says that it is."""
        wanted, md5 = self._entry.size_bytes, self._entry.md5
        if wanted is not None and wanted != self._size:
            raise Changed
        if md5 is not None and md5 != self._md5.hexdigest():
            _drop(self._part)
            raise DataUnavailable(
                f"{self._entry.name} of {self._place.label} arrived damaged: its MD5 is "
                f"{self._md5.hexdigest()}, and {md5} was announced. Try again."
            )
