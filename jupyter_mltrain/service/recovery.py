"""Putting a workspace in order when a service starts: what a crash left half done."""

from __future__ import annotations

import logging
import shutil
import socket
from pathlib import Path

import msgspec

from jupyter_mltrain.service import asking, delivering, retrying, written
from jupyter_mltrain.spec import Frozen, Lease, Node, Run, RunKind, RunState
from jupyter_mltrain.store.files import RunFiles
from jupyter_mltrain.store.removal import remove_tree
from jupyter_mltrain.store.runs import RunStore

_log = logging.getLogger(__name__)


def rebuild(store: RunStore, runs_dir: Path) -> int:
    """Fill a fresh store from the records that lie beside the runs' files; returns how many.

    For a database that was damaged and is kept aside, or is gone. What its reaper can still tell
    about goes on; what else had not ended is Failed, with that as its reason: how it ended was
    only in the database.
    """
    known = store.finals()
    found = []
    for path in sorted(runs_dir.glob("*/run.json")):
        if path.parent.name in known:
            continue
        try:
            found.append(msgspec.json.decode(path.read_bytes(), type=Run))
        except (OSError, msgspec.DecodeError, msgspec.ValidationError) as error:
            _log.error("%s cannot be read: %s", path, error)
    for run in sorted(found, key=lambda run: run.number):
        if run.spec.kind is RunKind.INTERACTIVE and not run.state.final:
            pass  # whoever opened it is found, or missed, by `Opened`
        elif (runs_dir / run.id / "control" / "reaper.json").exists() and not run.state.final:
            run = _still_told_of(run)
        elif not run.state.final:
            run = msgspec.structs.replace(
                run,
                state=RunState.FAILED,
                reason="the workspace's database was damaged while it ran; its files are kept",
                ended_at=run.started_at or run.created_at,
            )
        if run.number < store.next_number():  # two have it: copied here from another workspace
            run = msgspec.structs.replace(run, number=store.next_number())
        store.insert(run)
    return len(found)


def _still_told_of(run: Run) -> Run:
    """The record of a run that a reaper has, or had: the supervisor finds out which."""
    if run.nodes and run.nodes[0].host.startswith(f"{run.spec.compute}-"):
        # Of a cluster, which was in the database too: what is left of it is this machine.
        run = msgspec.structs.replace(
            run, spec=msgspec.structs.replace(run.spec, compute="local"), nodes=()
        )
    node = Node(index=0, host=socket.gethostname(), lease=Lease(cpus=1))
    return msgspec.structs.replace(
        run,
        state=RunState.RUNNING,
        reason="found again after the workspace's database was damaged",
        started_at=run.started_at or run.created_at,
        nodes=run.nodes or (node,),
    )


class Leftovers(Frozen, frozen=True, kw_only=True):
    """What a killed service left in the folder of runs."""

    strays: tuple[Path, ...]
    """Directories of submits that nobody was promised: the row, written before anything is
    started, is missing."""
    untidy: tuple[Path, ...]
    """Directories of ended runs."""


def find_leftovers(store: RunStore, runs_dir: Path) -> Leftovers:
    """Look before the first request comes: later, a directory may be one just being made.

    A directory with a record in it is none of a submit that was never finished: the row came
    first, and is lost.
    """
    final = store.finals()
    folders = list(runs_dir.iterdir())
    unknown = (folder for folder in folders if folder.name not in final)
    return Leftovers(
        strays=tuple(folder for folder in unknown if not (folder / "run.json").exists()),
        untidy=tuple(folder for folder in folders if final.get(folder.name)),
    )


def clear(leftovers: Leftovers) -> None:
    """Delete strays, and what ended runs still have of their work. Runs in a thread."""
    for folder in leftovers.strays:
        _log.warning("removing %s: its submit was never finished", folder)
        shutil.rmtree(folder, ignore_errors=True)
    for folder in leftovers.untidy:
        remove_tree(folder / asking.FOLDER)
        written.keep_unsent(folder)
        delivering.clear(folder)
        if (folder / "work").exists():
            retrying.give_outputs(folder)
            files = RunFiles(folder)
            files.collect()
            files.drop_work()
