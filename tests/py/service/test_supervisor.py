"""A run's life from its submit to its end, and every way out of it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from loops import in_loop
from service_rig import Rig, SlowEnvironments

from jupyter_mltrain.errors import DiskFull, InvalidSpec, WrongState
from jupyter_mltrain.service import finishing
from jupyter_mltrain.spec import GitState, Resources, Run, RunState
from jupyter_mltrain.wire import PriorityRequest, TagRequest


def states(rig: Rig, run: Run) -> list[str]:
    return [change.state.value for change in rig.verbs.history(run.id)]


# Start and end


@in_loop
async def test_a_run_goes_from_queued_to_completed(rig: Rig) -> None:
    async with rig:
        holder = await rig.running(resources=Resources(cpus=4))
        run = await rig.submit()
        await rig.exit(holder)
        ended = await rig.exit(await rig.until(run, RunState.RUNNING))
        assert (ended.state, ended.reason) == (RunState.COMPLETED, "completed")
        assert states(rig, run) == ["Queued", "Starting", "Running", "Completed"]


@in_loop
async def test_a_run_that_finds_room_is_never_queued(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        await rig.exit(run)
        assert states(rig, run) == ["Starting", "Running", "Completed"]


@in_loop
async def test_a_run_that_cannot_be_stored_gives_back_what_it_was_to_hold(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise DiskFull("No space left.")

    async with rig:
        with monkeypatch.context() as patch:
            patch.setattr(rig.store, "insert", full)
            with pytest.raises(DiskFull):
                await rig.submit(resources=Resources(cpus=4))
        await rig.exit(await rig.running(resources=Resources(cpus=4)))


@in_loop
async def test_a_run_knows_when_it_was_made_started_and_ended(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.clock.advance(61)
        ended = await rig.exit(run)
        assert ended.started_at is not None
        assert ended.ended_at is not None
        assert (ended.ended_at - ended.started_at).total_seconds() == 61


@in_loop
async def test_a_status_other_than_zero_is_a_failure_with_its_reason(rig: Rig) -> None:
    async with rig:
        ended = await rig.exit(await rig.running(), 3)
        assert ended.state is RunState.FAILED
        assert "3" in ended.reason
        assert ended.exit is not None
        assert ended.exit.status == 3


@in_loop
async def test_what_the_compute_is_given_says_whose_run_it_is(rig: Rig) -> None:
    async with rig:
        run = await rig.running(arguments=("--lr", "0.1"), cpus=2, gpus=1)
        launch = rig.world.job(run.id).launch
        assert launch.argv[-3:] == ("train.py", "--lr", "0.1")
        assert launch.variables["OMP_NUM_THREADS"] == "2"
        assert launch.variables["CUDA_VISIBLE_DEVICES"] == "0"
        assert launch.variables["MLTRAIN_RUN_ID"] == run.id
        assert (Path(launch.cwd) / "train.py").is_file()
        await rig.exit(run)


@in_loop
async def test_a_run_without_gpus_sees_none(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        assert rig.world.job(run.id).launch.variables["CUDA_VISIBLE_DEVICES"] == ""
        await rig.exit(run)


@in_loop
async def test_the_working_copy_is_dropped_after_the_end_and_outputs_are_kept(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.writes(run, "outputs/model.txt", "weights")
        await rig.exit(run)
        assert not (rig.run_dir(run) / "work").exists()
        assert (rig.run_dir(run) / "files/outputs/model.txt").read_text() == "weights"


@in_loop
async def test_the_record_lies_beside_the_files_of_an_ended_run(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        await rig.exit(run)
        assert b'"Completed"' in (rig.run_dir(run) / "run.json").read_bytes()


@in_loop
async def test_a_run_that_cannot_be_started_fails_with_the_computes_sentence(rig: Rig) -> None:
    async with rig:
        rig.compute.refusal = "The fake compute is full."
        ended = await rig.ended(await rig.submit())
        assert (ended.state, ended.reason) == (RunState.FAILED, "The fake compute is full.")
        assert rig.supervisor.queue.ledgers["local"].leases == {}


@in_loop
async def test_an_error_nobody_thought_of_ends_the_run_with_it(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("odd")

    async with rig:
        run = await rig.running()
        monkeypatch.setattr(finishing, "conclude_quickly", broken)
        ended = await rig.exit(run)
        assert ended.reason == "the service failed: ZeroDivisionError('odd')"
        assert ended.state is RunState.FAILED


# The queue


@in_loop
async def test_runs_start_by_priority_and_then_by_age(rig: Rig) -> None:
    async with rig:
        first = await rig.running(cpus=4)
        low = await rig.submit(cpus=4)
        high = await rig.submit(cpus=4, priority=1)
        await rig.exit(first)
        await rig.until(high, RunState.RUNNING)
        assert rig.verbs.get(low.id).state is RunState.QUEUED
        await rig.exit(high)
        await rig.until(low, RunState.RUNNING)
        assert rig.compute.started == [first.id, high.id, low.id]
        await rig.exit(low)


@in_loop
async def test_a_waiting_run_says_what_for_and_who_holds_it(rig: Rig) -> None:
    async with rig:
        first = await rig.running(cpus=1, gpus=2, name="big")
        waiting = await rig.submit(cpus=1, gpus=1)
        assert waiting.reason == "waiting for 1 GPU: big #1 holds it"
        await rig.exit(first)
        await rig.exit(await rig.until(waiting, RunState.RUNNING))


@in_loop
async def test_the_end_of_a_run_gives_back_what_it_held(rig: Rig) -> None:
    async with rig:
        run = await rig.running(cpus=3, gpus=2)
        (status,) = rig.verbs.computes()
        assert status.leases[run.id].gpus == (0, 1)
        await rig.exit(run)
        (status,) = rig.verbs.computes()
        assert status.leases == {}


@in_loop
async def test_another_priority_moves_a_waiting_run(rig: Rig) -> None:
    async with rig:
        first = await rig.running(cpus=4)
        second, third = await rig.submit(cpus=4), await rig.submit(cpus=4)
        await rig.verbs.reprioritize(third.id, PriorityRequest(priority=3))
        assert [entry.run_id for entry in rig.verbs.queued()] == [third.id, second.id]
        for run in (first, third, second):
            await rig.exit(await rig.until(run, RunState.RUNNING))


@in_loop
async def test_only_a_waiting_run_has_a_place_to_move(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        with pytest.raises(WrongState, match="is Running; only a queued run has a place"):
            await rig.verbs.reprioritize(run.id, PriorityRequest(priority=3))
        await rig.exit(run)


# Preparing


@in_loop
async def test_an_environment_that_is_not_ready_is_prepared_first(tmp_path: Path) -> None:
    environments = SlowEnvironments()
    async with Rig(tmp_path, environments=environments) as rig:
        run = await rig.submit()
        assert (run.state, run.reason) == (RunState.PREPARING, "preparing the environment")
        environments.done.set()
        await rig.exit(await rig.until(run, RunState.RUNNING))
        assert states(rig, run) == ["Preparing", "Queued", "Starting", "Running", "Completed"]


@in_loop
async def test_a_service_that_leaves_lets_go_of_a_run_that_was_prepared(tmp_path: Path) -> None:
    # The start goes on from the preparation, and has to be known as the run's task after it.
    environments = SlowEnvironments()
    before = asyncio.all_tasks()
    async with Rig(tmp_path, environments=environments) as rig:
        run = await rig.submit()
        environments.done.set()
        await rig.until(run, RunState.RUNNING)
    assert asyncio.all_tasks() == before


@in_loop
async def test_an_environment_that_cannot_be_prepared_fails_the_run(tmp_path: Path) -> None:
    environments = SlowEnvironments()
    environments.error = InvalidSpec("The image cannot be built.")
    async with Rig(tmp_path, environments=environments) as rig:
        run = await rig.submit()
        environments.done.set()
        ended = await rig.ended(run)
        assert (ended.state, ended.reason) == (RunState.FAILED, "The image cannot be built.")


@in_loop
async def test_others_start_while_an_environment_is_prepared(tmp_path: Path) -> None:
    environments = SlowEnvironments()
    async with Rig(tmp_path, environments=environments) as rig:
        slow = await rig.submit(cpus=4)
        environments.ready_for_all = True
        await rig.exit(await rig.running(cpus=4))
        assert rig.verbs.get(slow.id).state is RunState.PREPARING


# A full disk


class Usage(NamedTuple):
    free: int


@in_loop
async def test_below_the_disk_floor_nothing_starts_until_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [100_000_000]
    async with Rig(tmp_path, disk_floor_bytes=500_000_000) as rig:
        with monkeypatch.context() as patch:
            patch.setattr(shutil, "disk_usage", lambda _: Usage(free[0]))
            run = await rig.submit()
            assert run.state is RunState.QUEUED
            assert run.reason == (
                "the queue is paused: 100 MB are free where the workspace lies, and it keeps "
                "500 MB; `jupyter mltrain gc` frees some"
            )
            assert rig.verbs.status().queue_paused == run.reason
            await rig.supervisor.tick()
            assert rig.verbs.get(run.id).state is RunState.QUEUED
            free[0] = 600_000_000
            await rig.supervisor.tick()
            await rig.exit(await rig.until(run, RunState.RUNNING))
            assert rig.verbs.status().queue_paused is None


@in_loop
async def test_a_run_whose_start_cannot_be_recorded_waits_instead_of_being_lost(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig:
        holder = await rig.running(resources=Resources(cpus=4))
        run = await rig.submit()
        with monkeypatch.context() as patch:
            move = rig.store.move

            def full(run: Run, to: RunState, *given: Any, **changes: Any) -> Run:
                if to is RunState.STARTING:
                    raise DiskFull("No space left.")
                return move(run, to, *given, **changes)

            patch.setattr(rig.store, "move", full)
            await rig.exit(holder)
            run = rig.verbs.get(run.id)
            assert (run.state, run.reason) == (
                RunState.QUEUED,
                "the queue is paused: No space left.",
            )
        await rig.supervisor.tick()
        await rig.exit(await rig.until(run, RunState.RUNNING))


# Requests that come twice


@in_loop
async def test_the_same_request_twice_is_one_run(rig: Rig) -> None:
    async with rig:
        first = await rig.submit(request_id="r1")
        second = await rig.submit(request_id="r1")
        assert second.id == first.id
        await rig.exit(await rig.until(first, RunState.RUNNING))


@in_loop
async def test_the_same_request_twice_at_once_is_one_run(rig: Rig) -> None:
    async with rig:
        first, second = await asyncio.gather(
            rig.submit(request_id="r1"), rig.submit(request_id="r1")
        )
        assert second.id == first.id
        await rig.exit(await rig.until(first, RunState.RUNNING))


# Pages and deletes


@in_loop
async def test_pages_go_on_however_many_runs_one_asks_for(rig: Rig) -> None:
    async with rig:
        first = await rig.running(cpus=4)
        waiting = [await rig.submit(cpus=4) for _ in range(104)]
        page = rig.verbs.list(limit=1000)
        assert len(page.runs) == 100
        assert page.next_before == page.runs[-1].number
        rest = rig.verbs.list(limit=1000, before=page.next_before)
        assert [run.number for run in rest.runs] == [5, 4, 3, 2, 1]
        assert rest.next_before is None
        for run in waiting:
            await rig.verbs.cancel(run.id)
        await rig.exit(first)


@in_loop
async def test_a_run_that_has_just_ended_can_be_deleted(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.compute.exit(run.id)
        run = await rig.until(run, RunState.COMPLETED)
        await rig.verbs.delete(run.id)
        assert not rig.run_dir(run).exists()
        assert rig.verbs.list().runs == ()


@in_loop
async def test_a_run_that_has_not_ended_cannot_be_deleted(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        with pytest.raises(WrongState, match=r"is Running\. Cancel it first, then delete it"):
            await rig.verbs.delete(run.id)
        await rig.exit(run)


@in_loop
async def test_what_was_given_at_submit_is_not_taken_in_again_from_the_journal(rig: Rig) -> None:
    async with rig:
        holder = await rig.running(resources=Resources(cpus=4))
        run = await rig.submit(tags={"a": "1"})
        await rig.verbs.tag(run.id, TagRequest(set={"a": "2"}))
        await rig.exit(holder)
        ended = await rig.exit(await rig.until(run, RunState.RUNNING))
        assert ended.tags == {"a": "2"}


@in_loop
async def test_a_queued_run_whose_record_has_changed_still_starts(rig: Rig) -> None:
    async with rig:
        holder = await rig.running(resources=Resources(cpus=4))
        run = await rig.submit()
        rig.supervisor.roster.amend(run.id, git=GitState(commit="abc"))
        assert rig.verbs.get(run.id).reason == f"waiting for 2 CPUs: {holder.label} holds them"
        await rig.exit(holder)
        ended = await rig.exit(await rig.until(run, RunState.RUNNING))
        assert ended.git == GitState(commit="abc")
