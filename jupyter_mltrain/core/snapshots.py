"""Fetching what a run was made of: the copy of its source folder, as files or as one zip."""

from __future__ import annotations

import zipfile
from pathlib import Path

from jupyter_mltrain.client import Client
from jupyter_mltrain.core import receiving
from jupyter_mltrain.errors import NoSuchFile, UserError
from jupyter_mltrain.spec import Run


def restore(client: Client, run: Run, snapshot_id: str | None, path: str | Path | None) -> Path:
    """Fetch a run's snapshot; returns where it is.

    Raises
    ------
    NoSuchFile
        The run has none.
    UserError
        The snapshot is not this run's, or it cannot be written there.
    """
    if run.snapshot_id is None:
        raise NoSuchFile(
            f"{run.label} was not made from a snapshot. start_logging(snapshot_directory=…) "
            "takes one."
        )
    if snapshot_id not in (None, run.snapshot_id):
        raise UserError(
            f"Snapshot {snapshot_id!r} is not that of {run.label}, which is {run.snapshot_id!r}. "
            "Restore it with the run that it belongs to."
        )
    target = Path(path).expanduser() if path is not None else Path(f"{run.snapshot_id}.zip")
    target = target.absolute()
    names = [file.name for file in client.snapshot(run.id)]
    try:
        if target.suffix == ".zip" and not target.is_dir():
            _zip(client, run.id, names, target)
        else:
            for name in names:
                receiving.write(client.read_snapshot(run.id, name), receiving.below(target, name))
    except OSError as error:
        raise UserError(f"The snapshot cannot be written to {target}: {error.strerror}.") from None
    return target


def _zip(client: Client, run_id: str, names: list[str], target: Path) -> None:
    """Write the zip under another name until it is whole."""
    with (
        receiving.whole(target) as partial,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in names:
            with packed.open(name, "w", force_zip64=True) as file:
                for piece in client.read_snapshot(run_id, name):
                    file.write(piece)
