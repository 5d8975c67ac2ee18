"""When nobody saw how a run ended: it is gone, and with it all its processes."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from compute.benches import ProcessBench, reaper_of
from compute.real_runs import DAEMON, said
from loops import in_loop

from jupyter_mltrain.compute import processes
from jupyter_mltrain.compute.base import Gone


@pytest.fixture
def bench(processes_bench: ProcessBench) -> ProcessBench:
    return processes_bench


@in_loop
async def test_a_run_whose_reaper_is_killed_is_gone_with_all_its_processes(
    bench: ProcessBench, tmp_path: Path
) -> None:
    async with bench as compute:
        launch = bench.python(
            DAEMON + "print('ready', flush=True); time.sleep(60)", str(tmp_path / "there")
        )
        handle = await compute.start(launch)
        await said(launch, "ready")
        os.kill(reaper_of(handle), signal.SIGKILL)
        await compute.ended(handle, launch.control)
        seen = await compute.observe(handle, launch.control)
        assert seen == Gone(
            reason=f"the process that watched it (pid {reaper_of(handle)}) was killed, so its "
            "exit status is unknown"
        )
        assert processes.with_cookie(launch.run_dir) == []


@in_loop
async def test_cancel_after_the_reaper_was_killed_ends_what_is_left(bench: ProcessBench) -> None:
    async with bench as compute:
        launch = bench.launch()
        handle = await compute.start(launch)
        os.kill(reaper_of(handle), signal.SIGKILL)
        await compute.ended(handle, launch.control)
        await compute.cancel(handle, launch.control)
        assert not bench.executes(launch)


@in_loop
async def test_a_run_of_an_earlier_boot_is_gone_whatever_has_its_pid_now(
    bench: ProcessBench,
) -> None:
    async with bench as compute:
        control = bench.launch().control
        ticks = processes.start_ticks(os.getpid())
        handle = json.dumps({"pid": os.getpid(), "ticks": ticks, "boot": "the one before"})
        await compute.ended(handle, control)
        seen = await compute.observe(handle, control)
        assert isinstance(seen, Gone)
        assert seen.reason.startswith("the machine went down while it ran")


@in_loop
async def test_a_reused_pid_is_not_the_run(bench: ProcessBench) -> None:
    async with bench as compute:
        handle = json.dumps({"pid": os.getpid(), "ticks": 1, "boot": processes.boot_id()})
        launch = bench.launch()
        await compute.cancel(handle, launch.control)  # would end this very process
        assert isinstance(await compute.observe(handle, launch.control), Gone)


@pytest.mark.parametrize("torn", ["", '{"pid": 12', "[]"])
@in_loop
async def test_a_handle_torn_by_a_power_cut_is_a_run_that_is_gone(
    bench: ProcessBench, torn: str
) -> None:
    async with bench as compute:
        control = bench.launch().control
        await compute.cancel(torn, control)
        await compute.ended(torn, control)
        assert isinstance(await compute.observe(torn, control), Gone)


@in_loop
async def test_a_torn_exit_record_is_no_exit(bench: ProcessBench) -> None:
    async with bench as compute:
        control = bench.launch().control
        (control / "exit.json").write_text('{"status": 0')
        assert isinstance(await compute.observe(bench.unknown_handle(), control), Gone)
