"""This machine: processes, and containers of its own engine, under one capacity."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

import msgspec

from jupyter_mltrain.compute.base import Compute, Launch, Observation
from jupyter_mltrain.compute.docker import DockerCompute
from jupyter_mltrain.compute.process import ProcessCompute
from jupyter_mltrain.spec import Capacity


class _Container(msgspec.Struct):
    """What the handle of a container has, and that of a process has not."""

    container: str


_decode: Final = msgspec.json.Decoder(_Container).decode


class Machine:
    """The compute target ``local``. The environment decides what a run becomes, and nothing else.

    No engine is asked for, or even looked for, before the first run in a container.
    """

    kind = "process"

    def __init__(self, processes: ProcessCompute, containers: DockerCompute) -> None:
        self._processes = processes
        self._containers = containers

    @property
    def name(self) -> str:
        return self._processes.name

    def capacity(self) -> Capacity:
        return self._processes.capacity()

    def plan(self, launch: Launch) -> tuple[str, ...]:
        return self._for(launch).plan(launch)

    async def start(self, launch: Launch) -> str:
        return await self._for(launch).start(launch)

    async def observe(self, handle: str, control: Path) -> Observation:
        return await self._behind(handle).observe(handle, control)

    async def ended(self, handle: str, control: Path) -> None:
        await self._behind(handle).ended(handle, control)

    async def cancel(self, handle: str, control: Path) -> None:
        await self._behind(handle).cancel(handle, control)

    async def bring(self, handle: str, control: Path, paths: tuple[Path, ...]) -> None:
        """Have files of a run's directory in its container; see `DockerCompute.bring`."""
        if self._behind(handle) is self._containers:
            await self._containers.bring(handle, control, paths)

    async def take_back(self, handle: str, control: Path) -> None:
        """Have here what the run has written so far."""
        if self._behind(handle) is self._containers:
            await self._containers.take_back(handle, control)

    async def sweep(self, active: Collection[str]) -> None:
        """Delete the containers that a killed service left; see `DockerCompute.sweep`."""
        await self._containers.sweep(active)

    async def close(self) -> None:
        await self._containers.close()
        await self._processes.close()

    def _for(self, launch: Launch) -> Compute:
        return self._processes if launch.container is None else self._containers

    def _behind(self, handle: str) -> Compute:
        try:
            _decode(handle)
        except (msgspec.DecodeError, msgspec.ValidationError):
            return self._processes
        return self._containers
