"""The files of one run: its logs, what it uploaded, what it wrote to `outputs` and `logs`."""

from __future__ import annotations

import errno
import heapq
import os
import stat
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from jupyter_mltrain import errors
from jupyter_mltrain.spec import RunFile
from jupyter_mltrain.store import listing
from jupyter_mltrain.store.collecting import COLLECTED, Collector
from jupyter_mltrain.store.confined import Leaves, open_below, open_folder_below
from jupyter_mltrain.store.listing import Item, Listed
from jupyter_mltrain.store.removal import remove_tree
from jupyter_mltrain.store.source_tree import shown
from jupyter_mltrain.wire import FilePage, FolderEntry, FolderPage

_SORTED: Final = 10_000
"""Names that are put in order in one step."""


def checked_name(name: str) -> str:
    """Return a file's name if it can be one; raises `InvalidSpec` for one that leads elsewhere.

    The check is about the text only. ``./outputs/x`` is ``outputs/x``, as Azure ML has it.
    """
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if not parts or "\0" in name or name.startswith("/") or ".." in parts:
        raise errors.InvalidSpec(
            f"{shown(name)} does not name a file of a run. "
            "Names are relative, such as 'outputs/model.pt'."
        )
    return "/".join(parts)


class RunFiles:
    """The files below one run's directory. Several threads may use it at once.

    `files` holds what is kept. While the run goes on, `work/outputs` and `work/logs` count too,
    as ``outputs/…`` and ``logs/…``; a kept file of the same name comes first.
    """

    def __init__(self, run_dir: Path) -> None:
        self._kept = run_dir / "files"
        self._work = run_dir / "work"

    def list(self) -> tuple[RunFile, ...]:
        """List all files, ordered by name.

        A symlink counts when it leads to a regular file in the same place. Bytes of a name that
        are not UTF-8 are shown as ``\\udcxx``, and `open` understands that.
        """
        return self.page().files

    def page(
        self, *, limit: int | None = None, after: str | None = None, prefix: str = ""
    ) -> FilePage:
        """List the files whose names begin so and come after that one; `None` as limit is all."""
        found = self._all(prefix)
        later = found if after is None else (name for name in found if name > after)
        names, more = _smallest(later, limit)
        return FilePage(
            files=tuple(_run_file(name, found[name]) for name in names),
            total=len(found),
            total_bytes=sum(size for size, _ in found.values()),
            next_after=names[-1] if more else None,
        )

    def folder(
        self, path: str = "", *, limit: int | None = None, after: str | None = None
    ) -> FolderPage:
        """List one level; what lies deeper is not looked at.

        Raises
        ------
        InvalidSpec
            The path leads out of the run's files.
        NoSuchFile
            There is no such folder.
        """
        path = "" if path in ("", ".", "/") else checked_name(path)
        found: dict[str, Item] | None = None if path else {}
        for root, rest in self._levels(path):
            try:
                # A kept file of the same name comes first, so it is looked for last.
                found = {**(found or {}), **dict(listing.level(root, rest))}
            except OSError:
                continue
        if found is None:
            raise errors.NoSuchFile(
                f"No folder {shown(path)} among the run's files. Its list of files says what "
                "there is."
            )
        if not path:
            found = {top: Item(self._work, top, True, None) for top in self._tops()} | found
        # Folders before files, in the order of plain text, which is the quickest to compare.
        keys = ((f"0{name}" if found[name].is_folder else f"1{name}") for name in found)
        if after is not None:
            last = f"0{after[:-1]}" if after.endswith("/") else f"1{after}"
            keys = (key for key in keys if key > last)
        chosen, more = _smallest(keys, limit)
        entries = (
            _folder_entry(key[1:], f"{path}/{key[1:]}" if path else key[1:], found[key[1:]])
            for key in chosen
        )
        return FolderPage(
            entries=tuple(entry for entry in entries if entry is not None),
            total=len(found),
            next_after=chosen[-1][1:] + ("/" if chosen[-1][0] == "0" else "") if more else None,
        )

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading, whatever the script does to its folders meanwhile.

        Raises
        ------
        InvalidSpec
            The name leads out of the run's files, by itself or through a symlink.
        NoSuchFile
            There is no such file, it is no regular file, or it cannot be read.
        """
        return os.fdopen(self._find(checked_name(name))[0], "rb")

    def resolve(self, name: str) -> Path:
        """Where a file lies just now; raises as `open` does, which is what to read it with."""
        descriptor, path = self._find(checked_name(name))
        os.close(descriptor)
        return path

    def collect(self) -> tuple[str, ...]:
        """Move what the script wrote to the kept files, after its end. Nothing is overwritten.

        Idempotent, and completes what an earlier call was interrupted in.

        Returns
        -------
        tuple of str
            Sentences about what is kept under another name, or is not kept, and why.
        """
        replaced = [folder for folder in (self._work, self._kept) if folder.is_symlink()]
        for folder in replaced:
            # A run in a container can put one there, and cannot itself go where it leads.
            folder.unlink()
            folder.mkdir()
        collector = Collector(self._work, self._kept)
        collector.run()
        notes = (f"{each.name} was replaced by a symlink, which is not kept." for each in replaced)
        return (*notes, *collector.notes)

    def drop_work(self) -> tuple[str, ...]:
        """Delete the working copy, unless `collect` had to leave something of it behind.

        Returns
        -------
        tuple of str
            Sentences about what is left; empty when all is gone.
        """
        for top in COLLECTED:
            if _holds_something(self._work / top):
                return (
                    f"The working copy {self._work} is kept: {top!r} in it holds files that could "
                    "not be moved.",
                )
        return tuple(f"Not removed: {problem}." for problem in remove_tree(self._work))

    def _all(self, prefix: str) -> dict[str, Listed]:
        found: dict[str, Listed] = {}
        # Work first: a file that is collected meanwhile is then seen in one place at least.
        for top in COLLECTED:
            found.update(listing.walk(self._work / top, top))
        found.update(listing.walk(self._kept, ""))
        if not prefix:
            return found
        return {name: file for name, file in found.items() if name.startswith(prefix)}

    def _levels(self, path: str) -> Iterator[tuple[Path, str]]:
        """Where one level may lie, that of the kept files last."""
        for spelling in listing.spellings(path):
            top, _, rest = spelling.partition("/")
            if top in COLLECTED:
                yield self._work / top, rest
            yield self._kept, spelling

    def _tops(self) -> Iterator[str]:
        for top in COLLECTED:
            try:
                os.close(open_folder_below(self._work, top))
            except OSError:
                continue
            yield top

    def _find(self, name: str) -> tuple[int, Path]:
        said = f"The run has no file {shown(name)}. Its list of files says what there is."
        for root, rest in self._places(name):
            try:
                return open_below(root, rest), root / rest
            except Leaves:
                raise errors.InvalidSpec(
                    f"{shown(name)} is behind a symlink that leads out of the run's files. "
                    "Read it where it lies."
                ) from None
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                    said = f"The run's file {shown(name)} cannot be read: {error.strerror}."
        raise errors.NoSuchFile(said)

    def _places(self, name: str) -> Iterator[tuple[Path, str]]:
        """Where a name may lie, in order. Kept files come twice: it may be collected meanwhile."""
        for each in listing.spellings(name):
            top, _, rest = each.partition("/")
            yield self._kept, each
            if top in COLLECTED:
                yield (self._work / top, rest) if rest else (self._work, top)
                yield self._kept, each


def _run_file(name: str, found: Listed) -> RunFile:
    size, mtime_ns = found
    return RunFile(name=name, size_bytes=size, modified_at=_instant(mtime_ns / 1e9))


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def _folder_entry(name: str, path: str, item: Item) -> FolderEntry | None:
    info = item.status()
    if info is None:
        return None  # went away meanwhile
    return FolderEntry(
        name=name,
        path=path,
        is_folder=item.is_folder,
        size_bytes=None if item.is_folder else info.st_size,
        modified_at=_instant(info.st_mtime),
    )


def _smallest(keys: Iterable[str], limit: int | None) -> tuple[list[str], bool]:
    """The first of these in order, and whether there are more.

    Not by sorting all in one step, which would let no other thread work for so long.
    """
    if limit is None:
        rest = iter(keys)
        ordered: list[str] = []
        while part := sorted(islice(rest, _SORTED)):
            ordered += part
        ordered.sort()  # of ordered stretches it has little to do
        return ordered, False
    limit = max(1, limit)
    first = heapq.nsmallest(limit + 1, keys)
    return first[:limit], len(first) > limit


def _holds_something(top: Path) -> bool:
    """Whether there is anything but empty folders; what cannot be looked into counts."""
    waiting = [top]
    while waiting:
        path = waiting.pop()
        try:
            if not stat.S_ISDIR(path.lstat().st_mode):
                return True
            waiting += list(path.iterdir())
        except FileNotFoundError:
            continue
        except OSError:
            return True
    return False
