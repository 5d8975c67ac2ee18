"""How runs end before their script says so: by cancel, by their limits, out of sight."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from loops import in_loop
from service_rig import Rig, SlowEnvironments

from jupyter_mltrain.service import observing
from jupyter_mltrain.spec import RunState

# Cancel


@in_loop
async def test_a_queued_run_is_cancelled_at_once(rig: Rig) -> None:
    async with rig:
        first = await rig.running(cpus=4)
        waiting = await rig.submit(cpus=4)
        cancelled = await rig.verbs.cancel(waiting.id)
        assert cancelled.state is RunState.CANCELED
        assert cancelled.reason == "cancelled by you before it started"
        await rig.exit(first)
        assert rig.compute.started == [first.id]


@in_loop
async def test_a_run_that_is_prepared_is_cancelled_with_its_preparation(tmp_path: Path) -> None:
    environments = SlowEnvironments()
    async with Rig(tmp_path, environments=environments) as rig:
        run = await rig.submit()
        await asyncio.sleep(0)
        cancelled = await rig.verbs.cancel(run.id)
        assert cancelled.reason == "cancelled by you while it was prepared"
        await rig.supervisor.tidied(run.id)
        assert environments.given_up == 1


@in_loop
async def test_a_run_that_is_just_starting_is_cancelled_once_it_has(rig: Rig) -> None:
    async with rig:
        rig.compute.may_start.clear()
        run = await rig.submit()
        asked = await rig.verbs.cancel(run.id)
        assert (asked.state, asked.reason) == (RunState.CANCEL_REQUESTED, "cancelled by you")
        rig.compute.may_start.set()
        assert (await rig.ended(run)).state is RunState.CANCELED


@in_loop
async def test_a_running_run_is_asked_to_end_and_then_is_canceled(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.world.stubborn = True
        asked = await rig.verbs.cancel(run.id)
        assert asked.state is RunState.CANCEL_REQUESTED
        rig.clock.advance(10)
        ended = await rig.ended(run)
        assert (ended.state, ended.reason) == (RunState.CANCELED, "cancelled by you after 0:10")


@in_loop
async def test_cancel_twice_is_cancel_once(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.world.stubborn = True
        first = await rig.verbs.cancel(run.id)
        assert await rig.verbs.cancel(run.id) == first
        rig.clock.advance(10)
        await rig.ended(run)


@in_loop
async def test_cancel_of_an_ended_run_leaves_it_as_it_is(rig: Rig) -> None:
    async with rig:
        ended = await rig.exit(await rig.running())
        assert await rig.verbs.cancel(ended.id) == ended


@in_loop
async def test_a_run_that_ended_before_the_request_reached_it_has_its_own_ending(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.world.stubborn = True
        await rig.verbs.cancel(run.id)
        assert (await rig.exit(run)).state is RunState.COMPLETED


@in_loop
async def test_a_run_over_its_limit_is_cancelled_with_the_reason(rig: Rig) -> None:
    async with rig:
        run = await rig.running(timeout_s=60)
        rig.clock.advance(61)
        ended = await rig.ended(run)
        assert ended.state is RunState.CANCELED
        assert ended.reason.startswith("cancelled: over its limit of ")


# Computes that cannot say


@in_loop
async def test_a_run_that_disappears_is_failed_never_completed(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.compute.lose(run.id)
        ended = await rig.ended(run)
        assert ended.state is RunState.FAILED
        assert ended.reason == "Lost: it disappeared from the fake compute."


@in_loop
async def test_a_run_that_cannot_be_reached_is_not_responding_until_it_can(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "LOOK_AGAIN_S", 0)
    async with rig:
        run = await rig.running()
        rig.compute.unreachable(True)
        silent = await rig.until(run, RunState.NOT_RESPONDING)
        assert silent.reason == "the way to the fake compute is cut"
        rig.compute.unreachable(False)
        back = await rig.until(run, RunState.RUNNING)
        assert back.reason == "running"
        await rig.exit(run)


@in_loop
async def test_a_run_that_ended_while_it_could_not_be_reached_has_its_true_ending(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "LOOK_AGAIN_S", 0)
    async with rig:
        run = await rig.running()
        rig.compute.unreachable(True)
        await rig.until(run, RunState.NOT_RESPONDING)
        rig.compute.exit(run.id, 0)
        rig.compute.unreachable(False)
        assert (await rig.ended(run)).state is RunState.COMPLETED


@in_loop
async def test_a_run_that_is_gone_after_a_silence_is_failed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "LOOK_AGAIN_S", 0)
    async with rig:
        run = await rig.running()
        rig.compute.unreachable(True)
        await rig.until(run, RunState.NOT_RESPONDING)
        rig.compute.lose(run.id)
        rig.compute.unreachable(False)
        assert (await rig.ended(run)).state is RunState.FAILED


@in_loop
async def test_a_run_can_be_cancelled_while_it_cannot_be_reached(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "LOOK_AGAIN_S", 0)
    async with rig:
        run = await rig.running()
        rig.compute.unreachable(True)
        await rig.until(run, RunState.NOT_RESPONDING)
        assert (await rig.verbs.cancel(run.id)).state is RunState.CANCEL_REQUESTED
        rig.compute.unreachable(False)
        assert (await rig.ended(run)).state is RunState.CANCELED
