"""`AmlCompute`: a cluster, whose nodes are shares of this machine."""

from __future__ import annotations

import builtins
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn

from jupyter_mltrain.core.aml_compute_status import AmlComputeStatus, ScaleSettings
from jupyter_mltrain.core.clustered import Clustered
from jupyter_mltrain.core.compute_target import ComputeTargetProvisioningConfiguration
from jupyter_mltrain.errors import ComputeTargetError
from jupyter_mltrain.spec import ClusterSpec, ComputeStatus
from jupyter_mltrain.wire import ClusterChange

if TYPE_CHECKING:
    from jupyter_mltrain.core.workspace import Workspace

_POLL_S: Final = 0.5
_IDLE_S: Final = 1800
_GIB: Final = 1024**3

_QUOTAS: Final = (
    "Quotas are limits of an Azure subscription. Here this machine is the limit: "
    "AmlCompute.supported_vmsizes(workspace) lists what there is, get_status() what is in use."
)
_IDENTITIES: Final = (
    "Managed identities belong to Azure. Runs here are those of the user who submits them; keep "
    "secrets in workspace.get_default_keyvault()."
)


class AmlComputeProvisioningConfiguration(ComputeTargetProvisioningConfiguration):
    """What a cluster is created from.

    Networks, remote login and identities have no meaning on this machine; they are kept as given.
    """

    def __init__(
        self,
        vm_size: str = "",
        vm_priority: str = "dedicated",
        min_nodes: int = 0,
        max_nodes: int | None = None,
        idle_seconds_before_scaledown: int | None = _IDLE_S,
        admin_username: str | None = None,
        admin_user_password: str | None = None,
        admin_user_ssh_key: str | None = None,
        vnet_resourcegroup_name: str | None = None,
        vnet_name: str | None = None,
        subnet_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        description: str | None = None,
        remote_login_port_public_access: str = "NotSpecified",
        identity_type: str | None = None,
        identity_id: builtins.list[str] | None = None,
        compute_location: str | None = None,
        enable_node_public_ip: bool = True,
    ) -> None:
        """Describe a cluster; see `AmlCompute.provisioning_configuration`."""
        super().__init__(AmlCompute, compute_location)
        self.vm_size = vm_size
        self.vm_priority = vm_priority
        self.scale_settings = ScaleSettings(min_nodes, max_nodes, idle_seconds_before_scaledown)
        self.admin_username = admin_username
        self.admin_user_password = admin_user_password
        self.admin_user_ssh_key = admin_user_ssh_key
        self.vnet_resourcegroup_name = vnet_resourcegroup_name
        self.vnet_name = vnet_name
        self.subnet_name = subnet_name
        self.tags = tags
        self.description = description
        self.remote_login_port_public_access = remote_login_port_public_access
        self.identity_type = identity_type
        self.identity_id = identity_id
        self.compute_location = compute_location
        self.enable_node_public_ip = enable_node_public_ip
        self.validate_configuration()

    def validate_configuration(self) -> None:
        """Raise `ComputeTargetException` when the numbers of nodes cannot be."""
        least = self.scale_settings.minimum_node_count
        most = self.scale_settings.maximum_node_count
        if most is None:
            raise ComputeTargetError(
                "The max nodes count is mandatory. Give max_nodes, for example max_nodes=4."
            )
        if most < least:
            raise ComputeTargetError(
                f"max_nodes={most} is less than min_nodes={least}. Give at least {least}."
            )

    def _spec(self) -> ClusterSpec:
        scale = self.scale_settings
        idle_s = scale.idle_seconds_before_scaledown
        return ClusterSpec(
            vm_size=self.vm_size,
            vm_priority=self.vm_priority,
            min_nodes=int(scale.minimum_node_count),
            max_nodes=int(scale.maximum_node_count or 0),
            idle_s=float(_IDLE_S if idle_s is None else idle_s),
            description=self.description,
            tags={str(key): str(value) for key, value in (self.tags or {}).items()},
        )


class AmlCompute(Clustered):
    """A cluster on this machine: nodes come when runs need them, and go when they are idle."""

    _kind = "AmlCompute"

    def _of(self, workspace: Workspace, record: ComputeStatus) -> None:
        super()._of(workspace, record)
        self.type = "AmlCompute"

    # Creating

    @staticmethod
    def provisioning_configuration(
        vm_size: str = "",
        vm_priority: str = "dedicated",
        min_nodes: int = 0,
        max_nodes: int | None = None,
        idle_seconds_before_scaledown: int | None = _IDLE_S,
        admin_username: str | None = None,
        admin_user_password: str | None = None,
        admin_user_ssh_key: str | None = None,
        vnet_resourcegroup_name: str | None = None,
        vnet_name: str | None = None,
        subnet_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        description: str | None = None,
        remote_login_port_public_access: str = "NotSpecified",
        identity_type: str | None = None,
        identity_id: builtins.list[str] | None = None,
        location: str | None = None,
        enable_node_public_ip: bool = True,
    ) -> AmlComputeProvisioningConfiguration:
        """What `ComputeTarget.create` makes a cluster from.

        Parameters
        ----------
        vm_size
            One of Azure's names, which says what a node has, as far as this machine has it: CPUs,
            memory and GPUs. By default STANDARD_NC6.
        vm_priority
            "dedicated" or "lowpriority", which is kept and has no effect.
        min_nodes, max_nodes
            How many nodes stay, and how many there may be. `max_nodes` is mandatory.
        idle_seconds_before_scaledown
            How long a node above `min_nodes` stays after its last run.

        Raises
        ------
        ComputeTargetException
            `max_nodes` is not given, or less than `min_nodes`.
        """
        return AmlComputeProvisioningConfiguration(
            vm_size,
            vm_priority,
            min_nodes,
            max_nodes,
            idle_seconds_before_scaledown,
            admin_username,
            admin_user_password,
            admin_user_ssh_key,
            vnet_resourcegroup_name,
            vnet_name,
            subnet_name,
            tags,
            description,
            remote_login_port_public_access,
            identity_type,
            identity_id,
            location,
            enable_node_public_ip,
        )

    def wait_for_completion(  # type: ignore[override]  # the order is Azure's
        self,
        show_output: bool = False,
        min_node_count: int | None = None,
        timeout_in_minutes: float = 25,
        is_delete_operation: bool = False,
    ) -> None:
        """Wait until as many nodes are there as are to stay, which is as soon as there is room.

        Parameters
        ----------
        min_node_count
            Wait for this many, if they come; by default for the cluster's `min_nodes`.
        timeout_in_minutes
            Wait no longer than this; what is there then is said, and is no error.
        """
        say = print if show_output else _nothing
        if self._is_new or is_delete_operation:
            say("InProgress.")
            say('SucceededProvisioning operation finished, operation "Succeeded"')
            self._is_new = False
        if is_delete_operation:
            return
        say("Succeeded")
        until = time.monotonic() + 60 * timeout_in_minutes
        cluster = self._cluster_now()
        wanted = cluster.spec.min_nodes if min_node_count is None else min_node_count
        while len(cluster.nodes) < min(wanted, cluster.target_nodes) and time.monotonic() < until:
            time.sleep(_POLL_S)
            cluster = self._cluster_now()
        say("AmlCompute wait for completion finished\n")
        if len(cluster.nodes) >= wanted:
            say("Minimum number of nodes requested have been provisioned")
        elif cluster.target_nodes > len(cluster.nodes):
            say(
                f"Wait timeout has been reached: {len(cluster.nodes)} of {wanted} nodes are there, "
                f"{cluster.reason}"
            )
        else:
            say(
                f"{len(cluster.nodes)} of {wanted} nodes are there; more come when runs need them. "
                f"To have them always, use update(min_nodes={wanted})."
            )

    # Looking

    def get(self) -> AmlCompute:
        """The cluster of that name, as it stands now."""
        return AmlCompute(self.workspace, self.name)

    def get_status(self) -> AmlComputeStatus:
        """How it stands now: its nodes by state, and what it grows or shrinks to."""
        return AmlComputeStatus._of(self._cluster_now())

    @property
    def status(self) -> AmlComputeStatus:
        """How it stood when it was last asked."""
        return AmlComputeStatus._of(self._cluster)

    @property
    def vm_priority(self) -> str:
        """As it was asked for."""
        return self._cluster.spec.vm_priority

    @property
    def scale_settings(self) -> ScaleSettings:
        """How many nodes there may be, and how long they stay."""
        return ScaleSettings._of(self._cluster.spec)

    admin_username = admin_user_password = admin_user_ssh_key = None
    vnet_resourcegroup_name = vnet_name = subnet_name = None
    identity_type = identity_id = None
    remote_login_port_public_access = "NotSpecified"

    def list_nodes(self) -> builtins.list[dict[str, Any]]:
        """The nodes there are now, each with its state and the run that it executes."""
        return [
            {
                "nodeId": node.id,
                "nodeState": str(node.state),
                "runId": node.run_id,
                "port": None,
                "ipAddress": None,
                "privateIpAddress": None,
                "publicIpAddress": None,
            }
            for node in self._cluster_now().nodes
        ]

    def serialize(self) -> dict[str, Any]:
        """What is known of it as plain data."""
        spec = self._cluster.spec
        return {
            "id": self.id,
            "name": self.name,
            "location": self.location,
            "tags": self.tags,
            "properties": {
                "computeType": self.type,
                "computeLocation": self.cluster_location,
                "description": spec.description,
                "resourceId": self.cluster_resource_id,
                "provisioningErrors": self.provisioning_errors,
                "provisioningState": self.provisioning_state,
                "properties": {
                    "vmSize": spec.vm_size,
                    "vmPriority": spec.vm_priority,
                    "scaleSettings": self.scale_settings.serialize(),
                    "status": self.status.serialize(),
                },
            },
        }

    @staticmethod
    def supported_vmsizes(
        workspace: Workspace, location: str | None = None
    ) -> builtins.list[dict[str, Any]]:
        """The names that `vm_size` takes, with what such a machine of Azure's has."""
        return [
            {
                "name": size.name,
                "vCPUs": size.cpus,
                "gpus": size.gpus,
                "memoryGB": size.memory_bytes / _GIB,
            }
            for size in workspace.client.vm_sizes()
        ]

    # Changing

    def update(
        self,
        min_nodes: int | None = None,
        max_nodes: int | None = None,
        idle_seconds_before_scaledown: int | None = None,
    ) -> None:
        """Give it other limits, whatever runs there. What is None stays as it is.

        Raises
        ------
        ComputeTargetException
            It cannot have these limits.
        """
        idle_s = idle_seconds_before_scaledown
        self._change(
            ClusterChange(
                min_nodes=min_nodes,
                max_nodes=max_nodes,
                idle_s=None if idle_s is None else float(idle_s),
            )
        )

    # What only Azure has

    def add_identity(
        self, identity_type: str, identity_id: builtins.list[str] | None = None
    ) -> NoReturn:
        """Raise `ComputeTargetException`: there are no managed identities here."""
        raise ComputeTargetError(_IDENTITIES)

    def remove_identity(self, identity_id: builtins.list[str] | None = None) -> NoReturn:
        """Raise `ComputeTargetException`: there are no managed identities here."""
        raise ComputeTargetError(_IDENTITIES)

    @staticmethod
    def list_quotas(workspace: Workspace, location: str | None = None) -> NoReturn:
        """Raise `ComputeTargetException`: there are no quotas here."""
        raise ComputeTargetError(_QUOTAS)

    @staticmethod
    def list_usages(
        workspace: Workspace, show_all: bool = False, location: str | None = None
    ) -> NoReturn:
        """Raise `ComputeTargetException`: there are no quotas here."""
        raise ComputeTargetError(_QUOTAS)

    @staticmethod
    def update_quotas(
        workspace: Workspace,
        vm_family: str | Mapping[str, int],
        limit: int | None = None,
        location: str | None = None,
    ) -> NoReturn:
        """Raise `ComputeTargetException`: there are no quotas here."""
        raise ComputeTargetError(_QUOTAS)


BatchAiCompute = AmlCompute
"""What the first versions of Azure's SDK called it."""


def _nothing(text: str) -> None:
    """Say nothing."""
