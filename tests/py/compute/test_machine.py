"""This machine as one compute target: processes and containers, told apart by the environment."""

from __future__ import annotations

from pathlib import Path

import pytest
from compute.benches import DockerBench, ProcessBench, a_launch
from compute.fake import CAPACITY
from compute.real_runs import the_end
from loops import in_loop

from jupyter_mltrain.compute.base import Container
from jupyter_mltrain.compute.docker import DockerCompute
from jupyter_mltrain.compute.machine import Machine
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.engine import Engine
from jupyter_mltrain.errors import ComputeUnavailable
from jupyter_mltrain.spec import Lease


@in_loop
async def test_an_image_makes_a_container_and_nothing_else_does(
    processes_bench: ProcessBench, containers_bench: DockerBench
) -> None:
    async with processes_bench as processes, containers_bench as containers:
        machine = Machine(processes, containers)
        process, container = processes_bench.launch(), containers_bench.launch()
        handles = [await machine.start(launch) for launch in (process, container)]
        assert containers_bench.containers() == [containers_bench.name(container)]
        processes_bench.exit(process, 3)
        containers_bench.exit(container, 4)
        ends = [
            await the_end(machine, handle, launch)
            for handle, launch in zip(handles, (process, container), strict=True)
        ]
        assert [end.status for end in ends] == [3, 4]


@in_loop
async def test_both_are_cancelled_by_their_handles(
    processes_bench: ProcessBench, containers_bench: DockerBench
) -> None:
    async with processes_bench as processes, containers_bench as containers:
        machine = Machine(processes, containers)
        for launch in (processes_bench.launch(), containers_bench.launch()):
            handle = await machine.start(launch)
            await machine.cancel(handle, launch.control)
            assert (await the_end(machine, handle, launch)).cause == "cancel"


@in_loop
async def test_a_process_is_no_substitute_for_a_container(
    processes_bench: ProcessBench, tmp_path: Path
) -> None:
    engine = Engine(f"unix://{tmp_path}/none.sock")
    async with processes_bench as processes:
        compute = DockerCompute(
            "local", engine, CAPACITY, watcher := Watcher(), workspace_id="w", folder=tmp_path / "c"
        )
        machine = Machine(processes, compute)
        container = Container(image="sha256:any", lease=Lease(cpus=1), shm_bytes=2**20)
        launch = a_launch(tmp_path / "run", ("/bin/true",), container=container)
        with pytest.raises(ComputeUnavailable, match=r"does not run\. Start it"):
            await machine.start(launch)
        assert not (launch.control / "reaper.json").exists()
        await machine.close()
        watcher.close()
    engine.close()


@in_loop
async def test_it_is_called_and_has_what_its_processes_have(
    processes_bench: ProcessBench, containers_bench: DockerBench
) -> None:
    async with processes_bench as processes, containers_bench as containers:
        machine = Machine(processes, containers)
        assert (machine.name, machine.capacity()) == ("local", CAPACITY)
