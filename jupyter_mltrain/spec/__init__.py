"""What the product is about, as types: runs, environments, computes. Imports nothing of ours.

Every type is a frozen, keyword-only, slotted struct: the same object travels from the SDK over the
wire to the store, and `wire` alone turns it into JSON and back.
"""

from __future__ import annotations

from jupyter_mltrain.spec.base import (
    Frozen,
)
from jupyter_mltrain.spec.computes import (
    Capacity,
    ComputeStatus,
    Device,
    Lease,
    Node,
    Resources,
)
from jupyter_mltrain.spec.environments import (
    BUILD_LOG,
    DEFAULT_SHM_BYTES,
    LOCK_FILE,
    RESERVED_NAMES,
    RESERVED_PREFIXES,
    Build,
    BuildState,
    BuildStep,
    Built,
    EnvironmentSpec,
    EnvironmentVersion,
    ImageSpec,
    PackagesSpec,
    is_environment_name,
    is_reserved_name,
)
from jupyter_mltrain.spec.runs import (
    ALLOWED_MOVES,
    CELL_SCRIPT,
    CONTROL_LOG,
    DRIVER_LOG,
    MAX_RUN_DURATION_S,
    CellSpec,
    ExitRecord,
    GitState,
    Run,
    RunFile,
    RunKind,
    RunSpec,
    RunState,
    Source,
    StateChange,
    is_experiment_name,
)

__all__ = [
    "ALLOWED_MOVES",
    "BUILD_LOG",
    "CELL_SCRIPT",
    "CONTROL_LOG",
    "DEFAULT_SHM_BYTES",
    "DRIVER_LOG",
    "LOCK_FILE",
    "MAX_RUN_DURATION_S",
    "RESERVED_NAMES",
    "RESERVED_PREFIXES",
    "Build",
    "BuildState",
    "BuildStep",
    "Built",
    "Capacity",
    "CellSpec",
    "ComputeStatus",
    "Device",
    "EnvironmentSpec",
    "EnvironmentVersion",
    "ExitRecord",
    "Frozen",
    "GitState",
    "ImageSpec",
    "Lease",
    "Node",
    "PackagesSpec",
    "Resources",
    "Run",
    "RunFile",
    "RunKind",
    "RunSpec",
    "RunState",
    "Source",
    "StateChange",
    "is_environment_name",
    "is_experiment_name",
    "is_reserved_name",
]
