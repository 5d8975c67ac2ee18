"""A run's files as one zip, made while it is sent: stored as they are, from any byte on.

All but the checksums is known before anything is read. So an interrupted download goes on where
it was cut, without the files before that byte being read first.

References
----------
APPNOTE.TXT 6.3.10, PKWARE: sections 4.3.7 (local header), 4.3.9 (data descriptor), 4.3.12
(central directory), 4.3.14 to 4.3.16 (its end), 4.5.3 (Zip64).
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import time
import zlib
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import BinaryIO, Final, Protocol

from jupyter_mltrain import errors
from jupyter_mltrain.spec import RunFile

_PIECE_BYTES: Final = 120_000
_LIMIT: Final = 0xFFFFFFFF
_MOST_ENTRIES: Final = 0xFFFF
_FLAGS: Final = 0x0808
"""Checksum and sizes come after the content; names are UTF-8."""

_MADE_BY: Final = 3 << 8 | 45
"""On Unix, by the version of the format that knows Zip64."""

_MODE: Final = 0o100644 << 16
_UNSAFE: Final = re.compile(r"[\0-\x1f\x7f-\x9f\\\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What no file name needs and some programs act on: control characters, those that turn the
direction of text, and the separator of folders on Windows."""

_REMEMBERED: Final = 10_000
_WORTH_BYTES: Final = 1_000_000

# A checksum is a fact of a file that the disk can be asked for again; so threads need no lock.
_checksums: dict[tuple[int, ...], int] = {}


class Changed(Exception):
    """A file is no longer what the beginning of a reply promised, which cannot be completed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} has changed while it was sent. Download it again.")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One file as it stands in the zip."""

    file: str
    name: bytes
    size: int
    modified_at: datetime

    @property
    def large(self) -> bool:
        return self.size >= _LIMIT

    def header(self) -> bytes:
        extra = struct.pack("<HHQQ", 1, 16, 0, 0) if self.large else b""
        sizes = (_LIMIT, _LIMIT) if self.large else (0, 0)
        return (
            struct.pack(
                "<4s5H3I2H",
                b"PK\3\4",
                45 if self.large else 20,
                _FLAGS,
                0,
                *_dos_time(self.modified_at),
                0,
                *sizes,
                len(self.name),
                len(extra),
            )
            + self.name
            + extra
        )

    def descriptor(self, checksum: int) -> bytes:
        form = "<4sIQQ" if self.large else "<4sIII"
        return struct.pack(form, b"PK\7\x08", checksum, self.size, self.size)

    @property
    def whole_size(self) -> int:
        """With header and descriptor."""
        return len(self.header()) + self.size + len(self.descriptor(0))

    def listed(self, offset: int, checksum: int) -> bytes:
        """The line of the central directory about it."""
        long = [self.size, self.size] if self.large else []
        long += [offset] if offset >= _LIMIT else []
        extra = struct.pack(f"<HH{len(long)}Q", 1, 8 * len(long), *long) if long else b""
        return (
            struct.pack(
                "<4s6H3I5H2I",
                b"PK\1\2",
                _MADE_BY,
                45 if extra else 20,
                _FLAGS,
                0,
                *_dos_time(self.modified_at),
                checksum,
                min(self.size, _LIMIT),
                min(self.size, _LIMIT),
                len(self.name),
                len(extra),
                0,
                0,
                0,
                _MODE,
                min(offset, _LIMIT),
            )
            + self.name
            + extra
        )


class Files(Protocol):
    """What has files: a run, a model."""

    def open(self, name: str) -> BinaryIO:
        """Open one; raises `UserError` where it is not there."""
        ...


class Zip:
    """The zip of some of a run's files, or of a model's.

    Parameters
    ----------
    ended
        The run has ended, so its files stay as they are: the zip has a size, an ETag, and can
        be sent from any byte. Of a run that goes on, each file is taken as long as it is when its
        turn comes, and left out when it is gone by then.
    """

    def __init__(self, files: Files, listed: Iterable[RunFile], *, ended: bool) -> None:
        self._files = files
        self._ended = ended
        self._entries = tuple(_entries(listed))

    @property
    def size(self) -> int:
        """Of the zip of an ended run, in bytes."""
        offset, directory = 0, 0
        for entry in self._entries:
            directory += len(entry.listed(offset, 0))
            offset += entry.whole_size
        return offset + directory + len(_end(len(self._entries), directory, offset))

    @property
    def etag(self) -> str:
        """Of the zip of an ended run."""
        digest = hashlib.sha256()
        for entry in self._entries:
            digest.update(f"{entry.size} {entry.modified_at.timestamp()} ".encode())
            digest.update(entry.name + b"\n")
        return f'"{digest.hexdigest()[:32]}"'

    def pieces(self, start: int = 0) -> Generator[bytes, None, None]:
        """The zip from a byte on. Reads from the disk: for a thread.

        Raises
        ------
        Changed
            A file is shorter than was promised, or gone.
        """
        at = 0
        done: list[tuple[_Entry, int, int | None]] = []
        for listed in self._entries:
            if self._ended and at + listed.whole_size <= start:
                done.append((listed, at, None))
                at += listed.whole_size
                continue
            try:
                file = self._files.open(listed.file)
            except errors.UserError:
                if self._ended:
                    raise Changed(listed.file) from None
                continue
            with file:
                info = os.fstat(file.fileno())
                entry = listed if self._ended else _grown(listed, info)
                if info.st_size != entry.size:
                    raise Changed(listed.file)
                begin, header = at, entry.header()
                if start < at + len(header):
                    yield header[max(0, start - at) :]
                at += len(header)
                skip = max(0, start - at)
                checksum = 0
                for data in _content(file.fileno(), entry, skip):
                    checksum = zlib.crc32(data, checksum)
                    yield data
                at += entry.size
                if skip:
                    checksum = _checksum(file.fileno(), entry)  # its beginning was sent before
                else:
                    _remember(info, checksum)
                descriptor = entry.descriptor(checksum)
                yield descriptor[max(0, start - at) :]
                at += len(descriptor)
            done.append((entry, begin, checksum))
        directory = b"".join(
            entry.listed(offset, self._known(entry) if checksum is None else checksum)
            for entry, offset, checksum in done
        )
        last = directory + _end(len(done), len(directory), at)
        yield last[max(0, start - at) :]

    def _known(self, entry: _Entry) -> int:
        """The checksum of a file that an earlier request has got."""
        try:
            with self._files.open(entry.file) as file:
                return _checksum(file.fileno(), entry)
        except errors.UserError:
            raise Changed(entry.file) from None


def _entries(listed: Iterable[RunFile]) -> Iterator[_Entry]:
    taken: set[str] = set()
    for file in listed:
        name = _safe(file.name)
        stem, dot, ending = name.rpartition(".") if "." in name else (name, "", "")
        count = 1
        while name in taken:
            count += 1
            name = f"{stem} ({count}){dot}{ending}"
        taken.add(name)
        yield _Entry(
            file=file.name,
            name=name.encode("utf-8", "replace"),
            size=file.size_bytes,
            modified_at=file.modified_at,
        )


def _safe(name: str) -> str:
    """A name that leads nowhere else, whatever unpacks it."""
    return _UNSAFE.sub("_", re.sub(r"\A([A-Za-z]):", r"\1_", name))


def _grown(entry: _Entry, info: os.stat_result) -> _Entry:
    at = datetime.fromtimestamp(info.st_mtime, timezone.utc)
    return replace(entry, size=info.st_size, modified_at=at)


def _content(descriptor: int, entry: _Entry, start: int) -> Iterator[bytes]:
    """A file's bytes up to the size that was promised; it may have grown since."""
    while start < entry.size:
        data = os.pread(descriptor, min(_PIECE_BYTES, entry.size - start), start)
        if not data:
            raise Changed(entry.file)
        start += len(data)
        yield data


def _key(info: os.stat_result) -> tuple[int, ...]:
    return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns


def _remember(info: os.stat_result, checksum: int) -> None:
    if info.st_size < _WORTH_BYTES:
        return
    if len(_checksums) >= _REMEMBERED:
        _checksums.clear()
    _checksums[_key(info)] = checksum


def _checksum(descriptor: int, entry: _Entry) -> int:
    info = os.fstat(descriptor)
    known = _checksums.get(_key(info))
    if known is not None:
        return known
    checksum = 0
    for data in _content(descriptor, entry, 0):
        checksum = zlib.crc32(data, checksum)
    _remember(info, checksum)
    return checksum


def _dos_time(at: datetime) -> tuple[int, int]:
    """Time and date as a zip has them: local, in steps of two seconds, from 1980 to 2107."""
    local = time.localtime(at.timestamp())
    if not 1980 <= local.tm_year <= 2107:
        return 0, 1 << 5 | 1
    return (
        local.tm_hour << 11 | local.tm_min << 5 | local.tm_sec // 2,
        (local.tm_year - 1980) << 9 | local.tm_mon << 5 | local.tm_mday,
    )


def _end(count: int, size: int, offset: int) -> bytes:
    """What follows the central directory of so many lines and bytes, which begins at `offset`."""
    end = b""
    if count >= _MOST_ENTRIES or size >= _LIMIT or offset >= _LIMIT:
        end = struct.pack(
            "<4sQ2H2I4Q", b"PK\6\6", 44, _MADE_BY, 45, 0, 0, count, count, size, offset
        ) + struct.pack("<4sIQI", b"PK\6\7", 0, offset + size, 1)
    few = min(count, _MOST_ENTRIES)
    sizes = (min(size, _LIMIT), min(offset, _LIMIT))
    return end + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, few, few, *sizes, 0)
