"""A run as a stream: every byte once, in order, from wherever one stopped."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loops import in_loop
from service_rig import Rig

from jupyter_mltrain import wire
from jupyter_mltrain.errors import InvalidSpec, NoSuchRun
from jupyter_mltrain.service import follow, tails
from jupyter_mltrain.service.follow import Frame
from jupyter_mltrain.service.tails import CHUNK_BYTES
from jupyter_mltrain.spec import DRIVER_LOG, Run, RunState


def stream(rig: Rig, run: Run, version: int = 0, **logs: int) -> AsyncGenerator[Frame, None]:
    """Follow a run; in the names of logs `__` is a slash and `_dot_` a dot."""
    offsets = {name.replace("__", "/").replace("_dot_", "."): at for name, at in logs.items()}
    frames = rig.follower.follow(run.id, offsets, version=version)
    return cast(AsyncGenerator[Frame, None], frames)


class Reader:
    """Reads one log as a client does: it notes where it is, and goes on from there after a cut."""

    def __init__(self, rig: Rig, run: Run, log: str = DRIVER_LOG, offset: int = 0) -> None:
        self._rig = rig
        self._run = run
        self._log = log
        self.start = offset
        self.data = b""
        self.ended = False

    async def read(self, cut_after: int | None = None) -> None:
        """Read to the end of the run, or until so many frames of the log have come."""
        offset = self.start + len(self.data)
        frames = self._rig.follower.follow(self._run.id, {self._log: offset})
        async with aclosing(cast(AsyncGenerator[Frame, None], frames)) as stream:
            async for frame, data in stream:
                if isinstance(frame, wire.LogFrame):
                    assert (frame.log, frame.size_bytes) == (self._log, len(data))
                    assert frame.offset == self.start + len(self.data)
                    self.data += data
                    if cut_after is not None:
                        cut_after -= 1
                        if cut_after <= 0:
                            return
                elif isinstance(frame, wire.RunFrame):
                    self.ended = frame.run.state.final


chunks = st.lists(st.binary(max_size=50) | st.binary(min_size=1).map(lambda b: b * 700), max_size=8)
"""Some of them longer than what is read at once, while the test reads a hundred bytes at once."""


@settings(max_examples=40, deadline=None)
@given(chunks, st.integers(0, 300), st.lists(st.integers(1, 3), max_size=4), st.data())
def test_every_byte_comes_once_in_order_however_often_one_is_cut(
    written: list[bytes], start: int, cuts: list[int], draw: st.DataObject
) -> None:
    pauses = draw.draw(st.lists(st.booleans(), min_size=len(written), max_size=len(written)))

    async def scenario(folder: Path) -> None:
        async with Rig(folder) as rig:
            run = await rig.running()
            reader = Reader(rig, run, offset=start)

            async def read() -> None:
                for cut in cuts:
                    if not reader.ended:
                        await reader.read(cut_after=cut)
                if not reader.ended:
                    await reader.read()

            reading = asyncio.create_task(read())
            for data, pause in zip(written, pauses, strict=True):
                rig.prints(run, data)
                await asyncio.sleep(0.002 if pause else 0)
            await rig.exit(run)
            await reading
            assert reader.data == b"".join(written)[start:]
            assert reader.ended

    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(tails, "CHUNK_BYTES", 100)
        patch.setattr(tails, "_GATHER_S", 0.001)
        asyncio.run(asyncio.wait_for(scenario(Path(folder)), 20))


@in_loop
async def test_what_is_longer_than_a_frame_comes_in_several(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        text = bytes(range(256)) * 2000
        rig.prints(run, text)
        rig.compute.exit(run.id)
        async with aclosing(stream(rig, run, **{DRIVER_LOG: 0})) as frames:
            sizes = [len(data) async for frame, data in frames if isinstance(frame, wire.LogFrame)]
        assert sum(sizes) == len(text)
        assert max(sizes) <= CHUNK_BYTES


@in_loop
async def test_the_end_comes_after_all_of_the_output(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.prints(run, "last words")
        rig.compute.exit(run.id)
        async with aclosing(stream(rig, run, **{DRIVER_LOG: 0})) as frames:
            *_, before, last = [frame async for frame, _ in frames]
        assert isinstance(before, wire.LogFrame)
        assert isinstance(last, wire.RunFrame)
        assert last.run.state is RunState.COMPLETED


@in_loop
async def test_an_ended_run_can_be_followed_like_one_that_runs(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.prints(run, "all of it")
        await rig.exit(run)
        reader = Reader(rig, run, offset=4)
        await reader.read()
        assert (reader.data, reader.ended) == (b"of it", True)


@in_loop
async def test_the_record_comes_at_each_change_from_a_version_on(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.compute.exit(run.id)
        async with aclosing(stream(rig, run, version=run.version)) as frames:
            records = [frame.run async for frame, _ in frames if isinstance(frame, wire.RunFrame)]
        assert [record.state for record in records] == [RunState.COMPLETED]


@in_loop
async def test_a_waiting_run_is_told_when_what_it_waits_for_changes(rig: Rig) -> None:
    async with rig:
        first, second = await rig.running(cpus=4), await rig.submit(cpus=4)
        third = await rig.submit(cpus=4)
        async with aclosing(stream(rig, third)) as frames:
            frame, _ = await anext(frames)
            assert isinstance(frame, wire.RunFrame)
            assert frame.run.reason.startswith("2nd in line; ")
            await rig.verbs.cancel(second.id)
            frame, _ = await anext(frames)
            assert isinstance(frame, wire.RunFrame)
            assert frame.run.reason == "waiting for 4 CPUs: digits #1 holds them"
        await rig.verbs.cancel(third.id)
        await rig.exit(first)


@pytest.mark.parametrize("name", ["logs/train.txt", "logs/deep/er/train.txt", "outputs/notes.txt"])
@in_loop
async def test_a_file_that_is_not_there_yet_is_waited_for_and_followed(rig: Rig, name: str) -> None:
    async with rig:
        run = await rig.running()
        reader = Reader(rig, run, name)
        reading = asyncio.create_task(reader.read())
        await asyncio.sleep(0.01)
        rig.writes(run, name, "one\n")
        while reader.data != b"one\n":  # it comes while the run goes on
            await asyncio.sleep(0.002)
        with open(rig.run_dir(run) / "work" / name, "a") as file:
            file.write("two\n")
        await rig.exit(run)
        await reading
        assert reader.data == b"one\ntwo\n"


@in_loop
async def test_a_file_that_never_comes_does_not_keep_the_end_back(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        reader = Reader(rig, run, "logs/never.txt")
        reading = asyncio.create_task(reader.read())
        await rig.exit(run)
        await reading
        assert (reader.data, reader.ended) == (b"", True)


@in_loop
async def test_several_logs_are_followed_at_once(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.prints(run, "out")
        rig.writes(run, "logs/train.txt", "log")
        rig.compute.exit(run.id)
        found: dict[str, bytes] = {}
        async with aclosing(stream(rig, run, logs__train_dot_txt=1, **{DRIVER_LOG: 0})) as frames:
            async for frame, data in frames:
                if isinstance(frame, wire.LogFrame):
                    found[frame.log] = found.get(frame.log, b"") + data
        assert found == {"logs/train.txt": b"og", DRIVER_LOG: b"out"}


@in_loop
async def test_an_offset_past_the_end_waits_for_the_log_to_get_there(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        reader = Reader(rig, run, offset=6)
        reading = asyncio.create_task(reader.read())
        rig.prints(run, "one")
        await asyncio.sleep(0.005)
        rig.prints(run, "two|three")
        await rig.exit(run)
        await reading
        assert reader.data == b"|three"


@in_loop
async def test_a_stream_on_which_nothing_happens_says_that_it_is_alive(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "_BEAT_S", 0.001)
    async with rig:
        run = await rig.running()
        async with aclosing(stream(rig, run)) as frames:
            await anext(frames)
            frame, _ = await anext(frames)
            assert isinstance(frame, wire.BeatFrame)
        await rig.exit(run)


@in_loop
async def test_nobody_listens_any_more_after_a_stream_is_closed(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        async with aclosing(stream(rig, run, **{DRIVER_LOG: 0})) as frames:
            await anext(frames)
            assert len(rig.hub) > 0
        assert len(rig.hub) == 0
        await rig.exit(run)


@in_loop
async def test_a_negative_offset_is_refused(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        with pytest.raises(InvalidSpec, match="The offset -1 of "):
            await anext(stream(rig, run, **{DRIVER_LOG: -1}))
        await rig.exit(run)


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/passwd", "logs/../../secret.txt"])
@in_loop
async def test_of_a_file_outside_the_run_nothing_is_sent(rig: Rig, name: str) -> None:
    async with rig:
        run = await rig.running()
        (rig.run_dir(run) / "secret.txt").write_text("secret")
        reader = Reader(rig, run, name)
        reading = asyncio.create_task(reader.read())
        await rig.exit(run)
        await reading
        assert (reader.data, reader.ended) == (b"", True)


@in_loop
async def test_of_a_symlink_that_leads_out_of_the_run_nothing_is_sent(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        (rig.run_dir(run) / "secret.txt").write_text("secret")
        (rig.run_dir(run) / "work/logs/link.txt").symlink_to(rig.run_dir(run) / "secret.txt")
        reader = Reader(rig, run, "logs/link.txt")
        reading = asyncio.create_task(reader.read())
        await rig.exit(run)
        await reading
        assert (reader.data, reader.ended) == (b"", True)


@in_loop
async def test_a_run_that_is_not_there_cannot_be_followed(rig: Rig) -> None:
    async with rig:
        with pytest.raises(NoSuchRun):
            await anext(cast(AsyncGenerator[Frame, None], rig.follower.follow("none", {})))
