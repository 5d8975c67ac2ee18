"""What the next service makes of what the last one left, however that one ended."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from clock import FakeClock
from compute.fake import World
from loops import in_loop
from msgspec.structs import replace
from service_builders import NOON, a_run
from service_rig import Rig, SlowEnvironments

from jupyter_mltrain.service import finishing, observing, recovery
from jupyter_mltrain.spec import Run, RunState
from jupyter_mltrain.store.database import Database
from jupyter_mltrain.store.runs import RunStore
from jupyter_mltrain.wire import TagRequest


@pytest.fixture
def world() -> World:
    """What goes on while there is no service."""
    return World(FakeClock())


@in_loop
async def test_a_running_run_is_found_again_and_its_true_ending_reported(
    tmp_path: Path, world: World
) -> None:
    async with Rig(tmp_path, world) as first:
        run = await first.running()
    async with Rig(tmp_path, world) as second:
        assert second.verbs.get(run.id).state is RunState.RUNNING
        ended = await second.exit(run, 3)
        assert second.compute.started == []
        assert ended.exit is not None
        assert ended.exit.status == 3


@in_loop
async def test_a_run_that_ended_without_a_service_has_its_true_ending(
    tmp_path: Path, world: World
) -> None:
    async with Rig(tmp_path, world) as first:
        run = await first.running()
    first.compute.exit(run.id, 0)
    world.clock.advance(3600)
    async with Rig(tmp_path, world) as second:
        ended = await second.ended(run)
        assert ended.state is RunState.COMPLETED
        assert ended.ended_at == NOON


@in_loop
async def test_a_run_that_was_lost_without_a_service_is_failed_never_completed(
    tmp_path: Path, world: World
) -> None:
    async with Rig(tmp_path, world) as first:
        run = await first.running()
    first.compute.lose(run.id)
    async with Rig(tmp_path, world) as second:
        ended = await second.ended(run)
        assert ended.state is RunState.FAILED
        assert ended.reason.startswith("Lost: ")


@in_loop
async def test_what_a_run_holds_it_holds_after_a_restart(tmp_path: Path, world: World) -> None:
    async with Rig(tmp_path, world) as first:
        run = await first.running(cpus=3, gpus=1)
    async with Rig(tmp_path, world) as second:
        waiting = await second.submit(cpus=1, gpus=2)
        assert waiting.reason == "waiting for 2 GPUs: digits #1 holds them"
        await second.exit(run)
        await second.exit(await second.until(waiting, RunState.RUNNING))


@in_loop
async def test_queued_runs_keep_their_order(tmp_path: Path, world: World) -> None:
    async with Rig(tmp_path, world) as first:
        running = await first.running(cpus=4)
        low = await first.submit(cpus=4)
        high = await first.submit(cpus=4, priority=1)
    async with Rig(tmp_path, world) as second:
        assert [entry.run_id for entry in second.verbs.queued()] == [high.id, low.id]
        for run in (running, high, low):
            await second.exit(await second.until(run, RunState.RUNNING))


@in_loop
async def test_a_run_that_was_to_start_is_started(tmp_path: Path, world: World) -> None:
    async with Rig(tmp_path, world) as first:
        first.compute.may_start.clear()
        run = await first.submit()
        assert run.state is RunState.STARTING
    async with Rig(tmp_path, world) as second:
        await second.exit(await second.until(run, RunState.RUNNING))
        assert second.compute.started == [run.id]


@in_loop
async def test_a_run_that_was_started_but_not_yet_recorded_is_not_started_twice(
    tmp_path: Path, world: World
) -> None:
    # The service was killed between the start and the note of the handle: the reaper's own says.
    async with Rig(tmp_path, world) as first:
        run = await first.running()
        handle = first.store.handle(run.id)
        assert handle is not None
        first.database.connection.execute("UPDATE runs SET handle = NULL")
        control = first.run_dir(run) / "control"
    (control / "reaper.json").write_text(handle)
    async with Rig(tmp_path, world) as second:
        await second.exit(run)
        assert second.compute.started == []
        assert second.store.handle(run.id) == handle


@in_loop
async def test_a_request_to_cancel_survives_a_restart(tmp_path: Path, world: World) -> None:
    world.stubborn = True
    async with Rig(tmp_path, world) as first:
        run = await first.running()
        await first.verbs.cancel(run.id)
        world.job(run.id).asked_to_end_at = None  # it was not yet passed on
    async with Rig(tmp_path, world) as second:
        assert second.verbs.get(run.id).state is RunState.CANCEL_REQUESTED
        await second.compute.asked_to_end.wait()
        world.clock.advance(10)
        assert (await second.ended(run)).state is RunState.CANCELED


@in_loop
async def test_a_run_cancelled_while_it_started_is_never_started(
    tmp_path: Path, world: World
) -> None:
    async with Rig(tmp_path, world) as first:
        first.compute.may_start.clear()
        run = await first.submit()
        await first.verbs.cancel(run.id)
    async with Rig(tmp_path, world) as second:
        ended = await second.ended(run)
        assert ended.reason == "cancelled by you before it started"
        assert second.compute.started == []


@in_loop
async def test_an_environment_that_was_prepared_is_prepared_again(
    tmp_path: Path, world: World
) -> None:
    async with Rig(tmp_path, world, environments=SlowEnvironments()) as first:
        run = await first.submit()
        assert run.state is RunState.PREPARING
    environments = SlowEnvironments()
    async with Rig(tmp_path, world, environments=environments) as second:
        environments.done.set()
        await second.exit(await second.until(run, RunState.RUNNING))
        assert environments.prepared == 1


@in_loop
async def test_a_run_that_did_not_respond_is_running_again_when_it_does(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "LOOK_AGAIN_S", 0)
    async with Rig(tmp_path, world) as first:
        run = await first.running()
        first.compute.unreachable(True)
        await first.until(run, RunState.NOT_RESPONDING)
    first.compute.unreachable(False)
    async with Rig(tmp_path, world) as second:
        await second.exit(await second.until(run, RunState.RUNNING))


@in_loop
async def test_an_end_that_was_interrupted_is_ended_again(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Rig(tmp_path, world) as first:
        run = await first.running()
        first.writes(run, "outputs/model.txt", "weights")
        finishing.conclude(run, first.run_dir(run), None, None, NOON)  # and then it was killed
    first.compute.exit(run.id, 0)
    async with Rig(tmp_path, world) as second:
        assert (await second.ended(run)).state is RunState.COMPLETED
        kept = second.run_dir(run) / "files/outputs/model.txt"
        assert kept.read_text() == "weights"


@in_loop
async def test_the_same_request_after_a_restart_is_the_same_run(
    tmp_path: Path, world: World
) -> None:
    async with Rig(tmp_path, world) as first:
        run = await first.running(request_id="r1")
    async with Rig(tmp_path, world) as second:
        assert (await second.submit(request_id="r1")).id == run.id
        await second.exit(run)


# Directories


@in_loop
async def test_the_directory_of_a_submit_that_was_never_finished_is_removed(rig: Rig) -> None:
    async with rig:
        run = await rig.exit(await rig.running())
        stray = rig.directory / "runs" / "digits_0_stray"
        stray.mkdir()
        recovery.clear(recovery.find_leftovers(rig.store, rig.directory / "runs"))
        assert not stray.exists()
        assert rig.run_dir(run).exists()


@in_loop
async def test_the_working_copy_of_an_ended_run_is_collected_and_dropped(rig: Rig) -> None:
    async with rig:
        run = await rig.exit(await rig.running())
        rig.writes(run, "outputs/late.txt")  # as if the service had been killed before it tidied
        recovery.clear(recovery.find_leftovers(rig.store, rig.directory / "runs"))
        assert not (rig.run_dir(run) / "work").exists()
        assert (rig.run_dir(run) / "files/outputs/late.txt").exists()


@in_loop
async def test_the_working_copy_of_a_running_run_is_left_alone(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        recovery.clear(recovery.find_leftovers(rig.store, rig.directory / "runs"))
        assert (rig.run_dir(run) / "work/train.py").exists()
        await rig.exit(run)


# A database that is lost


def rebuilt(tmp_path: Path, *runs: Run) -> tuple[Run, ...]:
    """What a new store holds that was filled from the records beside the files."""
    for run in runs:
        (tmp_path / "runs" / run.id).mkdir(parents=True)
        finishing.keep_record(run, tmp_path / "runs" / run.id)
    database = Database(tmp_path / "store.sqlite")
    store = RunStore(database)
    assert recovery.rebuild(store, tmp_path / "runs") == len(runs)
    found = store.page()
    database.close()
    return found


def test_ended_runs_are_found_again_as_they_were(tmp_path: Path) -> None:
    runs = tuple(
        a_run(number, state=RunState.COMPLETED, ended_at=NOON, tags={"a": "b"}) for number in (3, 7)
    )
    assert rebuilt(tmp_path, *runs) == runs[::-1]


def test_what_had_not_ended_is_failed_with_that_reason(tmp_path: Path) -> None:
    (found,) = rebuilt(tmp_path, a_run(1, state=RunState.RUNNING))
    assert found.state is RunState.FAILED
    assert found.reason == "the workspace's database was damaged while it ran; its files are kept"


def test_a_record_that_cannot_be_read_costs_that_run_alone(tmp_path: Path) -> None:
    (tmp_path / "runs/torn").mkdir(parents=True)
    (tmp_path / "runs/torn/run.json").write_text("{")
    assert len(rebuilt(tmp_path, a_run(1, state=RunState.COMPLETED, ended_at=NOON))) == 1


def test_two_records_with_one_number_are_both_kept(tmp_path: Path) -> None:
    # A restored copy of an older workspace may hold such; neither may be lost for it.
    first, second = (a_run(1, state=RunState.COMPLETED, ended_at=NOON) for _ in range(2))
    found = rebuilt(tmp_path, first, replace(second, number=1))
    assert {run.id for run in found} == {first.id, second.id}
    assert len({run.number for run in found}) == 2


# Children


@in_loop
async def test_children_opened_before_a_restart_end_with_their_parent(
    tmp_path: Path, world: World
) -> None:
    async with Rig(tmp_path, world) as first:
        run = await first.running()
        first.says(run, {"k": "child", "id": "c1", "name": "fold 1", "parent": run.id})
        await first.once(lambda: first.store.has("c1"), run)
    async with Rig(tmp_path, world) as second:
        await second.exit(run)
        assert second.verbs.get("c1").state is RunState.COMPLETED


@in_loop
async def test_children_that_end_after_a_restart_have_their_own_ending(
    tmp_path: Path, world: World
) -> None:
    async with Rig(tmp_path, world) as first:
        run = await first.running()
        first.says(run, {"k": "child", "id": "c1", "name": None, "parent": run.id})
        await first.once(lambda: first.store.has("c1"), run)
    async with Rig(tmp_path, world) as second:
        second.says(run, {"k": "end", "id": "c1", "state": "Failed", "reason": "diverged"})
        await second.exit(run)
        child = second.verbs.get("c1")
        assert (child.state, child.reason) == (RunState.FAILED, "diverged")


@in_loop
async def test_what_the_script_said_of_its_end_before_a_restart_counts(
    tmp_path: Path, world: World
) -> None:
    async with Rig(tmp_path, world) as first:
        run = await first.running()
        first.says(
            run,
            {"k": "end", "id": run.id, "state": "Failed", "reason": "diverged"},
            {"k": "tag", "n": "seen", "v": "yes"},
        )
        await first.once(lambda: "seen" in first.verbs.get(run.id).tags, run)
    async with Rig(tmp_path, world) as second:
        ended = await second.exit(run, 0)
        assert (ended.state, ended.reason) == (RunState.FAILED, "diverged")


@in_loop
async def test_a_tag_changed_by_hand_is_not_changed_back_by_a_restart(
    tmp_path: Path, world: World
) -> None:
    async with Rig(tmp_path, world) as first:
        run = await first.running()
        first.says(run, {"k": "tag", "n": "best", "v": "no"})
        await first.once(lambda: "best" in first.verbs.get(run.id).tags, run)
        await first.verbs.tag(run.id, TagRequest(set={"best": "yes"}))
    async with Rig(tmp_path, world) as second:
        assert (await second.exit(run)).tags == {"best": "yes"}


@in_loop
async def test_a_child_whose_parent_ended_alone_is_ended_by_the_next_service(
    tmp_path: Path, world: World
) -> None:
    async with Rig(tmp_path, world) as first:
        run = await first.running()
        first.supervisor.roster.open_child(run.id, "c1", None, NOON)
        await first.exit(run)
        assert first.verbs.get("c1").state is RunState.RUNNING  # nobody had read of it
    async with Rig(tmp_path, world) as second:
        await asyncio.sleep(0)
        child = second.verbs.get("c1")
        assert (child.state, child.reason) == (RunState.COMPLETED, "ended with its parent run")
