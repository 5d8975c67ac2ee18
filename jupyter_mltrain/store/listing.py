"""Looks through a run's folders: everything below one, or one level of it.

Bytes of a name that are not UTF-8 are shown as ``\\udcxx``, so that every name can travel in JSON.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

from jupyter_mltrain.store.confined import Leaves, open_below, open_folder_below

Listed: TypeAlias = tuple[int, int]
"""Size and time of change (ns) of a regular file, or of the one in the same place that a symlink
leads to. A plain tuple of numbers is nothing that the garbage collector looks at."""


class Item(NamedTuple):
    """What lies in one folder under one name."""

    root: Path
    path: str
    """Below `root`, as the system spells it."""
    is_folder: bool
    info: os.stat_result | None
    """Known already of a symlink: that of the file it leads to."""

    def status(self) -> os.stat_result | None:
        """Its status now; `None` when it is gone or has become something else."""
        if self.info is not None:
            return self.info
        folder, _, name = self.path.rpartition("/")
        try:
            descriptor = open_folder_below(self.root, folder)
        except OSError:
            return None
        try:
            info = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
        except OSError:
            return None
        finally:
            os.close(descriptor)
        same = stat.S_ISDIR(info.st_mode) if self.is_folder else stat.S_ISREG(info.st_mode)
        return info if same else None


def walk(root: Path, name: str) -> dict[str, Listed]:
    """The files below `root`, or `root` itself when it is one, by names that start so."""
    found: dict[str, Listed] = {}
    try:
        info = root.lstat()
    except OSError:
        return found  # not there yet, or not any more
    if stat.S_ISREG(info.st_mode) and name:
        found[name] = info.st_size, info.st_mtime_ns
    if not stat.S_ISDIR(info.st_mode):
        return found
    waiting = [("", name)]
    while waiting:
        folder, shown_as = waiting.pop()
        try:
            # By its descriptor: the system need not look up the folder again for each file.
            descriptor = os.open(root / folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue  # went away meanwhile, or the script closed it
        try:
            with os.scandir(descriptor) as entries:
                waiting += _look(entries, root, folder, shown_as, found)
        except OSError:
            continue
        finally:
            os.close(descriptor)
    return found


def _look(
    entries: Iterator[os.DirEntry[str]],
    root: Path,
    folder: str,
    shown_as: str,
    found: dict[str, Listed],
) -> list[tuple[str, str]]:
    """Add the files of one folder; returns the folders in it, each with the name it is shown by."""
    before = f"{folder}/" if folder else ""
    shown_before = f"{shown_as}/" if shown_as else ""
    folders = []
    for entry in entries:
        # As few steps as can be: there may be a hundred thousand.
        text = shown_before + entry.name
        if not text.isascii():
            text = escaped(text)
        try:
            if entry.is_file(follow_symlinks=False):
                info = entry.stat(follow_symlinks=False)
                found[text] = info.st_size, info.st_mtime_ns
            elif entry.is_dir(follow_symlinks=False):
                folders.append((before + entry.name, text))
            elif entry.is_symlink():
                target = _target(root, before + entry.name)
                if target is not None:
                    found[text] = target.st_size, target.st_mtime_ns
        except OSError:
            continue  # went away meanwhile
    return folders


def level(root: Path, folder: str) -> Iterator[tuple[str, Item]]:
    """What lies in one folder below `root`, by the name it is shown under.

    Raises
    ------
    OSError
        There is no such folder, or a symlink is on the way.
    """
    descriptor = open_folder_below(root, folder)
    try:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    yield escaped(entry.name), Item(root, path, True, None)
                elif entry.is_symlink():
                    info = _target(root, path)
                    if info is not None:
                        yield escaped(entry.name), Item(root, path, False, info)
                elif entry.is_file(follow_symlinks=False):
                    yield escaped(entry.name), Item(root, path, False, None)
    finally:
        os.close(descriptor)


def _target(root: Path, path: str) -> os.stat_result | None:
    """Status of the regular file below `root` that a symlink leads to; `None` for the rest."""
    try:
        descriptor = open_below(root, path)
    except (OSError, Leaves):
        return None
    try:
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def escaped(name: str) -> str:
    """A name as it can travel in JSON."""
    return name if name.isascii() else name.encode("utf-8", "backslashreplace").decode()


def spellings(name: str) -> list[str]:
    """What a name that has travelled may be called on the disk, the likelier first."""
    if "\\udc" not in name:
        return [name]
    return [
        name,
        re.sub(r"\\(udc[89a-f][0-9a-f])", lambda found: chr(int(found[1][1:], 16)), name),
    ]
