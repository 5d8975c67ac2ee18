"""The workspace that the magics work in: found once per folder, and said once."""

from __future__ import annotations

import io
import json
import os
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mltrain import workspaces
from jupyter_mltrain.errors import UserError

if TYPE_CHECKING:
    from jupyter_mltrain.client import Client
    from jupyter_mltrain.core.workspace import Workspace


def current() -> Workspace:
    """The workspace that the magics of this notebook use; outside of one, what is found here."""
    from IPython import get_ipython

    from jupyter_mltrain.core.workspace import Workspace

    shell = get_ipython()
    magics = shell.magics_manager.registry.get("TrainMagics") if shell is not None else None
    workspace: Workspace = Workspace.from_config() if magics is None else magics.session.workspace()
    return workspace


class Session:
    """Keeps what the magics of one shell share."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str | None], Workspace] = {}
        self._to_say: dict[Path, str] = {}
        self._said: set[Path] = set()

    def workspace(self) -> Workspace:
        """The workspace of the current folder, as `Workspace.from_config` finds it; says which.

        Raises
        ------
        UserError, WorkspaceError
            A config file is there and wrong.
        """
        workspace = self._find()
        notice = self._to_say.get(workspace.directory)
        if notice and workspace.directory not in self._said:
            print(notice, end="")
        self._said.add(workspace.directory)
        return workspace

    def client_silently(self) -> Client:
        """The workspace's client, for what must not print: completion."""
        return self._find().client

    def _find(self) -> Workspace:
        from jupyter_mltrain.core.workspace import Workspace

        key = (str(Path.cwd()), os.environ.get(workspaces.VARIABLE))
        if key not in self._found:
            said = io.StringIO()
            try:
                with redirect_stdout(said):
                    workspace = Workspace.from_config()
            except json.JSONDecodeError as error:
                raise UserError(
                    f"The config.json that names the workspace of {Path.cwd()} is not JSON: "
                    f"{error}. Correct it, or delete it."
                ) from None
            # One workspace, one client, from wherever it is used.
            known = next((each for each in self._found.values() if each == workspace), workspace)
            self._found[key] = known
            self._to_say[known.directory] = said.getvalue()
        return self._found[key]

    def close(self) -> None:
        """Close the connections."""
        for workspace in set(self._found.values()):
            if "client" in vars(workspace):  # a cached property: made by the first request
                workspace.client.close()
        self._found.clear()
