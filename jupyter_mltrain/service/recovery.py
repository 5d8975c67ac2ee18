"""Putting a workspace in order when a service starts: what a crash left half done."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import msgspec

from jupyter_mltrain.spec import Frozen, Run, RunState
from jupyter_mltrain.store.files import RunFiles
from jupyter_mltrain.store.runs import RunStore

_log = logging.getLogger(__name__)


def rebuild(store: RunStore, runs_dir: Path) -> int:
    """Fill a fresh store from the records that lie beside the runs' files; returns how many.

    For a database that was damaged and is kept aside. What had not ended is Failed, with that
    as its reason: how it ended was only in the database.
    """
    found = []
    for path in sorted(runs_dir.glob("*/run.json")):
        try:
            found.append(msgspec.json.decode(path.read_bytes(), type=Run))
        except (OSError, msgspec.DecodeError, msgspec.ValidationError) as error:
            _log.error("%s cannot be read: %s", path, error)
    for run in sorted(found, key=lambda run: run.number):
        if not run.state.final:
            run = msgspec.structs.replace(
                run,
                state=RunState.FAILED,
                reason="the workspace's database was damaged while it ran; its files are kept",
                ended_at=run.started_at or run.created_at,
            )
        store.insert(run)
    return len(found)


class Leftovers(Frozen, frozen=True, kw_only=True):
    """What a killed service left in the folder of runs."""

    strays: tuple[Path, ...]
    """Directories of submits that nobody was promised: the row, written before anything is
    started, is missing."""
    untidy: tuple[Path, ...]
    """Directories of ended runs."""


def find_leftovers(store: RunStore, runs_dir: Path) -> Leftovers:
    """Look before the first request comes: later, a directory may be one just being made."""
    final = store.finals()
    folders = list(runs_dir.iterdir())
    return Leftovers(
        strays=tuple(folder for folder in folders if folder.name not in final),
        untidy=tuple(folder for folder in folders if final.get(folder.name)),
    )


def clear(leftovers: Leftovers) -> None:
    """Delete strays, and the working copies that ended runs still have. Runs in a thread."""
    for folder in leftovers.strays:
        _log.warning("removing %s: its submit was never finished", folder)
        shutil.rmtree(folder, ignore_errors=True)
    for folder in leftovers.untidy:
        if (folder / "work").exists():
            files = RunFiles(folder)
            files.collect()
            files.drop_work()
