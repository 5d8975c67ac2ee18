"""Waiting for the end of a process, whoever its parent is."""

from __future__ import annotations

import os
import select
import time

_LIMIT_S = 30


def wait_until_gone(pid: int) -> None:
    """Return when no process with this pid executes any more."""
    if hasattr(os, "pidfd_open"):
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            ready, _, _ = select.select([fd], [], [], _LIMIT_S)
        finally:
            os.close(fd)
        assert ready, f"process {pid} does not end"
        return
    deadline = time.monotonic() + _LIMIT_S
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    raise AssertionError(f"process {pid} does not end")
