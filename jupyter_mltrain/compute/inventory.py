"""What this machine has: CPUs, memory, GPUs; as far as this process may use them."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_mltrain.spec import Capacity, Device


def machine() -> Capacity:
    """Capacity of this machine, or of the container that this process lives in."""
    return Capacity(cpus=_cpus(), memory_bytes=_memory_bytes(), gpus=_gpus())


def _cpus() -> int:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    quota = _cgroup("cpu.max")
    if quota is not None and quota[:1] != ["max"] and len(quota) == 2:
        count = min(count or 1, max(1, int(quota[0]) // int(quota[1])))
    else:
        whole, period = _cgroup("cpu/cpu.cfs_quota_us"), _cgroup("cpu/cpu.cfs_period_us")
        if whole and period and int(whole[0]) > 0:
            count = min(count or 1, max(1, int(whole[0]) // int(period[0])))
    return count or 1


def _memory_bytes() -> int:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for limit in (_cgroup("memory.max"), _cgroup("memory/memory.limit_in_bytes")):
        if limit and limit[0].isdigit():
            total = min(total, int(limit[0]))
    return total


def _cgroup(name: str) -> list[str] | None:
    """Words of a control group file of this process's own container, version 2 or 1."""
    try:
        return (Path("/sys/fs/cgroup") / name).read_text().split()
    except OSError:
        return None  # not Linux, or this controller is not there: no limit is known


def _gpus() -> tuple[Device, ...]:
    """NVIDIA devices as NVML counts them; none where there is no driver.

    References
    ----------
    NVML API reference, "Device queries".
    """
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return ()  # no driver, or none of its devices may be used
    try:
        found = []
        for index in range(pynvml.nvmlDeviceGetCount()):
            handle = pynvml.nvmlDeviceGetHandleByIndex(index)
            name = pynvml.nvmlDeviceGetName(handle)
            found.append(
                Device(
                    index=index,
                    name=name.decode() if isinstance(name, bytes) else name,
                    memory_bytes=int(pynvml.nvmlDeviceGetMemoryInfo(handle).total),
                )
            )
        return tuple(found)
    finally:
        pynvml.nvmlShutdown()
