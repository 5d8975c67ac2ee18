"""A run once more: of the same files, with the same values, unless something else is given."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from loops import in_loop
from service_rig import Rig

from jupyter_mltrain.errors import ComputeTargetError, InvalidSpec, SnapshotError, WrongState
from jupyter_mltrain.spec import CellSpec, GitState, Resources, Run, RunKind, RunState, Source
from jupyter_mltrain.wire import AgainRequest


async def again(rig: Rig, run: Run, **given: object) -> Run:
    return await rig.verbs.again(run.id, AgainRequest(**given))  # type: ignore[arg-type]


def value(rig: Rig, data: bytes = b"pickled") -> str:
    """A file as the notebook leaves it for a submit."""
    path = rig.directory / "staging" / "value"
    path.write_bytes(data)
    return str(path)


async def a_cell(rig: Rig, **given: object) -> Run:
    """A running cell with one value."""
    return await rig.running(
        kind=RunKind.CELL, cell=CellSpec(inputs=("x",)), inputs={"x": value(rig)}, **given
    )


@in_loop
async def test_the_second_run_is_made_of_what_the_first_was(rig: Rig) -> None:
    async with rig:
        first = await rig.running(
            arguments=("--rate", "1"), variables={"A": "b"}, cpus=1, tags={"t": None}, name="fit"
        )
        rig.supervisor.roster.amend(first.id, git=GitState(commit="abc"), warnings=("one",))
        first = await rig.exit(first)
        second = await again(rig, first)
        assert second.id != first.id
        assert (second.spec, second.snapshot_id) == (first.spec, first.snapshot_id)
        assert second.git == GitState(commit="abc")
        assert second.source_directory == first.source_directory
        assert second.properties == {"again_of": first.id}
        assert second.tags == {}
        await rig.exit(await rig.until(second, RunState.RUNNING))


@in_loop
async def test_the_script_itself_can_see_what_it_repeats(rig: Rig) -> None:
    async with rig:
        first = await rig.exit(await rig.running())
        second = await again(rig, first)
        (record,) = map(
            json.loads, (rig.run_dir(second) / "journal.jsonl").read_text().split("\n")[:1]
        )
        assert (record["k"], record["n"], record["v"]) == ("property", "again_of", first.id)
        await rig.exit(await rig.until(second, RunState.RUNNING))


@in_loop
async def test_what_is_given_is_different_and_only_that(rig: Rig) -> None:
    async with rig:
        first = await rig.exit(await rig.running(arguments=("1",), variables={"A": "b"}))
        second = await again(
            rig,
            first,
            arguments=("2",),
            variables={},
            resources=Resources(cpus=1),
            timeout_s=60.0,
            priority=3,
            retries=2,
            name="better",
        )
        assert second.spec.arguments == ("2",)
        assert second.spec.variables == {}
        assert second.spec.resources == Resources(cpus=1)
        assert (second.spec.timeout_s, second.spec.priority) == (60.0, 3)
        assert second.spec.retries == 2
        assert second.label == "better #2"
        assert second.spec.script == first.spec.script
        await rig.exit(await rig.until(second, RunState.RUNNING))


@in_loop
async def test_a_cell_is_given_the_same_values_and_both_keep_their_own(rig: Rig) -> None:
    async with rig:
        first = await rig.exit(await a_cell(rig))
        second = await again(rig, first)
        values = [rig.run_dir(run) / "variables/in/x.pkl" for run in (first, second)]
        assert [path.read_bytes() for path in values] == [b"pickled"] * 2
        assert values[0].stat().st_ino != values[1].stat().st_ino
        assert list((rig.directory / "staging").iterdir()) == []
        await rig.exit(await rig.until(second, RunState.RUNNING))


@in_loop
async def test_a_run_that_waits_or_runs_is_submitted_again_as_well(rig: Rig) -> None:
    async with rig:
        running = await rig.running(cpus=4)
        waiting = await rig.submit(cpus=4)
        runs = [running, waiting, await again(rig, running), await again(rig, waiting)]
        assert [run.state for run in runs[2:]] == [RunState.QUEUED] * 2
        for run in runs:
            await rig.exit(await rig.until(run, RunState.RUNNING))


@in_loop
async def test_what_was_accepted_once_is_not_checked_again(rig: Rig) -> None:
    async with rig:
        source = Source(inline={"train.py": "this is no Python"})
        first = await rig.exit(await rig.running(source=source))
        second = await again(rig, first)
        await rig.exit(await rig.until(second, RunState.RUNNING))


@in_loop
async def test_the_same_request_twice_is_one_run(rig: Rig) -> None:
    async with rig:
        first = await rig.exit(await a_cell(rig))
        both = await asyncio.gather(*(again(rig, first, request_id="r") for _ in range(2)))
        assert both[0].id == both[1].id
        await rig.exit(await rig.until(both[0], RunState.RUNNING))
        await rig.verbs.delete(first.id)
        assert (await again(rig, first, request_id="r")).id == both[0].id
        assert len(rig.verbs.list().runs) == 1


@in_loop
async def test_what_the_compute_does_not_have_is_refused_and_nothing_is_left(rig: Rig) -> None:
    async with rig:
        first = await rig.exit(await a_cell(rig))
        with pytest.raises((ComputeTargetError, InvalidSpec), match="CPUs"):
            await again(rig, first, resources=Resources(cpus=400))
        assert len(rig.verbs.list().runs) == 1
        assert [path.name for path in (rig.directory / "runs").iterdir()] == [first.id]
        assert list((rig.directory / "staging").iterdir()) == []


@in_loop
async def test_a_value_that_is_gone_is_named(rig: Rig) -> None:
    async with rig:
        first = await rig.exit(await a_cell(rig))
        (rig.run_dir(first) / "variables/in/x.pkl").unlink()
        with pytest.raises(InvalidSpec, match=r"^The value of x that the run was given is gone"):
            await again(rig, first)
        assert list((rig.directory / "staging").iterdir()) == []


@in_loop
async def test_a_snapshot_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    async with Rig(tmp_path) as rig:
        first = await rig.exit(await a_cell(rig))
    shutil.rmtree(tmp_path / "snapshots")
    async with Rig(tmp_path) as rig:
        with pytest.raises(SnapshotError, match="Submit the source folder again"):
            await again(rig, first)
        assert [path.name for path in (tmp_path / "runs").iterdir()] == [first.id]
        assert list((tmp_path / "staging").iterdir()) == []


@in_loop
async def test_a_child_is_opened_by_its_parents_script_alone(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(run, {"k": "child", "id": "c1", "name": "fold 1", "parent": run.id})
        await rig.exit(run)
        with pytest.raises(WrongState, match="Run that one again"):
            await rig.verbs.again("c1", AgainRequest())
