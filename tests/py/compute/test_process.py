"""Runs as real processes: how they end, what they leave, what a kill leaves of them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest
from compute.benches import ProcessBench, a_launch, reaper_of
from loops import in_loop

from jupyter_mltrain.compute import launcher, processes
from jupyter_mltrain.compute.base import Exited, Gone, Launch
from jupyter_mltrain.compute.process import ProcessCompute
from jupyter_mltrain.spec import ExitRecord

# Forks twice, so that the daemon is no child of the script, in a session of its own.
_DAEMON = """
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


async def the_end(compute: ProcessCompute, handle: str, launch: Launch) -> ExitRecord:
    """How it ended, once it has."""
    await compute.ended(handle, launch.control)
    seen = await compute.observe(handle, launch.control)
    assert isinstance(seen, Exited), seen
    return seen.record


async def run(compute: ProcessCompute, launch: Launch) -> ExitRecord:
    """Execute to the end."""
    return await the_end(compute, await compute.start(launch), launch)


def log_of(launch: Launch) -> str:
    return Path(launch.log).read_text()


async def said(launch: Launch, text: str) -> None:
    """Return once the run has written this."""
    path = Path(launch.log)
    while not (path.exists() and text in path.read_text()):
        await asyncio.sleep(0.002)


# How it ends


@pytest.mark.parametrize("signum", [signal.SIGSEGV, signal.SIGKILL, signal.SIGTERM])
@in_loop
async def test_a_signal_that_ends_the_script_is_recorded(
    bench: ProcessBench, signum: signal.Signals
) -> None:
    async with bench as compute:
        record = await run(compute, bench.shell(f"kill -{int(signum)} $$"))
        assert (record.status, record.signal, record.cause) == (None, signum, None)


@in_loop
async def test_what_it_used_is_recorded(bench: ProcessBench) -> None:
    async with bench as compute:
        record = await run(compute, bench.python("x = b'x' * 50_000_000"))
        assert record.max_rss_bytes > 50_000_000
        assert record.cpu_s > 0
        assert record.ended_at is not None


@in_loop
async def test_an_interpreter_that_is_missing_is_an_ending_with_a_sentence(
    bench: ProcessBench,
) -> None:
    async with bench as compute:
        record = await run(compute, a_launch(bench.run_dir(), ("/no/such/python", "x.py")))
        assert (record.status, record.signal, record.cause) == (None, None, "start")
        assert record.message == "/no/such/python cannot be executed: No such file or directory"


@in_loop
async def test_a_working_folder_that_is_missing_is_named(bench: ProcessBench) -> None:
    async with bench as compute:
        launch = bench.shell("true")
        Path(launch.cwd).rmdir()
        record = await run(compute, launch)
        assert record.cause == "start"
        assert record.message == f"the folder {launch.cwd} cannot be entered: " + (
            "No such file or directory"
        )


@in_loop
async def test_variables_that_are_too_long_for_the_system_are_a_start_that_failed(
    bench: ProcessBench,
) -> None:
    async with bench as compute:
        record = await run(compute, bench.shell("true", variables={"LONG": "x" * 200_000}))
        assert record.cause == "start"
        assert "Argument list too long" in (record.message or "")


@in_loop
async def test_a_script_that_fails_at_once_is_still_seen(bench: ProcessBench) -> None:
    async with bench as compute:
        launches = [bench.shell(f"exit {status}") for status in range(8)]
        records = await asyncio.gather(*(run(compute, launch) for launch in launches))
        assert [record.status for record in records] == list(range(8))


# What it sees


@in_loop
async def test_stdout_and_stderr_go_into_the_log_in_order(bench: ProcessBench) -> None:
    async with bench as compute:
        launch = bench.shell("echo one; echo two >&2; echo three")
        await run(compute, launch)
        assert log_of(launch) == "one\ntwo\nthree\n"


@in_loop
async def test_stdin_is_empty(bench: ProcessBench) -> None:
    async with bench as compute:
        launch = bench.shell("cat; echo end")
        await run(compute, launch)
        assert log_of(launch) == "end\n"


@in_loop
async def test_a_run_that_closes_its_stdout_runs_to_its_end(bench: ProcessBench) -> None:
    async with bench as compute:
        record = await run(compute, bench.shell("exec >&- 2>&-; sleep 0.01; exit 3"))
        assert record.status == 3


@in_loop
async def test_a_run_has_a_session_of_its_own(bench: ProcessBench) -> None:
    async with bench as compute:
        launch = bench.python("import os; print(os.getsid(0) == os.getpid() != os.getppid())")
        await run(compute, launch)
        assert log_of(launch) == "True\n"


@in_loop
async def test_a_run_starts_with_the_signals_of_a_shell(bench: ProcessBench) -> None:
    code = """
import signal
print([s.name for s in (signal.SIGPIPE, signal.SIGTERM, signal.SIGCHLD, signal.SIGINT)
       if s is not signal.SIGINT and signal.getsignal(s) is not signal.SIG_DFL
       and s is not signal.SIGPIPE], signal.pthread_sigmask(signal.SIG_BLOCK, ()))
"""
    async with bench as compute:
        launch = bench.python(code)
        await run(compute, launch)
        assert log_of(launch) == "[] set()\n"


@in_loop
async def test_a_run_inherits_no_open_files(bench: ProcessBench) -> None:
    async with bench as compute:
        launch = bench.shell("ls /proc/$$/fd")
        await run(compute, launch)
        assert set(log_of(launch).split()) <= {"0", "1", "2"}


@in_loop
async def test_a_launch_larger_than_a_message_arrives_whole(bench: ProcessBench) -> None:
    async with bench as compute:
        variables = {f"V{number}": "x" * 10_000 for number in range(12)}
        launch = bench.python("import os; print(sum(len(os.environ[f'V{n}']) for n in range(12)))")
        launch = a_launch(
            Path(launch.run_dir),
            launch.argv,
            variables=variables,
        )
        assert sum(map(len, variables.values())) > launcher.MESSAGE_BYTES
        await run(compute, launch)
        assert log_of(launch) == "120000\n"


# What it leaves


@in_loop
async def test_a_daemon_in_its_own_session_is_gone_after_cancel(
    bench: ProcessBench, tmp_path: Path
) -> None:
    async with bench as compute:
        launch = bench.python(
            _DAEMON + "print('ready', flush=True); time.sleep(60)",
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
    code = _DAEMON.replace("signal.SIG_IGN", "signal.SIG_DFL")
    async with bench as compute:
        launch = bench.python(code, str(tmp_path / "there"))
        record = await run(compute, launch)
        assert (record.status, record.leftovers) == (0, 1)
        assert processes.with_cookie(launch.run_dir) == []


@in_loop
async def test_a_script_that_leaves_nothing_has_no_leftovers(bench: ProcessBench) -> None:
    async with bench as compute:
        assert (await run(compute, bench.shell("sleep 0 & wait"))).leftovers == 0


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


# When the reaper does not see the end


@in_loop
async def test_a_run_whose_reaper_is_killed_is_gone_with_all_its_processes(
    bench: ProcessBench, tmp_path: Path
) -> None:
    async with bench as compute:
        launch = bench.python(
            _DAEMON + "print('ready', flush=True); time.sleep(60)", str(tmp_path / "there")
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


@in_loop
async def test_two_starts_at_the_same_time_are_one_run(bench: ProcessBench) -> None:
    async with bench as compute:
        launch = bench.shell("echo once")
        first, second = await asyncio.gather(compute.start(launch), compute.start(launch))
        assert reaper_of(first) == reaper_of(second)
        await the_end(compute, first, launch)
        assert log_of(launch) == "once\n"


@in_loop
async def test_a_run_can_delete_its_own_directory(bench: ProcessBench) -> None:
    async with bench as compute:
        launch = bench.shell('rm -rf "$PWD"; exit 3')
        assert (await run(compute, launch)).status == 3


@in_loop
async def test_the_kernel_prefers_the_run_when_memory_is_out(bench: ProcessBench) -> None:
    async with bench as compute:
        launch = bench.shell("sleep 0.05; cat /proc/$$/oom_score_adj")
        await run(compute, launch)
        assert int(log_of(launch)) >= 300
