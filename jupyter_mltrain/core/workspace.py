"""`Workspace`: where everything lies, found by a config file or by default."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_mltrain import workspaces
from jupyter_mltrain.client import Client
from jupyter_mltrain.errors import UserError, WorkspaceError

if TYPE_CHECKING:
    from jupyter_mltrain.core.compute_target import ComputeTarget
    from jupyter_mltrain.core.environment import Environment
    from jupyter_mltrain.core.experiment import Experiment
    from jupyter_mltrain.core.run import Run

_FOLDERS: Final = (".azureml", "", "aml_config")
_FILES: Final = ("config.json", "project.json")
_KEYS: Final = ("subscription_id", "resource_group", "workspace_name")


class Workspace:
    """A directory and its service: experiments, runs and everything they keep.

    Making the object starts nothing; the first request does.
    """

    def __init__(
        self,
        subscription_id: str | None,
        resource_group: str | None,
        workspace_name: str,
        auth: object = None,
        sku: str = "basic",
        tags: dict[str, str] | None = None,
    ) -> None:
        """The workspace of that name, beside the default one.

        Parameters
        ----------
        subscription_id, resource_group, auth, sku, tags
            Kept or passed over: Azure's code gives them, and there is no cloud to name here.

        Raises
        ------
        UserError
            The name cannot be a folder's.
        """
        if not workspace_name or "/" in workspace_name or workspace_name.startswith("."):
            raise UserError(f"{workspace_name!r} cannot name a workspace. Use a folder's name.")
        self.subscription_id = subscription_id
        self.resource_group = resource_group
        self.directory = workspaces.home() / workspace_name

    @classmethod
    def at(cls, directory: str | Path) -> Workspace:
        """The workspace that lies, or will lie, in this directory."""
        workspace = cls(None, None, "default")
        workspace.directory = Path(directory).expanduser().absolute()
        return workspace

    @classmethod
    def default(cls) -> Workspace:
        """The workspace of `$MLTRAIN_WORKSPACE`, else the user's default one."""
        return cls.at(workspaces.default_directory())

    @classmethod
    def from_config(cls, path: str | Path | None = None, auth: object = None) -> Workspace:
        """The workspace that a config file names; without any, the default one.

        Parameters
        ----------
        path
            A config file, or the directory to start from; by default the current directory.
            Looked for are ``.azureml/config.json``, ``config.json`` and ``aml_config/config.json``
            (and the older ``project.json``), there and in every folder above.

        Raises
        ------
        UserError
            `path` was given and nothing is there, or the file lacks a key.
        json.JSONDecodeError
            The file is not JSON.
        """
        start = Path(path).expanduser() if path is not None else Path.cwd()
        found = start if start.is_file() else next(_configs(start.absolute()), None)
        if found is None:
            if path is not None:
                raise UserError(
                    f"No workspace configuration at {start}: no config.json there, in .azureml/ or "
                    "in a folder above. `Workspace.write_config` writes one."
                )
            workspace = cls.default()
            print(f"Workspace {workspace.name}: {workspace.directory} (no config.json found)")
            return workspace
        config = json.loads(found.read_text(encoding="utf-8-sig"))
        return cls._of_config(config if isinstance(config, dict) else {}, found)

    @classmethod
    def _of_config(cls, config: dict[str, Any], path: Path) -> Workspace:
        if "directory" in config:
            return cls.at(path.parent / str(config["directory"]))
        config = _with_scope(config)
        missing = [key for key in _KEYS if not config.get(key)]
        if missing:
            raise UserError(f"{path} lacks {', '.join(missing)}. Add it, or delete the file.")
        subscription, group, name = (str(config[key]) for key in _KEYS)
        return cls(subscription, group, name)

    def write_config(self, path: str | Path | None = None, file_name: str | None = None) -> None:
        """Write ``.azureml/config.json`` below `path`, so that `from_config` finds this workspace.

        Raises
        ------
        UserError
            The directory is not there.
        """
        folder = Path(path).expanduser() if path is not None else Path.cwd()
        if not folder.is_dir():
            raise UserError(f"The folder {folder} is not there. Create it first.")
        config: dict[str, str] = {"workspace_name": self.name}
        if self.directory == workspaces.home() / self.name:
            config |= {
                "subscription_id": self.subscription_id or "local",
                "resource_group": self.resource_group or "local",
            }
        else:
            config["directory"] = str(self.directory)
        target = folder / ".azureml" / (file_name or "config.json")
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(config, indent=2) + "\n")

    @cached_property
    def client(self) -> Client:
        """The connection to the workspace's service; starts it at the first request."""
        if os.path.isfile(self.directory):  # noqa: PTH113 - says no where it may not look
            raise WorkspaceError(f"{self.directory} is a file; a workspace is a directory.")
        return Client(self.directory)

    @property
    def name(self) -> str:
        """The directory's name."""
        return self.directory.name

    @property
    def location(self) -> str:
        """Where Azure names a region; here the directory's path."""
        return str(self.directory)

    @property
    def experiments(self) -> dict[str, Experiment]:
        """Name -> experiment, of every experiment that has runs."""
        from jupyter_mltrain.core.experiment import Experiment

        return {name: Experiment(self, name) for name in self.client.experiments()}

    @property
    def environments(self) -> dict[str, Environment]:
        """Name -> latest version, of every environment; also those that ship with the product."""
        from jupyter_mltrain.core.environment import Environment

        return Environment.list(self)

    @property
    def compute_targets(self) -> dict[str, ComputeTarget]:
        """Name -> compute target; ``local``, this machine, is always among them."""
        from jupyter_mltrain.core.compute_target import ComputeTarget

        return {target.name: target for target in ComputeTarget.list(self)}

    def get_run(self, run_id: str) -> Run:
        """The run with this id, number or name."""
        from jupyter_mltrain.core.run import Run

        return Run.get(self, run_id)

    def get_details(self) -> dict[str, Any]:
        """What there is to know about the workspace."""
        status = self.client.status()
        return {
            "id": status.workspace_id,
            "name": self.name,
            "location": self.location,
            "version": status.version,
            "running": status.running,
            "queued": status.queued,
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Workspace) and other.directory == self.directory

    def __hash__(self) -> int:
        return hash(self.directory)

    def __repr__(self) -> str:
        if self.subscription_id is None:
            return f"Workspace.at({str(self.directory)!r})"
        return (
            f"Workspace.create(name={self.name!r}, subscription_id={self.subscription_id!r}, "
            f"resource_group={self.resource_group!r})"
        )


def _configs(start: Path) -> Iterator[Path]:
    """Every config file that counts for this directory, nearest first."""
    for folder in (start, *start.parents):
        for place in _FOLDERS:
            for name in _FILES:
                path = folder / place / name
                if path.is_file():
                    yield path


def _with_scope(config: dict[str, Any]) -> dict[str, Any]:
    """The three keys, also from the file that later versions of Azure's SDK write."""
    parts = str(config.get("Scope", "")).strip("/").split("/")
    scope = dict(zip(map(str.lower, parts[::2]), parts[1::2], strict=False))
    return {
        "subscription_id": scope.get("subscriptions"),
        "resource_group": scope.get("resourcegroups"),
        "workspace_name": scope.get("workspaces"),
        **config,
    }
