"""What runs ask from inside, and what the service answers."""

from __future__ import annotations

import asyncio
import errno
import json
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from loops import in_loop
from service_rig import Rig

from jupyter_mltrain.secrets import Secrets
from jupyter_mltrain.service import asking, handing
from jupyter_mltrain.spec import DataPath, DatasetKind, DatasetSpec, Run
from jupyter_mltrain.wire import DatasetRequest

LIMIT_S = 10.0


def asks(rig: Rig, run: Run, verb: str, **args: Any) -> str:
    """Put a question as a script does; its id."""
    question = secrets.token_hex(8)
    rig.says(run, {"k": "ask", "id": question, "verb": verb, "args": args})
    return question


def reply_path(rig: Rig, run: Run, question: str) -> Path:
    return rig.run_dir(run) / "asks" / f"{question}.json"


async def answered(rig: Rig, run: Run, question: str) -> dict[str, Any]:
    """The answer, once it is there."""
    path = reply_path(rig, run, question)
    await until(path.exists)
    answer: dict[str, Any] = json.loads(path.read_bytes())
    return answer


async def until(true: Callable[[], bool]) -> None:
    """Wait for what shows only in files."""

    async def look() -> None:
        while not true():
            await asyncio.sleep(0.001)

    await asyncio.wait_for(look(), LIMIT_S)


async def told(rig: Rig, run: Run, verb: str, **args: Any) -> Any:
    """What is answered to a question that can be met."""
    answer = await answered(rig, run, asks(rig, run, verb, **args))
    assert "error" not in answer, answer
    return answer["ok"]


async def refused(rig: Rig, run: Run, verb: str, **args: Any) -> dict[str, str]:
    """Code and message of a refusal."""
    answer = await answered(rig, run, asks(rig, run, verb, **args))
    error: dict[str, str] = answer["error"]
    return error


async def with_model(rig: Rig) -> Run:
    run = await rig.running()
    rig.writes(run, "outputs/model.pkl", "weights")
    return run


@in_loop
async def test_a_model_is_registered_while_the_run_goes_on(rig: Rig) -> None:
    async with rig:
        run = await with_model(rig)
        model = await told(rig, run, "register_model", name="digits", path="./outputs/model.pkl")
        assert (model["name"], model["version"], model["run_id"]) == ("digits", 1, run.id)
        assert rig.models.get("digits").size_bytes == len("weights")


@in_loop
async def test_a_question_that_is_read_twice_registers_one_version(tmp_path: Path) -> None:
    async with Rig(tmp_path) as rig:
        run = await with_model(rig)
        question = asks(rig, run, "register_model", name="digits", path="outputs/model.pkl")
        await answered(rig, run, question)
        await noted(rig, run, question)
        # The service is killed between the answer and its note of it.
        (rig.run_dir(run) / "control" / "answered").unlink()
        reply_path(rig, run, question).unlink()
    async with Rig(tmp_path, rig.world) as rig:
        answer = await answered(rig, run, question)
        assert answer["ok"]["version"] == 1
        assert len(rig.models.all()) == 1


@in_loop
async def test_a_question_asked_while_no_service_is_there_is_answered_by_the_next(
    tmp_path: Path,
) -> None:
    async with Rig(tmp_path) as rig:
        run = await with_model(rig)
    question = asks(rig, run, "register_model", name="digits", path="outputs/model.pkl")
    async with Rig(tmp_path, rig.world) as rig:
        assert (await answered(rig, run, question))["ok"]["version"] == 1


@in_loop
async def test_what_was_answered_is_not_answered_again(tmp_path: Path) -> None:
    async with Rig(tmp_path) as rig:
        run = await rig.running()
        question = asks(rig, run, "models")
        await answered(rig, run, question)
        await noted(rig, run, question)
        reply_path(rig, run, question).unlink()  # as the script does
    async with Rig(tmp_path, rig.world) as rig:
        later = asks(rig, run, "models")
        await answered(rig, run, later)
        assert not reply_path(rig, run, question).exists()


async def noted(rig: Rig, run: Run, question: str) -> None:
    note = rig.run_dir(run) / "control" / "answered"
    await until(lambda: note.exists() and question in note.read_text())


@in_loop
async def test_a_missing_model_says_what_there_is(rig: Rig) -> None:
    async with rig:
        run = await with_model(rig)
        await told(rig, run, "register_model", name="digits", path="outputs/model.pkl")
        error = await refused(rig, run, "model", name="letters")
        assert error["code"] == "no_such_model"
        assert "'digits'" in error["message"]


@in_loop
async def test_a_model_is_read_where_it_lies_by_a_process(rig: Rig) -> None:
    async with rig:
        run = await with_model(rig)
        await told(rig, run, "register_model", name="digits", path="outputs/model.pkl")
        path = Path(await told(rig, run, "model_path", name="digits"))
        assert path == rig.run_dir(run) / "data" / "models" / "digits" / "1" / "model.pkl"
        assert path.read_text() == "weights"
        assert path.resolve().is_relative_to(rig.directory / "models")


@in_loop
async def test_a_dataset_is_brought_to_the_run(rig: Rig) -> None:
    async with rig:
        store = rig.directory / "datastores" / "workspaceblobstore" / "numbers"
        store.mkdir(parents=True)
        (store / "a.csv").write_text("1,2\n")
        path = DataPath(datastore="workspaceblobstore", path="numbers")
        spec = DatasetSpec(kind=DatasetKind.FILE, paths=(path,))
        registered = await rig.datasets.register(DatasetRequest(name="numbers", spec=spec))
        run = await rig.running()
        for wanted in ({"name": "numbers"}, {"id": registered.id}):
            entry = await told(rig, run, "dataset", **wanted)
            assert (entry["dataset"], entry["version"]) == ("numbers", 1)
            assert Path(entry["path"], "a.csv").read_text() == "1,2\n"
            assert Path(entry["path"]).is_relative_to(rig.run_dir(run) / "data")
        assert await told(rig, run, "datasets") == ["numbers"]
        assert "numbers" in (await refused(rig, run, "dataset", name="letters"))["message"]
        assert not list((rig.directory / "asked").iterdir())


@in_loop
async def test_a_secret_is_in_a_file_of_the_users_alone_and_nowhere_else(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    async with rig:
        kept = Secrets(f"keyvault/{rig.verbs.identity.id}", keyring=False)
        kept.keep("token", "swordfish")
        run = await rig.running()
        question = asks(rig, run, "secret", names=["token"])
        assert (await answered(rig, run, question))["ok"] == {"token": "swordfish"}
        path = reply_path(rig, run, question)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        await rig.exit(run)
        await until(lambda: not path.exists())
        files = [each for each in rig.directory.rglob("*") if each.is_file()]
        assert not [each for each in files if b"swordfish" in each.read_bytes()]
        assert "swordfish" not in caplog.text
        kept.delete("token")


@in_loop
async def test_a_secret_that_is_not_kept_says_how_to_keep_it(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        assert "set_secret" in (await refused(rig, run, "secret", names=["none"]))["message"]
        assert await told(rig, run, "secret", names=["none"], all=False) == {"none": None}


@in_loop
async def test_another_script_of_the_same_files_is_submitted_once(tmp_path: Path) -> None:
    async with Rig(tmp_path) as rig:
        run = await rig.running(cpus=1)
        child = await told(rig, run, "submit_child", script="train.py", arguments=["--a", "1"])
        record = rig.verbs.get(child["id"])
        assert record.snapshot_id == run.snapshot_id
        assert record.spec.arguments == ("--a", "1")
        assert record.properties == {"azureml.parentRunId": run.id}
        assert (await told(rig, run, "run", id=child["id"]))["number"] == record.number
        rig.says(record, {"k": "metric", "n": "loss", "v": 0.5})
        assert [each["v"] for each in await told(rig, run, "metrics", id=child["id"])] == [0.5]


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        ("fly", {}),
        ("model", {}),
        ("model", {"name": 7}),
        ("model", {"name": "a", "colour": "red"}),
        ("secret", {"names": "token"}),
        ("dataset", {}),
        ("submit_child", {"script": 1}),
        ("register_model", {"name": "../up", "path": "outputs"}),
        ("register_model", {"name": "m", "path": "../../../etc/passwd"}),
        ("register_model", {"name": "m", "path": "/etc/passwd"}),
        ("register_model", {"name": "m", "path": "outputs", "child": "digits_9_none"}),
        ("run", {"id": "digits_9_none"}),
    ],
)
@in_loop
async def test_a_question_that_makes_no_sense_costs_itself_only(
    rig: Rig, verb: str, args: dict[str, Any]
) -> None:
    async with rig:
        run = await with_model(rig)
        error = await refused(rig, run, verb, **args)
        assert error["message"].endswith(".")
        assert await told(rig, run, "models") == []


@pytest.mark.parametrize(
    "record",
    [
        {"k": "ask"},
        {"k": "ask", "id": "../../up", "verb": "models"},
        {"k": "ask", "id": 7, "verb": "models"},
        {"k": "ask", "id": ["a"], "verb": "models"},
    ],
)
@in_loop
async def test_a_question_that_cannot_be_answered_is_passed_over(
    rig: Rig, record: dict[str, Any]
) -> None:
    async with rig:
        run = await rig.running()
        rig.says(run, record)
        assert await told(rig, run, "models") == []


@in_loop
async def test_another_runs_files_cannot_be_registered_through_a_child(rig: Rig) -> None:
    async with rig:
        other = await with_model(rig)
        run = await rig.running(cpus=1)
        error = await refused(
            rig, run, "register_model", name="m", path="outputs/model.pkl", child=other.id
        )
        assert "is no run within" in error["message"]


@in_loop
async def test_a_link_out_of_the_run_is_not_registered(rig: Rig, tmp_path: Path) -> None:
    async with rig:
        run = await with_model(rig)
        (tmp_path / "private").write_text("x")
        (rig.run_dir(run) / "work" / "outputs" / "link").symlink_to(tmp_path / "private")
        error = await refused(rig, run, "register_model", name="m", path="outputs/link")
        assert error["code"] in ("no_such_file", "invalid_spec")
        assert rig.models.all() == ()


@pytest.mark.parametrize("planted", ["asks", "data", "data/models"])
@in_loop
async def test_a_link_in_the_runs_folder_leads_no_answer_out_of_it(
    rig: Rig, tmp_path: Path, planted: str
) -> None:
    async with rig:
        run = await with_model(rig)
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        path = rig.run_dir(run) / planted
        path.parent.mkdir(exist_ok=True)
        if path.is_dir():
            path.rmdir()
        path.symlink_to(elsewhere)
        asks(rig, run, "register_model", name="digits", path="outputs/model.pkl")
        await until(lambda: bool(rig.models.all()))
        asks(rig, run, "model_path", name="digits")
        asks(rig, run, "models")
        await rig.exit(run)
        assert list(elsewhere.iterdir()) == []


@in_loop
async def test_a_thousand_questions_are_answered(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        questions = [asks(rig, run, "models") for _ in range(1_000)]
        for question in questions:
            assert (await answered(rig, run, question))["ok"] == []
        assert len(list((rig.run_dir(run) / "asks").iterdir())) == 1_000
        await rig.exit(run)
        await until(lambda: not (rig.run_dir(run) / "asks").exists())


@in_loop
async def test_an_answer_that_there_is_no_room_for_comes_when_there_is(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, refusals = handing.put, [errno.ENOSPC, errno.EDQUOT]

    def full(*arguments: Any) -> None:
        if refusals:
            raise OSError(refusals.pop(), "No space left on device")
        put(*arguments)

    monkeypatch.setattr(handing, "put", full)
    monkeypatch.setattr(asking, "LOOK_AGAIN_S", 0.001)
    async with rig:
        assert await told(rig, await rig.running(), "datasets") == []


@in_loop
async def test_a_dataset_that_a_killed_service_has_brought_and_not_told_of_is_brought_again(
    rig: Rig,
) -> None:
    async with rig:
        store = rig.directory / "datastores" / "workspaceblobstore" / "numbers"
        store.mkdir(parents=True)
        (store / "a.csv").write_text("1,2\n")
        path = DataPath(datastore="workspaceblobstore", path="numbers/*")
        spec = DatasetSpec(kind=DatasetKind.FILE, paths=(path,))
        await rig.datasets.register(DatasetRequest(name="numbers", spec=spec))
        run = await rig.running()
        half = rig.run_dir(run) / "data" / "asked_0123456789abcdef"
        half.mkdir(parents=True)
        (half / "a.csv").write_text("half")
        question = "0123456789abcdef"
        args = {"name": "numbers"}
        rig.says(run, {"k": "ask", "id": question, "verb": "dataset", "args": args})
        entry = (await answered(rig, run, question))["ok"]
        assert Path(entry["path"], "a.csv").read_text() == "1,2\n"


@in_loop
async def test_what_a_run_has_asked_for_goes_with_its_end(rig: Rig) -> None:
    async with rig:
        run = await with_model(rig)
        await told(rig, run, "register_model", name="digits", path="outputs/model.pkl")
        await told(rig, run, "model_path", name="digits")
        ended = await rig.exit(run)
        await rig.supervisor.tidied(ended.id)
        left = rig.run_dir(run) / "data"
        assert not left.exists() or list(left.iterdir()) == []
        assert not (rig.run_dir(run) / "asks").exists()


@in_loop
async def test_half_a_surrogate_pair_is_answered_as_any_name(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        assert "\\ud800" in (await refused(rig, run, "model", name="\ud800"))["message"]


@in_loop
async def test_metrics_of_another_run_are_given_as_they_were_written(rig: Rig) -> None:
    async with rig:
        other = await rig.running()
        rig.says(other, {"k": "metric", "n": "\ud800", "v": 1}, {"k": "metric", "n": "b", "v": 2})
        found = await told(rig, await rig.running(), "metrics", id=other.id)
        assert [(each["n"], each["v"]) for each in found] == [("\ud800", 1), ("b", 2)]
