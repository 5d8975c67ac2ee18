"""Fetching a run's files to where the user wants them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from jupyter_mltrain.client import Client
from jupyter_mltrain.core import details, receiving
from jupyter_mltrain.errors import NoSuchFile, UserError


def one(client: Client, run_id: str, name: str, target: str | Path | None) -> Path:
    """Fetch one file; returns where it is. A file half fetched has another name until whole."""
    own_name = Path(name).name
    text = str(target) if target is not None else ""
    path = Path(text).expanduser() if text else Path.cwd() / own_name
    if text.endswith("/") or (text and path.is_dir()):
        path = path / own_name
    pieces = client.read_file(run_id, name)
    first = next(pieces, b"")  # a wrong name fails before anything is made here
    try:
        receiving.write(chain((first,), pieces), path)
    except OSError as error:
        raise UserError(f"{name!r} cannot be written to {path}: {error.strerror}.") from None
    return path


def many(
    client: Client,
    run_id: str,
    prefix: str | None,
    directory: str | Path | None,
    paths: Sequence[str] | None,
    keep_prefix: bool,
) -> list[Path]:
    """Fetch all files whose names start with `prefix`; returns where they are."""
    root = Path(directory).expanduser() if directory is not None else Path.cwd()
    wanted = [f.name for f in client.files(run_id) if f.name.startswith(prefix or "")]
    if prefix and not wanted:
        raise NoSuchFile(f"The run has no file whose name starts with {prefix!r}.")
    if paths is not None and len(paths) != len(wanted):
        raise UserError(f"{len(paths)} output paths are given for {len(wanted)} files.")
    fetched = []
    for at, name in enumerate(wanted):
        given = name if paths is None else paths[at]
        if paths is None and not keep_prefix:
            given = name[len(prefix or "") :].lstrip("/") or Path(name).name
        fetched.append(one(client, run_id, name, receiving.below(root, given)))
    return fetched


def logs(client: Client, run_id: str, directory: str | Path | None) -> list[str]:
    """Fetch every log; returns the paths they got."""
    root = Path(directory).expanduser() if directory is not None else Path.cwd()
    names = [f.name for f in client.files(run_id) if f.name.startswith(details.LOGS)]
    return [str(one(client, run_id, name, receiving.below(root, name))) for name in names]
