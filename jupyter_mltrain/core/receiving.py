"""Files that come from the service: whole or not at all, and never outside their folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_mltrain.errors import UserError


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give another name to write to, which becomes the file's own when it is whole.

    Folders are made as they are needed. Raises `OSError`, as whatever writes does.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{os.urandom(8).hex()}.part")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write(pieces: Iterable[bytes], path: Path) -> None:
    """Write a file that comes in pieces; see `whole`."""
    with whole(path) as partial, open(partial, "wb") as file:
        for piece in pieces:
            file.write(piece)


def below(root: Path, name: str) -> Path:
    """Where a file goes; a service that names a place outside is not believed."""
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise UserError(f"The file {name!r} would be written outside {root}. It is not fetched.")
    return root / name
