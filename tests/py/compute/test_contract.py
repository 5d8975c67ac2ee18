"""The contract of `Compute`, for every compute there is. Numbers are those of its docstring."""

from __future__ import annotations

from pathlib import Path

import pytest
from compute.benches import Bench, FakeBench
from compute.fake import CAPACITY
from compute.real_runs import the_end
from loops import in_loop

from jupyter_mltrain.compute.base import Compute, Gone, Launch, Running, Unreachable
from jupyter_mltrain.errors import ComputeTargetError


async def ended_by_itself(bench: Bench, compute: Compute, status: int = 0) -> tuple[str, Launch]:
    launch = bench.launch()
    handle = await compute.start(launch)
    bench.exit(launch, status)
    await compute.ended(handle, launch.control)
    return handle, launch


# 1. plan


@in_loop
async def test_a_plan_is_what_start_would_execute(bench: Bench) -> None:
    async with bench as compute:
        launch = bench.launch()
        assert compute.plan(launch) == launch.argv


@in_loop
async def test_a_plan_has_no_effects(bench: Bench) -> None:
    async with bench as compute:
        launch = bench.launch()
        before = sorted(Path(launch.run_dir).rglob("*"))
        compute.plan(launch)
        assert sorted(Path(launch.run_dir).rglob("*")) == before


@in_loop
async def test_a_compute_says_what_it_has(bench: Bench) -> None:
    async with bench as compute:
        assert compute.capacity() == CAPACITY
        assert compute.name == "local"
        assert compute.kind


# 2. start


@in_loop
async def test_a_second_start_finds_the_first_run(bench: Bench) -> None:
    async with bench as compute:
        launch = bench.launch()
        first = await compute.start(launch)
        second = await compute.start(launch)
        bench.exit(launch, 7)
        assert (await the_end(compute, first, launch)).status == 7
        assert (await the_end(compute, second, launch)).status == 7


@in_loop
async def test_a_start_from_elsewhere_finds_the_first_run(bench: Bench) -> None:
    async with bench as compute:
        launch = bench.launch()
        await compute.start(launch)
        handle = await bench.other().start(launch)
        bench.exit(launch, 7)
        assert (await the_end(compute, handle, launch)).status == 7


@in_loop
async def test_a_start_after_the_end_starts_nothing_anew(bench: Bench) -> None:
    async with bench as compute:
        _, launch = await ended_by_itself(bench, compute, status=3)
        handle = await compute.start(launch)
        assert (await the_end(compute, handle, launch)).status == 3


# 3. observe


@in_loop
async def test_what_executes_is_running(bench: Bench) -> None:
    async with bench as compute:
        launch = bench.launch()
        handle = await compute.start(launch)
        assert isinstance(await compute.observe(handle, launch.control), Running)
        bench.exit(launch, 0)
        await compute.ended(handle, launch.control)


@pytest.mark.parametrize("status", [0, 1, 255])
@in_loop
async def test_an_exit_that_was_seen_has_its_status(bench: Bench, status: int) -> None:
    async with bench as compute:
        handle, launch = await ended_by_itself(bench, compute, status)
        record = await the_end(compute, handle, launch)
        assert (record.status, record.signal, record.cause) == (status, None, None)


@in_loop
async def test_a_run_that_never_was_is_gone_not_exited(bench: Bench) -> None:
    async with bench as compute:
        control = bench.launch().control
        assert isinstance(await compute.observe(bench.unknown_handle(), control), Gone)


@in_loop
async def test_a_run_whose_end_nobody_saw_is_gone_not_exited(bench: Bench) -> None:
    async with bench as compute:
        launch = bench.launch()
        handle = await compute.start(launch)
        bench.lose(launch, handle)
        await compute.ended(handle, launch.control)
        seen = await compute.observe(handle, launch.control)
        assert isinstance(seen, Gone)
        assert not bench.executes(launch)


@in_loop
async def test_a_run_that_cannot_be_reached_is_unreachable_not_gone(tmp_path: Path) -> None:
    # Processes of this machine can always be reached; computes with a way to them cannot.
    async with (bench := FakeBench(tmp_path)) as compute:
        launch = bench.launch()
        handle = await compute.start(launch)
        compute.unreachable(True)
        await compute.ended(handle, launch.control)
        assert isinstance(await compute.observe(handle, launch.control), Unreachable)
        compute.unreachable(False)
        assert isinstance(await compute.observe(handle, launch.control), Running)


@in_loop
async def test_a_start_that_is_refused_raises_its_reason(tmp_path: Path) -> None:
    # A process that cannot be started has an exit record instead: see test_process.
    async with (bench := FakeBench(tmp_path)) as compute:
        compute.refusal = "No room."
        with pytest.raises(ComputeTargetError, match=r"No room\."):
            await compute.start(bench.launch())


# 4. ended


@in_loop
async def test_ended_returns_for_a_run_that_ended_before_the_call(bench: Bench) -> None:
    async with bench as compute:
        handle, launch = await ended_by_itself(bench, compute)
        await compute.ended(handle, launch.control)


@in_loop
async def test_ended_returns_for_a_run_that_another_started(bench: Bench) -> None:
    async with bench as compute:
        launch = bench.launch()
        handle = await compute.start(launch)
        other = bench.other()
        bench.exit(launch, 5)
        assert (await the_end(other, handle, launch)).status == 5


@in_loop
async def test_ended_returns_for_a_run_that_never_was(bench: Bench) -> None:
    async with bench as compute:
        await compute.ended(bench.unknown_handle(), bench.launch().control)


# 5. cancel


@in_loop
async def test_a_cancelled_run_ends_and_says_so(bench: Bench) -> None:
    async with bench as compute:
        launch = bench.launch()
        handle = await compute.start(launch)
        await compute.cancel(handle, launch.control)
        record = await the_end(compute, handle, launch)
        assert (record.status, record.cause) == (None, "cancel")
        assert not bench.executes(launch)


@in_loop
async def test_a_run_that_ignores_the_request_is_killed_after_its_grace(bench: Bench) -> None:
    async with bench as compute:
        launch = bench.launch(stubborn=True, grace_s=0.2)
        handle = await compute.start(launch)
        await compute.cancel(handle, launch.control)
        bench.pass_time(0.2)
        record = await the_end(compute, handle, launch)
        assert record.cause == "cancel"
        assert not bench.executes(launch)


@in_loop
async def test_cancel_may_come_many_times(bench: Bench) -> None:
    async with bench as compute:
        launch = bench.launch()
        handle = await compute.start(launch)
        for _ in range(3):
            await compute.cancel(handle, launch.control)
        assert (await the_end(compute, handle, launch)).cause == "cancel"


@in_loop
async def test_cancel_after_the_end_changes_nothing(bench: Bench) -> None:
    async with bench as compute:
        handle, launch = await ended_by_itself(bench, compute, status=4)
        await compute.cancel(handle, launch.control)
        assert (await the_end(compute, handle, launch)).status == 4


@in_loop
async def test_cancel_of_a_run_that_never_was_does_nothing(bench: Bench) -> None:
    async with bench as compute:
        await compute.cancel(bench.unknown_handle(), bench.launch().control)


@in_loop
async def test_a_run_can_be_cancelled_from_elsewhere(bench: Bench) -> None:
    async with bench as compute:
        launch = bench.launch()
        handle = await compute.start(launch)
        await bench.other().cancel(handle, launch.control)
        assert (await the_end(compute, handle, launch)).cause == "cancel"


# 6. limits


@in_loop
async def test_a_run_over_its_time_is_ended_with_that_cause(bench: Bench) -> None:
    async with bench as compute:
        launch = bench.launch(timeout_s=0.2)
        handle = await compute.start(launch)
        bench.pass_time(0.2)
        assert (await the_end(compute, handle, launch)).cause == "timeout"
        assert not bench.executes(launch)


@in_loop
async def test_a_run_over_its_memory_is_ended_with_that_cause(bench: Bench) -> None:
    async with bench as compute:
        launch = bench.launch(memory_bytes=100_000_000)
        handle = await compute.start(launch)
        bench.use_memory(launch, 200_000_000)
        assert (await the_end(compute, handle, launch)).cause == "memory"
        assert not bench.executes(launch)


@in_loop
async def test_a_run_goes_on_when_its_compute_is_closed(bench: Bench) -> None:
    async with bench as compute:
        first = bench.other()
        launch = bench.launch()
        handle = await first.start(launch)
        await first.close()
        bench.exit(launch, 6)
        assert (await the_end(compute, handle, launch)).status == 6
