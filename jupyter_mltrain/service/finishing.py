"""After the last process of a run: keep what it wrote, and say how it ended. Runs in a thread."""

from __future__ import annotations

import logging
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from jupyter_mltrain import workspaces
from jupyter_mltrain.service import explain
from jupyter_mltrain.spec import (
    CONTROL_LOG,
    DRIVER_LOG,
    LOCK_FILE,
    ExitRecord,
    Run,
    RunKind,
    RunState,
)
from jupyter_mltrain.store.confined import open_to_append, plain
from jupyter_mltrain.store.files import RunFiles

_log = logging.getLogger(__name__)

TAIL_BYTES: Final = 16_384
"""How much of the end of the output is looked at for what went wrong."""

_FULL_BYTES: Final = 2_000_000
"""With less free than this, a disk counts as full; the service's own reserve may be in it."""

Conclusion = explain.Ending


def conclude(
    run: Run, run_dir: Path, record: ExitRecord | None, lost: str | None, ended: datetime
) -> Conclusion:
    """Collect outputs and logs, and put the ending into words. May be repeated after a crash."""
    _keep_variables(run_dir)
    notes = list(RunFiles(run_dir).collect())
    if record is not None and record.leftovers:
        count = record.leftovers
        notes.append(f"ended {count} process{'' if count == 1 else 'es'} that the script left")
    if notes:
        note(run_dir, ended, *notes)
    return explain_end(run, run_dir, record, lost, ended)


def explain_end(
    run: Run, run_dir: Path, record: ExitRecord | None, lost: str | None, ended: datetime
) -> Conclusion:
    """Put the ending into words, and leave everything as it is."""
    if record is None:
        return explain.lost(lost or "nobody saw how it ended")
    return explain.explain(
        record,
        disk_full=record.status != 0 and _is_full(run_dir),
        tail="" if record.status == 0 else tail(run_dir / "files" / DRIVER_LOG),
        script=run.spec.script,
        cell=run.spec.kind is RunKind.CELL,
        timeout_s=run.spec.timeout_s,
        memory_bytes=run.spec.resources.memory_bytes,
        node_bytes=run.nodes[0].lease.memory_bytes if run.nodes and run.nodes[0].lease else 0,
        installs=run.spec.environment.is_built,
        duration_s=(ended - run.started_at).total_seconds() if run.started_at else 0.0,
    )


def conclude_quickly(run_dir: Path, record: ExitRecord | None) -> Conclusion | None:
    """The ending of a run that completed and left nothing to collect; `None` for all others.

    A few looks that cost less than a thread's turn.
    """
    if record is None or record.status != 0 or record.cause or record.leftovers:
        return None
    try:
        if os.path.exists(f"{run_dir}/variables"):  # noqa: PTH110
            return None
        for name in ("outputs", "logs"):
            with os.scandir(f"{run_dir}/work/{name}") as found:
                if next(found, None) is not None:
                    return None
    except OSError:
        return None  # the script moved or deleted them: for `collect` to sort out
    return Conclusion(state=RunState.COMPLETED, reason="completed")


def _is_full(folder: Path) -> bool:
    """Whether a script could not even write the line that says so."""
    try:
        return shutil.disk_usage(folder).free < _FULL_BYTES
    except OSError:
        return False  # deleted by the script


def _keep_variables(run_dir: Path) -> None:
    """The `-o` variables of a cell are among the run's files once it has ended."""
    kept = run_dir / "files" / "variables"
    for name in ("out", "out.json"):
        found = run_dir / "variables" / name
        if found.exists():
            kept.mkdir(exist_ok=True)
            found.rename(kept / name)


def keep(run: Run, run_dir: Path) -> None:
    """Make what is kept survive a power cut."""
    files = RunFiles(run_dir)
    for found in files.list():
        with files.open(found.name) as file:
            os.fsync(file.fileno())
    keep_record(run, run_dir)


def keep_record(run: Run, run_dir: Path) -> None:
    """Put the record beside the run's files: what a lost database is rebuilt from."""
    workspaces.replace(run_dir / "run.json", msgspec.json.encode(run))


def keep_lock(lock: Path, run_dir: Path) -> None:
    """Copy the exact packages of a run's environment among its files."""
    try:
        shutil.copyfile(lock, run_dir / "files" / LOCK_FILE)
    except OSError as error:
        # A full disk, or a folder that the script deleted: no reason to end the run.
        _log.warning("%s: its packages are not among its files: %s", run_dir.name, error.strerror)


def note(run_dir: Path, at: datetime, *lines: str) -> None:
    """Add to the run's control log."""
    try:
        log = open_to_append(run_dir, f"files/{CONTROL_LOG}")
        with open(log, "a", encoding="utf-8", errors="backslashreplace") as file:
            for line in lines:
                file.write(f"{at:%Y-%m-%dT%H:%M:%SZ} {line}\n")
    except OSError as error:
        # A full disk, or a folder that the script deleted: no reason not to end the run.
        _log.warning("%s: %s: %s", run_dir.name, error.strerror, "; ".join(lines))


def tail(path: Path, size_bytes: int = TAIL_BYTES) -> str:
    """The end of a text file; empty when there is none, or something else in its place."""
    try:
        with open(path, "rb", opener=plain) as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - size_bytes))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
