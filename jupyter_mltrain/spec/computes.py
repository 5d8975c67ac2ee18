"""Compute targets: what runs ask of them, hold there, and what they have."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime

from jupyter_mltrain.spec.base import Frozen


class Resources(Frozen, frozen=True, kw_only=True):
    """What a run asks of its compute target; `None` means the target's own default."""

    cpus: int | None = None
    gpus: int = 0
    memory_bytes: int | None = None


class Lease(Frozen, frozen=True, kw_only=True):
    """What a run holds while it runs."""

    cpus: int
    memory_bytes: int = 0
    """Booked memory; 0 where the run asked for none, which is also not limited."""
    gpus: tuple[int, ...] = ()
    """Device indexes, ascending."""


class Node(Frozen, frozen=True, kw_only=True):
    """One of the machines (or shares of a machine) a run executes on."""

    index: int
    host: str
    lease: Lease | None = None


class Device(Frozen, frozen=True, kw_only=True):
    """One GPU of this machine."""

    index: int
    name: str
    memory_bytes: int


class Capacity(Frozen, frozen=True, kw_only=True):
    """What a compute target can give to all its runs together."""

    cpus: int
    memory_bytes: int
    gpus: tuple[Device, ...] = ()


class NodeState(str, enum.Enum):
    """How one node of a cluster is, in Azure ML's words."""

    PREPARING = "preparing"
    IDLE = "idle"
    RUNNING = "running"
    LEAVING = "leaving"
    UNUSABLE = "unusable"

    def __str__(self) -> str:
        return self.value


class ClusterNode(Frozen, frozen=True, kw_only=True):
    """One node of a cluster: a share of this machine, held for as long as the node is there."""

    id: str
    """As in ``gpu-cluster-1``."""
    state: NodeState
    since: datetime
    """When it came into this state."""
    run_id: str | None = None
    """The run that it executes."""
    lease: Lease | None = None
    """Its share of this machine."""


class ClusterSpec(Frozen, frozen=True, kw_only=True):
    """What was asked for when a cluster was created, and can be changed but for the size."""

    vm_size: str
    """A name of Azure's, upper case, as in ``STANDARD_NC6``."""
    vm_priority: str = "dedicated"
    """"dedicated" or "lowpriority"; kept, without effect on one machine."""
    min_nodes: int = 0
    max_nodes: int = 1
    idle_s: float = 1800.0
    """How long a node stays after its last run, above `min_nodes`."""
    description: str | None = None
    tags: Mapping[str, str] = {}
    instance: bool = False
    """Whether it was asked for as a compute instance: one node at most, and none when stopped."""


class VmSize(Frozen, frozen=True, kw_only=True):
    """A size of machines by Azure's name, and what it comes to on this machine."""

    name: str
    cpus: int
    memory_bytes: int
    gpus: int
    node: Lease
    """What a node of that size gives a run here, with GPUs counted."""
    note: str = ""
    """What of it is less here, one line; empty where nothing is."""


class Cluster(Frozen, frozen=True, kw_only=True):
    """A cluster on this machine as it stands: nodes come when runs need them, and go."""

    spec: ClusterSpec
    node: Lease
    """What one node gives a run: the vm size, capped to what this machine has."""
    note: str = ""
    """What is less than the vm size promises, one line; empty where nothing is."""
    provisioning_state: str = "Succeeded"
    """"Creating", "Succeeded", "Deleting" or "Failed"."""
    allocation_state: str = "Steady"
    """"Steady" or "Resizing"."""
    target_nodes: int = 0
    nodes: tuple[ClusterNode, ...] = ()
    created_at: datetime | None = None
    modified_at: datetime | None = None
    provisioned_at: datetime | None = None
    """When `provisioning_state` last changed."""
    allocated_at: datetime | None = None
    """When `allocation_state` last changed."""
    reason: str = ""
    """Why the nodes are as they are, in words, as in "waiting for 2 CPUs of this machine"."""


class ComputeStatus(Frozen, frozen=True, kw_only=True):
    """A compute target with who holds what of it."""

    name: str
    kind: str
    capacity: Capacity
    leases: Mapping[str, Lease] = {}
    """Run id -> what it holds."""
    queued: int = 0
    url: str | None = None
    """Of the engine that was attached; `None` for what this machine has by itself."""
    unreachable: str | None = None
    """Why it does not answer, with the capacity that it had last; `None` when it does."""
    cluster: Cluster | None = None
    """Of a cluster on this machine; its `capacity` is that of all its nodes."""

    @property
    def for_one_run(self) -> Capacity:
        """The most that a single run can have there."""
        if self.cluster is None:
            return self.capacity
        node = self.cluster.node
        gpus = self.capacity.gpus[: len(node.gpus)]
        return Capacity(cpus=node.cpus, memory_bytes=node.memory_bytes, gpus=gpus)
