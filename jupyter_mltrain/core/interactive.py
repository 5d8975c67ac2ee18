"""Runs that this very process logs to: opened, written to, and what they keep at their end."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from jupyter_mltrain import runtime, spec
from jupyter_mltrain.client import Client
from jupyter_mltrain.errors import FileExists, MltrainError, UserError
from jupyter_mltrain.wire import OpenRequest

SNAPSHOT_BYTES: Final = 314_572_800
SNAPSHOT_FILES: Final = 2_000
"""What Azure ML takes at most; beyond, a folder that nobody has named is not copied."""

_opened: set[str] = set()
"""Ids of the runs that this process has opened."""


def opened_here(run_id: str) -> bool:
    """Whether this process has opened the run, and so would wait for itself."""
    return run_id in _opened


def start(
    client: Client,
    experiment: str,
    *,
    name: str | None = None,
    run_id: str | None = None,
    tags: Mapping[str, str | None] | None = None,
    source: spec.Source | None = None,
) -> spec.Run:
    """Open a run that goes on until it is ended, or this process is gone."""
    request = OpenRequest(
        experiment=experiment,
        name=name,
        run_id=run_id,
        source=source,
        tags=dict(tags or {}),
        pid=os.getpid(),
        started_at=_started_at(),
    )
    record = client.open(request)
    _opened.add(record.id)
    return record


def _started_at() -> float | None:
    """When this process started, unix seconds, where the system says it: proc(5), field 22."""
    try:
        fields = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()
        booted_at = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
        return booted_at + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, IndexError, ValueError):
        return None


def source_of(path: str | Path, include: tuple[str, ...] | None = None) -> spec.Source:
    """A folder, or one file, to take a snapshot of; raises `UserError` when it is not there."""
    found = Path(path).expanduser().absolute()
    if found.is_file():
        return spec.Source(directory=str(found.parent), include=(found.name,))
    if not found.is_dir():
        raise UserError(f"No snapshot can be taken of {found}: it is not there.")
    return spec.Source(directory=str(found), include=include)


def source_here() -> spec.Source | None:
    """The current folder, unless it is so large that nobody can have meant it."""
    files = size_bytes = 0
    for folder, _, names in os.walk("."):
        for name in names:
            files += 1
            try:
                size_bytes += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118
            except OSError:
                continue  # went away meanwhile
        if files > SNAPSHOT_FILES or size_bytes > SNAPSHOT_BYTES:
            print(
                f"No snapshot of {Path.cwd()} is taken: it has more than {SNAPSHOT_FILES} files "
                "or 300 MB. Name a folder with snapshot_directory=…, or None for no snapshot."
            )
            return None
    return spec.Source(directory=str(Path.cwd()))


def pen(client: Client, record: spec.Run) -> Any:
    """The run as a script inside it has it: what is logged is appended to its journal.

    Raises
    ------
    UserError
        It runs on an engine that has the journal to itself until the run ends.
    """
    parent = None
    if record.parent_id is not None:
        parent = pen(client, client.get(record.parent_id))
    elif not record.state.final and record.spec.compute != "local":
        kinds = {each.name: each.kind for each in client.computes()}
        if kinds.get(record.spec.compute) == "docker":
            raise UserError(
                f"{record.label} runs on {record.spec.compute!r}, where only its own script can "
                "log to it. Log to it once it has ended, or let the script do it."
            )
    runs = Path(client.directory) / "runs"
    path = runs / record.id if parent is None else Path(parent._root._path) / "children" / record.id
    return runtime.run_class()._make(record.id, str(path), record.spec.name, parent)


@contextmanager
def translated() -> Iterator[None]:
    """Raise what a run's own calls raise as the errors of everything else here."""
    try:
        yield
    except runtime.errors.AlreadyThere as error:
        raise FileExists(error.message) from None
    except runtime.errors.UserErrorException as error:
        raise UserError(error.message) from None
    except runtime.errors.RunError as error:
        raise MltrainError(error.message) from None


def keep_outputs(pen: Any, folder: str, since: float) -> None:
    """Keep what was written to a folder from an instant on, under the folder's name.

    Files that are there under their names already stay as they are.
    """
    top = Path(folder).name
    kept = set(pen.get_file_names())
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(where) / name
            inner = path.relative_to(folder).as_posix()
            try:
                new = path.is_file() and path.stat().st_mtime >= since
            except OSError:
                continue  # went away meanwhile
            if new and f"{top}/{inner}" not in kept:
                try:
                    with translated():
                        pen.upload_file(f"{top}/{inner}", path)
                except MltrainError as error:
                    print(f"{path} is not kept with the run: {error}", file=sys.stderr)
