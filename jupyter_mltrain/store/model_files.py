"""The files of models: copies that nobody changes, whole or not there at all."""

from __future__ import annotations

import difflib
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

import msgspec

from jupyter_mltrain import errors
from jupyter_mltrain.spec import Frozen, Model, RunFile
from jupyter_mltrain.store.confined import Leaves, open_below
from jupyter_mltrain.store.copying import Copier, write_all
from jupyter_mltrain.store.files import checked_name
from jupyter_mltrain.store.removal import remove_tree
from jupyter_mltrain.store.source_tree import shown

Sources: TypeAlias = Mapping[str, Callable[[], BinaryIO]]
"""Name in the model -> what opens the file that is copied."""

_STAGING: Final = ".staging"
"""No model's name begins with a dot."""

_RECORD: Final = re.compile(r"([1-9][0-9]{0,17})\.json\Z", re.ASCII)
_VERSION: Final = re.compile(r"[1-9][0-9]{0,17}\Z", re.ASCII)
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MANY: Final = 64
"""Files from which on one flush of everything takes less time than one of each."""


class Kept(Frozen, frozen=True, kw_only=True):
    """What lies beside the files of a version: with it, they are a model; without, left over."""

    model: Model
    request_id: str | None = None


class Staged(Frozen, frozen=True, kw_only=True):
    """Files that were copied, and belong to no model yet."""

    folder: Path
    files: tuple[RunFile, ...]


class ModelFiles:
    """The folder ``models`` of a workspace. Several threads may use it at once.

    ``<name>/<version>/`` has the files and ``<name>/<version>.json`` the record. The record is
    written last and goes first, so that whatever happens in between leaves no half model.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, name: str, version: int) -> Path:
        """Where the files of a version lie."""
        return self._root / name / str(version)

    def open(self, model: Model, name: str) -> BinaryIO:
        """Open one of a model's files for reading.

        Raises
        ------
        InvalidSpec
            The name leads out of the model.
        NoSuchFile
            It has no such file.
        """
        wanted = checked_name(name)
        try:
            return os.fdopen(open_below(self.folder(model.name, model.version), wanted), "rb")
        except (OSError, Leaves):
            names = [file.name for file in model.files]
            raise errors.NoSuchFile(
                f"The model {model.id} has no file {shown(name)}. {there_is(names)}"
            ) from None

    # Made

    def stage(self, sources: Sources) -> Staged:
        """Copy files, in full and flushed to the disk.

        Raises
        ------
        DiskFull
            There is no room for them.
        WrongState
            One was written to meanwhile.
        """
        folder = self._root / _STAGING / secrets.token_hex(8)
        copier = Copier()
        try:
            with _on_disk(self._root):
                folder.mkdir(parents=True)
                files = [
                    _copy(copier, name, opened, folder / name, flush=len(sources) < _MANY)
                    for name, opened in sources.items()
                ]
                if len(sources) >= _MANY:
                    os.sync()
                for place, _, _ in os.walk(folder):
                    _flush(Path(place))
        except BaseException:
            remove_tree(folder)
            raise
        return Staged(folder=folder, files=tuple(files))

    def commit(self, staged: Staged, kept: Kept) -> None:
        """Make staged files those of a version; from then on it is there.

        Raises
        ------
        DiskFull
            There is no room for the record; the version is not there.
        """
        model = kept.model
        target = self.folder(model.name, model.version)
        with _on_disk(self._root):
            target.parent.mkdir(exist_ok=True)
            _flush(self._root)
            remove_tree(target)  # of a registration that was cut off
            staged.folder.rename(target)
            self.note(kept)

    def note(self, kept: Kept) -> None:
        """Write the record of a version beside its files."""
        folder = self._root / kept.model.name
        partial = folder / f".{secrets.token_hex(8)}"
        try:
            with _on_disk(self._root):
                descriptor = os.open(partial, _NEW, 0o600)
                try:
                    write_all(descriptor, msgspec.json.encode(kept))
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
                partial.replace(folder / f"{kept.model.version}.json")
                _flush(folder)
        finally:
            partial.unlink(missing_ok=True)

    def discard(self, staged: Staged) -> None:
        """Delete staged files, unless they have become those of a version."""
        remove_tree(staged.folder)

    # Gone

    def remove(self, name: str, version: int) -> None:
        """Delete a version: its record first.

        Raises
        ------
        WorkspaceError
            Something of it cannot be deleted.
        """
        folder = self._root / name
        (folder / f"{version}.json").unlink(missing_ok=True)
        problems = remove_tree(folder / str(version))
        if problems:
            raise errors.WorkspaceError(f"{folder / str(version)} stays in part: {problems[0]}.")
        try:
            folder.rmdir()
        except OSError:
            pass  # there are other versions

    # Found again

    def versions(self) -> Iterator[tuple[str, int]]:
        """Name and version of all that are there."""
        for folder in self._names():
            for path in folder.iterdir():
                found = _RECORD.match(path.name)
                if found is not None:
                    yield folder.name, int(found[1])

    def kept(self, name: str, version: int) -> Kept | None:
        """The record of a version; `None` where it cannot be read."""
        try:
            data = (self._root / name / f"{version}.json").read_bytes()
            return msgspec.json.decode(data, type=Kept)
        except (OSError, msgspec.MsgspecError):
            return None

    def leftovers(self) -> list[Path]:
        """What registrations and deletions that were cut off have left, out of everybody's way."""
        staging = self._root / _STAGING
        for folder in self._names():
            for path in folder.iterdir():
                if _VERSION.match(path.name) and not (folder / f"{path.name}.json").exists():
                    staging.mkdir(exist_ok=True)
                    path.rename(staging / secrets.token_hex(8))
        return list(staging.iterdir()) if staging.exists() else []

    def _names(self) -> list[Path]:
        try:
            return [each for each in sorted(self._root.iterdir()) if each.name[0] != "."]
        except FileNotFoundError:
            return []


def there_is(names: Sequence[str], most: int = 8) -> str:
    """What to take instead, in a sentence."""
    if not names:
        return "It has no files."
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"It has {', '.join(names[:most])}{more}."


def _copy(
    copier: Copier, name: str, opened: Callable[[], BinaryIO], target: Path, *, flush: bool
) -> RunFile:
    target.parent.mkdir(parents=True, exist_ok=True)
    with opened() as source:
        before = os.fstat(source.fileno())
        descriptor = os.open(target, _NEW, 0o444)
        try:
            size = copier.copy(source.fileno(), descriptor)
            os.utime(descriptor, ns=(before.st_mtime_ns, before.st_mtime_ns))
            if flush:
                os.fsync(descriptor)
            os.fchmod(descriptor, 0o444)  # whatever the process's mask
        finally:
            os.close(descriptor)
        after = os.fstat(source.fileno())
    if size != before.st_size or after.st_mtime_ns != before.st_mtime_ns:
        raise errors.WrongState(
            f"{shown(name)} was written to while it was copied. Register the model once it is "
            "complete."
        )
    at = datetime.fromtimestamp(before.st_mtime, timezone.utc)
    return RunFile(name=name, size_bytes=size, modified_at=at)


@contextmanager
def _on_disk(root: Path) -> Iterator[None]:
    """Give what the disk refuses as a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (28, 122):  # ENOSPC, EDQUOT
            raise errors.DiskFull(
                f"No space left where the workspace lies ({root.parent}): the model is not "
                "registered. Free some, for example with `jupyter mltrain gc`, and try again."
            ) from None
        where = f"{error.filename}: " if error.filename else ""
        raise errors.WorkspaceError(
            f"The model is not registered: {where}{error.strerror or error}."
        ) from error


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def of_this_machine(path: Path) -> Sources:
    """A file, or all files of a folder under its name; symlinks are followed, as `cp -L` does.

    Raises
    ------
    NoSuchFile
        Nothing is there, or a folder without files.
    InvalidSpec
        Something in it is no file.
    """
    try:
        path = path.resolve() if path.name in ("", ".", "..") else path
        if path.is_dir():
            found = {f"{path.name or 'model'}/{name}": file for name, file in _below(path)}
        else:
            found = {path.name: _regular(path)}
    except FileNotFoundError:
        raise _missing(path) from None
    except OSError as error:
        raise errors.NoSuchFile(
            f"{error.filename or path} cannot be read: {error.strerror}."
        ) from None
    if not found:
        raise errors.NoSuchFile(f"The folder {path} holds no files, so there is no model in it.")
    return {name: _opener(file) for name, file in sorted(found.items())}


def _missing(path: Path) -> errors.NoSuchFile:
    """What there is instead, in the folder where it was looked for."""
    above = path.parent
    if not above.is_dir():
        return errors.NoSuchFile(f"There is no {path}, nor the folder {above}.")
    names = sorted(each.name for each in above.iterdir())
    near = difflib.get_close_matches(path.name, names, 1, 0.8)
    hint = f"Did you mean {near[0]!r}?" if near else there_is(names)
    return errors.NoSuchFile(f"There is no file or folder {path.name!r} in {above}. {hint}")


def _below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a folder, each folder once however many symlinks lead to it."""
    waiting = [("", folder)]
    seen = set()
    while waiting:
        before, place = waiting.pop()
        info = place.stat()
        if (info.st_dev, info.st_ino) in seen:
            continue
        seen.add((info.st_dev, info.st_ino))
        for path in place.iterdir():
            name = f"{before}{path.name}".encode("utf-8", "backslashreplace").decode()
            if path.is_dir():
                waiting.append((f"{name}/", path))
            else:
                yield name, _regular(path)


def _regular(path: Path) -> Path:
    if not stat.S_ISREG(path.stat().st_mode):
        raise errors.InvalidSpec(f"{path} is no file, so it cannot be part of a model.")
    return path


def _opener(path: Path) -> Callable[[], BinaryIO]:
    return lambda: open(path, "rb")
