"""The files of one run: its logs, what it uploaded, what it wrote to `outputs` and `logs`."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO

from jupyter_mltrain import errors
from jupyter_mltrain.spec import RunFile
from jupyter_mltrain.store.collecting import COLLECTED, Collector
from jupyter_mltrain.store.confined import Leaves, open_below
from jupyter_mltrain.store.removal import remove_tree
from jupyter_mltrain.store.source_tree import shown


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
        found: dict[str, RunFile] = {}
        # Work first: a file that is collected meanwhile is then seen in one place at least.
        for top in COLLECTED:
            found.update(_listed(self._work / top, top))
        found.update(_listed(self._kept, ""))
        return tuple(found[name] for name in sorted(found))

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
        collector = Collector(self._work, self._kept)
        collector.run()
        return tuple(collector.notes)

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

    def _find(self, name: str) -> tuple[int, Path]:
        problem = "The run has no such file"
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
                    problem = error.strerror or str(error)
        raise errors.NoSuchFile(
            f"No file {shown(name)}: {problem[0].lower()}{problem[1:]}. "
            "The run's list of files says what there is."
        )

    def _places(self, name: str) -> Iterator[tuple[Path, str]]:
        """Where a name may lie, in order. Kept files come twice: it may be collected meanwhile."""
        names = [name]
        if "\\udc" in name:
            names.append(_unescaped(name))
        for each in names:
            top, _, rest = each.partition("/")
            yield self._kept, each
            if top in COLLECTED:
                yield (self._work / top, rest) if rest else (self._work, top)
                yield self._kept, each


def _listed(root: Path, name: str) -> Iterator[tuple[str, RunFile]]:
    """The files below `root`, or `root` itself when it is one, under names that start so."""
    try:
        info = root.lstat()
    except OSError:
        return  # not there yet, or not any more
    if stat.S_ISREG(info.st_mode) and name:
        yield name, _run_file(name, info)
    if not stat.S_ISDIR(info.st_mode):
        return
    waiting = [("", name)]
    while waiting:
        folder, shown_as = waiting.pop()
        try:
            with os.scandir(root / folder) as entries:
                contents = list(entries)
        except OSError:
            continue  # went away meanwhile, or the script closed it
        for entry in contents:
            path = f"{folder}/{entry.name}" if folder else entry.name
            text = _escaped(f"{shown_as}/{entry.name}" if shown_as else entry.name)
            if entry.is_dir(follow_symlinks=False):
                waiting.append((path, text))
                continue
            found = _status(root, path, entry)
            if found is not None:
                yield text, _run_file(text, found)


def _status(root: Path, path: str, entry: os.DirEntry[str]) -> os.stat_result | None:
    """Status of a regular file, or of the one that a symlink leads to; `None` for the rest."""
    try:
        if not entry.is_symlink():
            info = entry.stat(follow_symlinks=False)
            return info if stat.S_ISREG(info.st_mode) else None
        descriptor = open_below(root, path)
    except (OSError, Leaves):
        return None
    try:
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def _run_file(name: str, info: os.stat_result) -> RunFile:
    modified_at = datetime.fromtimestamp(info.st_mtime, timezone.utc)
    return RunFile(name=name, size_bytes=info.st_size, modified_at=modified_at)


def _escaped(name: str) -> str:
    """A name as it can travel in JSON."""
    return name.encode("utf-8", "backslashreplace").decode()


def _unescaped(name: str) -> str:
    return re.sub(r"\\(udc[89a-f][0-9a-f])", lambda found: chr(int(found[1][1:], 16)), name)


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
