"""Fetching a run's files to where the user wants them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from jupyter_mltrain.client import Client
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
    partial = path.with_name(f".{hashlib.sha256(path.name.encode()).hexdigest()[:16]}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(partial, "wb") as file:
            file.write(first)
            for piece in pieces:
                file.write(piece)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
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
        fetched.append(one(client, run_id, name, _below(root, given)))
    return fetched


def logs(client: Client, run_id: str, directory: str | Path | None) -> list[str]:
    """Fetch every log; returns the paths they got."""
    root = Path(directory).expanduser() if directory is not None else Path.cwd()
    names = [f.name for f in client.files(run_id) if f.name.startswith(("azureml-logs/", "logs/"))]
    return [str(one(client, run_id, name, _below(root, name))) for name in names]


def _below(root: Path, name: str) -> Path:
    """Where a file goes below `root`; a service that names a place outside is not believed."""
    path = root / name
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise UserError(f"The run's file {name!r} would be written outside {root}.")
    return path
