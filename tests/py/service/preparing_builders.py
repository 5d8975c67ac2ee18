"""What the tests of preparing ask of a rig."""

from __future__ import annotations

import asyncio

from service_rig import Rig

from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.spec import BUILD_LOG, Build, BuildState, EnvironmentSpec, Run


def builds(rig: Rig) -> tuple[Build, ...]:
    return rig.builds.list()


async def prepared(rig: Rig, environment: EnvironmentSpec) -> Run:
    """A run that has executed in that environment."""
    return await rig.exit(await rig.running(environment=environment))


async def built(rig: Rig, *states: BuildState) -> Build:
    """The newest build, once it is in one of these states."""
    changed = asyncio.Event()
    with rig.hub.listen(changed, Hub.ENVIRONMENTS):
        while not builds(rig) or builds(rig)[0].state not in states:
            changed.clear()
            await asyncio.wait_for(changed.wait(), 10)
    return builds(rig)[0]


def build_log(rig: Rig, run: Run) -> str:
    return (rig.run_dir(run) / "files" / BUILD_LOG).read_text()


async def until_log(rig: Rig, run: Run, text: str) -> None:
    """Wait until the log of the run's build, which is there, says so."""
    grown = asyncio.Event()
    unwatch = rig.watcher.watch(rig.run_dir(run) / "files" / BUILD_LOG, grown.set)
    try:
        while text not in build_log(rig, run):
            await asyncio.wait_for(grown.wait(), 10)
            grown.clear()
    finally:
        unwatch()
