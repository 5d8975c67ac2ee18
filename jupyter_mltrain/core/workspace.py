"""`Workspace`: where everything lies, found by a config file or by default."""

from __future__ import annotations

import builtins
import os
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from jupyter_mltrain import workspaces
from jupyter_mltrain.client import Client
from jupyter_mltrain.core import workspace_config as config_file
from jupyter_mltrain.core.workspace_about import About
from jupyter_mltrain.core.workspace_azure import AzureOnly
from jupyter_mltrain.core.workspace_contents import Contents
from jupyter_mltrain.errors import NoSuchWorkspace, UserError, WorkspaceError

_LOCAL: Final = "local"
"""Stands for a subscription and a group where no code has named them."""


class Workspace(Contents, AzureOnly):
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
        self._is_named = subscription_id is not None
        self.subscription_id = subscription_id or _LOCAL
        self.resource_group = resource_group or _LOCAL
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
        found = config_file.find(start)
        if found is None:
            if path is not None:
                raise UserError(
                    f"No workspace configuration at {start}: no config.json there, in .azureml/ or "
                    "in a folder above. `Workspace.write_config` writes one."
                )
            workspace = cls.default()
            print(f"Workspace {workspace.name}: {workspace.directory} (no config.json found)")
            return workspace
        config = config_file.read(found)
        if "directory" in config:
            return cls.at(found.parent / str(config["directory"]))
        subscription, group, name = (str(config[key]) for key in config_file.KEYS)
        return cls(subscription, group, name)

    @staticmethod
    def get(
        name: str,
        auth: object = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        cloud: str = "AzureCloud",
        id: str | None = None,
    ) -> Workspace:
        """The existing workspace of that name.

        Parameters
        ----------
        auth, location, cloud, id
            Passed over: there is no cloud to name here.

        Raises
        ------
        NoSuchWorkspace
            This user has none of that name.
        """
        workspace = Workspace(subscription_id, resource_group, name)
        if workspace.exists:
            return workspace
        known = Workspace.list()
        if name in known:
            return known[name][0]
        raise NoSuchWorkspace(
            f"No workspace {name!r}. You have {', '.join(map(repr, known)) or 'none'}; "
            "`Workspace.create` makes one."
        )

    @staticmethod
    def create(
        name: str,
        auth: object = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        create_resource_group: bool = True,
        sku: str = "basic",
        tags: dict[str, str] | None = None,
        friendly_name: str | None = None,
        storage_account: str | None = None,
        key_vault: str | None = None,
        app_insights: str | None = None,
        container_registry: str | None = None,
        adb_workspace: str | None = None,
        primary_user_assigned_identity: str | None = None,
        cmk_keyvault: str | None = None,
        resource_cmk_uri: str | None = None,
        hbi_workspace: bool = False,
        default_cpu_compute_target: Any = None,
        default_gpu_compute_target: Any = None,
        private_endpoint_config: Any = None,
        private_endpoint_auto_approval: bool = True,
        exist_ok: bool = False,
        show_output: bool = True,
        user_assigned_identity_for_cmk_encryption: str | None = None,
        system_datastores_auth_mode: str = "accessKey",
        v1_legacy_mode: bool | None = None,
    ) -> Workspace:
        """Make a workspace: a folder beside the default one.

        Parameters
        ----------
        tags, friendly_name
            Kept with it.
        default_cpu_compute_target, default_gpu_compute_target
            Provisioning configurations: clusters of these are made, called ``cpu-cluster`` and
            ``gpu-cluster``.
        exist_ok
            Give back the one of that name, if there is one, as it is.
        show_output
            Say where it is.

        All others name parts of Azure, and are passed over.

        Raises
        ------
        WorkspaceError
            There is one of that name, or its folder cannot be made.
        """
        workspace = Workspace(subscription_id, resource_group, name)
        if workspace.exists:
            if exist_ok:
                return workspace
            raise WorkspaceError(
                f"There is a workspace {name!r} already: {workspace.directory}. `Workspace.get` "
                "opens it; exist_ok=True does either."
            )
        workspaces.register(workspaces.identify(workspace.directory), workspace.directory)
        workspace._about.change(friendly_name=friendly_name, tags=tags)
        for target, configuration in (
            (Workspace.DEFAULT_CPU_CLUSTER_NAME, default_cpu_compute_target),
            (Workspace.DEFAULT_GPU_CLUSTER_NAME, default_gpu_compute_target),
        ):
            if configuration is not None:
                from jupyter_mltrain.core.compute_target import ComputeTarget

                ComputeTarget.create(workspace, target, configuration)
        if show_output:
            print(f"Workspace {name}: {workspace.directory} (created)")
        return workspace

    @staticmethod
    def list(
        subscription_id: str | None = None,
        auth: object = None,
        resource_group: str | None = None,
    ) -> dict[str, builtins.list[Workspace]]:
        """Name -> the workspaces of that name, of all that this user has used and that are there.

        Parameters
        ----------
        subscription_id, auth, resource_group
            Passed over: there is no cloud to name here.
        """
        found: dict[str, list[Workspace]] = {}
        for directory in sorted(map(Path, workspaces.registered().values())):
            workspace = Workspace(None, None, "default")
            workspace.directory = directory
            if workspace.exists:
                found.setdefault(workspace.name, []).append(workspace)
        return found

    def write_config(self, path: str | Path | None = None, file_name: str | None = None) -> None:
        """Write ``.azureml/config.json`` below `path`, so that `from_config` finds this workspace.

        Raises
        ------
        UserError
            The directory is not there.
        """
        config: dict[str, str] = {"workspace_name": self.name}
        if self.directory == workspaces.home() / self.name:
            config |= {
                "subscription_id": self.subscription_id,
                "resource_group": self.resource_group,
            }
        else:
            config["directory"] = str(self.directory)
        folder = Path(path).expanduser() if path is not None else Path.cwd()
        config_file.write(folder, file_name, config)

    @cached_property
    def client(self) -> Client:
        """The connection to the workspace's service; starts it at the first request."""
        if os.path.isfile(self.directory):  # noqa: PTH113 - says no where it may not look
            raise WorkspaceError(f"{self.directory} is a file; a workspace is a directory.")
        return Client(self.directory)

    @property
    def exists(self) -> bool:
        """Whether it has been made: `create`, or its first use, does that."""
        return (self.directory / "workspace.json").is_file()

    @property
    def id(self) -> str:
        """What cards and addresses name it by. Asking for it makes a new workspace."""
        return workspaces.identify(self.directory).id

    @property
    def name(self) -> str:
        """The directory's name."""
        return self.directory.name

    @property
    def location(self) -> str:
        """Where Azure names a region; here the directory's path."""
        return str(self.directory)

    @property
    def tags(self) -> dict[str, str]:
        """The tags it was created or updated with."""
        return self._about.read().tags

    @property
    def _about(self) -> About:
        return About(self.directory / "about.json")

    def get_details(self) -> dict[str, Any]:
        """What there is to know about the workspace, under Azure's keys and some of our own."""
        status, about = self.client.status(), self._about
        said = about.read()
        return {
            "id": (
                f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
                f"/providers/Microsoft.MachineLearningServices/workspaces/{self.name}"
            ),
            "name": self.name,
            "location": self.location,
            "type": "Microsoft.MachineLearningServices/workspaces",
            "tags": said.tags,
            "sku": self.sku,
            "workspaceid": status.workspace_id,
            "description": said.description,
            "friendlyName": said.friendly_name or self.name,
            "creationTime": about.created_at(),
            "provisioningState": "Succeeded",
            "keyVault": f"keyvault/{status.workspace_id}",
            "storageAccount": str(self.directory),
            "hbiWorkspace": False,
            "discoveryUrl": self.discovery_url,
            "version": status.version,
            "running": status.running,
            "queued": status.queued,
        }

    def update(
        self,
        friendly_name: str | None = None,
        description: str | None = None,
        tags: dict[str, str] | None = None,
        image_build_compute: str | None = None,
        service_managed_resources_settings: Any = None,
        primary_user_assigned_identity: str | None = None,
        allow_public_access_when_behind_vnet: bool | None = None,
        v1_legacy_mode: bool | None = None,
    ) -> dict[str, Any]:
        """Change what is said of it, and give its details back; `None` leaves a thing as it is.

        Parameters
        ----------
        tags
            All of them: the earlier ones go.

        All after `tags` name parts of Azure, and are passed over.
        """
        workspaces.identify(self.directory)
        self._about.change(friendly_name=friendly_name, description=description, tags=tags)
        return self.get_details()

    def delete(self, delete_dependent_resources: bool = False, no_wait: bool = False) -> None:
        """Delete the workspace: its runs, environments, models and secrets. There is no way back.

        Parameters
        ----------
        delete_dependent_resources
            Delete the files of its datastore, too. They stay in the folder else.
        no_wait
            Passed over: it is gone on return.

        Raises
        ------
        NoSuchWorkspace
            It is not there, or not one of this user's.
        WrongState
            It has runs that have not ended.
        WorkspaceError
            It is in use, or a part of it cannot be deleted; what is left is named.
        """
        from jupyter_mltrain.core import workspace_removal

        workspace_removal.delete(self, with_data=delete_dependent_resources)
        self.__dict__.pop("client", None)

    def __eq__(self, other: object) -> bool:
        # Inside a run there is a class of its own for the same workspace.
        return getattr(other, "directory", None) == self.directory

    def __hash__(self) -> int:
        return hash(self.directory)

    def __repr__(self) -> str:
        if not self._is_named:
            return f"Workspace.at({str(self.directory)!r})"
        return (
            f"Workspace.create(name={self.name!r}, subscription_id={self.subscription_id!r}, "
            f"resource_group={self.resource_group!r})"
        )
