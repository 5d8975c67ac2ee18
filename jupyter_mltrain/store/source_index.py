"""Remembers what each file of a source folder held, so that an unchanged one is not read again."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from jupyter_mltrain.store.blobs import writing

_CLOCK_STEP_NS: Final = 100_000_000
"""Linux stamps files with a clock that moves every 1 to 10 ms; this is that with room to spare."""

_COARSE_STEP_NS: Final = 2_100_000_000
"""Where stamps are whole seconds; FAT's are even ones."""

_KEPT_FILES: Final = 50
_KEPT_BYTES: Final = 4_000_000
"""What is smaller than both is read anew in about the time that writing its index takes."""

_IN_MEMORY: Final = 16
_IN_MEMORY_FILES: Final = 500
"""Indexes of larger folders are read from the disk each time, which takes milliseconds."""


class Seen(NamedTuple):
    """A file as it was when its content was hashed."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    read_at_ns: int
    """When reading began."""
    sha256: str

    @classmethod
    def of(cls, info: os.stat_result, read_at_ns: int, sha256: str) -> Seen:
        return cls(
            info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino, read_at_ns, sha256
        )

    def same(self, info: os.stat_result) -> bool:
        """Whether the file looks as it did, which proves nothing yet: see `sure`."""
        return (
            self.size == info.st_size
            and self.mtime_ns == info.st_mtime_ns
            and self.ctime_ns == info.st_ctime_ns
            and self.inode == info.st_ino
        )

    @property
    def sure(self) -> bool:
        """Whether any later change must have given the file another stamp.

        A change in the same step of the filesystem's clock as the last one leaves the stamp as
        it is. So a file that was read so soon after its last change may have changed once more
        unseen, and has to be read again ("racy git" describes the same).
        """
        changed = max(self.mtime_ns, self.ctime_ns)
        whole_seconds = not (self.mtime_ns % 1_000_000_000 or self.ctime_ns % 1_000_000_000)
        return changed + (_COARSE_STEP_NS if whole_seconds else _CLOCK_STEP_NS) < self.read_at_ns


Index = Mapping[str, Seen]
"""Path relative to the source folder -> what was seen there."""

_DECODER: Final = msgspec.msgpack.Decoder(dict[str, Seen])
_ENCODER: Final = msgspec.msgpack.Encoder()


class SourceIndexes:
    """The indexes of all source folders, one file each. Losing one costs time and nothing else."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._recent: OrderedDict[str, Index] = OrderedDict()
        with writing(root):
            root.mkdir(parents=True, exist_ok=True)

    def load(self, directory: str) -> Index:
        """The index of a folder; empty when there is none, or none that can be read."""
        with self._lock:
            if directory in self._recent:
                self._recent.move_to_end(directory)
                return self._recent[directory]
        try:
            data = self._path(directory).read_bytes()
            index = _DECODER.decode(data)
        except (OSError, msgspec.MsgspecError):
            return {}
        self._remember(directory, index)
        return index

    def save(self, directory: str, index: Index) -> None:
        """Keep an index. Not flushed: after a power cut an older or no index is as good."""
        self._remember(directory, index)
        size = sum(seen.size for seen in index.values())
        if len(index) < _KEPT_FILES and size < _KEPT_BYTES:
            return
        path = self._path(directory)
        temporary = path.with_name(f"{path.name}.{threading.get_ident()}")
        try:
            data = _ENCODER.encode(index)
        except UnicodeEncodeError:
            # Names that are not UTF-8 are rare, and read again each time.
            data = _ENCODER.encode({name: seen for name, seen in index.items() if _is_text(name)})
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        except OSError:
            # The snapshot itself is on the disk by now, so a full disk must not fail it.
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _path(self, directory: str) -> Path:
        return self._root / hashlib.sha256(os.fsencode(directory)).hexdigest()

    def _remember(self, directory: str, index: Index) -> None:
        with self._lock:
            self._recent.pop(directory, None)
            if len(index) <= _IN_MEMORY_FILES:
                self._recent[directory] = index
                while len(self._recent) > _IN_MEMORY:
                    self._recent.popitem(last=False)


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
