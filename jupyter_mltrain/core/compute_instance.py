"""`ComputeInstance`: a cluster of one node at most, which can be stopped and started."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jupyter_mltrain.core.aml_compute import AmlCompute
from jupyter_mltrain.core.clustered import Clustered
from jupyter_mltrain.core.compute_target import ComputeTargetProvisioningConfiguration
from jupyter_mltrain.errors import ComputeTargetError
from jupyter_mltrain.spec import Cluster, ClusterSpec, ComputeStatus
from jupyter_mltrain.wire import ClusterChange

if TYPE_CHECKING:
    from jupyter_mltrain.core.workspace import Workspace


class ComputeInstanceProvisioningConfiguration(ComputeTargetProvisioningConfiguration):
    """What a compute instance is created from; networks and other users are kept as given."""

    def __init__(
        self,
        vm_size: str = "",
        ssh_public_access: bool = False,
        admin_user_ssh_public_key: str | None = None,
        vnet_resourcegroup_name: str | None = None,
        vnet_name: str | None = None,
        subnet_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        description: str | None = None,
        assigned_user_object_id: str | None = None,
        assigned_user_tenant_id: str | None = None,
    ) -> None:
        super().__init__(ComputeInstance, None)
        self.vm_size = vm_size
        self.ssh_public_access = ssh_public_access
        self.admin_user_ssh_public_key = admin_user_ssh_public_key
        self.vnet_resourcegroup_name = vnet_resourcegroup_name
        self.vnet_name = vnet_name
        self.subnet_name = subnet_name
        self.tags = tags
        self.description = description
        self.assigned_user_object_id = assigned_user_object_id
        self.assigned_user_tenant_id = assigned_user_tenant_id

    def _spec(self) -> ClusterSpec:
        return ClusterSpec(
            vm_size=self.vm_size,
            max_nodes=1,
            description=self.description,
            tags={str(key): str(value) for key, value in (self.tags or {}).items()},
            instance=True,
        )


class ComputeInstanceStatus:
    """How a compute instance stands, at the moment when it was asked."""

    def __init__(
        self,
        creation_time: datetime | None,
        created_by_user_name: str | None,
        created_by_user_id: str | None,
        created_by_user_org: str | None,
        errors: list[Any] | None,
        modified_time: datetime | None,
        state: str,
        vm_size: str,
    ) -> None:
        self.creation_time = creation_time
        self.created_by_user_name = created_by_user_name
        self.created_by_user_id = created_by_user_id
        self.created_by_user_org = created_by_user_org
        self.errors = errors
        self.modified_time = modified_time
        self.state = state
        self.vm_size = vm_size

    @classmethod
    def _of(cls, cluster: Cluster) -> ComputeInstanceStatus:
        return cls(
            creation_time=cluster.created_at,
            created_by_user_name=None,
            created_by_user_id=None,
            created_by_user_org=None,
            errors=None,
            modified_time=cluster.modified_at,
            state="Running" if cluster.spec.max_nodes else "Stopped",
            vm_size=cluster.spec.vm_size,
        )

    def serialize(self) -> dict[str, Any]:
        """All of it as plain data, times as ISO 8601."""
        return {
            "errors": self.errors,
            "creationTime": self.creation_time and self.creation_time.isoformat(),
            "createdBy": {
                "userObjectId": self.created_by_user_id,
                "userTenantId": self.created_by_user_org,
                "userName": self.created_by_user_name,
            },
            "modifiedTime": self.modified_time and self.modified_time.isoformat(),
            "state": self.state,
            "vmSize": self.vm_size,
        }

    @staticmethod
    def deserialize(object_dict: Mapping[str, Any]) -> ComputeInstanceStatus:
        """The status that `serialize` was asked of."""
        try:
            created, modified = object_dict["creationTime"], object_dict["modifiedTime"]
            by = object_dict.get("createdBy") or {}
            return ComputeInstanceStatus(
                creation_time=created and datetime.fromisoformat(created),
                created_by_user_name=by.get("userName"),
                created_by_user_id=by.get("userObjectId"),
                created_by_user_org=by.get("userTenantId"),
                errors=object_dict["errors"],
                modified_time=modified and datetime.fromisoformat(modified),
                state=object_dict["state"],
                vm_size=object_dict["vmSize"],
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ComputeTargetError(
                f"This is no status of a compute instance: {error}."
            ) from error

    def __repr__(self) -> str:
        return f"ComputeInstanceStatus({self.serialize()!r})"


class ComputeInstance(Clustered):
    """A share of this machine for one run at a time, until it is stopped.

    While it executes nothing others may have its share: the machine is theirs as well.
    """

    _kind = "ComputeInstance"

    def _of(self, workspace: Workspace, record: ComputeStatus) -> None:
        super()._of(workspace, record)
        self.type = "ComputeInstance"

    @staticmethod
    def provisioning_configuration(
        vm_size: str = "",
        ssh_public_access: bool = False,
        admin_user_ssh_public_key: str | None = None,
        vnet_resourcegroup_name: str | None = None,
        vnet_name: str | None = None,
        subnet_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        description: str | None = None,
        assigned_user_object_id: str | None = None,
        assigned_user_tenant_id: str | None = None,
    ) -> ComputeInstanceProvisioningConfiguration:
        """What `ComputeTarget.create` makes a compute instance from; see `AmlCompute`'s."""
        return ComputeInstanceProvisioningConfiguration(
            vm_size,
            ssh_public_access,
            admin_user_ssh_public_key,
            vnet_resourcegroup_name,
            vnet_name,
            subnet_name,
            tags,
            description,
            assigned_user_object_id,
            assigned_user_tenant_id,
        )

    def get(self) -> ComputeInstance:
        """The compute instance of that name, as it stands now."""
        return ComputeInstance(self.workspace, self.name)

    def get_status(self) -> ComputeInstanceStatus:
        """How it stands now."""
        self.refresh_state()
        return self.status

    @property
    def status(self) -> ComputeInstanceStatus:
        """How it stood when it was last asked."""
        return ComputeInstanceStatus._of(self._cluster)

    @property
    def errors(self) -> None:
        """None: what cannot be is refused when it is created."""

    admin_username = admin_user_ssh_public_key = None
    assigned_user_object_id = assigned_user_tenant_id = None
    public_ip_address = private_ip_address = ssh_port = None
    subnet_id = subnet_name = vnet_name = vnet_resourcegroup_name = None
    ssh_public_access = False
    applications: tuple[Mapping[str, str], ...] = ()

    @property
    def instance_location(self) -> str:
        """As `location`."""
        return self.location

    @property
    def instance_resource_id(self) -> str:
        """As `id`."""
        return self.id

    def start(self, wait_for_completion: bool = False, show_output: bool = False) -> None:
        """Let runs start there again."""
        self._limit(1, show_output)

    def stop(self, wait_for_completion: bool = False, show_output: bool = False) -> None:
        """Let no more runs start there; they wait. One that executes goes on."""
        self._limit(0, show_output)

    def restart(self, wait_for_completion: bool = False, show_output: bool = False) -> None:
        """Stop and start."""
        self.stop()
        self.start(wait_for_completion, show_output)

    def _limit(self, nodes: int, show_output: bool) -> None:
        self._change(ClusterChange(max_nodes=nodes))
        if show_output:
            print(self.status.state)

    def wait_for_completion(
        self, show_output: bool = False, is_delete_operation: bool = False
    ) -> None:
        """Return at once: it is there, or gone, when the call that asked for that has returned."""
        if show_output:
            print('SucceededProvisioning operation finished, operation "Succeeded"')

    def delete(self, wait_for_completion: bool = False, show_output: bool = False) -> None:
        """Delete it; raises `ComputeTargetException` while a run there has not ended."""
        super().delete()
        if show_output:
            print('SucceededProvisioning operation finished, operation "Succeeded"')

    def serialize(self) -> dict[str, Any]:
        """What is known of it as plain data."""
        return {
            "id": self.id,
            "name": self.name,
            "location": self.location,
            "tags": self.tags,
            "properties": {
                "computeType": self.type,
                "description": self.description,
                "provisioningState": self.provisioning_state,
                "properties": {"vmSize": self.vm_size, "status": self.status.serialize()},
            },
        }

    @staticmethod
    def supported_vmsizes(
        workspace: Workspace, location: str | None = None
    ) -> builtins.list[dict[str, Any]]:
        """As `AmlCompute.supported_vmsizes`."""
        return AmlCompute.supported_vmsizes(workspace, location)

    def update_sso_settings(self, value: bool) -> bool:
        """Raise `ComputeTargetException`: nobody has to sign in here."""
        raise ComputeTargetError("Nobody signs in to a compute instance here: it is this machine.")

    @classmethod
    def get_docs_url(cls) -> str:
        """Where compute targets are described."""
        return "https://docs.microsoft.com/azure/machine-learning/concept-compute-instance"
