"""The workspace as a stream: each run once with its latest record, from wherever one stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest
from loops import in_loop
from service_rig import Rig

from jupyter_mltrain import wire
from jupyter_mltrain.service import events
from jupyter_mltrain.service.events import Frame
from jupyter_mltrain.spec import Run, RunState
from jupyter_mltrain.wire import (
    BeatFrame,
    ChangeFrame,
    DeletedFrame,
    QueueFrame,
    ResetFrame,
    TagRequest,
)


class Listener:
    """Reads frames one by one, and knows the cursor it has reached."""

    def __init__(self, sends: AsyncGenerator[tuple[Frame, ...], None]) -> None:
        self._sends = sends
        self._waiting: list[Frame] = []
        self.cursor: str | None = None

    async def next(self, *kinds: type[Frame]) -> Frame:
        """The next frame, of these kinds alone if any are given."""
        while True:
            while not self._waiting:
                self._waiting.extend(await anext(self._sends))
            frame = self._waiting.pop(0)
            if isinstance(frame, ResetFrame | ChangeFrame | DeletedFrame):
                self.cursor = frame.cursor
            if not kinds or isinstance(frame, kinds):
                return frame

    async def until(self, run: Run, state: RunState) -> list[RunState]:
        """The states of the run that come, up to that one."""
        seen = []
        while True:
            frame = await self.next(ChangeFrame)
            assert isinstance(frame, ChangeFrame)
            if frame.run.id == run.id:
                seen.append(frame.run.state)
                if frame.run.state is state:
                    return seen


def listen(rig: Rig, since: str | None = None) -> aclosing[AsyncGenerator[tuple[Frame, ...], None]]:
    return aclosing(rig.events.listen(since))


@in_loop
async def test_who_comes_without_a_cursor_is_told_to_look_at_everything(rig: Rig) -> None:
    async with rig:
        run = await rig.exit(await rig.running())
        async with listen(rig) as sends:
            reader = Listener(sends)
            assert isinstance(await reader.next(), ResetFrame)
            assert await reader.next() == QueueFrame(running=0, queued=0)
            await rig.verbs.tag(run.id, TagRequest(set={"a": None}))
            frame = await reader.next()
            assert isinstance(frame, ChangeFrame)
            assert frame.run == rig.verbs.get(run.id)


@in_loop
async def test_a_run_is_seen_from_its_submit_to_its_end(rig: Rig) -> None:
    async with rig, listen(rig) as sends:
        reader = Listener(sends)
        await reader.next(QueueFrame)
        run = await rig.running()
        rig.compute.exit(run.id)
        assert (await reader.until(run, RunState.COMPLETED))[-1] is RunState.COMPLETED


@in_loop
async def test_a_cursor_brings_what_has_ended_meanwhile_and_nothing_else(rig: Rig) -> None:
    async with rig:
        before = await rig.exit(await rig.running())
        run = await rig.running()
        async with listen(rig) as sends:
            reader = Listener(sends)
            await reader.next(QueueFrame)
        await rig.exit(run)
        async with listen(rig, reader.cursor) as sends:
            frames = [await Listener(sends).next()]
            assert [frame.run.id for frame in frames if isinstance(frame, ChangeFrame)] == [run.id]
        assert before.state is RunState.COMPLETED


@in_loop
async def test_a_cursor_is_good_in_the_next_service(tmp_path: Path) -> None:
    async with Rig(tmp_path) as rig:
        run = await rig.running()
        async with listen(rig) as sends:
            reader = Listener(sends)
            await reader.next(QueueFrame)
        world = rig.world
    async with Rig(tmp_path, world) as rig:
        await rig.exit(run)
        async with listen(rig, reader.cursor) as sends:
            frame = await Listener(sends).next()
            assert isinstance(frame, ChangeFrame)
            assert (frame.run.id, frame.run.state) == (run.id, RunState.COMPLETED)


@in_loop
async def test_a_run_that_is_deleted_is_said_to_be(rig: Rig) -> None:
    async with rig:
        run = await rig.exit(await rig.running())
        async with listen(rig) as sends:
            reader = Listener(sends)
            await reader.next(QueueFrame)
            await rig.verbs.delete(run.id)
            frame = await reader.next()
            assert isinstance(frame, DeletedFrame)
            assert frame.run_id == run.id


@in_loop
async def test_children_are_seen_too(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        async with listen(rig) as sends:
            reader = Listener(sends)
            await reader.next(QueueFrame)
            rig.says(run, {"k": "child", "id": "c1", "name": "fold 1", "parent": run.id})
            frame = await reader.next(ChangeFrame)
            assert isinstance(frame, ChangeFrame)
            assert (frame.run.id, frame.run.parent_id) == ("c1", run.id)
        await rig.exit(run)


@in_loop
async def test_a_waiting_run_comes_with_what_it_waits_for(rig: Rig) -> None:
    async with rig, listen(rig) as sends:
        reader = Listener(sends)
        await reader.next(QueueFrame)
        first = await rig.running(cpus=4, name="big")
        waiting = await rig.submit(cpus=4)
        frame = await reader.next(ChangeFrame)
        while isinstance(frame, ChangeFrame) and frame.run.id != waiting.id:
            frame = await reader.next(ChangeFrame)
        assert isinstance(frame, ChangeFrame)
        assert frame.run.reason == "waiting for 4 CPUs: big #1 holds them"
        await rig.exit(first)
        await rig.exit(await rig.until(waiting, RunState.RUNNING))


@in_loop
async def test_the_queue_is_told_of_only_when_a_count_is_another(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        async with listen(rig) as sends:
            reader = Listener(sends)
            assert await reader.next(QueueFrame) == QueueFrame(running=1, queued=0)
            await rig.verbs.tag(run.id, TagRequest(set={"a": None}))
            assert isinstance(await reader.next(), ChangeFrame)
            waiting = await rig.submit(cpus=4)
            assert isinstance(await reader.next(), ChangeFrame)
            assert await reader.next() == QueueFrame(running=1, queued=1)
        await rig.exit(run)
        await rig.exit(await rig.until(waiting, RunState.RUNNING))


# Pace


@in_loop
async def test_what_comes_close_together_is_sent_together(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_GATHER_S", 0.2)
    async with rig:
        run = await rig.running()
        async with listen(rig) as sends:
            reader = Listener(sends)
            await reader.next(QueueFrame)
            following = asyncio.ensure_future(reader.next())
            for number in range(20):
                await rig.verbs.tag(run.id, TagRequest(set={"n": str(number)}))
            frame = await following
            assert isinstance(frame, ChangeFrame)
            assert frame.run.tags == {"n": "19"}
        await rig.exit(run)


@in_loop
async def test_who_reads_slowly_gets_a_page_at_a_time_and_the_latest(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "PAGE", 3)
    async with rig:
        runs = [await rig.exit(await rig.running()) for _ in range(7)]
        async with listen(rig, rig.feed.cursor(0)) as sends:
            first = await anext(sends)
            for run in runs:
                await rig.verbs.tag(run.id, TagRequest(set={"late": None}))
            sizes, tagged = [len(first)], set()
            while len(tagged) < 7:
                frames = await anext(sends)
                sizes.append(len(frames))
                changes = [frame for frame in frames if isinstance(frame, ChangeFrame)]
                tagged |= {frame.run.id for frame in changes if frame.run.tags}
        assert sizes == [3, 3, 3, 2]  # the last one with the queue


@in_loop
async def test_a_silent_stream_says_that_it_is_alive(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_BEAT_S", 0.01)
    async with rig, listen(rig) as sends:
        assert isinstance(await Listener(sends).next(BeatFrame), BeatFrame)


@in_loop
async def test_who_listens_no_more_is_forgotten(rig: Rig) -> None:
    async with rig:
        async with listen(rig) as sends:
            await anext(sends)
            assert len(rig.hub) > 0
        assert len(rig.hub) == 0


def test_every_frame_can_be_read_back() -> None:
    for frame in (ResetFrame(cursor="e:1"), DeletedFrame(cursor="e:2", run_id="r")):
        assert wire.decode_reply(wire.encode(frame), type(frame)) == frame
