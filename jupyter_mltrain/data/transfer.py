"""Files of this machine onto a datastore, and back."""

from __future__ import annotations

import enum
import errno
import os
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jupyter_mltrain.data.cache import Cache
from jupyter_mltrain.data.files import copy
from jupyter_mltrain.data.names import inside
from jupyter_mltrain.data.places import Place
from jupyter_mltrain.data.progress import Progress
from jupyter_mltrain.data.resolving import Found
from jupyter_mltrain.errors import DataUnavailable, DiskFull, FileExists, UserError

_AT_ONCE: Final = 4


class Existing(enum.Enum):
    """What becomes of a file that is there already."""

    SKIP = "skip"
    REPLACE = "replace"
    REFUSE = "refuse"


@dataclass(frozen=True, kw_only=True, slots=True)
class ToSend:
    """One file, and where on the datastore it goes."""

    source: Path
    target: str


def files_below(folder: Path) -> list[ToSend]:
    """Every file of a folder, links followed, under its name relative to it; by name.

    Raises
    ------
    UserError
        There is no such folder.
    """
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}.")
    found = []
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in names:
            path = Path(where) / name
            if path.is_file():
                found.append(ToSend(source=path, target=path.relative_to(folder).as_posix()))
    return sorted(found, key=lambda each: each.target)


def upload(
    place: Place,
    files: Sequence[ToSend],
    *,
    existing: Existing = Existing.SKIP,
    progress: Progress | None = None,
) -> list[str]:
    """Send files; gives the targets that were there already and were left as they are.

    Raises
    ------
    FileExists
        One is there already, and `existing` refuses that; nothing was sent.
    DataUnavailable
        The datastore doesn't take it; files before it have arrived.
    UserError
        A file is not there, or two go to the same place.
    """
    progress = progress or Progress()
    sizes = _sizes(files)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="send") as threads:
        there: set[str] = set()
        if existing is not Existing.REPLACE:
            targets = [each.target for each in files]
            there = {
                target
                for target, size in zip(targets, threads.map(place.size_of, targets), strict=True)
                if size is not None
            }
        if there and existing is Existing.REFUSE:
            raise FileExists(
                f"{min(there)} is on {place.label} already. Choose another folder, or say that "
                "it is to be overwritten."
            )
        left = [each for each in files if each.target not in there]
        progress.expect(len(left), sum(sizes[each.target] for each in left))
        coming = [threads.submit(_send, place, each, progress) for each in left]
        try:
            for done in coming:
                done.result()
        except BaseException:
            progress.stop()
            for each in coming:
                each.cancel()
            raise
    return sorted(there)


def _sizes(files: Sequence[ToSend]) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in files:
        if each.target in found:
            raise UserError(
                f"Two files go to {each.target}, {each.source} is one of them. Upload them one "
                "after the other, to different folders."
            )
        if not each.source.is_file():
            raise UserError(f"There is no file {each.source}.")
        found[each.target] = each.source.stat().st_size
    return found


def _send(place: Place, file: ToSend, progress: Progress) -> None:
    progress.check()
    progress.begun(str(file.source))
    try:
        opened = os.open(file.source, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise UserError(f"{file.source} cannot be read: {error.strerror}.") from None
    try:
        place.put(opened, file.target)
        progress.moved(os.fstat(opened).st_size)
    finally:
        os.close(opened)
    progress.done(str(file.source))


def download(
    files: Sequence[Found],
    cache: Cache,
    target: Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Copy files, under their names, below a folder; gives their paths, in the order given.

    What is remote comes out of the cache, or into it first.

    Parameters
    ----------
    overwrite
        Replace what is there; else a file that is there is left as it is.
    """
    progress = progress or Progress()
    paths = [target / inside(found.name, "the data") for found in files]
    wanted = [
        (found, path)
        for found, path in zip(files, paths, strict=True)
        if overwrite or not path.exists()
    ]
    cached = cache.bring([found for found, _ in wanted], progress)
    for here, (_, path) in zip(cached, wanted, strict=True):
        progress.check()
        place_copy(here.path, path)
    return paths


def place_copy(source: str, target: Path) -> None:
    """Copy a file to a path, whole or not at all, blocks shared where that is possible."""
    temporary = target.with_name(f".mltrain-{secrets.token_hex(6)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        from_ = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            to = os.open(temporary, flags, 0o644)
            try:
                copy(from_, to)
            finally:
                os.close(to)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        finally:
            os.close(from_)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"No room left for {target}. Free some there.") from None
        raise DataUnavailable(f"{target} cannot be written: {error.strerror}.") from None
