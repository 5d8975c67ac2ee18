"""Azure's names for sizes of machines, and what a node of such a size is on this one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from jupyter_mltrain import units
from jupyter_mltrain.compute.leases import Room
from jupyter_mltrain.errors import ComputeTargetError
from jupyter_mltrain.spec import Capacity, Lease

DEFAULT: Final = "STANDARD_NC6"
"""Where code names no size, as in Azure's SDK."""

_GIB: Final = 1024**3
_PREFIX: Final = "STANDARD_"
_SUFFIX: Final = "_PROMO"


def _scaled(pattern: str, counts: Iterable[int], gib: float) -> Iterator[tuple[str, int, float]]:
    """A family whose memory grows with its CPUs."""
    for cpus in counts:
        yield pattern.format(cpus), cpus, cpus * gib


_DOUBLED: Final = (2, 4, 8, 16, 32, 48, 64)

_CPU_SIZES: Final = (
    *(("A1_V2", 1, 2), ("A2_V2", 2, 4), ("A4_V2", 4, 8), ("A8_V2", 8, 16)),
    *(("A2M_V2", 2, 16), ("A4M_V2", 4, 32), ("A8M_V2", 8, 64)),
    *(("B1S", 1, 1), ("B1MS", 1, 2), ("B2S", 2, 4), ("B2MS", 2, 8), ("B4MS", 4, 16)),
    *(("B8MS", 8, 32), ("D1", 1, 3.5), ("D2", 2, 7), ("D3", 4, 14), ("D4", 8, 28)),
    *(("D11", 2, 14), ("D12", 4, 28), ("D13", 8, 56), ("D14", 16, 112)),
    *(
        (f"{kind}{name}_V2", cpus, gib)
        for kind in ("D", "DS")
        for name, cpus, gib in (
            *((1, 1, 3.5), (2, 2, 7), (3, 4, 14), (4, 8, 28), (5, 16, 56), (11, 2, 14)),
            *((12, 4, 28), (13, 8, 56), (14, 16, 112), (15, 20, 140)),
        )
    ),
    *(
        size
        for pattern in ("D{}_V3", "D{}S_V3", "D{}_V4", "D{}S_V4", "D{}AS_V4", "D{}S_V5")
        for size in _scaled(pattern, _DOUBLED, 4)
    ),
    *(
        size
        for pattern in ("E{}_V3", "E{}S_V3", "E{}_V4", "E{}S_V4", "E{}AS_V4", "E{}S_V5")
        for size in _scaled(pattern, _DOUBLED[:-1], 8)
    ),
    *_scaled("F{}", (1, 2, 4, 8, 16), 2),
    *_scaled("F{}S_V2", (*_DOUBLED, 72), 2),
    *(("H8", 8, 56), ("H16", 16, 112), ("HC44RS", 44, 352), ("HB60RS", 60, 228)),
    ("HB120RS_V2", 120, 456),
)
"""Name, CPUs, memory in GiB."""

_GPU_SIZES: Final = (
    *(("NC6", 6, 56, 1), ("NC12", 12, 112, 2), ("NC24", 24, 224, 4), ("NC24R", 24, 224, 4)),
    *(
        size
        for kind, version in (("NC", "_V2"), ("NC", "_V3"), ("ND", ""))
        for size in (
            (f"{kind}6S{version}", 6, 112, 1),
            (f"{kind}12S{version}", 12, 224, 2),
            (f"{kind}24S{version}", 24, 448, 4),
            (f"{kind}24RS{version}", 24, 448, 4),
        )
    ),
    *(("NC4AS_T4_V3", 4, 28, 1), ("NC8AS_T4_V3", 8, 56, 1), ("NC16AS_T4_V3", 16, 110, 1)),
    *(("NC64AS_T4_V3", 64, 440, 4), ("NC24ADS_A100_V4", 24, 220, 1)),
    *(("NC48ADS_A100_V4", 48, 440, 2), ("NC96ADS_A100_V4", 96, 880, 4)),
    *(("NC40ADS_H100_V5", 40, 320, 1), ("NC80ADIS_H100_V5", 80, 640, 2)),
    *(("ND40RS_V2", 40, 672, 8), ("ND96ASR_V4", 96, 900, 8)),
    *(("ND96AMSR_A100_V4", 96, 1900, 8), ("ND96ISR_H100_V5", 96, 1900, 8)),
    *(("NV6", 6, 56, 1), ("NV12", 12, 112, 2), ("NV24", 24, 224, 4)),
    *(("NV12S_V3", 12, 112, 1), ("NV24S_V3", 24, 224, 2), ("NV48S_V3", 48, 448, 4)),
)
"""Name, CPUs, memory in GiB, GPUs."""


def _lease(cpus: int, gib: float, gpus: int = 0) -> Lease:
    return Lease(cpus=cpus, memory_bytes=int(gib * _GIB), gpus=tuple(range(gpus)))


SIZES: Final[Mapping[str, Lease]] = {
    **{f"{_PREFIX}{name}": _lease(cpus, gib) for name, cpus, gib in _CPU_SIZES},
    **{f"{_PREFIX}{name}": _lease(cpus, gib, gpus) for name, cpus, gib, gpus in _GPU_SIZES},
}
"""Name, upper case -> what such a machine of Azure's has, with GPUs counted."""


def find(name: str) -> tuple[str, Lease]:
    """The size's name as it is kept, and what such a machine has.

    Raises
    ------
    ComputeTargetError
        There is none of that name; the sentence lists near ones.
    """
    upper = name.strip().upper() or DEFAULT
    size = SIZES.get(upper.removesuffix(_SUFFIX))
    if size is not None:
        return upper, size
    bare = [each.removeprefix(_PREFIX) for each in SIZES]
    found = difflib.get_close_matches(upper.removeprefix(_PREFIX), bare, 4)
    near = units.listed([f"{_PREFIX}{each}" for each in found], "or") if found else ""
    instead = f"Did you mean {near}?" if near else "One is STANDARD_D2_V2."
    raise ComputeTargetError(f"There is no VM size {name[:60]!r}. {instead}")


def on(machine: Capacity, size: Lease) -> Lease:
    """What a node of that size gets: as much of it as the machine has."""
    return Lease(
        cpus=min(size.cpus, machine.cpus),
        memory_bytes=min(size.memory_bytes, machine.memory_bytes),
        gpus=size.gpus[: len(machine.gpus)],
    )


def room(machine: Capacity) -> Room:
    """All that a machine has."""
    return Room(machine.cpus, machine.memory_bytes, len(machine.gpus))


def note(name: str, size: Lease, machine: Capacity, nodes: int) -> str:
    """What is less than a size, or a number of nodes of it, promises; empty where nothing is."""
    node = on(machine, size)
    less = [
        (word(size), word(node))
        for word, differ in (
            (_cpus, size.cpus > node.cpus),
            (_memory, size.memory_bytes > node.memory_bytes),
            (_gpus, len(size.gpus) > len(node.gpus)),
        )
        if differ
    ]
    notes = []
    if less:
        promised, there = zip(*less, strict=True)
        notes.append(
            f"{name} has {units.listed(promised)}; on this machine its nodes have "
            f"{units.listed(there)}."
        )
    fit = room(machine).count(node)
    if fit < nodes:
        notes.append(f"This machine has room for {fit} of {nodes} nodes at a time.")
    return " ".join(notes)


def words(lease: Lease) -> str:
    """What a node has, in a sentence."""
    parts = [_cpus(lease), _memory(lease), *([_gpus(lease)] if lease.gpus else [])]
    return units.listed(parts)


def _cpus(lease: Lease) -> str:
    return units.plural(lease.cpus, "CPU")


def _memory(lease: Lease) -> str:
    return f"{units.asked_size(lease.memory_bytes)} of memory"


def _gpus(lease: Lease) -> str:
    return units.plural(len(lease.gpus), "GPU") if lease.gpus else "no GPU"
