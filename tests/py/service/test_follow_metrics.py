"""Following what a run logs, and a run whose past is long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

import pytest
from loops import in_loop
from service_rig import Rig

from jupyter_mltrain import wire
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.service.follow import Frame
from jupyter_mltrain.spec import DRIVER_LOG

# Metrics


async def next_metrics(
    frames: AsyncGenerator[Frame, None],
) -> wire.MetricsFrame:
    async for frame, _ in frames:
        if isinstance(frame, wire.MetricsFrame):
            return frame
    raise AssertionError("the stream has ended")


def following_metrics(rig: Rig, run_id: str, offset: int = 0) -> AsyncGenerator[Frame, None]:
    frames = rig.follower.follow(run_id, {}, metrics=offset)
    return cast(AsyncGenerator[Frame, None], frames)


def logged(value: float) -> dict[str, object]:
    return {"k": "metric", "n": "loss", "v": value}


@in_loop
async def test_metrics_come_as_they_are_logged(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(run, logged(1))
        async with aclosing(following_metrics(rig, run.id)) as frames:
            first = await next_metrics(frames)
            assert [point.value for point in first.points] == [1.0]
            rig.says(run, logged(2), {"k": "tag", "n": "a", "v": "b"}, logged(3))
            second = await next_metrics(frames)
            assert second.offset == first.next_offset
            assert [point.value for point in second.points] == [2.0, 3.0]
        await rig.exit(run)


@in_loop
async def test_metrics_go_on_from_where_one_stopped(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(run, logged(1))
        async with aclosing(following_metrics(rig, run.id)) as frames:
            reached = (await next_metrics(frames)).next_offset
        rig.says(run, logged(2))
        async with aclosing(following_metrics(rig, run.id, reached)) as frames:
            assert [point.value for point in (await next_metrics(frames)).points] == [2.0]
        await rig.exit(run)


@in_loop
async def test_all_metrics_come_before_the_end(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        values: list[float | None] = []
        async with aclosing(following_metrics(rig, run.id)) as frames:
            rig.says(run, logged(1))
            values += [point.value for point in (await next_metrics(frames)).points]
            rig.says(run, logged(2))  # a moment after the last frame, and then it is over
            rig.compute.exit(run.id)
            async for frame, _ in frames:
                if isinstance(frame, wire.MetricsFrame):
                    values += [point.value for point in frame.points]
        assert values == [1.0, 2.0]
        assert isinstance(frame, wire.RunFrame)
        await rig.ended(run)


@in_loop
async def test_nobody_gets_metrics_who_did_not_ask(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(run, logged(1))
        rig.compute.exit(run.id)
        unasked = cast(AsyncGenerator[Frame, None], rig.follower.follow(run.id, {}))
        async with aclosing(unasked) as frames:
            assert not [frame async for frame, _ in frames if isinstance(frame, wire.MetricsFrame)]
        await rig.ended(run)


@in_loop
async def test_the_metrics_of_a_child_are_its_own(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(run, {"k": "child", "id": "child-1", "name": "fold", "parent": run.id})
        await rig.once(lambda: rig.store.has("child-1"), run)
        rig.says(run, logged(1))
        reading = asyncio.create_task(next_metrics(following_metrics(rig, "child-1")))
        await asyncio.sleep(0.01)
        rig.says(run, logged(5), child="child-1")
        assert [point.value for point in (await reading).points] == [5.0]
        await rig.exit(run)


@in_loop
async def test_a_journal_that_the_script_deletes_ends_no_stream(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        async with aclosing(following_metrics(rig, run.id)) as frames:
            await anext(frames)
            (rig.run_dir(run) / "journal.jsonl").unlink()
            rig.compute.exit(run.id)
            *_, (last, _data) = [each async for each in frames]
        assert isinstance(last, wire.RunFrame)
        await rig.ended(run)


# A long past that nobody wants to see


@in_loop
async def test_with_a_backlog_only_the_end_of_a_long_log_comes(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.prints(run, b"." * 1_000_000 + b"the end")
        frames = rig.follower.follow(run.id, {DRIVER_LOG: 0}, backlog=7)
        async with aclosing(cast(AsyncGenerator[Frame, None], frames)) as stream:
            while not isinstance((each := await anext(stream))[0], wire.LogFrame):
                pass
            assert each == (
                wire.LogFrame(log=DRIVER_LOG, offset=1_000_000, size_bytes=7),
                b"the end",
            )
            rig.prints(run, " goes on")
            rig.compute.exit(run.id)
            data = [data async for frame, data in stream if isinstance(frame, wire.LogFrame)]
        assert b"".join(data) == b"goes on"
        await rig.ended(run)


@in_loop
async def test_with_a_backlog_a_short_log_comes_whole(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.prints(run, "all of it")
        await rig.exit(run)
        frames = rig.follower.follow(run.id, {DRIVER_LOG: 2}, backlog=7)
        async with aclosing(cast(AsyncGenerator[Frame, None], frames)) as stream:
            assert b"".join([data async for _, data in stream]) == b"l of it"


@pytest.mark.parametrize("wrong", [{"metrics": -1}, {"backlog": 0}])
@in_loop
async def test_a_number_that_means_nothing_is_refused(rig: Rig, wrong: dict[str, int]) -> None:
    async with rig:
        run = await rig.running()
        frames = rig.follower.follow(run.id, {DRIVER_LOG: 0}, **wrong)
        with pytest.raises(InvalidSpec):
            await anext(cast(AsyncGenerator[Frame, None], frames))
        await rig.exit(run)
