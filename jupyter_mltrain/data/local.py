"""A folder of this machine as a place of data."""

# Plain strings, no Paths: most of this runs once for each of thousands of files.
# ruff: noqa: PTH103, PTH105, PTH108, PTH110, PTH112, PTH113, PTH116, PTH118, PTH120

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from jupyter_mltrain.data.files import PIECE_BYTES, copy, sync_folder
from jupyter_mltrain.data.names import inside, matcher, split_pattern
from jupyter_mltrain.data.places import Entry, Listed, Reading
from jupyter_mltrain.errors import DataMissing, DataUnavailable, DiskFull

_OURS: Final = ".mltrain-"
"""How files begin that are just being written."""


class LocalPlace:
    """A folder. No path and no link leads out of it."""

    def __init__(self, root: Path, label: str) -> None:
        self._root = root
        self._label = label
        self._real = os.path.realpath(root)

    @property
    def label(self) -> str:
        return self._label

    @property
    def root(self) -> Path | None:
        return self._root

    @property
    def key(self) -> str:
        return self._real

    def look(self) -> None:
        try:
            os.scandir(self._real).close()
        except OSError as error:
            raise self._problem(self._real, error) from None

    def check(self, path: str) -> None:
        """Raise `DataMissing` when there is nothing to find there; counts no files."""
        folder, _ = split_pattern(inside(path, self._label))
        if not os.path.exists(self._below(folder)):
            raise DataMissing(self._no(path))

    def find(self, path: str) -> Listed:
        path = inside(path, self._label)
        folder, pattern = split_pattern(path)
        there = self._below(folder)
        if not pattern and not os.path.isdir(there):
            if not os.path.isfile(there):
                raise DataMissing(self._no(path))
            entry = self._entry(folder.rpartition("/")[2], folder, there)
            return Listed(files=(entry,), single=True, folder=folder.rpartition("/")[0])
        if not os.path.isdir(there):
            raise DataMissing(self._no(path))
        found = sorted(self._walk(folder, there))
        if pattern:
            fits = matcher(pattern)
            found = [each for each in found if fits.match(each[0])]
        above = f"{folder}/" if folder else ""
        files = tuple(self._entry(name, above + name, real) for name, real in found)
        if not files and (pattern or folder):
            raise DataMissing(self._no(path))
        return Listed(files=files, single=False, folder=folder)

    def _walk(self, folder: str, there: str) -> Iterator[tuple[str, str]]:
        """All files below a folder: their names, relative to it, and real paths."""
        waiting: list[tuple[str, str, tuple[str, ...]]] = [("", there, (there,))]
        while waiting:
            prefix, where, above = waiting.pop()
            try:
                with os.scandir(where) as entries:
                    found = list(entries)
            except OSError as error:
                raise self._problem(where, error) from None
            for entry in found:
                name = prefix + entry.name
                real = entry.path
                if entry.is_symlink():
                    real = self._below(f"{folder}/{name}")
                    if real in above:
                        continue  # a link to a folder that it lies in
                if entry.is_dir():
                    waiting.append((f"{name}/", real, (*above, real)))
                elif entry.is_file() and not entry.name.startswith(_OURS):
                    yield name, real

    def _below(self, path: str) -> str:
        """The real path of what is there, links followed as long as they stay below the root."""
        joined = os.path.join(self._real, path.lstrip("/")) if path else self._real
        real = os.path.realpath(joined)
        if real != self._real and not real.startswith(f"{self._real.rstrip('/')}/"):
            raise DataUnavailable(
                f"{path.lstrip('/')} of {self._label} is a link that leads out of it, to {real}. "
                "Copy the data there, or register the folder that it leads to as a datastore."
            )
        return real

    def _entry(self, name: str, path: str, real: str) -> Entry:
        try:
            found = os.stat(real)
        except OSError as error:
            raise self._problem(real, error) from None
        return Entry(
            name=name,
            path=path,
            local=real,
            size_bytes=found.st_size,
            stamp=f"{found.st_size}:{found.st_mtime_ns}",
            modified_at=datetime.fromtimestamp(found.st_mtime, timezone.utc),
        )

    @contextmanager
    def reading(self, entry: Entry, offset: int) -> Iterator[Reading]:
        try:
            with open(self._below(entry.path), "rb") as file:
                file.seek(offset)
                yield Reading(start=offset, pieces=iter(lambda: file.read(PIECE_BYTES), b""))
        except OSError as error:
            raise self._problem(entry.path, error) from None

    def size_of(self, path: str) -> int | None:
        try:
            return os.stat(self._below(inside(path, self._label))).st_size
        except OSError:
            return None

    def put(self, source: int, path: str) -> None:
        path = inside(path, self._label)
        target = os.path.join(self._real, path)
        folder = os.path.dirname(target)
        # Looked at before a folder is made: one of the folders may be a link.
        self._below(path)
        temporary = f"{folder}/{_OURS}{secrets.token_hex(6)}"
        try:
            os.makedirs(folder, exist_ok=True)
            copied = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            try:
                try:
                    copy(source, copied)
                    os.fsync(copied)
                finally:
                    os.close(copied)
                os.replace(temporary, target)
            except BaseException:
                os.unlink(temporary)
                raise
            sync_folder(folder)
        except OSError as error:
            raise self._problem(path, error) from None

    def close(self) -> None:
        return None

    def _no(self, path: str) -> str:
        if not os.path.isdir(self._real):
            return f"The folder {self._root} of {self._label} is not there."
        if split_pattern(path)[1]:
            return f"No file of {self._label} fits the pattern {path!r}."
        return f"There is no {path!r} on {self._label}."

    def _problem(self, path: str, error: OSError) -> DataUnavailable | DiskFull:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return DiskFull(f"No room left on {self._label} ({self._root}). Free some there.")
        return DataUnavailable(f"{path} of {self._label} cannot be used: {error.strerror}.")
