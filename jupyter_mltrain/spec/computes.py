"""Compute targets: what runs ask of them, hold there, and what they have."""

from __future__ import annotations

from collections.abc import Mapping

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
