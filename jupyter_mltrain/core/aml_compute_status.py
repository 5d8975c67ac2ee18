"""How a cluster stands, in Azure's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from jupyter_mltrain.errors import ComputeTargetError
from jupyter_mltrain.spec import Cluster, ClusterSpec, NodeState

T = TypeVar("T")

_STATES: Final = ("preparing", "running", "idle", "unusable", "leaving", "preempted")
"""Of nodes, in the order of Azure's counts."""

_PRIORITIES: Final = {"dedicated": "Dedicated", "lowpriority": "LowPriority"}


class ScaleSettings:
    """How many nodes a cluster may have, and how long they stay when idle."""

    def __init__(
        self,
        minimum_node_count: int,
        maximum_node_count: int | None,
        idle_seconds_before_scaledown: int | None,
    ) -> None:
        self.minimum_node_count = minimum_node_count
        self.maximum_node_count = maximum_node_count
        self.idle_seconds_before_scaledown = idle_seconds_before_scaledown

    @classmethod
    def _of(cls, spec: ClusterSpec) -> ScaleSettings:
        return cls(spec.min_nodes, spec.max_nodes, round(spec.idle_s))

    def serialize(self) -> dict[str, Any]:
        """All of it as plain data, the time as an ISO 8601 duration in seconds."""
        idle_s = self.idle_seconds_before_scaledown
        return {
            "minNodeCount": self.minimum_node_count,
            "maxNodeCount": self.maximum_node_count,
            "nodeIdleTimeBeforeScaleDown": None if idle_s is None else f"PT{idle_s}S",
        }

    @staticmethod
    def deserialize(object_dict: Mapping[str, Any]) -> ScaleSettings:
        """The settings that `serialize` was asked of."""
        return _read("scale settings", object_dict, _scale_settings)


class AmlComputeNodeStateCounts:
    """How many nodes are in which state."""

    def __init__(
        self,
        preparing_node_count: int = 0,
        running_node_count: int = 0,
        idle_node_count: int = 0,
        unusable_node_count: int = 0,
        leaving_node_count: int = 0,
        preempted_node_count: int = 0,
    ) -> None:
        self.preparing_node_count = preparing_node_count
        self.running_node_count = running_node_count
        self.idle_node_count = idle_node_count
        self.unusable_node_count = unusable_node_count
        self.leaving_node_count = leaving_node_count
        self.preempted_node_count = preempted_node_count

    def serialize(self) -> dict[str, int]:
        """All of it as plain data."""
        return {f"{state}NodeCount": getattr(self, f"{state}_node_count") for state in _STATES}


class AmlComputeStatus:
    """How a cluster stands, at the moment when it was asked."""

    def __init__(
        self,
        allocation_state: str,
        allocation_state_transition_time: datetime | None,
        creation_time: datetime | None,
        current_node_count: int,
        errors: list[Any] | None,
        modified_time: datetime | None,
        node_state_counts: AmlComputeNodeStateCounts,
        provisioning_state: str,
        provisioning_state_transition_time: datetime | None,
        scale_settings: ScaleSettings,
        target_node_count: int,
        vm_priority: str,
        vm_size: str,
    ) -> None:
        self.allocation_state = allocation_state
        self.allocation_state_transition_time = allocation_state_transition_time
        self.creation_time = creation_time
        self.current_node_count = current_node_count
        self.errors = errors
        self.modified_time = modified_time
        self.node_state_counts = node_state_counts
        self.provisioning_state = provisioning_state
        self.provisioning_state_transition_time = provisioning_state_transition_time
        self.scale_settings = scale_settings
        self.target_node_count = target_node_count
        self.vm_priority = vm_priority
        self.vm_size = vm_size

    @classmethod
    def _of(cls, cluster: Cluster) -> AmlComputeStatus:
        def count(state: NodeState) -> int:
            return sum(node.state is state for node in cluster.nodes)

        return cls(
            allocation_state=cluster.allocation_state,
            allocation_state_transition_time=cluster.allocated_at,
            creation_time=cluster.created_at,
            current_node_count=len(cluster.nodes),
            errors=None,
            modified_time=cluster.modified_at,
            node_state_counts=AmlComputeNodeStateCounts(
                preparing_node_count=count(NodeState.PREPARING),
                running_node_count=count(NodeState.RUNNING),
                idle_node_count=count(NodeState.IDLE),
                unusable_node_count=count(NodeState.UNUSABLE),
                leaving_node_count=count(NodeState.LEAVING),
            ),
            provisioning_state=cluster.provisioning_state,
            provisioning_state_transition_time=cluster.provisioned_at,
            scale_settings=ScaleSettings._of(cluster.spec),
            target_node_count=cluster.target_nodes,
            vm_priority=_PRIORITIES[cluster.spec.vm_priority],
            vm_size=cluster.spec.vm_size,
        )

    def serialize(self) -> dict[str, Any]:
        """All of it as plain data, times as ISO 8601."""
        return {
            "currentNodeCount": self.current_node_count,
            "targetNodeCount": self.target_node_count,
            "nodeStateCounts": self.node_state_counts.serialize(),
            "allocationState": self.allocation_state,
            "allocationStateTransitionTime": _text(self.allocation_state_transition_time),
            "errors": self.errors,
            "creationTime": _text(self.creation_time),
            "modifiedTime": _text(self.modified_time),
            "provisioningState": self.provisioning_state,
            "provisioningStateTransitionTime": _text(self.provisioning_state_transition_time),
            "scaleSettings": self.scale_settings.serialize(),
            "vmPriority": self.vm_priority,
            "vmSize": self.vm_size,
        }

    @staticmethod
    def deserialize(object_dict: Mapping[str, Any]) -> AmlComputeStatus:
        """The status that `serialize` was asked of; raises `ComputeTargetException` for others."""
        return _read("status of a cluster", object_dict, _status)

    def __repr__(self) -> str:
        return f"AmlComputeStatus({self.serialize()!r})"


def _read(what: str, given: Mapping[str, Any], read: Callable[[Mapping[str, Any]], T]) -> T:
    try:
        return read(given)
    except KeyError as error:
        raise ComputeTargetError(f"This is no {what}: it has no {error}.") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise ComputeTargetError(f"This is no {what}: {error}.") from error


def _scale_settings(given: Mapping[str, Any]) -> ScaleSettings:
    idle = given["nodeIdleTimeBeforeScaleDown"]
    seconds = None if idle is None else int(re.sub(r"^PT(\d+)S$", r"\1", str(idle)))
    return ScaleSettings(given["minNodeCount"], given["maxNodeCount"], seconds)


def _status(given: Mapping[str, Any]) -> AmlComputeStatus:
    counts = given["nodeStateCounts"]
    return AmlComputeStatus(
        allocation_state=given["allocationState"],
        allocation_state_transition_time=_time(given["allocationStateTransitionTime"]),
        creation_time=_time(given["creationTime"]),
        current_node_count=given["currentNodeCount"],
        errors=given["errors"],
        modified_time=_time(given["modifiedTime"]),
        node_state_counts=AmlComputeNodeStateCounts(
            **{f"{state}_node_count": counts.get(f"{state}NodeCount", 0) for state in _STATES}
        ),
        provisioning_state=given["provisioningState"],
        provisioning_state_transition_time=_time(given["provisioningStateTransitionTime"]),
        scale_settings=ScaleSettings.deserialize(given["scaleSettings"]),
        target_node_count=given["targetNodeCount"],
        vm_priority=given["vmPriority"],
        vm_size=given["vmSize"],
    )


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
