"""After a run no process of it is left, whatever it did to leave one."""

from __future__ import annotations

from pathlib import Path

import pytest
from compute.benches import ProcessBench
from compute.real_runs import DAEMON, executed, log_of, said, the_end
from loops import in_loop

from jupyter_mltrain.compute import processes

# Each process of the chain lives for a moment, and only to make the next; a minute at most.
_CHAINS = """
import os, signal, sys, time
until = time.monotonic() + 60
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in range(3):
    if os.fork() == 0:
        if "own" in sys.argv:
            os.setsid()
        while time.monotonic() < until:
            if os.fork():
                os._exit(0)
            time.sleep(float(sys.argv[1]))
        os._exit(0)
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def bench(processes_bench: ProcessBench) -> ProcessBench:
    return processes_bench


@in_loop
async def test_a_daemon_in_its_own_session_is_gone_after_cancel(
    bench: ProcessBench, tmp_path: Path
) -> None:
    async with bench as compute:
        launch = bench.python(
            DAEMON + "print('ready', flush=True); time.sleep(60)",
            str(tmp_path / "there"),
            grace_s=0.1,
        )
        handle = await compute.start(launch)
        await said(launch, "ready")
        assert len(processes.with_cookie(launch.run_dir)) == 2
        await compute.cancel(handle, launch.control)
        assert (await the_end(compute, handle, launch)).cause == "cancel"
        assert processes.with_cookie(launch.run_dir) == []


@in_loop
async def test_a_daemon_is_gone_after_a_normal_end_and_counted(
    bench: ProcessBench, tmp_path: Path
) -> None:
    code = DAEMON.replace("signal.SIG_IGN", "signal.SIG_DFL")
    async with bench as compute:
        launch = bench.python(code, str(tmp_path / "there"))
        record = await executed(compute, launch)
        assert (record.status, record.leftovers) == (0, 1)
        assert processes.with_cookie(launch.run_dir) == []


@in_loop
async def test_a_script_that_leaves_nothing_has_no_leftovers(bench: ProcessBench) -> None:
    async with bench as compute:
        assert (await executed(compute, bench.shell("sleep 0 & wait"))).leftovers == 0


@pytest.mark.parametrize(
    ("pause", "session"), [("0", "one"), ("0", "own"), ("0.002", "one"), ("0.002", "own")]
)
@in_loop
async def test_processes_that_make_ever_new_ones_are_gone_after_cancel(
    bench: ProcessBench, pause: str, session: str
) -> None:
    async with bench as compute:
        launch = bench.python(_CHAINS, pause, session, grace_s=0.05)
        handle = await compute.start(launch)
        await said(launch, "ready")
        await compute.cancel(handle, launch.control)
        record = await the_end(compute, handle, launch)
        assert (record.cause, record.message) == ("cancel", None)
        assert processes.with_cookie(launch.run_dir) == []


@in_loop
async def test_cancel_lets_the_script_say_goodbye(bench: ProcessBench) -> None:
    code = """
import signal, sys, time
def goodbye(*_):
    print("saved", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, goodbye)
print("ready", flush=True)
time.sleep(60)
"""
    async with bench as compute:
        launch = bench.python(code)
        handle = await compute.start(launch)
        await said(launch, "ready")
        await compute.cancel(handle, launch.control)
        record = await the_end(compute, handle, launch)
        assert (record.status, record.cause) == (0, "cancel")
        assert log_of(launch) == "ready\nsaved\n"


@in_loop
async def test_a_stopped_script_can_be_cancelled(bench: ProcessBench) -> None:
    async with bench as compute:
        launch = bench.shell("echo ready; kill -STOP $$; sleep 60", grace_s=0.1)
        handle = await compute.start(launch)
        await said(launch, "ready")
        await compute.cancel(handle, launch.control)
        assert (await the_end(compute, handle, launch)).cause == "cancel"
