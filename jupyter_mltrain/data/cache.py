"""Remote files on this machine: each content once, shared by all runs and notebooks.

Below the cache's folder::

    blobs/<2>/<sha256>     contents, read-only
    sources/<key>.json     which content a remote file had when it was last looked at
    parts/<key>            what is on its way, with a note of which version it is of

Several processes use it at once: whoever fetches a file holds the lock ``parts/<key>.lock``.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec

from jupyter_mltrain import units
from jupyter_mltrain.data import fetching
from jupyter_mltrain.data.files import PIECE_BYTES, sync_folder
from jupyter_mltrain.data.places import Changed, Entry, Place
from jupyter_mltrain.data.progress import Progress, Stopped
from jupyter_mltrain.data.resolving import Found
from jupyter_mltrain.errors import DataUnavailable, DiskFull, MltrainError
from jupyter_mltrain.spec import Frozen

_AT_ONCE: Final = 8
"""Files that are fetched at the same time."""

_TRIES: Final = 3
"""For a file that changes while it is fetched."""

_LOOK_AGAIN_S: Final = 0.05
"""After which it is looked again whether another process has fetched a file."""

JUST_USED_S: Final = 600.0
"""What was used so lately is not deleted: somebody may be about to open it."""

_LEFT_S: Final = 7 * 86_400
"""Age from which a file that was never fetched wholly is deleted."""


class Source(Frozen, frozen=True, kw_only=True):
    """Which content a remote file has, as of when it was last looked at."""

    stamp: str
    sha256: str
    size_bytes: int
    written_ns: int
    """When the blob was written, as its file says: another time means that it was touched."""


class Cached(Frozen, frozen=True, kw_only=True):
    """A file that is here."""

    path: str
    size_bytes: int
    sha256: str | None = None
    """`None` for one that lies on this machine anyway."""


class Unused(Frozen, frozen=True, kw_only=True):
    """A content that a clean-up takes."""

    sha256: str
    size_bytes: int
    used_at: float


class Cache:
    """The cache of one workspace. Several threads and processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._blobs = folder / "blobs"
        self._sources = folder / "sources"
        self._parts = folder / "parts"

    def path(self, sha256: str) -> Path:
        return self._blobs / sha256[:2] / sha256

    # Bringing

    def bring(self, files: Sequence[Found], progress: Progress | None = None) -> list[Cached]:
        """Have all files on this machine, in the order given; what lies here anyway stays there.

        Raises
        ------
        DataUnavailable
            A file can't be had. Those that are here by then stay, for the next try.
        DiskFull
            There is no room for all of them.
        Stopped
            `progress` asked for it.
        """
        progress = progress or Progress()
        sizes = [found.entry.size_bytes for found in files]
        in_all = None if None in sizes else sum(size or 0 for size in sizes)
        progress.expect(len(files), in_all)
        remote = [found for found in files if found.entry.local is None]
        if remote:
            self._make()
        known = self._all_known(remote, progress)
        missing = [found for found in remote if id(found) not in known]
        if missing:
            self._check_room(missing)
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fetch") as threads:
            coming = {id(found): threads.submit(self._bring, found, progress) for found in missing}
            futures.wait(coming.values(), return_when=futures.FIRST_EXCEPTION)
            if any(each.done() and each.exception() for each in coming.values()):
                progress.stop()  # for the others
                futures.wait(coming.values())
                raise _first([each.exception() for each in coming.values()])
        return [
            coming[id(found)].result()
            if id(found) in coming
            else self._here(found, known.get(id(found)), progress)
            for found in files
        ]

    def _all_known(self, files: Sequence[Found], progress: Progress) -> dict[int, Source]:
        """Of those that are here already, by `id`: without locks, since most often all are."""
        known = {}
        for found in files:
            progress.check()
            source = self._known(_key(found.place, found.entry), found.entry)
            if source is not None:
                known[id(found)] = source
        return known

    def _here(self, found: Found, known: Source | None, progress: Progress) -> Cached:
        """A file that lies on this machine anyway, or was fetched before."""
        progress.done(found.name)
        if known is not None:
            progress.moved(known.size_bytes, fetched=False)
            return self._cached(known)
        assert found.entry.local is not None
        size = found.entry.size_bytes or 0
        progress.moved(size, fetched=False)
        return Cached(path=found.entry.local, size_bytes=size)

    def _cached(self, source: Source) -> Cached:
        path = str(self.path(source.sha256))
        return Cached(path=path, size_bytes=source.size_bytes, sha256=source.sha256)

    def _bring(self, found: Found, progress: Progress) -> Cached:
        progress.check()
        entry = found.entry
        for _ in range(_TRIES):
            try:
                source = self._fetched(found.place, entry, progress)
            except Changed:
                entry = found.place.find(entry.path).files[0]
                continue
            progress.done(found.name)
            return self._cached(source)
        raise DataUnavailable(
            f"{entry.name} of {found.place.label} changes while it is fetched. Try again when "
            "nobody writes to it."
        )

    def _fetched(self, place: Place, entry: Entry, progress: Progress) -> Source:
        key = _key(place, entry)
        with self._locked(key, progress):
            known = self._known(key, entry)
            if known is not None:
                progress.moved(known.size_bytes, fetched=False)
                return known
            progress.begun(entry.name)
            part = self._parts / key
            fetched = fetching.fetch(place, entry, part, progress)
            try:
                return self._take_in(key, entry, part, fetched)
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise fetching.no_room(entry, self._parts) from None
                raise _unwritable(self.folder, error) from None

    def _take_in(self, key: str, entry: Entry, part: Path, fetched: fetching.Fetched) -> Source:
        """Give what has arrived its name; on disk at return."""
        blob = self.path(fetched.sha256)
        blob.parent.mkdir(exist_ok=True)
        if not self._is_whole(blob, fetched):
            part.chmod(0o444)
            part.replace(blob)
            sync_folder(str(blob.parent))
        else:
            part.unlink()
        source = Source(
            stamp=entry.stamp,
            sha256=fetched.sha256,
            size_bytes=fetched.size_bytes,
            written_ns=blob.stat().st_mtime_ns,
        )
        self._note(key, source)
        part.with_suffix(".json").unlink(missing_ok=True)
        return source

    def _is_whole(self, blob: Path, fetched: fetching.Fetched) -> bool:
        """Whether that content is here from another source, as it should be."""
        try:
            return blob.stat().st_size == fetched.size_bytes and sha256_of(blob) == fetched.sha256
        except OSError:
            return False

    def _known(self, key: str, entry: Entry) -> Source | None:
        """What the file had when it was last fetched, if it is still that and still here."""
        note = self._sources / f"{key}.json"
        try:
            source = msgspec.json.decode(note.read_bytes(), type=Source)
            blob = self.path(source.sha256)
            found = blob.stat()
        except (OSError, msgspec.DecodeError):
            return None
        if not entry.stamp or source.stamp != entry.stamp:
            return None
        if (found.st_size, found.st_mtime_ns) != (source.size_bytes, source.written_ns):
            # A script with the rights of its user has written to it, or a disk failed.
            if sha256_of(blob) != source.sha256:
                blob.unlink(missing_ok=True)
                return None
            source = msgspec.structs.replace(source, written_ns=found.st_mtime_ns)
            self._note(key, source)
        with contextlib.suppress(FileNotFoundError):
            os.utime(note)  # used just now
        return source

    def _note(self, key: str, source: Source) -> None:
        note = self._sources / f"{key}.json"
        new = self._parts / f"{key}.note"
        new.write_bytes(msgspec.json.encode(source))
        new.replace(note)

    @contextlib.contextmanager
    def _locked(self, key: str, progress: Progress) -> Iterator[None]:
        """Be the only one who fetches that file: others wait, and find it."""
        while True:
            try:
                with self._taken(key):
                    yield
                return
            except BlockingIOError:
                progress.wait(_LOOK_AGAIN_S)

    def _make(self) -> None:
        try:
            for folder in (self._blobs, self._sources, self._parts):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise _unwritable(self.folder, error) from None

    def _check_room(self, files: Sequence[Found]) -> None:
        """Find out before the first byte when a disk has no room for these."""
        missing = 0
        for found in files:
            here = self._parts / _key(found.place, found.entry)
            missing += found.entry.size_bytes or 0
            missing -= here.stat().st_size if here.exists() else 0
        free = shutil.disk_usage(self.folder).free
        if missing > free:
            raise DiskFull(
                f"The data does not fit: {units.size(missing)} of it are not here yet, and "
                f"{units.size(free)} are free in {self.folder.parent}. `jupyter mltrain gc` "
                "frees some."
            )

    # Cleaning up

    def size_bytes(self) -> int:
        """Of all contents, and what is on its way."""
        return sum(size for _, size in _files(self._blobs)) + sum(
            size for _, size in _files(self._parts)
        )

    def unused(self, keep: Collection[str] = ()) -> list[Unused]:
        """Contents that nobody uses just now, the one whose last use is longest ago first.

        Parameters
        ----------
        keep
            Contents that runs are using.
        """
        used: dict[str, float] = {}
        for note, _ in _files(self._sources):
            try:
                sha256 = msgspec.json.decode(Path(note).read_bytes(), type=Source).sha256
                at = Path(note).stat().st_mtime
            except (OSError, msgspec.DecodeError):
                continue  # fetched anew just now
            used[sha256] = max(at, used.get(sha256, 0.0))
        now, found = time.time(), []
        for path, size in _files(self._blobs):
            name = Path(path).name
            try:
                at = used.get(name) or Path(path).stat().st_mtime
            except FileNotFoundError:
                continue
            if name not in keep and now - at > JUST_USED_S:
                found.append(Unused(sha256=name, size_bytes=size, used_at=at))
        return sorted(found, key=lambda each: each.used_at)

    def remove(self, unused: Sequence[Unused]) -> None:
        """Delete these contents; whoever wants them again fetches them again."""
        for each in unused:
            self.path(each.sha256).unlink(missing_ok=True)
        gone = {each.sha256 for each in unused}
        for note, _ in _files(self._sources):
            try:
                if msgspec.json.decode(Path(note).read_bytes(), type=Source).sha256 in gone:
                    Path(note).unlink(missing_ok=True)
            except (OSError, msgspec.DecodeError):
                continue  # fetched anew just now

    def remove_left(self) -> int:
        """Delete what was never fetched wholly and nobody has gone on with; returns the bytes."""
        freed = 0
        for path, size in _files(self._parts):
            part = Path(path)
            if part.suffix or time.time() - part.stat().st_mtime < _LEFT_S:
                continue
            with contextlib.suppress(BlockingIOError), self._taken(part.name):
                part.unlink()
                part.with_suffix(".json").unlink(missing_ok=True)
                freed += size
        return freed

    @contextlib.contextmanager
    def _taken(self, key: str) -> Iterator[None]:
        """The lock of a file; raises `BlockingIOError` when somebody else has it."""
        path = self._parts / f"{key}.lock"
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not _is_same(lock, path):  # deleted by the one who had it before
                raise BlockingIOError
            try:
                yield
            finally:
                path.unlink(missing_ok=True)  # while it is ours
        finally:
            os.close(lock)


def _is_same(opened: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(opened), path.stat())
    except FileNotFoundError:
        return False


def _key(place: Place, entry: Entry) -> str:
    """What a file of a place is called here."""
    return hashlib.sha256(f"{place.key}\0{entry.path}".encode()).hexdigest()


def _first(errors: Sequence[BaseException | None]) -> BaseException:
    """What went wrong, not what was stopped for it."""
    raised = [error for error in errors if error is not None]
    return next((error for error in raised if not isinstance(error, Stopped)), raised[0])


def sha256_of(path: Path) -> str:
    """Of a file's content, hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[tuple[str, int]]:
    """All files below a folder with their sizes, in no order; nothing where there is none."""
    for where, _, names in os.walk(folder):
        for name in names:
            path = f"{where}/{name}"
            try:
                yield path, os.lstat(path).st_size
            except FileNotFoundError:
                continue


def _unwritable(folder: Path, error: OSError) -> MltrainError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"No room left in {folder.parent}. `jupyter mltrain gc` frees some.")
    return DataUnavailable(
        f"The cache {folder} cannot be written: {error.strerror}. Make it writable for you."
    )
