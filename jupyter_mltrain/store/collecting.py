"""Moves what a script wrote to `outputs` and `logs` from its working copy to the kept files."""

from __future__ import annotations

import errno
import filecmp
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from jupyter_mltrain.store.removal import make_writable
from jupyter_mltrain.store.source_tree import shown

COLLECTED: Final = ("outputs", "logs")
"""Folders of the working copy that are kept, under the same names."""

_NAME_BYTES: Final = 255


class Collector:
    """One collection. Whatever it leaves in the working copy's folders it could not move.

    Symlinks come first, while everything they lead to is still in its place; then files and
    folders are renamed. So an interrupted collection is completed by the next.
    """

    def __init__(self, work: Path, kept: Path) -> None:
        self._work = work
        self._kept = kept
        self._real_work = work.resolve()
        self._targets: dict[Path, Path] = {work: kept}
        self._stuck = False
        self.notes: list[str] = []

    def run(self) -> None:
        tops = [self._work / name for name in COLLECTED]
        for link in [link for top in tops for link in self._odd_ones(top)]:
            self._guarded(self._odd_one, link)
        for top in tops:
            self._move_all(top)

    def _name(self, path: Path) -> str:
        return shown(str(path.relative_to(self._work)))

    def _guarded(self, action: Callable[[Path], None], path: Path) -> None:
        """Do one step; a file that cannot be moved stays where it is, and is named."""
        try:
            action(path)
        except FileNotFoundError:
            return
        except OSError as error:
            self._stuck = True
            self.notes.append(f"{self._name(path)} stays where it is: {error.strerror}.")

    def _odd_ones(self, top: Path) -> list[Path]:
        """Symlinks and special files below `top`, itself included; makes folders writable."""
        found = []
        waiting = [top]
        while waiting:
            path = waiting.pop()
            try:
                mode = path.lstat().st_mode
                if stat.S_ISDIR(mode):
                    make_writable(path)
                    with os.scandir(path) as entries:
                        waiting += [path / e.name for e in entries if not _plain_file(e)]
                elif not stat.S_ISREG(mode):
                    found.append(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                self._stuck = True
                self.notes.append(f"{self._name(path)} stays where it is: {error.strerror}.")
        return found

    def _odd_one(self, path: Path) -> None:
        if not path.is_symlink():
            self.notes.append(f"{self._name(path)} is no plain file and is not kept.")
            path.unlink()
            return
        leads_to = f"{self._name(path)} is a symlink to {shown(str(path.readlink()))}"
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError):  # a loop is a RuntimeError before Python 3.13
            self.notes.append(f"{leads_to}, which is not there, and is not kept.")
            path.unlink()
            return
        inside = self._place(real)
        if inside is None:
            self.notes.append(f"{leads_to}, outside of the run's folder, and is not kept.")
        elif inside.parts and inside.parts[0] in COLLECTED:
            self._keep_link(path, inside)
        elif real.is_dir():
            if path.parent.resolve().is_relative_to(real):
                self.notes.append(f"{leads_to}, which it lies in itself, and is not kept.")
            else:
                self._keep_tree(real, path)
        else:
            self._keep_content(real, self._target(path))
        path.unlink()

    def _place(self, real: Path) -> Path | None:
        """Path in the working copy; `None` outside of it."""
        try:
            return real.relative_to(self._real_work)
        except ValueError:
            return None

    def _keep_link(self, path: Path, inside: Path) -> None:
        """Keep a symlink to what is kept itself, as a relative one that survives the move."""
        target = self._target(path)
        text = os.path.relpath(self._kept / inside, target.parent)
        if target.is_symlink() and os.readlink(target) == text:  # noqa: PTH115
            return
        self._free(target, path).symlink_to(text)

    def _keep_tree(self, real: Path, path: Path) -> None:
        """Keep the content of a folder of the working copy that a symlink stands for."""
        start = self._target(path)
        if start.is_symlink() or (start.exists() and not start.is_dir()):
            start = self._free_folder(start)
        for folder, _, names in os.walk(real, onerror=_raise):
            place = start / Path(folder).relative_to(real)
            for name in names:
                file = Path(folder, name)
                resolved = file.resolve()
                if self._place(resolved) is None or not resolved.is_file():
                    self.notes.append(
                        f"{shown(name)}, reached through {self._name(path)}, is not a file of "
                        "the run and is not kept."
                    )
                    continue
                place.mkdir(parents=True, exist_ok=True)
                self._keep_content(resolved, place / name)

    def _keep_content(self, real: Path, target: Path) -> None:
        if _same(real, target):
            return
        target = self._free(target, real)
        try:
            # The working copy is about to go, so sharing the file with it changes nothing.
            target.hardlink_to(real)
        except OSError:
            _copy(real, target)

    def _move_all(self, top: Path) -> None:
        """Move files and folders; whole folders at once where nothing is in the way."""
        waiting = [top]
        emptied = []
        while waiting:
            path = waiting.pop()
            try:
                mode = path.lstat().st_mode
            except FileNotFoundError:
                continue
            if stat.S_ISREG(mode):
                self._guarded(self._move_file, path)
            elif stat.S_ISDIR(mode) and not self._moved_whole(path):
                emptied.append(path)
                waiting += self._children(path)
        for path in reversed(emptied):
            try:
                path.rmdir()
            except OSError:
                continue  # something stays in it, and is noted already

    def _children(self, folder: Path) -> list[Path]:
        try:
            return list(folder.iterdir())
        except OSError:
            return []  # noted when symlinks were looked for

    def _moved_whole(self, folder: Path) -> bool:
        """Move a folder by one rename, if it has something in it and its name is free."""
        target = self._target(folder)
        if self._stuck or os.path.lexists(target) or not self._children(folder):
            return False
        try:
            folder.rename(target)
        except OSError:
            return False  # file by file then, which tells what is wrong with which
        return True

    def _move_file(self, path: Path) -> None:
        target = self._target(path)
        if _same(path, target):
            path.unlink()
            return
        target = self._free(target, path)
        try:
            path.rename(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy(path, target)
            path.unlink()

    def _target(self, path: Path) -> Path:
        """Where `path` goes. Makes the folders for it, under another name where one is a file."""
        parent = path.parent
        if parent not in self._targets:
            target = self._target(parent)
            if target.is_symlink() or (target.exists() and not target.is_dir()):
                target = self._free_folder(target)
                self._renamed(parent, target)
            self._targets[parent] = target
        folder = self._targets[parent]
        folder.mkdir(parents=True, exist_ok=True)
        return folder / path.name

    def _free(self, target: Path, source: Path) -> Path:
        """`target`, or a name like it that is free: what is there was uploaded, and stays."""
        if not os.path.lexists(target):
            return target
        number = 1
        while os.path.lexists(free := _numbered(target, number)):
            number += 1
        self._renamed(source, free)
        return free

    def _free_folder(self, target: Path) -> Path:
        """A name like `target` that is free, or a folder from an interrupted collection."""
        number = 1
        while os.path.lexists(free := _numbered(target, number)) and not free.is_dir():
            number += 1
        return free

    def _renamed(self, source: Path, target: Path) -> None:
        name = shown(str(target.relative_to(self._kept)))
        self.notes.append(f"{self._name(source)} is kept as {name}: its name was taken.")


def _plain_file(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False)


def _raise(error: OSError) -> None:
    raise error


def _same(one: Path, other: Path) -> bool:
    """Whether both are regular files with the same content."""
    if not stat.S_ISREG(_mode(other)) or one.stat().st_size != other.stat().st_size:
        return False
    try:
        return one.samefile(other) or filecmp.cmp(one, other, shallow=False)
    except PermissionError:
        return False  # then both are kept


def _mode(path: Path) -> int:
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return 0


def _copy(source: Path, target: Path) -> None:
    """Copy under a temporary name first: a half copied file must not look like a kept one."""
    temporary = target.with_name(f".{os.getpid()}.copying")
    try:
        shutil.copy2(source, temporary)
        temporary.rename(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _numbered(path: Path, number: int) -> Path:
    """``model.pt`` -> ``model~1.pt``, shortened where that is too long for a name."""
    stem, end = path.stem, f"~{number}{path.suffix}"
    while len(os.fsencode(stem + end)) > _NAME_BYTES and len(stem) > 1:
        stem = stem[:-1]
    return path.with_name(stem + end)
