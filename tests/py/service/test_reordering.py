"""Waiting runs, moved to another one's side."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loops import in_loop
from service_rig import Rig

from jupyter_mltrain.errors import InvalidSpec, NoSuchRun, WrongState
from jupyter_mltrain.spec import Run, RunState
from jupyter_mltrain.wire import PriorityRequest


def order(rig: Rig) -> list[str]:
    return [entry.run_id for entry in rig.verbs.queued()]


async def move(rig: Rig, run: Run | str, **where: object) -> Run:
    name = run if isinstance(run, str) else run.id
    return await rig.verbs.reprioritize(name, PriorityRequest(**where))  # type: ignore[arg-type]


async def three_waiting(rig: Rig) -> list[Run]:
    """One run that runs, for whose end three wait."""
    await rig.running(cpus=4)
    return [await rig.submit(cpus=4) for _ in range(3)]


@in_loop
async def test_a_run_is_moved_to_just_before_and_just_after_another(rig: Rig) -> None:
    async with rig:
        first, second, third = await three_waiting(rig)
        await move(rig, third, before=first.id)
        assert order(rig) == [third.id, first.id, second.id]
        await move(rig, third, after=first.id)
        assert order(rig) == [first.id, third.id, second.id]


@in_loop
async def test_a_run_beside_one_of_another_priority_gets_that(rig: Rig) -> None:
    async with rig:
        first, second, third = await three_waiting(rig)
        await move(rig, third, priority=7)
        moved = await move(rig, second, after=third.id)
        assert moved.spec.priority == 7
        assert order(rig) == [third.id, second.id, first.id]


@in_loop
async def test_a_priority_puts_a_moved_run_back_to_where_its_age_has_it(rig: Rig) -> None:
    async with rig:
        first, second, third = await three_waiting(rig)
        await move(rig, third, before=first.id)
        moved = await move(rig, third, priority=0)
        assert moved.rank is None
        assert order(rig) == [first.id, second.id, third.id]


@in_loop
async def test_the_order_is_the_same_in_the_next_service(tmp_path: Path) -> None:
    async with Rig(tmp_path) as rig:
        first, second, third = await three_waiting(rig)
        await move(rig, third, before=second.id)
        world = rig.world
    async with Rig(tmp_path, world) as rig:
        assert order(rig) == [first.id, third.id, second.id]


@in_loop
async def test_a_run_moved_to_the_end_stays_before_those_that_come_later(rig: Rig) -> None:
    async with rig:
        first, second, third = await three_waiting(rig)
        for run in (first, second):
            await move(rig, run, after=order(rig)[-1])
        late = await rig.submit(cpus=4)
        assert order(rig) == [third.id, first.id, second.id, late.id]


@in_loop
async def test_however_often_it_is_moved_there_is_room_between_two(rig: Rig) -> None:
    async with rig:
        first, second, third = await three_waiting(rig)
        for _ in range(70):
            await move(rig, order(rig)[2], after=first.id)
            assert order(rig)[0] == first.id
        late = await rig.submit(cpus=4)
        assert order(rig) == [first.id, second.id, third.id, late.id]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.booleans()), max_size=12))
def test_any_moves_give_the_order_that_they_say(moves: list[tuple[int, int, bool]]) -> None:
    async def scenario(folder: Path) -> None:
        async with Rig(folder) as rig:
            await rig.running(cpus=4)
            runs = [(await rig.submit(cpus=4, priority=at % 2)).id for at in range(5)]
            expected = order(rig)
            for which, other, after in moves:
                run, beside = runs[which], runs[other]
                await move(rig, run, **{"after" if after else "before": beside})
                if run != beside:
                    expected.remove(run)
                    expected.insert(expected.index(beside) + after, run)
                assert order(rig) == expected

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(asyncio.wait_for(scenario(Path(folder)), 20))


@in_loop
async def test_a_move_that_makes_no_sense_is_refused(rig: Rig) -> None:
    async with rig:
        first, second, _ = await three_waiting(rig)
        running = next(run for run in rig.verbs.list().runs if run.state is RunState.RUNNING)
        with pytest.raises(WrongState, match="only a queued run has a place"):
            await move(rig, first, before=running.id)
        with pytest.raises(NoSuchRun):
            await move(rig, first, before="nobody")
        for where in ({}, {"before": second.id, "after": second.id}, {"priority": 1, "after": "x"}):
            with pytest.raises(InvalidSpec, match="exactly one of"):
                await move(rig, first, **where)
        with pytest.raises(InvalidSpec, match="outside -1000000 to 1000000"):
            await move(rig, first, priority=10**7)
        before = order(rig)
        assert (await move(rig, first, before=first.id)).rank is None
        assert order(rig) == before
