"""Questions of a run as its script puts them; the answers are written by the test."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mltrain import runtime

asking = runtime.load("asking")
errors = runtime.errors

MODEL = {
    "name": "digits",
    "version": 2,
    "created_at": "2026-03-01T12:00:00Z",
    "description": None,
    "tags": {},
    "properties": {},
    "framework": None,
    "framework_version": None,
    "run_id": "digits_1_ab",
    "experiment": "digits",
    "created_by": "ada",
}


class Service:
    """Answers every question with what the test says, and keeps the questions."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._ended = threading.Event()
        self._seen = 0
        self.asked: list[dict[str, Any]] = []
        self.answers: Callable[[dict[str, Any]], Any] = lambda question: {"ok": None}

    def work(self) -> None:
        journal = str(self._run_dir / "journal.jsonl")
        while not self._ended.wait(0.001):
            records, self._seen = runtime.metrics.read(journal, self._seen, ("ask",))
            for record in records:
                self.asked.append(record)
                self._answer(record)

    def _answer(self, question: dict[str, Any]) -> None:
        folder = self._run_dir / "asks"
        folder.mkdir(exist_ok=True)
        partial = folder / "partial"
        partial.write_text(json.dumps(self.answers(question)))
        partial.rename(folder / f"{question['id']}.json")

    def end(self) -> None:
        self._ended.set()


@pytest.fixture
def service(run_dir: Path) -> Iterator[Service]:
    service = Service(run_dir)
    thread = threading.Thread(target=service.work)
    thread.start()
    yield service
    service.end()
    thread.join()


def test_an_answer_is_given_and_its_file_is_gone(in_run, service: Service, run_dir: Path) -> None:
    service.answers = lambda question: {"ok": question["args"]["a"]}
    assert asking.ask(in_run, "echo", a=[1, "ü"]) == [1, "ü"]
    assert list((run_dir / "asks").iterdir()) == []


def test_a_child_asks_through_the_run_at_the_top(in_run, service: Service) -> None:
    service.answers = lambda question: {"ok": MODEL}
    child = in_run.child_run("fold")
    child.register_model("digits", "outputs/m")
    assert service.asked[0]["args"]["child"] == child.id


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("no_such_dataset", "UserErrorException"),
        ("no_such_model", "ModelNotFoundException"),
        ("disk_full", "AzureMLException"),
    ],
)
def test_a_refusal_is_an_error_with_its_sentence(in_run, service, code: str, error: str) -> None:
    service.answers = lambda question: {"error": {"code": code, "message": "There is none."}}
    with pytest.raises(errors.AzureMLException, match=r"There is none\.") as raised:
        asking.ask(in_run, "model", name="a")
    assert type(raised.value).__name__ == error


def test_who_gets_no_answer_is_told_and_goes_on(
    in_run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(asking, "_SAY_AFTER_S", 0.0)
    monkeypatch.setenv("MLTRAIN_ASK_TIMEOUT_S", "0.01")
    with pytest.raises(errors.AzureMLException, match="starts the workspace's service"):
        asking.ask(in_run, "model", name="a")
    assert "Waiting for the workspace's service" in capsys.readouterr().err


def test_a_question_that_is_no_json_is_refused_at_once(in_run) -> None:
    with pytest.raises(errors.UserErrorException, match="can't be asked for"):
        asking.ask(in_run, "model", name=object())


def test_a_model_has_azures_attributes(in_run, service: Service) -> None:
    service.answers = lambda question: {"ok": MODEL}
    model = runtime.load("models").Model(in_run.experiment.workspace, id="digits:2")
    assert (model.id, model.name, model.version) == ("digits:2", "digits", 2)
    assert service.asked[0]["args"] == {"name": "digits", "version": 2}


def test_a_model_that_is_no_file_of_the_run_is_kept_with_it_first(
    in_run, service: Service, run_dir: Path
) -> None:
    service.answers = lambda question: {"ok": MODEL}
    (run_dir / "work" / "m.bin").write_text("weights")
    runtime.load("models").Model.register(None, "m.bin", "digits")
    path = service.asked[0]["args"]["path"]
    assert (run_dir / "files" / path).read_text() == "weights"


def test_a_models_path_is_first_looked_for_where_azure_puts_it(in_run, run_dir: Path) -> None:
    folder = run_dir / "work" / "azureml-models" / "digits" / "3"
    folder.mkdir(parents=True)
    (folder / "m.bin").touch()
    path = runtime.load("models").Model.get_model_path("digits")
    assert path == "azureml-models/digits/3/m.bin"


def test_inputs_are_paths_or_in_mode_direct_datasets(in_run, run_dir: Path) -> None:
    (run_dir / "data").mkdir()
    entry = {"kind": "file", "path": "/data/a", "reference": False, "read": {}, "steps": []}
    entries = [
        {**entry, "name": "mounted", "mode": "mount"},
        {**entry, "name": "direct", "mode": "direct"},
        {**entry, "name": "older", "mode": "mount", "reference": True},
    ]
    (run_dir / "data" / "inputs.json").write_text(json.dumps(entries))
    assert set(in_run.input_datasets) == {"mounted", "direct"}
    assert in_run.input_datasets["mounted"] == "/data/a"
    assert type(in_run.input_datasets["direct"]).__name__ == "FileDataset"
    with pytest.raises(AttributeError, match="register is not offered inside a run"):
        in_run.input_datasets["direct"].register("name")
    with pytest.raises(KeyError, match="'mounted', 'direct'"):
        in_run.input_datasets["none"]
    details = [each["consumptionDetails"] for each in in_run.get_details()["inputDatasets"]]
    assert [(each["inputName"], each["mechanism"]) for each in details] == [
        ("mounted", "Mount"),
        ("direct", "Direct"),
    ]


def test_outputs_are_folders_to_write(in_run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert in_run.output_datasets == {}
    monkeypatch.setenv("MLTRAIN_OUTPUTS", "prepared")
    monkeypatch.setenv("prepared", "/data/prepared")
    assert in_run.output_datasets == {"prepared": "/data/prepared"}


def test_a_run_sees_its_own_workspace_and_experiment_only(in_run) -> None:
    workspace = runtime.load("workspace")
    assert workspace.Workspace.from_config("nowhere").name == "default"
    assert workspace.Workspace.get("default").name == "default"
    with pytest.raises(errors.UserErrorException, match="its own workspace only"):
        workspace.Workspace.get("other")
    with pytest.raises(errors.UserErrorException, match="its own experiment only"):
        workspace.Experiment(None, "letters")


def test_what_only_a_notebook_has_of_them_is_refused_with_where_it_is(in_run) -> None:
    workspace = runtime.load("workspace")
    for owner, name in (
        (workspace.Workspace(), "compute_targets"),
        (workspace.Experiment(), "get_runs"),
    ):
        with pytest.raises(AttributeError, match=rf"\.{name} is not offered inside a run"):
            getattr(owner, name)
    assert workspace.Workspace().location


def test_only_scripts_of_the_runs_own_files_are_submitted(in_run) -> None:
    submitting = runtime.load("submitting")
    with pytest.raises(errors.UserErrorException, match="own files"):
        in_run.submit_child(submitting.ScriptRunConfig("/elsewhere", "train.py"))


def test_every_python_imports_what_scripts_of_azure_ml_import(python, run_python) -> None:
    code = """
from azureml.core import Dataset, Datastore, Environment, Experiment, Model, Run, Workspace
from azureml.core.compute import AmlCompute
from azureml.core.keyvault import Keyvault
from azureml.core.model import Dataset as Also, Model as Same
from azureml.data import FileDataset, OutputFileDatasetConfig, TabularDataset
from azureml.data.dataset_factory import TabularDatasetFactory
from azureml.exceptions import UserErrorException, WebserviceException
assert Same is Model and Also is Dataset
assert Dataset.Scenario.TRAINING == "training"
print(Run.get_context().experiment.workspace.name)
"""
    done = run_python(python, "-c", code)
    assert (done.stdout, done.stderr) == ("default\n", "")
