"""Deleting a workspace: what it made in its folder, and nothing else."""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jupyter_mltrain import units, workspaces
from jupyter_mltrain.errors import NoSuchWorkspace, WorkspaceError, WorkspaceLocked, WrongState
from jupyter_mltrain.secrets import delete_below

if TYPE_CHECKING:
    from jupyter_mltrain.core.workspace import Workspace

_DATA: Final = "datastores"
"""Below it lies what the user has uploaded."""

_MADE: Final = (
    *("about.json", "blobs", "cache", "containers", "environments", "models", "reserve", "runs"),
    *("service.json", "service.log*", "settings.json", "snapshots", "source-index", "spare"),
    *("staging", "store.sqlite*", "workspace.json"),
)
"""What a workspace makes; a folder that was chosen for one may hold files of the user's."""

_WAIT_S: Final = 30.0


def delete(workspace: Workspace, *, with_data: bool) -> None:
    """Delete a workspace that no run and nobody else uses, and say what is gone.

    Raises
    ------
    NoSuchWorkspace
        There is none in its folder, or it is not one of this user's.
    WrongState
        It has runs that have not ended.
    WorkspaceLocked
        Something, such as an open page, goes on using it.
    WorkspaceError
        A part of it cannot be deleted.
    """
    directory = workspace.directory
    if not (directory / "workspace.json").is_file():
        raise NoSuchWorkspace(f"There is no workspace in {directory}.")
    identity = workspace.id
    if workspaces.registered().get(identity) != str(directory):
        raise NoSuchWorkspace(
            f"The workspace in {directory} is not one that you have used, so it is not deleted. "
            "Delete the folder yourself if it is not needed."
        )
    _end_service(workspace)
    with _held(directory):
        left = _remove(directory, (_DATA, *_MADE) if with_data else _MADE)
        if left:
            raise WorkspaceError(
                f"The workspace {directory} is deleted in part; left are {units.listed(left)}. "
                "Make them writable for you, and delete the folder."
            )
    workspaces.forget(identity)
    delete_below(f"keyvault/{identity}")
    delete_below(f"datastore/{identity}/")
    (directory / "lock").unlink(missing_ok=True)
    try:
        directory.rmdir()
    except OSError:
        left = sorted(path.name for path in directory.iterdir())
        print(f"Deleted the workspace in {directory}. Left there: {units.listed(left)}.")
    else:
        print(f"Deleted the workspace {directory}.")


def _end_service(workspace: Workspace) -> None:
    status = workspace.client.status()
    busy = status.running + status.queued
    if busy:
        raise WrongState(
            f"The workspace {workspace.name} has {units.plural(busy, 'run')} to finish. Cancel "
            "them, or wait for them, and delete it then."
        )
    workspace.client.shutdown()


@contextmanager
def _held(directory: Path) -> Iterator[None]:
    """Hold the workspace's lock, so that no service comes to it meanwhile."""
    deadline = time.monotonic() + _WAIT_S
    with open(directory / "lock", "rb") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise WorkspaceLocked(
                        f"The workspace {directory} is still in use, by an open page perhaps. "
                        "Close it, and try again."
                    ) from None
            time.sleep(0.05)
        yield


def _remove(directory: Path, names: tuple[str, ...]) -> list[str]:
    """What of these is left, since it could not be removed."""
    left = []
    for name in names:
        for path in directory.glob(name):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
            if path.exists():
                left.append(str(path))
    return left
