"""Runs that fail and are started again: when, how often, and what the next attempt finds."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from loops import in_loop
from msgspec.structs import replace
from service_builders import a_request, a_run
from service_rig import Rig

from jupyter_mltrain import Workspace
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.service import retrying
from jupyter_mltrain.spec import DRIVER_LOG, ExitRecord, Run, RunState

S = RunState


def states(rig: Rig, run: Run) -> list[str]:
    return [change.state.value for change in rig.verbs.history(run.id)]


async def fail(rig: Rig, run: Run, **how: Any) -> None:
    """Let an attempt fail, and wait until the run has taken that in."""
    attempt = rig.verbs.get(run.id).attempt
    rig.compute.exit(run.id, **(how or {"status": 3}))

    def has_gone_on() -> bool:
        now = rig.verbs.get(run.id)
        return now.state.final or (now.attempt > attempt and now.state is S.RUNNING)

    await rig.once(has_gone_on, run)


# Whether


@pytest.mark.parametrize(
    ("record", "due"),
    [
        (ExitRecord(status=1), True),
        (ExitRecord(signal=9, cause="memory"), True),
        (None, True),
        (ExitRecord(signal=15, cause="timeout"), False),
        (ExitRecord(signal=15, cause="cancel"), False),
        (ExitRecord(cause="start"), False),
    ],
)
def test_what_another_attempt_would_only_repeat_is_not_tried(
    record: ExitRecord | None, due: bool
) -> None:
    assert retrying.is_due(a_run(retries=1), S.FAILED, record) is due


def test_a_run_that_completed_is_not_started_again() -> None:
    assert not retrying.is_due(a_run(retries=1), S.COMPLETED, ExitRecord(status=0))


def test_all_attempts_share_the_limit_of_the_run() -> None:
    run = a_run(timeout_s=60.0, retries=1)
    begun = replace(run, started_at=run.created_at)
    assert retrying.left_s(begun, run.created_at + timedelta(seconds=45)) == 15.0


# How it goes


@in_loop
async def test_a_run_that_fails_is_started_again_as_often_as_was_asked_for(rig: Rig) -> None:
    async with rig:
        run = await rig.running(retries=2)
        for _ in range(3):
            await fail(rig, run)
        ended = await rig.ended(run)
        assert (ended.state, ended.attempt) == (S.FAILED, 3)
        again = ["Queued", "Starting", "Running"]
        assert states(rig, run) == ["Starting", "Running", *again, *again, "Failed"]


@in_loop
async def test_the_history_says_why_an_attempt_failed(rig: Rig) -> None:
    async with rig:
        run = await rig.running(retries=1)
        await fail(rig, run)
        reasons = [change.reason for change in rig.verbs.history(run.id)]
        assert "Attempt 1 of 2 failed: Exit status 3. Starting attempt 2." in reasons
        await rig.exit(run)


@in_loop
async def test_a_later_attempt_that_completes_completes_the_run(rig: Rig) -> None:
    async with rig:
        run = await rig.running(retries=1)
        await fail(rig, run)
        ended = await rig.exit(run)
        assert (ended.state, ended.reason, ended.attempt) == (S.COMPLETED, "completed", 2)


@in_loop
async def test_a_run_without_retries_is_not_started_again(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        assert (await rig.exit(run, 3)).attempt == 1


@in_loop
async def test_the_elapsed_time_counts_from_the_first_start(rig: Rig) -> None:
    async with rig:
        run = await rig.running(retries=1)
        rig.clock.advance(30)
        await fail(rig, run)
        assert rig.verbs.get(run.id).started_at == run.started_at
        await rig.exit(run)


@in_loop
async def test_a_cancelled_attempt_is_the_last(rig: Rig) -> None:
    async with rig:
        run = await rig.running(retries=5)
        await rig.verbs.cancel(run.id)
        assert (await rig.ended(run)).state is S.CANCELED


@in_loop
async def test_a_run_cancelled_between_two_attempts_keeps_what_the_first_wrote(rig: Rig) -> None:
    async with rig:
        run = await rig.running(retries=5)
        rig.writes(run, "outputs/model.txt", "half")
        rig.compute.may_start.clear()
        rig.compute.exit(run.id, 3)
        await rig.once(lambda: rig.verbs.get(run.id).state is S.STARTING, run)
        await rig.verbs.cancel(run.id)
        rig.compute.may_start.set()
        ended = await rig.ended(run)
        assert ended.state is S.CANCELED
        kept = rig.run_dir(run) / "files" / "outputs" / "model.txt"
        assert kept.read_text() == "half"


@in_loop
async def test_what_a_script_said_of_its_end_counts_for_its_attempt_alone(rig: Rig) -> None:
    async with rig:
        run = await rig.running(retries=1)
        rig.says(run, {"k": "end", "id": run.id, "state": "Failed", "reason": "diverged"})
        await fail(rig, run, status=0)
        assert rig.verbs.get(run.id).attempt == 2
    async with Rig(rig.directory, rig.world) as rig:  # which reads the journal from its begin
        assert (await rig.exit(run)).state is S.COMPLETED


@in_loop
async def test_an_attempt_that_was_put_aside_by_a_killed_service_has_ended_as_it_had(
    rig: Rig,
) -> None:
    async with rig:
        run = await rig.running(retries=1)
        rig.says(run, {"k": "end", "id": run.id, "state": "Failed", "reason": "diverged"})
        control = rig.run_dir(run) / "control"
        (control / "reaper.json").touch()
    retrying.put_aside(run, rig.run_dir(run))
    assert retrying.control_of(run, rig.run_dir(run)).name == "control-1"
    async with Rig(rig.directory, rig.world) as rig:
        await fail(rig, run, status=0)
        reasons = [change.reason for change in rig.verbs.history(run.id)]
        assert "Attempt 1 of 2 failed: diverged. Starting attempt 2." in reasons
        assert (await rig.exit(run)).attempt == 2


@in_loop
async def test_the_next_service_goes_on_with_the_attempt_that_runs(rig: Rig) -> None:
    async with rig:
        run = await rig.running(retries=2)
        await fail(rig, run)
    async with Rig(rig.directory, rig.world) as rig:
        await fail(rig, run)
        ended = await rig.exit(run)
        assert (ended.state, ended.attempt) == (S.COMPLETED, 3)


@in_loop
async def test_a_number_of_retries_that_makes_no_sense_is_refused(rig: Rig) -> None:
    async with rig:
        for retries in (-1, 101):
            with pytest.raises(InvalidSpec, match="retries"):
                await rig.verbs.submit(a_request(retries=retries))


# What the next attempt finds


def test_what_is_aside_already_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "work" / "outputs").mkdir(parents=True)
    (tmp_path / "carried-outputs").mkdir()
    (tmp_path / "carried-outputs" / "of the attempt").touch()
    retrying.take_outputs(tmp_path)
    retrying.give_outputs(tmp_path)
    assert [path.name for path in (tmp_path / "work" / "outputs").iterdir()] == ["of the attempt"]


def test_a_link_in_place_of_the_working_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "outputs").mkdir(parents=True)
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    (run_dir / "work").symlink_to(outside)
    retrying.take_outputs(run_dir)
    assert (outside / "outputs").is_dir()


def test_what_a_script_put_in_place_of_our_folders_leads_no_later_attempt_away(
    tmp_path: Path,
) -> None:
    outside = tmp_path / "outside"
    (outside / "outputs").mkdir(parents=True)
    run_dir = tmp_path / "run"
    for name in ("control", "work/logs"):
        (run_dir / name).mkdir(parents=True)
    for name in ("control/reaper.json", "control/container.sh", "journal.jsonl"):
        (run_dir / name).symlink_to(outside / "new")
    (run_dir / "control-1").mkdir()
    (run_dir / "work" / "outputs").symlink_to(outside / "outputs")
    retrying.put_aside(a_run(retries=1), run_dir)
    assert list((run_dir / "control").iterdir()) == []
    retrying.take_outputs(run_dir)
    assert not (run_dir / "carried-outputs").exists()
    assert (run_dir / "carried-logs").is_dir()
    retrying.announce(a_run(retries=1), run_dir)
    assert not (outside / "new").exists()


def test_a_control_folder_that_became_a_link_is_ours_again(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    for name in ("control", "control-1"):
        (run_dir / name).symlink_to(tmp_path / "outside")
    retrying.put_aside(a_run(retries=1), run_dir)
    assert not (run_dir / "control").is_symlink()


def test_outputs_are_not_given_through_a_link_in_place_of_the_working_folder(
    tmp_path: Path,
) -> None:
    outside = tmp_path / "outside"
    (outside / "outputs").mkdir(parents=True)
    (outside / "outputs" / "mine").write_text("kept")
    run_dir = tmp_path / "run"
    (run_dir / "carried-outputs").mkdir(parents=True)
    (run_dir / "work").symlink_to(outside)
    retrying.give_outputs(run_dir)
    assert (outside / "outputs" / "mine").read_text() == "kept"
    assert (run_dir / "work" / "outputs").is_dir()


SCRIPT = """\
import json, os, pathlib, sys
from jupyter_mltrain import Run
run = Run.get_context()
state = pathlib.Path("outputs/checkpoint.json")
steps = json.loads(state.read_text()) if state.exists() else []
steps.append(run.attempt)
state.write_text(json.dumps(steps))
pathlib.Path("scratch").mkdir()
run.upload_file("state.json", str(state))
run.log("attempt", run.attempt)
print("attempt", os.environ["MLTRAIN_ATTEMPT"])
sys.exit(len(steps) < 3)
"""


def test_a_script_goes_on_from_its_checkpoint(workspace: Workspace) -> None:
    client = workspace.client
    request = a_request(retries=2)
    source = replace(request.source, inline={"train.py": SCRIPT})
    run = client.submit(replace(request, source=source))
    for _ in client.follow(run.id):
        pass
    ended = client.get(run.id)
    assert (ended.state, ended.attempt) == (S.COMPLETED, 3)
    assert json.loads(b"".join(client.read_file(run.id, "outputs/checkpoint.json"))) == [1, 2, 3]
    assert b"".join(client.read_file(run.id, "state.json")) == b"[1, 2, 3]"
    printed = b"".join(client.read_file(run.id, DRIVER_LOG))
    assert printed == b"attempt 1\nattempt 2\nattempt 3\n"
    assert client.metrics(run.id) == {"attempt": [1, 2, 3]}
