"""Starting a run again that has failed: whether, with what left of the attempt before.

The next attempt has a fresh working copy with the `outputs` and `logs` of the last one in it. What
an attempt's compute left, its exit record above all, is kept in ``control-<number>``.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import time
from datetime import datetime
from pathlib import Path
from typing import Final

from jupyter_mltrain.service import run_dirs
from jupyter_mltrain.spec import ExitRecord, Run, RunState
from jupyter_mltrain.store.confined import open_folder_below, open_to_append
from jupyter_mltrain.store.removal import remove_tree

CARRIED: Final = ("outputs", "logs")
"""Folders of the working copy that the next attempt finds as the last one left them."""

_NOT_THERE: Final = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR, errno.EINVAL, errno.ENXIO}
)
"""A script deleted something or put something else in its place, a link or a pipe say."""

_NEVER: Final = frozenset({"cancel", "timeout", "start"})
"""Causes of an ending that another attempt would only repeat."""


def is_due(run: Run, state: RunState, record: ExitRecord | None) -> bool:
    """Whether a run that has just ended so is started once more.

    A run that was cancelled is not, nor one that has used up its time: the limit is for all
    attempts together.
    """
    cause = record.cause if record else None
    return state is RunState.FAILED and run.attempt <= run.spec.retries and cause not in _NEVER


def reason(run: Run, why: str) -> str:
    """Why a run waits for its next attempt, in words."""
    of = run.spec.retries + 1
    failed = f"Attempt {run.attempt} of {of} failed: {why.rstrip('.')}."
    return f"{failed} Starting attempt {run.attempt + 1}."


def left_s(run: Run, now: datetime) -> float:
    """How long the next attempt may take, in seconds: what is left of the run's limit."""
    if run.started_at is None:
        return run.spec.timeout_s
    return max(1.0, run.spec.timeout_s - (now - run.started_at).total_seconds())


def control_of(run: Run, run_dir: Path) -> Path:
    """What the compute of the run's attempt keeps of it, also where that was just put aside."""
    control, kept = run_dir / "control", run_dir / f"control-{run.attempt}"
    is_aside = kept.is_dir() and not kept.is_symlink()
    return kept if is_aside and not (control / "reaper.json").exists() else control


def put_aside(run: Run, run_dir: Path) -> None:
    """Make room for the next attempt; may be repeated after a crash. For a thread."""
    control, kept = run_dir / "control", run_dir / f"control-{run.attempt}"
    run_dirs.have(run_dir, "control")
    if any(control.iterdir()):
        remove_tree(kept)
        control.rename(kept)
        control.mkdir()


def announce(run: Run, run_dir: Path) -> None:
    """Say in the journal that an attempt begins; may be repeated after a crash. For a thread.

    What the journal says of the run's own end is over with this: until then a service after a
    crash judges the attempt before once more.
    """
    record = {"k": "attempt", "n": run.attempt, "t": time.time()}
    try:
        journal = open_to_append(run_dir, "journal.jsonl")
    except OSError as error:
        if error.errno not in _NOT_THERE:
            raise
        return
    with open(journal, "a", encoding="ascii") as file:
        file.write("\n" + json.dumps(record) + "\n")  # ends a line that was left unfinished


def take_outputs(run_dir: Path) -> None:
    """Take what the last attempt wrote out of its working copy, which is about to be dropped."""
    for name in CARRIED:
        # What is aside already is the truth: the working copy was begun anew since.
        if not os.path.lexists(run_dir / _aside(name)):
            _move(run_dir, ("work", name), ("", _aside(name)))


def give_outputs(run_dir: Path) -> None:
    """Put what was taken into the new working copy, in place of what the snapshot has there."""
    run_dirs.have(run_dir, "work")
    for name in CARRIED:
        if os.path.lexists(run_dir / _aside(name)):
            remove_tree(run_dir / "work" / name)
            _move(run_dir, ("", _aside(name)), ("work", name))


def _aside(name: str) -> str:
    return f"carried-{name}"


def _move(run_dir: Path, old: tuple[str, str], new: tuple[str, str]) -> None:
    """Rename below the run directory, through no symlink that a script has put there."""
    folders: list[int] = []
    try:
        for folder, _ in (old, new):
            folders.append(open_folder_below(run_dir, folder))
        if not stat.S_ISDIR(os.lstat(old[1], dir_fd=folders[0]).st_mode):
            os.unlink(old[1], dir_fd=folders[0])  # a link would lead the next attempt, and us, away
            return
        os.rename(old[1], new[1], src_dir_fd=folders[0], dst_dir_fd=folders[1])
    except OSError as error:
        if error.errno not in _NOT_THERE:
            raise
    finally:
        for descriptor in folders:
            os.close(descriptor)
