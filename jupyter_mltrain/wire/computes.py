"""Compute targets: requests."""

from __future__ import annotations

from jupyter_mltrain.spec import ClusterSpec, Frozen


class AttachRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/computes`: a Docker Engine as a compute target."""

    name: str
    url: str
    """``unix:///…``, ``ssh://user@host`` or ``tcp://host:port``."""
    cpus: int | None = None
    """What runs may hold together; `None` is all that the engine has."""
    memory_bytes: int | None = None
    gpus: int = 0
    """An engine cannot say how many it has."""


class ClusterRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/clusters`: create a cluster on this machine; the same again changes nothing."""

    name: str
    spec: ClusterSpec


class ClusterChange(Frozen, frozen=True, kw_only=True):
    """`POST /v1/clusters/<name>`: other limits. `None` leaves what is there."""

    min_nodes: int | None = None
    max_nodes: int | None = None
    idle_s: float | None = None
