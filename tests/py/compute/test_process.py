"""Runs as real processes: how they end, and what they see."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest
from compute.benches import ProcessBench, a_launch, reaper_of
from compute.real_runs import executed, log_of, the_end
from loops import in_loop

from jupyter_mltrain.compute import launcher
from jupyter_mltrain.compute.base import Container
from jupyter_mltrain.errors import ComputeTargetError
from jupyter_mltrain.spec import Lease


@pytest.fixture
def bench(processes_bench: ProcessBench) -> ProcessBench:
    return processes_bench


# How it starts


@in_loop
async def test_a_container_is_refused(bench: ProcessBench) -> None:
    async with bench as compute:
        container = Container(image="sha256:any", lease=Lease(cpus=1), shm_bytes=2**20)
        launch = bench.shell("true", container=container)
        with pytest.raises(ComputeTargetError, match="'local' has processes only"):
            await compute.start(launch)
        assert list(launch.control.iterdir()) == []


# How it ends


@pytest.mark.parametrize("signum", [signal.SIGSEGV, signal.SIGKILL, signal.SIGTERM])
@in_loop
async def test_a_signal_that_ends_the_script_is_recorded(
    bench: ProcessBench, signum: signal.Signals
) -> None:
    async with bench as compute:
        record = await executed(compute, bench.shell(f"kill -{int(signum)} $$"))
        assert (record.status, record.signal, record.cause) == (None, signum, None)


@in_loop
async def test_what_it_used_is_recorded(bench: ProcessBench) -> None:
    async with bench as compute:
        record = await executed(compute, bench.python("x = b'x' * 50_000_000"))
        assert record.max_rss_bytes > 50_000_000
        assert record.cpu_s > 0
        assert record.ended_at is not None


@in_loop
async def test_an_interpreter_that_is_missing_is_an_ending_with_a_sentence(
    bench: ProcessBench,
) -> None:
    async with bench as compute:
        record = await executed(compute, a_launch(bench.run_dir(), ("/no/such/python", "x.py")))
        assert (record.status, record.signal, record.cause) == (None, None, "start")
        assert record.message == "/no/such/python cannot be executed: No such file or directory"


@in_loop
async def test_a_working_folder_that_is_missing_is_named(bench: ProcessBench) -> None:
    async with bench as compute:
        launch = bench.shell("true")
        Path(launch.cwd).rmdir()
        record = await executed(compute, launch)
        assert record.cause == "start"
        assert record.message == f"the folder {launch.cwd} cannot be entered: " + (
            "No such file or directory"
        )


@in_loop
async def test_variables_that_are_too_long_for_the_system_are_a_start_that_failed(
    bench: ProcessBench,
) -> None:
    async with bench as compute:
        record = await executed(compute, bench.shell("true", variables={"LONG": "x" * 200_000}))
        assert record.cause == "start"
        assert "Argument list too long" in (record.message or "")


@in_loop
async def test_a_script_that_fails_at_once_is_still_seen(bench: ProcessBench) -> None:
    async with bench as compute:
        launches = [bench.shell(f"exit {status}") for status in range(8)]
        records = await asyncio.gather(*(executed(compute, launch) for launch in launches))
        assert [record.status for record in records] == list(range(8))


# What it sees


@in_loop
async def test_stdout_and_stderr_go_into_the_log_in_order(bench: ProcessBench) -> None:
    async with bench as compute:
        launch = bench.shell("echo one; echo two >&2; echo three")
        await executed(compute, launch)
        assert log_of(launch) == "one\ntwo\nthree\n"


@in_loop
async def test_stdin_is_empty(bench: ProcessBench) -> None:
    async with bench as compute:
        launch = bench.shell("cat; echo end")
        await executed(compute, launch)
        assert log_of(launch) == "end\n"


@in_loop
async def test_a_run_that_closes_its_stdout_runs_to_its_end(bench: ProcessBench) -> None:
    async with bench as compute:
        record = await executed(compute, bench.shell("exec >&- 2>&-; sleep 0.01; exit 3"))
        assert record.status == 3


@in_loop
async def test_a_run_has_a_session_of_its_own(bench: ProcessBench) -> None:
    async with bench as compute:
        launch = bench.python("import os; print(os.getsid(0) == os.getpid() != os.getppid())")
        await executed(compute, launch)
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
        await executed(compute, launch)
        assert log_of(launch) == "[] set()\n"


@in_loop
async def test_a_run_inherits_no_open_files(bench: ProcessBench) -> None:
    async with bench as compute:
        launch = bench.shell("ls /proc/$$/fd")
        await executed(compute, launch)
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
        await executed(compute, launch)
        assert log_of(launch) == "120000\n"


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
        assert (await executed(compute, launch)).status == 3


@in_loop
async def test_the_kernel_prefers_the_run_when_memory_is_out(bench: ProcessBench) -> None:
    async with bench as compute:
        launch = bench.shell("sleep 0.05; cat /proc/$$/oom_score_adj")
        await executed(compute, launch)
        assert int(log_of(launch)) >= 300
