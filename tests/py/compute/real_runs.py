"""Real runs, executed and read by a test."""

from __future__ import annotations

import asyncio
from pathlib import Path

from jupyter_mltrain.compute.base import Compute, Exited, Launch
from jupyter_mltrain.spec import ExitRecord

DAEMON = """
import os, signal, sys, time
def daemon():
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    open(sys.argv[1], "w").close()
    time.sleep(60)
daemon()
while not os.path.exists(sys.argv[1]):
    time.sleep(0.001)
"""
"""Leaves a process that is no child of the script, in a session of its own, deaf to SIGTERM.

The script's first argument is a file that is there as soon as the process is.
"""


async def the_end(compute: Compute, handle: str, launch: Launch) -> ExitRecord:
    """How it ended, once it has."""
    await compute.ended(handle, launch.control)
    seen = await compute.observe(handle, launch.control)
    assert isinstance(seen, Exited), seen
    return seen.record


async def executed(compute: Compute, launch: Launch) -> ExitRecord:
    """Execute to the end."""
    return await the_end(compute, await compute.start(launch), launch)


def log_of(launch: Launch) -> str:
    return Path(launch.log).read_text()


async def said(launch: Launch, text: str) -> None:
    """Return once the run has written this."""
    path = Path(launch.log)
    while not (path.exists() and text in path.read_text()):
        await asyncio.sleep(0.002)
