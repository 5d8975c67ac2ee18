"""Who has opened a run to log to it: found again after a restart, and missed when gone."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Final

import msgspec

from jupyter_mltrain import workspaces
from jupyter_mltrain.compute import processes
from jupyter_mltrain.spec import Frozen

_NAME: Final = "opener.json"
_LOOK_AGAIN_S: Final = 1.0
"""Between two looks at a process where the system has no pidfd."""

_APART_S: Final = 2.0
"""How far what two processes take for the start of a third may be apart: clocks are set."""


class Opener(Frozen, frozen=True, kw_only=True):
    """A process, by what no other process ever has."""

    pid: int
    ticks: int
    boot: str

    @property
    def is_alive(self) -> bool:
        return self.boot == processes.boot_id() and processes.is_alive(self.pid, self.ticks)


def seen(pid: int, started_at: float | None) -> Opener | None:
    """The process of that number; `None` when it is not one that can be watched from here.

    Parameters
    ----------
    started_at
        When it started, in its own words (unix seconds). In another pid namespace, a container's
        say, the number is that of some other process, which did not start just then.
    """
    ticks = processes.start_ticks(pid)
    if ticks is None:
        return None
    if started_at is not None and processes.LINUX:
        booted_at = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
        if abs(booted_at + ticks / os.sysconf("SC_CLK_TCK") - started_at) > _APART_S:
            return None
    return Opener(pid=pid, ticks=ticks, boot=processes.boot_id())


def keep(opener: Opener, run_dir: Path) -> None:
    """Write down who has opened the run."""
    workspaces.replace(run_dir / "control" / _NAME, msgspec.json.encode(opener))


def of(run_dir: Path) -> Opener | None:
    """What `keep` has written; `None` when nobody is known."""
    try:
        return msgspec.json.decode((run_dir / "control" / _NAME).read_bytes(), type=Opener)
    except (OSError, msgspec.DecodeError):
        return None


async def until_gone(opener: Opener | None) -> None:
    """Return when the process has ended; never when nobody is known."""
    if opener is None:
        await asyncio.Event().wait()
        return
    try:
        descriptor = os.pidfd_open(opener.pid)
    except (AttributeError, OSError):
        # macOS, an old kernel, or it has ended already.
        while opener.is_alive:  # noqa: ASYNC110 - there is nothing to await here
            await asyncio.sleep(_LOOK_AGAIN_S)
        return
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    try:
        # Looked at once the descriptor is there: from then on it stands for this very process.
        if opener.is_alive:
            loop.add_reader(descriptor, gone.set)
            await gone.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
