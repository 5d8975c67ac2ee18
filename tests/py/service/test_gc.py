"""Reclaiming space: what a clean-up would take, what it takes, and what it leaves alone."""

from __future__ import annotations

import asyncio

import pytest
from loops import in_loop
from msgspec.structs import replace
from service_rig import Rig

from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import Run, RunState, Source
from jupyter_mltrain.wire import GcReport, GcRequest


async def ended(rig: Rig, text: str = "print(1)\n", output_bytes: int = 0) -> Run:
    """A run of its own script that has ended, leaving an output."""
    run = await rig.running(source=Source(inline={"train.py": text}))
    if output_bytes:
        rig.writes(run, "outputs/model.bin", "x" * output_bytes)
    return await rig.exit(run)


def taken(report: GcReport) -> list[int]:
    return [item.number for item in report.runs]


def left(rig: Rig) -> list[int]:
    return [run.number for run in rig.verbs.list().runs]


@in_loop
async def test_runs_that_ended_long_ago_are_taken_by_age(rig: Rig) -> None:
    async with rig:
        await ended(rig)
        rig.clock.advance(3600)
        await ended(rig)
        report = await rig.collector.collect(GcRequest(older_than_s=1800, dry_run=False))
        assert taken(report) == [1]
        assert left(rig) == [2]


@in_loop
async def test_the_oldest_are_taken_first_until_the_rest_fits(rig: Rig) -> None:
    async with rig:
        for _ in range(3):
            await ended(rig, output_bytes=1_000_000)
            rig.clock.advance(60)
        report = await rig.collector.collect(GcRequest(keep_bytes=2_800_000, dry_run=False))
        assert taken(report) == [1]
        assert left(rig) == [3, 2]
        assert report.freed_bytes >= 1_000_000


@in_loop
async def test_a_dry_run_says_what_would_be_taken_and_takes_nothing(rig: Rig) -> None:
    async with rig:
        run = await ended(rig, text="print('mine')\n", output_bytes=1000)
        rig.clock.advance(60)
        promised = await rig.collector.collect(GcRequest(older_than_s=1))
        assert (taken(promised), promised.dry_run) == ([1], True)
        assert left(rig) == [1]
        assert (rig.run_dir(run) / "files/outputs/model.bin").exists()
        rig.snapshots.manifest(str(run.snapshot_id))


@in_loop
async def test_what_was_promised_is_what_is_taken(rig: Rig) -> None:
    async with rig:
        await ended(rig, text="print('mine')\n", output_bytes=1000)
        rig.clock.advance(60)
        promised = await rig.collector.collect(GcRequest(older_than_s=1))
        did = await rig.collector.collect(GcRequest(older_than_s=1, dry_run=False))
        assert (did.runs, did.blobs, did.freed_bytes) == (
            promised.runs,
            promised.blobs,
            promised.freed_bytes,
        )
        assert did.blobs == 1


@in_loop
async def test_a_snapshot_that_another_run_was_made_from_is_kept(rig: Rig) -> None:
    async with rig:
        await ended(rig)
        rig.clock.advance(3600)
        second = await ended(rig)
        report = await rig.collector.collect(GcRequest(older_than_s=1800, dry_run=False))
        assert (taken(report), report.blobs) == ([1], 0)
        rig.snapshots.manifest(str(second.snapshot_id))


@in_loop
async def test_a_run_that_has_not_ended_is_never_taken(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.clock.advance(3600)
        report = await rig.collector.collect(GcRequest(older_than_s=0, keep_bytes=0, dry_run=False))
        assert taken(report) == []
        assert rig.verbs.get(run.id).state is RunState.RUNNING
        rig.snapshots.manifest(str(run.snapshot_id))
        await rig.exit(run)


@in_loop
async def test_children_go_with_their_parent(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(run, {"k": "child", "id": "c1", "name": None, "parent": run.id})
        await rig.exit(run)
        rig.clock.advance(60)
        report = await rig.collector.collect(GcRequest(older_than_s=1, dry_run=False))
        assert taken(report) == [1]
        assert rig.verbs.list(include_children=True).runs == ()


@in_loop
async def test_more_runs_than_one_page_are_taken(rig: Rig) -> None:
    async with rig:
        run = await ended(rig)
        for number in range(2, 152):
            rig.store.insert(replace(run, id=f"digits_copy_{number}", number=number))
        rig.clock.advance(60)
        report = await rig.collector.collect(GcRequest(older_than_s=1, dry_run=False))
        assert taken(report) == list(range(1, 152))
        assert left(rig) == []


@in_loop
async def test_a_submit_under_way_keeps_its_snapshot(rig: Rig) -> None:
    async with rig:
        submits = [
            asyncio.create_task(
                rig.submit(source=Source(inline={"train.py": f"print({number})\n"}), cpus=4)
            )
            for number in range(5)
        ]
        await asyncio.sleep(0)
        await rig.collector.collect(GcRequest(keep_bytes=0, dry_run=False))
        for run in sorted(await asyncio.gather(*submits), key=lambda run: run.number):
            await rig.exit(await rig.until(run, RunState.RUNNING))


@pytest.mark.parametrize(
    "request_",
    [
        GcRequest(),
        GcRequest(dry_run=False),
        GcRequest(older_than_s=-1),
        GcRequest(keep_bytes=-1),
    ],
)
@in_loop
async def test_a_clean_up_that_says_not_what_to_take_takes_nothing(
    rig: Rig, request_: GcRequest
) -> None:
    async with rig:
        await ended(rig)
        with pytest.raises(InvalidSpec):
            await rig.collector.collect(request_)
        assert left(rig) == [1]
