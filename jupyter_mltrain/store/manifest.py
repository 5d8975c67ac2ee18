"""What a snapshot holds, as one canonical JSON text whose SHA-256 is the snapshot's id."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Final, Literal

import msgspec

from jupyter_mltrain import errors
from jupyter_mltrain.spec import Frozen

Kind = Literal["file", "dir", "link"]


class Entry(Frozen, frozen=True, omit_defaults=True, gc=False):
    """One file, symlink or empty folder. Other folders follow from the paths."""

    path: str
    """Relative, with forward slashes. Bytes that are not UTF-8 are surrogates, as in `os`."""
    kind: Kind = "file"
    size: int = 0
    sha256: str = ""
    executable: bool = False
    target: str = ""
    """Where a symlink leads, relative to it."""


class Manifest(Frozen, frozen=True, omit_defaults=True):
    """All entries, ordered by path."""

    entries: tuple[Entry, ...]

    @property
    def files(self) -> Iterable[Entry]:
        return (entry for entry in self.entries if entry.kind == "file")


_ID: Final = re.compile(r"[0-9a-f]{64}\Z")


def is_id(text: str) -> bool:
    """Whether this can be a snapshot's id, which also makes it safe in a path."""
    return _ID.match(text) is not None


def make(entries: Iterable[Entry]) -> Manifest:
    return Manifest(entries=tuple(sorted(entries, key=attrgetter("path"))))


def encode(manifest: Manifest) -> tuple[str, bytes]:
    """Make the canonical text; returns the snapshot's id and the text."""
    try:
        text = msgspec.json.encode(manifest)
    except UnicodeEncodeError:
        text = msgspec.json.encode(_mapped(manifest, _escape))
    return hashlib.sha256(text).hexdigest(), text


def decode(snapshot_id: str, text: bytes) -> Manifest:
    """Read what `encode` made; raises `SnapshotError` when it is not that any more."""
    if hashlib.sha256(text).hexdigest() != snapshot_id:
        raise errors.SnapshotError(
            f"Snapshot {snapshot_id[:12]} is damaged on the disk: its manifest has changed. "
            "Submit the source folder again."
        )
    manifest = msgspec.json.decode(text, type=Manifest)
    return _mapped(manifest, _unescape) if b"\\u0000" in text else manifest


def _escape(text: str) -> str:
    """Write each byte that is not UTF-8 as NUL and two hex digits; no name has a NUL."""
    return re.sub("[\udc80-\udcff]", lambda found: f"\0{ord(found[0]) - 0xDC00:02x}", text)


def _unescape(text: str) -> str:
    return re.sub("\0([0-9a-f]{2})", lambda found: chr(0xDC00 + int(found[1], 16)), text)


def _mapped(manifest: Manifest, change: Callable[[str], str]) -> Manifest:
    return Manifest(
        entries=tuple(
            msgspec.structs.replace(entry, path=change(entry.path), target=change(entry.target))
            for entry in manifest.entries
        )
    )
