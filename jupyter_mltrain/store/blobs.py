"""Content-addressed files: each content is stored once, under its SHA-256."""

# Plain strings, no Paths: most of this runs once for each of thousands of files.
# ruff: noqa: PTH103, PTH104, PTH108, PTH112, PTH116, PTH120, PTH208

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import itertools
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from jupyter_mltrain import errors
from jupyter_mltrain.store.copying import Copier, write_all

_SMALL_BYTES: Final = 1 << 20
"""Files up to this size are read at once, and only written when their content is new."""

_MANY_FILES: Final = 256
"""From so many new files on, one flush of the filesystem takes less time than one for each."""

_CHUNK_BYTES: Final = 1 << 20


class Changed(Exception):
    """A file changed while it was read. `sha256` and `size` are of what was stored."""

    def __init__(self, sha256: str, size: int) -> None:
        super().__init__()
        self.sha256 = sha256
        self.size = size


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a failure to write below `path` into an error that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise errors.DiskFull(
                f"No room left in {path}. `jupyter mltrain gc` frees some."
            ) from error
        raise errors.WorkspaceError(
            f"{path} cannot be written: {error.strerror}. Check its permissions and its disk."
        ) from error


def flush(path: str) -> None:
    """Wait until a file's content, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flush_filesystem(path: str) -> bool:
    """Wait until all of the filesystem is on the disk; false where that is not known to work."""
    if sys.platform != "linux":
        return False
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return bool(ctypes.CDLL(None).syncfs(descriptor) == 0)
    finally:
        os.close(descriptor)


def flush_all(paths: list[str], below: str) -> None:
    """Wait until all of `paths`, which lie on one filesystem, are on the disk."""
    if len(paths) < _MANY_FILES or not _flush_filesystem(below):
        for path in paths:
            flush(path)


class Blobs:
    """The blobs below one folder. Several threads may use it at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._temporary = f"{root}/tmp"
        self._prefix = str(root)
        self._numbers = itertools.count()
        self._publishing = threading.Lock()
        self.copier = Copier()
        with writing(root):
            os.makedirs(self._temporary, exist_ok=True)

    def path(self, sha256: str) -> str:
        return f"{self._prefix}/{sha256[:2]}/{sha256}"

    def has(self, sha256: str, size: int) -> bool:
        """Whether a blob is there, whole as far as its size tells."""
        try:
            return os.stat(f"{self._prefix}/{sha256[:2]}/{sha256}").st_size == size
        except OSError:
            return False

    def temporary(self) -> str:
        """A path for a file to write, on the same filesystem."""
        return f"{self._temporary}/{os.getpid()}-{next(self._numbers)}"

    def clear_temporary(self) -> None:
        """Remove what an earlier process left half written. Nobody may be adding meanwhile."""
        for name in os.listdir(self._temporary):
            os.unlink(f"{self._temporary}/{name}")

    def publish(self, files: list[tuple[str, str]]) -> None:
        """Give written files (temporary path, final path) their names; on disk at return.

        Waits for other threads in the middle of this, even with no files: a blob that the
        caller found in place may be theirs, and not yet safe.
        """
        flush_all([temporary for temporary, _ in files], self._prefix)
        with self._publishing:
            folders: set[str] = set()
            for temporary, final in files:
                folder = os.path.dirname(final)
                if not os.path.isdir(folder):
                    os.makedirs(folder, exist_ok=True)
                    folders.add(os.path.dirname(folder))
                os.rename(temporary, final)
                folders.add(folder)
            flush_all(sorted(folders), self._prefix)


class Batch:
    """Blobs that are added together: first all are written, then all flushed, then all named."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._new: dict[str, str] = {}

    def __enter__(self) -> Batch:
        return self

    def __exit__(self, *raised: object) -> None:
        for temporary in self._new.values():
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
        self._new.clear()

    def has(self, sha256: str, size: int) -> bool:
        return sha256 in self._new or self._blobs.has(sha256, size)

    def add_bytes(self, data: bytes) -> str:
        """Add a content; returns its SHA-256."""
        sha256 = hashlib.sha256(data).hexdigest()
        if not self.has(sha256, len(data)):
            with self._temporary() as (descriptor, temporary):
                with writing(self._blobs.root):
                    write_all(descriptor, data)
                self._new[sha256] = temporary
        return sha256

    def add_file(self, path: str, known: str | None) -> tuple[str, os.stat_result]:
        """Add a file's content; the blob holds what was hashed, whatever happens to the file.

        Parameters
        ----------
        known
            SHA-256 that the file probably still has; its blob is then not written again.

        Returns
        -------
        tuple
            SHA-256, and the status of the file before and after it was read.

        Raises
        ------
        Changed
            The file was written to meanwhile; what was read is stored nevertheless.
        OSError
            The file cannot be read.
        """
        source = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            before = os.fstat(source)
            if before.st_size <= _SMALL_BYTES:
                data = _read_whole(source, before.st_size)
                sha256, size = self.add_bytes(data), len(data)
            elif known is not None and self._blobs.has(known, before.st_size):
                sha256, size = _hash(source)
                if sha256 != known:
                    os.lseek(source, 0, os.SEEK_SET)
                    sha256, size = self._copy(source)
            else:
                sha256, size = self._copy(source)
            after = os.fstat(source)
        finally:
            os.close(source)
        if size != after.st_size or _stamp(before) != _stamp(after):
            raise Changed(sha256, size)
        return sha256, after

    def commit(self, also: tuple[bytes, str] | None = None) -> None:
        """Put all that was added on the disk, under its names, and then one more file.

        Parameters
        ----------
        also
            Content and path of a file on the same filesystem that refers to the blobs.
        """
        files = [(temporary, self._blobs.path(sha)) for sha, temporary in self._new.items()]
        if also is not None:
            text, path = also
            with self._temporary() as (descriptor, temporary):
                with writing(self._blobs.root):
                    write_all(descriptor, text)
                self._new[path] = temporary  # removed with the others, should publishing fail
            files.append((temporary, path))
        with writing(self._blobs.root):
            self._blobs.publish(files)
        self._new.clear()

    def _copy(self, source: int) -> tuple[str, int]:
        with self._temporary() as (descriptor, temporary):
            if self._blobs.copier.clone(source, descriptor):
                sha256, size = _hash(descriptor)
            else:
                sha256, size = self._hash_and_write(source, descriptor)
            if self.has(sha256, size):
                os.unlink(temporary)
            else:
                self._new[sha256] = temporary
        return sha256, size

    def _hash_and_write(self, source: int, descriptor: int) -> tuple[str, int]:
        """Hash a file and write the very same bytes."""
        digest = hashlib.sha256()
        size = 0
        for chunk in _chunks(source):
            digest.update(chunk)
            size += len(chunk)
            with writing(self._blobs.root):
                write_all(descriptor, chunk)
        return digest.hexdigest(), size

    @contextlib.contextmanager
    def _temporary(self) -> Iterator[tuple[int, str]]:
        path = self._blobs.temporary()
        with writing(self._blobs.root):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
        try:
            yield descriptor, path
        except BaseException:
            os.unlink(path)
            raise
        finally:
            os.close(descriptor)


def _stamp(info: os.stat_result) -> tuple[int, int, int]:
    return info.st_size, info.st_mtime_ns, info.st_ctime_ns


def _read_whole(source: int, size: int) -> bytes:
    """Read to the end; `size` is only a guess, since the file may grow meanwhile."""
    data = os.read(source, size + 1)
    if len(data) == size:
        return data
    return b"".join([data, *_chunks(source)])


def _chunks(source: int) -> Iterator[bytes]:
    while chunk := os.read(source, _CHUNK_BYTES):
        yield chunk


def _hash(source: int) -> tuple[str, int]:
    """SHA-256 and size of what is in a file from where it stands."""
    digest = hashlib.sha256()
    size = 0
    for chunk in _chunks(source):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size
