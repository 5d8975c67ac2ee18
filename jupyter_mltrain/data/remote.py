"""Anything that fsspec reaches, S3 or Azure Blob say, as a place of data."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_mltrain.data.names import (
    check_name,
    hidden,
    inside,
    matcher,
    opening,
    split_pattern,
)
from jupyter_mltrain.data.places import Changed, Entry, Interrupted, Listed, Reading
from jupyter_mltrain.errors import DataMissing, DataUnavailable, InvalidSpec, MltrainError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_PIECE_BYTES: Final = 8 << 20
"""What is asked for at once: each request costs a round trip."""

_HERE: Final = frozenset({"file", "local", "memory", "dir", "root"})
"""What fsspec calls places of this machine, or of this process alone."""

_TELLING: Final = (
    *(
        "ETag",
        "etag",
        "VersionId",
        "version_id",
        "generation",
        "md5Hash",
        "content_md5",
        "checksum",
    ),
    *("LastModified", "last_modified", "mtime", "updated", "modified", "timeModified"),
)
"""What file systems call that which differs with the content."""

_TIMES: Final = ("LastModified", "last_modified", "mtime", "updated", "modified", "timeModified")

_PACKAGES: Final[Mapping[str, str]] = {
    "sftp": "paramiko",
    "ssh": "paramiko",
    "smb": "smbprotocol",
    "hdfs": "pyarrow",
    "webhdfs": "requests",
    "github": "requests",
}
"""What has to be installed where fsspec's own class needs more than itself."""


class RemotePlace:
    """A folder of a file system of fsspec's."""

    def __init__(
        self, url: str, label: str, options: Mapping[str, Any], secrets: Mapping[str, str]
    ) -> None:
        """Open it; asks nothing of it yet.

        Parameters
        ----------
        options, secrets
            Keywords of the file system. What is a secret is in no error's text.

        Raises
        ------
        InvalidSpec
            There is no such kind of file system, or it does not take these keywords.
        DataUnavailable
            The package for it is not installed.
        """
        self._label = label
        self._secrets = tuple(filter(None, secrets.values()))
        protocol = check_protocol(url, label)
        self._key = f"{url.rstrip('/')} {sorted(options.items())}"
        self._files = self._open(protocol, {**options, **secrets})
        self._root = self._files._strip_protocol(url).rstrip("/")

    def _open(self, protocol: str, keywords: dict[str, Any]) -> AbstractFileSystem:
        import fsspec

        try:
            # No instance is shared, none remembers listings: what is there is asked anew.
            return fsspec.filesystem(
                protocol, **keywords, skip_instance_cache=True, use_listings_cache=False
            )
        except ImportError as error:
            package = _package(protocol, error)
            raise DataUnavailable(
                f"{opening(self._label)} is reached with {package}, which is not installed here. "
                f"`pip install {package}` adds it."
            ) from None
        except Exception as error:
            raise InvalidSpec(
                f"{opening(self._label)} cannot be opened with these options: {self._said(error)}."
            ) from None

    @property
    def label(self) -> str:
        return self._label

    @property
    def root(self) -> Path | None:
        return None

    @property
    def key(self) -> str:
        return self._key

    def close(self) -> None:
        return None

    # Listing

    def look(self) -> None:
        with self._asking():
            try:
                self._files.info(self._root)
            except FileNotFoundError:
                # A folder of an object store is there once there is a file in it; a bucket is not.
                top = self._root.partition("/")[0]
                if top == self._root or not self._files.exists(top):
                    raise

    def find(self, path: str) -> Listed:
        path = inside(path, self._label)
        folder, pattern = split_pattern(path)
        with self._asking(path):
            try:
                return self._find(folder, pattern)
            except FileNotFoundError:
                raise DataMissing(f"There is no {path!r} on {self._label}.") from None

    def _find(self, folder: str, pattern: str) -> Listed:
        there = self._full(folder)
        if not pattern and folder:
            info = self._files.info(there)
            if info["type"] == "file":
                name = folder.rpartition("/")[2]
                entry = self._entry(name, folder, info)
                return Listed(files=(entry,), single=True, folder=folder.rpartition("/")[0])
        fits = matcher(pattern) if pattern else None
        files = []
        for found, info in sorted(self._files.find(there, detail=True).items()):
            name = found.removeprefix(there).lstrip("/")
            if name and not name.endswith("/") and (fits is None or fits.match(name)):
                files.append(self._entry(name, f"{folder}/{name}".lstrip("/"), info))
        if not files and pattern:
            raise DataMissing(f"No file of {self._label} fits the pattern {folder}/{pattern}.")
        if not files and folder:
            raise FileNotFoundError
        return Listed(files=tuple(files), single=False, folder=folder)

    def _full(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root

    def _entry(self, name: str, path: str, info: Mapping[str, Any]) -> Entry:
        size = info.get("size")
        telling = [str(info[key]) for key in _TELLING if info.get(key) is not None]
        return Entry(
            name=check_name(name, self._label),
            path=path,
            size_bytes=int(size) if size is not None else None,
            stamp=" ".join([str(size), *telling]) if telling else "",
            modified_at=next(filter(None, (_instant(info.get(key)) for key in _TIMES)), None),
        )

    # Reading

    @contextmanager
    def reading(self, entry: Entry, offset: int) -> Iterator[Reading]:
        yield Reading(start=offset, pieces=self._pieces(entry, offset))

    def _pieces(self, entry: Entry, offset: int) -> Iterator[bytes]:
        there, size = self._full(entry.path), entry.size_bytes
        while size is None or offset < size:
            with self._asking(entry.path, half_way=True):
                end = offset + _PIECE_BYTES
                piece = self._files.cat_file(there, start=offset, end=end)
            if not piece:
                break
            offset += len(piece)
            yield piece
            if size is None and len(piece) < _PIECE_BYTES:
                break
        if size is None or size > _PIECE_BYTES:  # it came in parts: were they of one file?
            with self._asking(entry.path, half_way=True):
                info = self._files.info(there)
            if self._entry(entry.name, entry.path, info).stamp != entry.stamp:
                raise Changed

    def size_of(self, path: str) -> int | None:
        with self._asking(path):
            try:
                info = self._files.info(self._full(inside(path, self._label)))
            except FileNotFoundError:
                return None
        return int(info.get("size") or 0) if info["type"] == "file" else None

    # Writing

    def put(self, source: int, path: str) -> None:
        there = self._full(inside(path, self._label))
        with self._asking(path):
            os.lseek(source, 0, os.SEEK_SET)
            size = os.fstat(source).st_size
            # By its descriptor: whatever has that name by now, it is this file that is sent.
            if not self._files.async_impl:  # object stores have no folders; a bucket is not made
                self._files.makedirs(there.rpartition("/")[0], exist_ok=True)
            self._files.put_file(f"/dev/fd/{source}", there)
            written = self._files.info(there).get("size")
        if written is not None and written != size:
            raise DataUnavailable(
                f"{path} did not arrive whole on {self._label}: {written} of {size} bytes."
            )

    # Problems

    @contextmanager
    def _asking(self, path: str = "", *, half_way: bool = False) -> Iterator[None]:
        """Turn whatever the file system raises into a sentence without secrets."""
        try:
            yield
        except (MltrainError, Changed, Interrupted):
            raise
        except FileNotFoundError:
            here = opening(self._label)
            raise DataMissing(
                f"{path} is not on {self._label}." if path else f"{here} is not there."
            ) from None
        except PermissionError as error:
            raise DataUnavailable(
                f"{opening(self._label)} refuses its credentials: {self._said(error)}. Register it "
                "again with others."
            ) from None
        except Exception as error:
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise
            if _is_refusal(error):
                raise DataUnavailable(
                    f"{opening(self._label)} refuses its credentials: {self._said(error)}. "
                    "Register it again with others."
                ) from None
            if half_way:
                raise Interrupted(self._said(error)) from None
            raise DataUnavailable(
                f"{opening(self._label)} cannot be used: {self._said(error)}."
            ) from None

    def _said(self, error: Exception) -> str:
        text = str(error).strip().rstrip(".") or type(error).__name__
        return hidden(text, self._secrets)


def check_protocol(url: str, label: str) -> str:
    """What kind of file system a URL is of.

    Raises
    ------
    InvalidSpec
        fsspec knows none of that name, or it is of this machine.
    """
    from fsspec.registry import known_implementations, registry

    protocol, found, _ = url.partition("://")
    known = {*known_implementations, *registry}
    if not found or "::" in url or protocol in _HERE or protocol not in known:
        raise InvalidSpec(
            f"The URL of {label} begins with nothing that can be reached. It looks like "
            "s3://bucket/folder, abfs://container/folder or https://host/folder; a folder of "
            "this machine is given by its path."
        )
    return protocol


def _package(protocol: str, error: ImportError) -> str:
    from fsspec.registry import known_implementations

    if protocol in _PACKAGES:
        return _PACKAGES[protocol]
    package = str(known_implementations.get(protocol, {}).get("class", "")).partition(".")[0]
    return package if package not in ("", "fsspec") else (error.name or protocol)


def _is_refusal(error: Exception) -> bool:
    """Whether it is about who asks. Packages have no class for that in common."""
    text = f"{type(error).__name__} {error}".lower()
    words = ("credential", "forbidden", "unauthorized", "accessdenied", "authentication", "403")
    return any(word in text for word in words)


def _instant(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, timezone.utc)
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            return None
    return None
