"""Build contexts: the files of a folder that a Dockerfile may copy, and their archive."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final

from jupyter_mltrain import units
from jupyter_mltrain.engine import ignoring
from jupyter_mltrain.environments.dockerfile import Dockerfile
from jupyter_mltrain.errors import SnapshotError

LARGEST_BYTES: Final = 5_000_000_000
"""A folder with more than this was hardly meant; it would be copied, hashed and sent for long."""

NAME: Final = ".mltrain.Dockerfile"
"""Of the Dockerfile in the archive: no name that a user's own file has."""

_IGNORE: Final = ".dockerignore"
_NAMED: Final = 5


def chosen(folder: Path, dockerfile: Dockerfile) -> tuple[str, ...]:
    """Files and links of a folder that go into a build, relative to it and ordered.

    Empty for a Dockerfile that copies nothing from its folder. A ``.dockerignore`` is heeded; no
    other ignore file is, since `docker build` reads none.

    Raises
    ------
    SnapshotError
        The folder is not there, cannot be read, or holds more than `LARGEST_BYTES`; the sentence
        names the largest files.
    """
    if not dockerfile.needs_context:
        return ()
    if not folder.is_dir():
        raise SnapshotError(
            f"There is no folder {folder}, which the Dockerfile copies from. Correct its path."
        )
    found = sorted(_files(folder))
    sizes = {path: (folder / path).lstat().st_size for path in found}
    total = sum(sizes.values())
    if total > LARGEST_BYTES:
        first = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))[:_NAMED]
        largest = ", ".join(f"{path} ({units.size(size)})" for path, size in first)
        raise SnapshotError(
            f"The build context {folder} holds {units.size(total)}; {units.size(LARGEST_BYTES)} "
            f"is the most. Leave out what the Dockerfile does not copy with {_IGNORE}. The "
            f"largest files are {largest}."
        )
    return tuple(found)


def _files(folder: Path) -> Iterator[str]:
    """Everything in it that is a file or a link and that no rule leaves out."""
    try:
        rules = (folder / _IGNORE).read_text("utf-8-sig").splitlines()
    except (FileNotFoundError, IsADirectoryError):
        rules = []
    except (OSError, UnicodeDecodeError) as error:
        raise SnapshotError(
            f"{folder / _IGNORE} cannot be read: {error}. Make it readable text, or remove it."
        ) from error
    said = [rule.strip() for rule in rules if rule.strip() and not rule.startswith("#")]
    paths: Iterable[str] = ignoring.kept(str(folder), said) if said else _all(folder)
    for path in paths:
        mode = (folder / path).lstat().st_mode
        if stat.S_ISREG(mode) or stat.S_ISLNK(mode):
            yield path


def _all(folder: Path) -> Iterator[str]:
    for parent, folders, files in os.walk(folder, onerror=_unreadable):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        for name in (*files, *links):
            yield Path(parent, name).relative_to(folder).as_posix()


def _unreadable(error: OSError) -> None:
    raise SnapshotError(
        f"{error.filename} cannot be read: {error.strerror}. Make it readable, or list it in "
        f"{_IGNORE}."
    ) from error


def archive(dockerfile: str, folder: Path | None, target: IO[bytes]) -> None:
    """Write what an engine builds from: the Dockerfile as `NAME`, and everything in the folder.

    Owners are left out, so that the same files are found in the engine's cache for everybody.
    """

    def anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        return entry

    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as made:
        if folder is not None:
            for path in sorted(folder.iterdir()):
                made.add(path, path.name, filter=anonymous)
        text = dockerfile.encode()
        entry = tarfile.TarInfo(NAME)
        entry.size = len(text)
        made.addfile(entry, io.BytesIO(text))
