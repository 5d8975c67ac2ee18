"""What a killed service was building: noted as cancelled, and cleaned up."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from msgspec.structs import replace

from jupyter_mltrain.errors import MltrainError
from jupyter_mltrain.service.roster import Clock
from jupyter_mltrain.service.shelf import Shelf
from jupyter_mltrain.service.sites import CONTEXT, MADE
from jupyter_mltrain.spec import BuildState
from jupyter_mltrain.store.builds import BuildStore
from jupyter_mltrain.store.removal import remove_tree

_log = logging.getLogger(__name__)


class Leftovers:
    """Found when a service starts, before it builds anything itself."""

    def __init__(self, directory: Path, store: BuildStore, shelf: Shelf, clock: Clock) -> None:
        """Look for what was left in the folder of all builds.

        What is whole, and unknown since a database was lost, is taken in again.
        """
        left = store.in_state(BuildState.WAITING, BuildState.BUILDING).values()
        unfinished = [
            replace(
                build,
                state=BuildState.CANCELED,
                reason="cancelled: the service ended while it was built",
                ended_at=clock(),
            )
            for _, build in left
        ]
        store.replace(*unfinished)
        known = store.ids()
        strays = [folder for folder in directory.iterdir() if folder.name not in known]
        self._folders = [
            *(directory / build.id / MADE for build in unfinished),
            *(directory / build.id / CONTEXT for build in unfinished),
            *(stray for stray in strays if not shelf.find_again(stray)),
        ]
        self._places = {(build.spec.image is not None, build.compute) for build in unfinished}

    def clear(self) -> None:
        """Delete folders that are half made. For a thread."""
        for folder in self._folders:
            for problem in remove_tree(folder):
                _log.error("%s is left: %s", folder, problem)

    async def clean(self, clean: Callable[[bool, str], Awaitable[None]]) -> None:
        """Let builders clean up where something was being built.

        Parameters
        ----------
        clean
            Does it, for the builder of images or the other one, and a compute target.
        """
        for is_image, compute in self._places:
            try:
                await clean(is_image, compute)
            except MltrainError as error:
                # An engine that is not there now; before the next build it is tried again.
                _log.error("what builds on %s have left is still there: %s", compute, error)
