"""Snapshots: immutable, de-duplicated copies of source folders."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from jupyter_mltrain import errors, units
from jupyter_mltrain.spec import Frozen
from jupyter_mltrain.store import manifest as manifests
from jupyter_mltrain.store import source_warnings, working_copy
from jupyter_mltrain.store.blobs import Batch, Blobs, Changed, flush, writing
from jupyter_mltrain.store.gate import Gate
from jupyter_mltrain.store.given import existing_folder, inline_path, refuse_files_as_folders
from jupyter_mltrain.store.ignore import Ignore
from jupyter_mltrain.store.listing import escaped, spellings
from jupyter_mltrain.store.manifest import Entry, Manifest
from jupyter_mltrain.store.source_index import Seen, SourceIndexes
from jupyter_mltrain.store.source_tree import Found, Walk, shown, unreadable
from jupyter_mltrain.store.source_tree import skipped_folder as skipped_folder_of
from jupyter_mltrain.wire import SnapshotFile, SnapshotPage

_FEW_ENTRIES: Final = 100
_RECENT: Final = 50

_ATTEMPTS: Final = 3
"""How often a file that changes while it is read is read again before it is taken as it is."""


class Taken(Frozen, frozen=True):
    """A snapshot that is on the disk."""

    id: str
    files: int
    """How many files it holds, symlinks not counted."""
    size_bytes: int
    """All files together, before de-duplication."""
    warnings: tuple[str, ...]
    names: tuple[str, ...]
    """Paths of files and symlinks, ordered."""


class Look(NamedTuple):
    """What a snapshot would hold."""

    sizes: Mapping[str, int]
    """Path -> bytes, symlinks and folders left out."""
    ignored: tuple[str, ...]
    """What is left out, ordered; a folder ends with a slash and stands for all in it."""
    warnings: tuple[str, ...]


class Unused(NamedTuple):
    """Contents that no snapshot needs."""

    blobs: int
    size_bytes: int
    """With the manifests that go with them."""


class Snapshots:
    """The snapshots of one workspace. Several threads may use it at once, one process only.

    Parameters
    ----------
    root
        The workspace's directory. Blobs are kept in `blobs`, manifests in `snapshots` and what
        speeds up the next snapshot in `source-index`.
    now_ns
        The clock, in nanoseconds since 1970, as file stamps are.
    """

    def __init__(self, root: Path, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._root = root
        self._now_ns = now_ns
        self._blobs = Blobs(root / "blobs")
        self._manifests = root / "snapshots"
        with writing(root):
            self._manifests.mkdir(parents=True, exist_ok=True)
            flush(str(root))
        self._indexes = SourceIndexes(root / "source-index")
        self._gate = Gate()
        self._recent: dict[str, Manifest] = {}
        """A few small manifests: a submit looks at its own three times."""

    def take(
        self,
        directory: Path | str | None,
        include: tuple[str, ...] | None = None,
        inline: Mapping[str, str] | None = None,
    ) -> Taken:
        """Take a snapshot; on the disk, and safe from a power cut, when this returns.

        Parameters
        ----------
        directory
            Folder to take, or `None` for inline files only.
        include
            Files and folders of it, relative to it, to take instead of all that is not ignored.
            Each is taken even if ignored; in a folder the ignore rules hold.
        inline
            Path -> text of further files, which replace files of the folder.

        Raises
        ------
        SnapshotError
            The folder is not there, something in it cannot be read or leads out of it, or an
            included or inline path is wrong. Names the path.
        DiskFull, WorkspaceError
            The workspace cannot be written.
        """
        warnings: list[str] = []
        entries: dict[str, Entry] = {}
        with self._gate.passing(), Batch(self._blobs) as batch:
            save_index = None
            if directory is not None:
                source = existing_folder(Path(directory))
                found = self._found(source, include, warnings)
                sizes = ((path, info.st_size) for path, info in found.files)
                warnings += source_warnings.about(sizes, found.special)
                save_index = self._add_files(source, found, include, batch, entries, warnings)
            for name, text in (inline or {}).items():
                entry = _inline_entry(name, text, batch)
                entries[entry.path] = entry
            refuse_files_as_folders(entries, inline or {})
            taken = self._publish(batch, manifests.make(entries.values()), warnings)
            if save_index is not None:
                save_index()
        return taken

    def look(
        self,
        directory: Path | str | None,
        include: tuple[str, ...] | None = None,
        inline: Mapping[str, str] | None = None,
    ) -> Look:
        """What `take` would take, with its warnings and refusals. Nothing is read or stored."""
        warnings: list[str] = []
        inline = inline or {}
        if directory is None:
            found, source = Found(), None
        else:
            source = existing_folder(Path(directory))
            found = self._found(source, include, warnings)
        sizes = {path: info.st_size for path, info in found.files}
        warnings += source_warnings.about(sizes.items(), found.special)
        if source is not None:
            self._refuse_what_cannot_fit(source, found, self._indexes.load(str(source)))
        entries = {path: Entry(path=path, size=size) for path, size in sizes.items()}
        entries |= {path: Entry(path=path, kind="link") for path, _ in found.links}
        entries |= {path: Entry(path=path, kind="dir") for path in found.empty}
        for name, text in inline.items():
            path = inline_path(name)
            entries[path] = Entry(path=path, size=len(text.encode("utf-8", "surrogatepass")))
        refuse_files_as_folders(entries, inline)
        return Look(
            sizes={entry.path: entry.size for entry in manifests.make(entries.values()).files},
            ignored=tuple(sorted(found.ignored)),
            warnings=tuple(warnings),
        )

    def manifest(self, snapshot_id: str) -> Manifest:
        """What a snapshot holds; raises `SnapshotError` when there is no such snapshot."""
        recent = self._recent.get(snapshot_id)
        if recent is None:
            recent = self._read_manifest(snapshot_id)
            self._remember(snapshot_id, recent)
        return recent

    def _read_manifest(self, snapshot_id: str) -> Manifest:
        if manifests.is_id(snapshot_id):
            try:
                text = self._manifest_path(snapshot_id).read_bytes()
            except FileNotFoundError:
                pass
            else:
                return manifests.decode(snapshot_id, text)
        raise errors.SnapshotError(
            f"No snapshot {snapshot_id!r} in this workspace. Submit the source folder again."
        )

    def _remember(self, snapshot_id: str, manifest: Manifest) -> None:
        if len(manifest.entries) > _FEW_ENTRIES:
            return
        if len(self._recent) > _RECENT:
            self._recent.clear()
        self._recent[snapshot_id] = manifest

    def read(self, snapshot_id: str, name: str) -> bytes:
        """One file's content; raises `NoSuchFile` when the snapshot has no such file."""
        return working_copy.read_blob(self._entry(snapshot_id, name), self._blobs)

    def _entry(self, snapshot_id: str, name: str) -> Entry:
        names = spellings(name)
        for entry in self.manifest(snapshot_id).files:
            if entry.path in names:
                return entry
        raise errors.NoSuchFile(
            f"No file {shown(name)} in the snapshot. Its manifest lists what there is."
        )

    def page(
        self, snapshot_id: str, *, limit: int | None = None, after: str | None = None
    ) -> SnapshotPage:
        """What was shipped, by name; bytes of a name that are not UTF-8 are ``\\udcxx``."""
        found = {escaped(entry.path): entry.size for entry in self.manifest(snapshot_id).files}
        names = sorted(name for name in found if after is None or name > after)
        chosen = names if limit is None else names[: max(1, limit)]
        return SnapshotPage(
            files=tuple(SnapshotFile(name=name, size_bytes=found[name]) for name in chosen),
            total=len(found),
            total_bytes=sum(found.values()),
            next_after=chosen[-1] if len(chosen) < len(names) else None,
        )

    def open(self, snapshot_id: str, name: str) -> tuple[BinaryIO, str]:
        """Open one file for reading; also returns the SHA-256 of its content.

        Raises
        ------
        NoSuchFile
            The snapshot has no such file.
        SnapshotError
            The snapshot, or the file's content, is not there any more.
        """
        entry = self._entry(snapshot_id, name)
        return os.fdopen(working_copy.open_blob(entry, self._blobs), "rb"), entry.sha256

    def check_out(self, snapshot_id: str, target: Path) -> None:
        """Make a working copy below `target`; see `working_copy.check_out`."""
        working_copy.check_out(self.manifest(snapshot_id), self._blobs, target)

    def unused(self, keep: Collection[str]) -> Unused:
        """What `remove_unused` would remove."""
        with self._gate.passing():
            return self._clean_up(keep, remove=False)

    def remove_unused(self, keep: Collection[str]) -> Unused:
        """Remove all snapshots but `keep`, and the blobs that none of those needs.

        `keep` has to hold every snapshot that has been taken and is still wanted, those of
        submits under way included: let none be between `take` and its record.
        """
        with self._gate.closed(), writing(self._root):
            self._blobs.clear_temporary()
            return self._clean_up(keep, remove=True)

    def _manifest_path(self, snapshot_id: str) -> Path:
        return self._manifests / snapshot_id[:2] / f"{snapshot_id}.json"

    def _found(self, source: Path, include: tuple[str, ...] | None, warnings: list[str]) -> Found:
        workspace = self._root.resolve()
        if source == workspace:
            raise errors.SnapshotError(
                f"{source} is the workspace's own folder. Submit a folder with a script in it."
            )
        skip = skipped_folder_of(source, workspace)
        walk = Walk(str(source), Ignore.load(source), skip)
        found = walk.all() if include is None else walk.only(include)
        if found.skipped:
            warnings.append(f"The workspace itself, {skip!r}, lies in the folder and is left out.")
        return found

    def _add_files(
        self,
        source: Path,
        found: Found,
        include: tuple[str, ...] | None,
        batch: Batch,
        entries: dict[str, Entry],
        warnings: list[str],
    ) -> Callable[[], None] | None:
        """Add what was found; returns how to save the index, to be called after the commit."""
        directory = str(source)
        index = self._indexes.load(directory)
        self._refuse_what_cannot_fit(source, found, index)
        seen: dict[str, Seen] = {}
        changed = include is None and len(index) != len(found.files)
        changing = []
        for path, info in found.files:
            known = index.get(path)
            if known is not None and not known.same(info):
                known = None
            if known is not None and known.sure and batch.has(known.sha256, known.size):
                sha256, size = known.sha256, known.size
                seen[path] = known
            else:
                changed = True
                try:
                    sha256, size, now = self._add_file(directory, path, known, batch)
                except FileNotFoundError:
                    continue  # went away meanwhile
                except OSError as error:
                    raise unreadable(path, directory, error) from error
                if now is None:
                    changing.append(path)
                else:
                    seen[path] = now
            entries[path] = Entry(
                path=path, size=size, sha256=sha256, executable=bool(info.st_mode & 0o100)
            )
        for path, target in found.links:
            entries[path] = Entry(path=path, kind="link", target=target)
        for path in found.empty:
            entries[path] = Entry(path=path, kind="dir")
        if changing:
            warnings.append(
                f"Written to while the snapshot was taken: {source_warnings.listed(changing)}. "
                "The run gets what was read."
            )
        if not changed:
            return None
        kept = seen if include is None else {**index, **seen}
        return lambda: self._indexes.save(directory, kept)

    def _refuse_what_cannot_fit(
        self, source: Path, found: Found, index: Mapping[str, Seen]
    ) -> None:
        """Say it before copying for minutes: a home folder is easily shipped by mistake."""
        free = shutil.disk_usage(self._root).free
        if sum(info.st_size for _, info in found.files) <= free:
            return
        new = [
            (path, info.st_size)
            for path, info in found.files
            if (known := index.get(path)) is None or not known.same(info)
        ]
        needed = sum(size for _, size in new)
        if needed > free:
            raise errors.DiskFull(
                f"{source} holds {units.size(needed)} that are not stored yet, and "
                f"{units.size(free)} are free where the workspace lies. Leave out "
                "what the run does not need with .amlignore, or ship a smaller folder. The "
                f"largest files are {source_warnings.largest(new)}."
            )

    def _add_file(
        self, directory: str, path: str, known: Seen | None, batch: Batch
    ) -> tuple[str, int, Seen | None]:
        """Read a file into the batch; with `None` if it did not hold still."""
        for attempt in range(_ATTEMPTS):
            read_at_ns = self._now_ns()
            try:
                sha256, info = batch.add_file(f"{directory}/{path}", known and known.sha256)
            except Changed as changed:
                if attempt == _ATTEMPTS - 1:
                    return changed.sha256, changed.size, None
            else:
                return sha256, info.st_size, Seen.of(info, read_at_ns, sha256)
        raise AssertionError("unreachable")

    def _publish(self, batch: Batch, manifest: Manifest, warnings: list[str]) -> Taken:
        snapshot_id, text = manifests.encode(manifest)
        path = self._manifest_path(snapshot_id)
        batch.commit(None if path.exists() else (text, str(path)))
        self._remember(snapshot_id, manifest)
        files = list(manifest.files)
        return Taken(
            id=snapshot_id,
            files=len(files),
            size_bytes=sum(entry.size for entry in files),
            warnings=tuple(warnings),
            names=tuple(entry.path for entry in manifest.entries if entry.kind != "dir"),
        )

    def _clean_up(self, keep: Collection[str], remove: bool) -> Unused:
        needed: set[str] = set()
        unwanted: list[Path] = []
        for path in self._manifests.glob("??/*.json"):
            if path.stem in keep:
                needed.update(entry.sha256 for entry in self._read_manifest(path.stem).files)
            else:
                unwanted.append(path)
        if remove:
            self._recent.clear()
        # Manifests first: a manifest without blobs must never outlive a power cut for long.
        blobs = [path for path in self._blobs.root.glob("??/*") if path.name not in needed]
        size = 0
        for path in unwanted + blobs:
            size += path.stat().st_size
            if remove:
                path.unlink()
        return Unused(len(blobs), size)


def _inline_entry(name: str, text: str, batch: Batch) -> Entry:
    path = inline_path(name)
    data = text.encode("utf-8", "surrogatepass")
    return Entry(path=path, size=len(data), sha256=batch.add_bytes(data))
