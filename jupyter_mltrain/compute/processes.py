"""Processes by identity: a pid is reused, a pid with its start time and boot is not.

Imports little: the reaper lives on this module, once per run.

References
----------
proc(5): ``/proc/pid/stat`` fields 4 (ppid), 22 (starttime), 24 (rss); ``/proc/pid/statm``.
"""

from __future__ import annotations

import os
import sys
from functools import lru_cache

LINUX = sys.platform == "linux"
COOKIE = "MLTRAIN_COOKIE"
"""Environment variable that every process of a run inherits, and no other has."""

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@lru_cache(1)
def boot_id() -> str:
    """Changes with every start of the machine; empty where the system does not tell."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return ""


def start_ticks(pid: int) -> int | None:
    """When the process started, in the kernel's own count; `None` when it is not there.

    A zombie counts as not there: it executes no more.
    """
    fields = _stat(pid)
    if fields is not None:
        return None if fields[0] in (b"Z", b"X") else int(fields[19])
    if LINUX:
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass  # it is there, as somebody else's
    return 0


def is_alive(pid: int, ticks: int) -> bool:
    """Whether the very process that had this pid at that start time still executes."""
    return start_ticks(pid) == ticks


def _stat(pid: int) -> list[bytes] | None:
    """Fields of ``/proc/pid/stat`` from the state (field 3) on."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            data = file.read()
    except OSError:
        return None  # gone, or hidden from us
    return data[data.rindex(b")") + 2 :].split()


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def descendants(root: int) -> list[int]:
    """Every process below `root`, without zombies; empty where there is no /proc."""
    if not LINUX:
        return []
    children: dict[int, list[int]] = {}
    dead = set()
    for pid in _pids():
        fields = _stat(pid)
        if fields is None:
            continue
        children.setdefault(int(fields[1]), []).append(pid)
        if fields[0] in (b"Z", b"X"):
            dead.add(pid)
    found = []
    front = [root]
    while front:
        below = children.get(front.pop(), [])
        front += below
        found += [pid for pid in below if pid not in dead]
    return found


def with_cookie(cookie: str) -> list[int]:
    """Every process that was started with this cookie in its environment."""
    if not LINUX:
        return []
    wanted = f"{COOKIE}={cookie}".encode()
    found = []
    for pid in _pids():
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                variables = file.read().split(b"\0")
        except OSError:
            continue  # gone, or another user's: then it is none of ours
        if wanted in variables:
            found.append(pid)
    return found


def send(pids: list[int], signum: int) -> None:
    """Signal each; one that is gone, or has become another user's, is passed over."""
    for pid in pids:
        try:
            os.kill(pid, signum)
        except (ProcessLookupError, PermissionError):
            continue


def memory_bytes(pids: list[int]) -> int:
    """Memory that the processes have for themselves: resident, shared pages left out."""
    pages = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/statm", "rb") as file:
                fields = file.read().split()
        except OSError:
            continue  # it ended meanwhile
        if len(fields) > 2:
            pages += int(fields[1]) - int(fields[2])
    return pages * _PAGE_BYTES


def oom_kills() -> int:
    """How many processes the kernel has killed for memory since boot."""
    try:
        with open("/proc/vmstat", "rb") as file:
            for line in file:
                if line.startswith(b"oom_kill "):
                    return int(line.split()[1])
    except OSError:
        pass  # not Linux: nothing is known
    return 0
