"""What a run has written for its outputs, in its own directory."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from jupyter_mltrain.data.names import inside
from jupyter_mltrain.spec import DataOutput, Run
from jupyter_mltrain.store.removal import remove_tree

_log = logging.getLogger(__name__)

FOLDER: Final = "written"
"""Of a run's directory: what it writes for its outputs, a folder each."""

KEPT: Final = "data"
"""Below the run's files: what could not be sent."""


def folder_of(output: DataOutput, run_dir: Path) -> Path:
    """Where a run writes an output."""
    if output.source is not None:
        return run_dir / "work" / inside(output.source, "the working folder")
    return run_dir / FOLDER / output.name


def is_any(run: Run, run_dir: Path) -> bool:
    """Whether it has written anything."""
    return any(
        next(files_of(place), None) is not None or place.is_file()
        for place in (place_of(output, run_dir) for output in run.spec.outputs)
    )


def place_of(output: DataOutput, run_dir: Path) -> Path:
    """Where it is by now: ``outputs`` and ``logs`` of the working folder are kept files."""
    place = folder_of(output, run_dir)
    if output.source is not None and not place.exists():
        return run_dir / "files" / inside(output.source, "the working folder")
    return place


def is_inside(path: Path, run_dir: Path) -> bool:
    """Whether a path is in the run's directory, whatever links its script has put there."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(run_dir))


def files_of(folder: Path) -> Iterator[str]:
    """Names of the regular files below a folder that is no link, relative to it; links are left."""
    if folder.is_symlink():
        return
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = f"{where}/{name}"
            if stat.S_ISREG(os.lstat(path).st_mode):
                yield os.path.relpath(path, folder)


def keep(output: DataOutput, run_dir: Path) -> None:
    """Put what was not sent among the run's files."""
    _keep(place_of(output, run_dir), output.name, run_dir)


def _keep(folder: Path, name: str, run_dir: Path) -> None:
    kept = run_dir / "files" / KEPT / name
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        within = all(is_inside(path, run_dir) for path in (folder, kept))
        if within and folder.exists() and not folder.is_relative_to(run_dir / "files"):
            remove_tree(kept)
            folder.rename(kept)
    except OSError as error:
        _log.error("%s: %s stays in %s: %s", run_dir.name, name, folder, error)


def keep_unsent(run_dir: Path) -> None:
    """Keep what an ended run never came to send: it was cancelled between two attempts, say."""
    written = run_dir / FOLDER
    if written.is_symlink() or not written.is_dir():
        return
    for folder in written.iterdir():
        if next(files_of(folder), None) is not None:
            _keep(folder, folder.name, run_dir)
