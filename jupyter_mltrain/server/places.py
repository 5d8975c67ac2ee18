"""The workspaces that a page can name: those in the user's own registry, and the default one."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from typing import Final

import msgspec

from jupyter_mltrain import errors, wire, workspaces
from jupyter_mltrain._version import __version__
from jupyter_mltrain.server.upstream import Upstream

DEFAULT: Final = "default"
"""What the default workspace is called as long as it has no id, and may be called always."""


class Places:
    """Workspace id -> its service. Ids come from pages, folders never do."""

    def __init__(self) -> None:
        self._upstreams: dict[str, Upstream] = {}

    async def upstream(self, workspace_id: str) -> Upstream:
        """The workspace's service, which may have to be started when it is asked.

        Raises
        ------
        NoSuchWorkspace
            The user has none of that id, or its folder is gone.
        """
        known = self._upstreams.get(workspace_id)
        if known is None:
            found = await asyncio.to_thread(_find, workspace_id)
            known = self._upstreams.setdefault(workspace_id, found)
        return known

    async def close(self) -> None:
        """Close all connections; the services go on."""
        upstreams, self._upstreams = self._upstreams, {}
        await asyncio.gather(*(upstream.close() for upstream in upstreams.values()))


def info() -> wire.ServerInfo:
    """Everything there is, the default workspace first, then by name. Looks at the disk."""
    default = workspaces.default_directory()
    found = {}
    for id_, text in workspaces.registered().items():
        directory = Path(text)
        identity = _identity(directory)
        found[id_] = wire.WorkspaceInfo(
            id=id_,
            name=directory.name if identity is None else identity.name,
            directory=text,
            default=directory == default,
            there=identity is not None and identity.id == id_,
        )
    if not any(each.default and each.there for each in found.values()):
        identity = _identity(default) or workspaces.Identity(id=DEFAULT, name=default.name)
        found[identity.id] = wire.WorkspaceInfo(
            id=identity.id, name=identity.name, directory=str(default), default=True
        )
    order = sorted(found.values(), key=lambda each: (not each.default, each.name, each.id))
    return wire.ServerInfo(version=__version__, workspaces=tuple(order))


def unfinished() -> list[str]:
    """Ids of the workspaces that a service left with runs still to start or to end."""
    return [
        each.id
        for each in info().workspaces
        if each.there and workspaces.unfinished(Path(each.directory))
    ]


def _find(workspace_id: str) -> Upstream:
    default = workspaces.default_directory()
    if workspace_id == DEFAULT:
        return Upstream(default)  # made when it is first used
    text = workspaces.registered().get(workspace_id)
    if text is None:
        identity = _identity(default)
        if identity is None or identity.id != workspace_id:
            raise errors.NoSuchWorkspace(
                f"No workspace {workspace_id!r} is known here. It belongs to another user or "
                "another machine."
            )
        text = str(default)
    check = functools.partial(_check, workspace_id, Path(text))
    check()
    return Upstream(Path(text), check)


def _check(workspace_id: str, directory: Path) -> None:
    """A service must not be started where the workspace no longer is: it would make a new one."""
    identity = _identity(directory)
    if identity is None or identity.id != workspace_id:
        raise errors.NoSuchWorkspace(
            f"The workspace {directory.name!r} is no longer in {directory}. Put it back, or use "
            f"it where it is now ({workspaces.VARIABLE}), and it is known again."
        )


def _identity(directory: Path) -> workspaces.Identity | None:
    """Who the workspace in a folder is; `None` when there is none."""
    try:
        return msgspec.json.decode(
            (directory / "workspace.json").read_bytes(), type=workspaces.Identity
        )
    except (OSError, msgspec.DecodeError):
        return None
