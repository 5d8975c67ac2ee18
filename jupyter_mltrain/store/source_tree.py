"""Walks a source folder: what is in it, what is left out, and what must not go into a snapshot."""

# Plain strings, no Paths: this runs once for each of thousands of files.
# ruff: noqa: PTH114, PTH115

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from jupyter_mltrain import errors
from jupyter_mltrain.store.ignore import ENVIRONMENT_MARKERS, Ignore

_MAX_LINKS: Final = 40
"""Symlinks followed for one path before it counts as a loop, as in Linux' path lookup."""

_SPECIAL: Final = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@dataclass(kw_only=True, slots=True)
class Found:
    """What a walk found, by path relative to the folder, in no order."""

    files: list[tuple[str, os.stat_result]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    """Path and target of each symlink; every one leads to somewhere in the folder."""
    empty: list[str] = field(default_factory=list)
    """Folders in which nothing was found."""
    special: list[tuple[str, str]] = field(default_factory=list)
    """Path and kind of what is neither file, folder nor symlink."""
    ignored: list[str] = field(default_factory=list)
    """What a rule leaves out; a folder ends with a slash and was not walked into."""
    skipped: bool = False
    """The folder to skip was met."""


def plain_path(path: str, what: str) -> str:
    """Normalize a relative path; raises `SnapshotError` when it can lead out of the folder."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or ".." in parts or "\0" in path:
        raise errors.SnapshotError(
            f"{what} {path!r} leads out of the source folder. Name it relative to that folder."
        )
    return "/".join(parts)


def above(path: str) -> list[str]:
    """The folders that a path lies in, outermost first, without the root."""
    return [path[:at] for at, char in enumerate(path) if char == "/"]


def shown(path: str) -> str:
    """A path as it can stand in a message: quoted, with what is not text escaped."""
    return repr(path.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def unreadable(path: str, directory: str, error: OSError) -> errors.SnapshotError:
    return errors.SnapshotError(
        f"{shown(path)} in {directory} cannot be read: {error.strerror}. "
        "Make it readable, or list it in .amlignore."
    )


class Walk:
    """One walk through a folder.

    Parameters
    ----------
    directory
        Absolute path, without symlinks.
    skip
        Path of a folder in it that is not walked into, or `None`.
    """

    def __init__(self, directory: str, ignore: Ignore, skip: str | None) -> None:
        self._directory = directory
        self._ignore = ignore
        self._skip = skip
        self._found = Found()

    def all(self) -> Found:
        """Everything that is not ignored."""
        self._folders("")
        return self._found

    def only(self, include: tuple[str, ...]) -> Found:
        """These paths, ignored or not, and what is in those that are folders and not ignored."""
        seen: set[str] = set()
        paths = {plain_path(path, "The included path") for path in include}
        for path in sorted(paths):
            if path and not seen.isdisjoint(("", *above(path))):
                continue  # lies in a folder that was walked before
            if self._skip is not None and self._skip in (path, *above(path)):
                self._found.skipped = True
                continue
            try:
                info = os.lstat(self._full(path))
            except (FileNotFoundError, NotADirectoryError):
                raise errors.SnapshotError(
                    f"The included path {shown(path)} is not in {self._directory}. "
                    "Correct it, or leave it out."
                ) from None
            except OSError as error:
                raise unreadable(path, self._directory, error) from error
            self._refuse_linked_parents(path)
            if stat.S_ISDIR(info.st_mode):
                seen.add(path)
                self._folders(path)
            else:
                self._item(path, info)
        return self._found

    def _full(self, path: str) -> str:
        return f"{self._directory}/{path}" if path else self._directory

    def _refuse_linked_parents(self, path: str) -> None:
        for parent in above(path):
            if os.path.islink(self._full(parent)):
                raise errors.SnapshotError(
                    f"The included path {shown(path)} goes through {shown(parent)}, which is "
                    "a symlink. Include the path that it leads to."
                )

    def _item(self, path: str, info: os.stat_result) -> None:
        mode = info.st_mode
        if stat.S_ISREG(mode):
            self._found.files.append((path, info))
        elif stat.S_ISLNK(mode):
            self._link(path)
        else:
            kind = next((name for is_kind, name in _SPECIAL if is_kind(mode)), "no plain file")
            self._found.special.append((path, kind))

    def _folders(self, start: str) -> None:
        """Walk into a folder, without recursion: a tree can be deeper than Python's stack."""
        ignored = self._ignore.rule
        waiting = [start]
        parents: dict[str, str] = {}
        filled: set[str] = set()
        walked: list[str] = []
        while waiting:
            folder = waiting.pop()
            prefix = f"{folder}/" if folder else ""
            try:
                with os.scandir(self._full(folder)) as entries:
                    contents = list(entries)
            except OSError as error:
                if folder != start and isinstance(error, (FileNotFoundError, NotADirectoryError)):
                    continue  # went away meanwhile
                raise unreadable(folder or ".", self._directory, error) from error
            if folder != start:
                names = [e.name for e in contents if e.name in ENVIRONMENT_MARKERS]
                if names and self._ignore.environment(folder, names):
                    self._found.ignored.append(f"{folder}/")
                    continue
                filled.add(parents[folder])
            walked.append(folder)
            for entry in contents:
                name = entry.name
                path = prefix + name
                is_dir = entry.is_dir(follow_symlinks=False)
                if ignored(path, name, is_dir):
                    self._found.ignored.append(f"{path}/" if is_dir else path)
                    continue
                if is_dir:
                    if path == self._skip:
                        self._found.skipped = True
                        continue
                    parents[path] = folder
                    waiting.append(path)
                    continue
                try:
                    info = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # went away meanwhile
                self._item(path, info)
                filled.add(folder)
        self._found.empty += [path for path in walked if path and path not in filled]

    def _link(self, path: str) -> None:
        try:
            target = os.readlink(self._full(path))
        except FileNotFoundError:
            return
        if self._leaves(path, target):
            raise errors.SnapshotError(
                f"{shown(path)} in {self._directory} is a symlink to {shown(target)}, out of the "
                "folder, and would lead nowhere in a run. Copy the files in, or list it in "
                ".amlignore."
            )
        self._found.links.append((path, target))

    def _leaves(self, path: str, target: str) -> bool:
        """Whether a symlink leads out of the folder at any step, an absolute one included.

        Followed by hand, since `..` after a symlink is not the `..` of its text.
        """
        place = path.split("/")[:-1]
        pending = [target]
        followed = 0
        while pending:
            text = pending.pop()
            if text.startswith("/"):
                return True
            part, _, rest = text.partition("/")
            if rest:
                pending.append(rest.lstrip("/"))
            if part in ("", "."):
                continue
            if part == "..":
                if not place:
                    return True
                place.pop()
                continue
            try:
                pending.append(os.readlink("/".join([self._directory, *place, part])))
            except OSError:
                place.append(part)  # no symlink, or nothing there: a dangling one may stay
                continue
            followed += 1
            if followed > _MAX_LINKS:
                return False  # a loop leads nowhere
        return False


def skipped_folder(directory: Path, workspace: Path) -> str | None:
    """Path of the workspace in the source folder, or `None` when it is not in it."""
    try:
        return workspace.relative_to(directory).as_posix()
    except ValueError:
        return None
