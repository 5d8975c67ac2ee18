"""What processes hold of the machine's memory. Linux alone tells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Of one process, in megabytes of 1,000,000 bytes."""

    resident_mb: float
    peak_mb: float
    """Most that was resident since the start, or since `forget_peak`."""
    proportional_mb: float
    """A page that n processes share counts for 1/n."""


def memory(pid: int) -> Memory:
    """What the process holds now.

    References
    ----------
    proc_pid_status(5): VmRSS, VmHWM; proc_pid_smaps(5): Pss.
    """
    status = Path(f"/proc/{pid}/status").read_text()
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return Memory(
        resident_mb=_field(status, "VmRSS"),
        peak_mb=_field(status, "VmHWM"),
        proportional_mb=_field(rollup, "Pss"),
    )


def _field(text: str, name: str) -> float:
    found = re.search(rf"^{name}:\s+(\d+) kB$", text, re.MULTILINE)
    assert found is not None, f"this system does not tell {name}"
    return int(found[1]) * 1024 / 1e6


def forget_peak(pid: int) -> None:
    """Let the peak start again from what is resident now; see proc_pid_clear_refs(5)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5\n")


def below(pid: int) -> list[int]:
    """The process and all its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(found for child in children for found in below(int(child)))]
