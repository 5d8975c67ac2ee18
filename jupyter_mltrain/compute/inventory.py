"""What this machine has: CPUs, memory, GPUs; as far as this process may use them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from jupyter_mltrain.spec import Capacity, Device

_CGROUPS: Final = Path("/sys/fs/cgroup")


def machine(cgroups: Path = _CGROUPS) -> Capacity:
    """Capacity of this machine, or of the container that this process lives in."""
    return Capacity(cpus=_cpus(cgroups), memory_bytes=_memory_bytes(cgroups), gpus=_gpus())


def _cpus(cgroups: Path) -> int:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    quota = _words(cgroups / "cpu.max")
    if quota is not None and quota[:1] != ["max"] and len(quota) == 2:
        count = min(count or 1, max(1, int(quota[0]) // int(quota[1])))
    else:
        whole = _words(cgroups / "cpu/cpu.cfs_quota_us")
        period = _words(cgroups / "cpu/cpu.cfs_period_us")
        if whole and period and int(whole[0]) > 0:
            count = min(count or 1, max(1, int(whole[0]) // int(period[0])))
    return count or 1


def _memory_bytes(cgroups: Path) -> int:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        limit = _words(cgroups / name)
        if limit and limit[0].isdigit():
            total = min(total, int(limit[0]))
    return total


def _words(path: Path) -> list[str] | None:
    """Words of a control group file of this process's own container, version 2 or 1."""
    try:
        return path.read_text().split()
    except OSError:
        return None  # not Linux, or this controller is not there: no limit is known


def _gpus() -> tuple[Device, ...]:
    """NVIDIA devices as NVML counts them; none where there is no driver.

    References
    ----------
    NVML API reference, "Device queries".
    """
    if not _has_driver():
        return ()
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return ()  # no driver, or none of its devices may be used
    try:
        found = (_device(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount()))
        return tuple(device for device in found if device is not None)
    finally:
        pynvml.nvmlShutdown()


def _has_driver() -> bool:
    """Whether NVML itself is installed: costs less than importing its wrapper to be told."""
    import ctypes

    try:
        ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return False
    return True


def _device(nvml: Any, index: int) -> Device | None:
    """One device, `None` when it is there but cannot be used."""
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        name = nvml.nvmlDeviceGetName(handle)
    except nvml.NVMLError:
        return None  # it has fallen off the bus, or belongs to somebody else
    try:
        memory_bytes = int(nvml.nvmlDeviceGetMemoryInfo(handle).total)
    except nvml.NVMLError:
        memory_bytes = 0  # it shares the machine's memory and has none to itself
    return Device(
        index=index,
        name=name.decode() if isinstance(name, bytes) else name,
        memory_bytes=memory_bytes,
    )
