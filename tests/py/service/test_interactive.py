"""Runs that a process of the user's own logs to: opened, watched, ended, found again."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loops import in_loop
from msgspec.structs import replace
from service_builders import NOON, a_run
from service_http import served
from service_rig import Rig

from jupyter_mltrain.errors import InvalidSpec, SnapshotError, WrongState
from jupyter_mltrain.service import finishing, openers, recovery
from jupyter_mltrain.spec import Run, RunKind, RunState, Source
from jupyter_mltrain.store.database import Database
from jupyter_mltrain.store.runs import RunStore
from jupyter_mltrain.wire import (
    AgainRequest,
    EndRequest,
    OpenRequest,
    PropertyRequest,
    RunChange,
)

COMPLETED = EndRequest(state=RunState.COMPLETED)
FAILED = EndRequest(state=RunState.FAILED, reason="no data")


@pytest.fixture
def kernel() -> Iterator[subprocess.Popen[bytes]]:
    """A process that goes on until it is killed."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


async def opened(rig: Rig, **given: Any) -> Run:
    return await rig.opened.open(OpenRequest(**{"experiment": "digits", **given}))


async def child_of(rig: Rig, run: Run, **given: Any) -> Run:
    return await opened(rig, parent=run.id, **given)


@in_loop
async def test_an_opened_run_runs_at_once_and_holds_nothing(rig: Rig) -> None:
    async with rig:
        run = await opened(rig, name="first", tags={"a": "b"})
        assert (run.state, run.spec.kind) == (RunState.RUNNING, RunKind.INTERACTIVE)
        assert (run.spec.name, run.tags, run.nodes) == ("first", {"a": "b"}, ())
        assert run.started_at == run.created_at
        assert not rig.verbs.computes()[0].leases
        assert rig.verbs.get("first").id == run.id


@in_loop
async def test_it_does_not_count_as_running_for_those_who_would_stop_the_machine(rig: Rig) -> None:
    async with rig:
        await opened(rig)
        assert rig.verbs.status().running == 0
        await rig.running()
        assert rig.verbs.status().running == 1


@in_loop
async def test_its_tags_are_in_its_journal_for_those_that_log_to_it(rig: Rig) -> None:
    async with rig:
        run = await opened(rig, tags={"a": "b"})
        assert b'"n":"a"' in (rig.run_dir(run) / "journal.jsonl").read_bytes()


@in_loop
async def test_the_same_request_twice_opens_one_run(rig: Rig) -> None:
    async with rig:
        first, second = await asyncio.gather(
            opened(rig, request_id="once"), opened(rig, request_id="once")
        )
        assert first.id == second.id == (await opened(rig, request_id="once")).id


@in_loop
async def test_runs_that_are_opened_at_once_have_numbers_of_their_own(rig: Rig) -> None:
    async with rig:
        runs = await asyncio.gather(*(opened(rig) for _ in range(5)))
        assert len({run.number for run in runs}) == 5


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"experiment": "no/name"}, "cannot name an experiment"),
        ({"name": "two\nlines"}, "cannot name a run"),
        ({"run_id": "../up"}, "cannot be a run's id"),
        ({"tags": {str(n): None for n in range(51)}}, "51 tags; 50 is the most"),
    ],
)
@in_loop
async def test_what_cannot_be_is_refused(rig: Rig, given: dict[str, Any], said: str) -> None:
    async with rig:
        with pytest.raises(InvalidSpec, match=said):
            await opened(rig, **given)
        assert not rig.verbs.list().runs


@in_loop
async def test_an_id_that_is_taken_is_refused(rig: Rig) -> None:
    async with rig:
        await opened(rig, run_id="mine")
        with pytest.raises(WrongState, match="There is a run 'mine' already"):
            await opened(rig, run_id="mine")


@in_loop
async def test_a_folder_that_cannot_be_taken_opens_nothing(rig: Rig, tmp_path: Path) -> None:
    async with rig:
        with pytest.raises(SnapshotError):
            await opened(rig, source=Source(directory=str(tmp_path / "none")))
        assert not rig.verbs.list().runs


@in_loop
async def test_a_snapshot_is_taken_at_the_opening_or_later_but_once(
    rig: Rig, tmp_path: Path
) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a.txt").write_text("a")
    source = Source(directory=str(tmp_path / "source"))
    async with rig:
        first = await opened(rig, source=source)
        second = await opened(rig)
        assert second.snapshot_id is None
        second = await rig.opened.change(second.id, RunChange(source=source))
        assert first.snapshot_id == second.snapshot_id is not None
        with pytest.raises(WrongState, match="a snapshot already, which never changes"):
            await rig.opened.change(second.id, RunChange(source=source))


@in_loop
async def test_it_ends_as_it_is_told_to_and_only_once(rig: Rig) -> None:
    async with rig:
        run = await opened(rig)
        rig.clock.advance(7)
        ended = await rig.opened.end(run.id, FAILED)
        assert (ended.state, ended.reason) == (RunState.FAILED, "no data")
        assert ended.ended_at == rig.clock()
        assert (await rig.opened.end(run.id, COMPLETED)).state is RunState.FAILED
        assert not rig.supervisor.roster.active
        assert (rig.run_dir(run) / "run.json").exists()
        assert not (rig.run_dir(run) / "work").exists()


@in_loop
async def test_it_ends_when_its_journal_says_so(rig: Rig) -> None:
    async with rig:
        run = await opened(rig)
        rig.says(run, {"k": "end", "id": run.id, "state": "Completed", "reason": "over"})
        ended = await rig.until(run, RunState.COMPLETED)
        assert ended.reason == "over"


@in_loop
async def test_tags_and_properties_of_its_journal_are_taken_in(rig: Rig) -> None:
    async with rig:
        run = await opened(rig)
        rig.says(run, {"k": "tag", "n": "a", "v": "b"}, {"k": "property", "n": "p", "v": "q"})
        run = await rig.once(lambda: "p" in rig.verbs.get(run.id).properties, run)
        assert (run.tags, run.properties) == ({"a": "b"}, {"p": "q"})


@in_loop
async def test_a_cancel_ends_it(rig: Rig) -> None:
    async with rig:
        run = await rig.verbs.cancel((await opened(rig)).id)
        assert (run.state, run.reason) == (RunState.CANCELED, "cancelled by you")


@in_loop
async def test_it_cannot_be_run_again(rig: Rig) -> None:
    async with rig:
        run = await opened(rig)
        with pytest.raises(WrongState, match="no script to run again"):
            await rig.verbs.again(run.id, AgainRequest())


@in_loop
async def test_it_cannot_be_submitted(rig: Rig) -> None:
    async with rig:
        with pytest.raises(InvalidSpec, match=r"opened with `Experiment.start_logging`"):
            await rig.submit(kind=RunKind.INTERACTIVE)


@in_loop
async def test_it_has_failed_when_its_process_is_gone(
    rig: Rig, kernel: subprocess.Popen[bytes]
) -> None:
    async with rig:
        run = await opened(rig, pid=kernel.pid)
        kernel.send_signal(signal.SIGKILL)
        ended = await rig.until(run, RunState.FAILED)
        assert ended.reason == "the process that logged to it ended without completing it"


@in_loop
async def test_what_its_process_said_last_counts(rig: Rig, kernel: subprocess.Popen[bytes]) -> None:
    async with rig:
        run = await opened(rig, pid=kernel.pid)
        journal = rig.run_dir(run) / "journal.jsonl"
        # Written and killed before the service can have looked.
        with open(journal, "a") as file:
            file.write(f'{{"k":"end","id":"{run.id}","state":"Completed","t":1.0}}\n')
        kernel.kill()
        kernel.wait()
        assert (await rig.ended(run)).state is RunState.COMPLETED


@in_loop
async def test_a_number_that_is_another_process_s_is_not_watched(
    rig: Rig, kernel: subprocess.Popen[bytes]
) -> None:
    async with rig:
        run = await opened(rig, pid=kernel.pid, started_at=1.0)
        assert openers.of(rig.run_dir(run)) is None
        kernel.kill()
        kernel.wait()
        assert (await rig.opened.end(run.id, COMPLETED)).state is RunState.COMPLETED


def test_a_process_is_another_one_after_a_start_of_the_machine() -> None:
    own = openers.seen(os.getpid(), None)
    assert own is not None
    assert own.is_alive
    assert not replace(own, boot="another").is_alive


@in_loop
async def test_the_next_service_goes_on_watching(rig: Rig, kernel: subprocess.Popen[bytes]) -> None:
    async with rig:
        run = await opened(rig, pid=kernel.pid)
        child = await child_of(rig, run)
    rig.says(run, {"k": "tag", "n": "meanwhile", "v": None})
    async with Rig(rig.directory, rig.world) as following:
        await following.once(lambda: "meanwhile" in following.verbs.get(run.id).tags, run)
        assert following.verbs.get(run.id).state is RunState.RUNNING
        assert following.verbs.get(child.id).state is RunState.RUNNING
        kernel.kill()
        assert (await following.until(run, RunState.FAILED)).ended_at is not None
        assert following.verbs.get(child.id).state is RunState.FAILED


@in_loop
async def test_what_ended_while_there_was_no_service_is_told_by_the_next(
    rig: Rig, kernel: subprocess.Popen[bytes]
) -> None:
    async with rig:
        gone = await opened(rig, pid=kernel.pid)
        said = await opened(rig)
    kernel.kill()
    kernel.wait()
    rig.says(said, {"k": "end", "id": said.id, "state": "Completed", "reason": "over"})
    async with Rig(rig.directory, rig.world) as following:
        assert (await following.until(gone, RunState.FAILED)).state is RunState.FAILED
        assert (await following.until(said, RunState.COMPLETED)).reason == "over"


@in_loop
async def test_it_goes_on_when_the_database_was_lost(
    rig: Rig, kernel: subprocess.Popen[bytes]
) -> None:
    async with rig:
        run = await opened(rig, pid=kernel.pid)
        child = await child_of(rig, run, name="fold")
    for path in rig.directory.glob("store.sqlite*"):
        path.unlink()
    database = Database(rig.directory / "store.sqlite")
    recovery.rebuild(RunStore(database), rig.directory / "runs")
    database.close()
    async with Rig(rig.directory, rig.world) as following:
        assert following.verbs.get(run.id).state is RunState.RUNNING
        await following.once(lambda: following.store.has(child.id), run)
        assert (await following.opened.end(run.id, COMPLETED)).state is RunState.COMPLETED


@in_loop
async def test_a_run_that_is_deleted_leaves_nothing(rig: Rig) -> None:
    async with rig:
        run = await rig.opened.end((await opened(rig)).id, COMPLETED)
        await rig.verbs.delete(run.id)
        assert not (rig.directory / "runs" / run.id).exists()


# Children


@in_loop
async def test_a_child_is_opened_below_it_and_ends_alone(rig: Rig) -> None:
    async with rig:
        run = await opened(rig)
        child = await child_of(rig, run, name="fold 1", run_id="fold-1", tags={"k": "1"})
        assert (child.id, child.parent_id, child.spec.name) == ("fold-1", run.id, "fold 1")
        assert (child.spec.kind, child.tags) == (RunKind.CHILD, {"k": "1"})
        assert rig.run_dir(child).is_dir()
        ended = await rig.opened.end(child.id, FAILED)
        assert (ended.state, ended.reason) == (RunState.FAILED, "no data")
        assert rig.verbs.get(run.id).state is RunState.RUNNING


@in_loop
async def test_a_child_of_a_child_lies_beside_it(rig: Rig) -> None:
    async with rig:
        run = await opened(rig)
        child = await child_of(rig, run)
        grandchild = await child_of(rig, child)
        assert rig.run_dir(grandchild).parent == rig.run_dir(child).parent
        assert grandchild.parent_id == child.id


@in_loop
async def test_children_that_are_open_end_with_it(rig: Rig) -> None:
    async with rig:
        run = await opened(rig)
        child = await child_of(rig, run)
        await rig.opened.end(run.id, COMPLETED)
        assert rig.verbs.get(child.id).reason == "completed with its parent run"


@in_loop
async def test_a_child_can_be_opened_in_the_run_of_a_script(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        child = await child_of(rig, run)
        await rig.opened.end(child.id, COMPLETED)
        await rig.exit(run)
        assert rig.verbs.get(child.id).state is RunState.COMPLETED


@in_loop
async def test_a_run_that_does_not_run_gets_no_child(rig: Rig) -> None:
    async with rig:
        run = await rig.opened.end((await opened(rig)).id, COMPLETED)
        with pytest.raises(WrongState, match="is Completed: a child can be opened in a run that"):
            await child_of(rig, run)


# Runs with a script


@in_loop
async def test_a_script_alone_completes_its_run(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        with pytest.raises(WrongState, match="is complete when its script ends"):
            await rig.opened.end(run.id, COMPLETED)


@in_loop
async def test_a_person_can_fail_a_run_which_ends_its_script(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        await rig.opened.end(run.id, FAILED)
        ended = await rig.ended(run)
        assert (ended.state, ended.reason) == (RunState.FAILED, "no data")


@in_loop
async def test_a_run_that_has_not_started_is_canceled_not_failed(rig: Rig) -> None:
    async with rig:
        await rig.running(cpus=4)
        waiting = await rig.submit(cpus=4)
        ended = await rig.opened.end(waiting.id, FAILED)
        assert ended.state is RunState.CANCELED


@in_loop
async def test_an_end_is_an_ending(rig: Rig) -> None:
    async with rig:
        run = await opened(rig)
        with pytest.raises(InvalidSpec, match="not Running"):
            await rig.opened.end(run.id, EndRequest(state=RunState.RUNNING))


# Finding by properties


@in_loop
async def test_runs_are_found_by_properties(rig: Rig) -> None:
    async with rig, served(rig) as http:
        run = await opened(rig)
        await opened(rig)
        await rig.verbs.add_properties(run.id, PropertyRequest(add={'a "b"': "c=d"}))
        for query in ("property=a%20%22b%22", "property=a%20%22b%22=c=d"):
            found = (await http.get(f"/v1/runs?{query}")).json["runs"]
            assert [each["id"] for each in found] == [run.id]
        assert not (await http.get("/v1/runs?property=a%20%22b%22=c")).json["runs"]


# Names and descriptions


@in_loop
async def test_a_run_gets_another_name_and_is_found_by_it(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        changed = await rig.opened.change(run.id, RunChange(name="best", description="so far"))
        assert (changed.spec.name, changed.description) == ("best", "so far")
        assert rig.verbs.get("best").id == run.id
        changed = await rig.opened.change(run.id, RunChange(name="", description=""))
        assert (changed.spec.name, changed.description) == (None, None)
        await rig.exit(run)


@in_loop
async def test_the_run_of_a_script_keeps_its_snapshot(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        with pytest.raises(WrongState, match="a snapshot already"):
            await rig.opened.change(run.id, RunChange(source=Source(inline={"a": "b"})))


# HTTP


@in_loop
async def test_the_routes_open_change_and_end(rig: Rig) -> None:
    async with rig, served(rig) as http:
        reply = await http.post("/v1/runs/open", {"experiment": "digits", "run_id": "mine"})
        assert (reply.status, reply.json["state"]) == (201, "Running")
        reply = await http.post("/v1/runs/mine", {"description": "about"})
        assert reply.json["description"] == "about"
        reply = await http.post("/v1/runs/mine/end", {"state": "Completed"})
        assert (reply.status, reply.json["state"]) == (200, "Completed")


@in_loop
async def test_a_run_that_is_called_open_can_be_looked_at(rig: Rig) -> None:
    async with rig, served(rig) as http:
        await opened(rig, name="open")
        assert (await http.get("/v1/runs/open")).json["spec"]["name"] == "open"


# A lost database


def test_an_open_run_is_found_again_as_it_was(tmp_path: Path) -> None:
    run = a_run(1, state=RunState.RUNNING, started_at=NOON, kind=RunKind.INTERACTIVE, script="")
    (tmp_path / "runs" / run.id).mkdir(parents=True)
    finishing.keep_record(run, tmp_path / "runs" / run.id)
    database = Database(tmp_path / "store.sqlite")
    store = RunStore(database)
    recovery.rebuild(store, tmp_path / "runs")
    assert store.page() == (run,)
    database.close()
    shutil.rmtree(tmp_path / "runs")
