"""Waiting for the end of a run on a compute target that may not always answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from jupyter_mltrain.compute.base import Compute, Exited, Gone, Running, Unreachable

LOOK_AGAIN_S: Final = 2.0
"""Between two looks at what cannot be reached."""


async def until_ended(
    compute: Compute,
    handle: str,
    control: Path,
    said: Callable[[Running | Unreachable], None],
    *,
    look_first: bool,
) -> Exited | Gone:
    """Return how the run ended, once it has.

    Parameters
    ----------
    said
        Told each time the target gives another answer than an ending.
    look_first
        The target could not be reached when last asked: ask before waiting for it.
    """
    if not look_first:
        await compute.ended(handle, control)
    while not isinstance(seen := await compute.observe(handle, control), Exited | Gone):
        said(seen)
        await asyncio.sleep(LOOK_AGAIN_S)
        if isinstance(seen, Running):
            await compute.ended(handle, control)
    return seen
