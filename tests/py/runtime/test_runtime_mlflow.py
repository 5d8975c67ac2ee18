"""MLflow's own client inside a run."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_mltrain import runtime

MLFLOW = {
    "MLFLOW_TRACKING_URI": "mltrain-run:/digits_1_ab",
    "MLFLOW_RUN_ID": "digits_1_ab",
    "MLFLOW_EXPERIMENT_NAME": "digits",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}

SCRIPT = """
import json, math, mlflow
from mlflow.exceptions import MlflowException

said = {}
mlflow.set_experiment("elsewhere")
with mlflow.start_run() as run:
    mlflow.log_param("alpha", 0.1)
    mlflow.log_params({"alpha": 0.1, "solver": "lbfgs"})
    for value in (3.0, 2.0):
        mlflow.log_metric("plain", value)
    for step in range(3):
        mlflow.log_metrics({"loss": 1 / (step + 1), "acc": step}, step=step)
    mlflow.log_metric("odd", float("nan"))
    mlflow.set_tag("who", "ada")
    mlflow.set_tags({"tag-%02d" % number: number for number in range(60)})
    mlflow.log_text("hello", "notes/hello.txt")
    mlflow.log_dict({"a": 1}, "values.json")
    mlflow.log_text("again", "notes/hello.txt")
    with mlflow.start_run(nested=True, run_name="fold 1") as fold:
        mlflow.log_metric("score", 0.5)
        mlflow.log_text("inner", "inner.txt")
    try:
        mlflow.log_param("alpha", 0.2)
    except MlflowException as error:
        said["refused"] = str(error)
client = mlflow.MlflowClient()
found = client.get_run(run.info.run_id)
said.update(
    id=run.info.run_id,
    status=found.info.status,
    params=found.data.params,
    plain=found.data.metrics["plain"],
    history=[[m.step, m.value] for m in client.get_metric_history(run.info.run_id, "loss")],
    tags=len([tag for tag in found.data.tags if tag.startswith("tag-")]),
    artifacts=sorted(each.path for each in client.list_artifacts(run.info.run_id)),
    text=mlflow.artifacts.load_text("runs:/%s/notes/hello.txt" % run.info.run_id),
    fold=fold.info.run_id,
    parent=client.get_run(fold.info.run_id).data.tags["mlflow.parentRunId"],
    best=[
        each.info.run_id
        for each in mlflow.search_runs(filter_string="metrics.score > 0.4", output_format="list")
    ],
    experiments=[each.name for each in mlflow.search_experiments()],
)
with mlflow.start_run() as second:
    mlflow.log_metric("second", 1)
said["second"] = second.info.run_id
try:
    with mlflow.start_run(run_name="broken") as broken:
        raise ValueError("no")
except ValueError:
    said["broken"] = client.get_run(broken.info.run_id).info.status
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Any, str]:
    """What a script with MLflow says, the run that it has logged to, and its stderr."""
    import subprocess

    run_dir = tmp_path_factory.mktemp("mlflow") / "run"
    for folder in ("files", "work/outputs", "work/logs"):
        (run_dir / folder).mkdir(parents=True)
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MLTRAIN"))}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=run_dir / "work",
        env={
            **clean,
            **MLFLOW,
            "PYTHONPATH": str(runtime.PATH),
            "MLTRAIN_RUN_ID": "digits_1_ab",
            "MLTRAIN_RUN_DIR": str(run_dir),
            "MLTRAIN_EXPERIMENT": "digits",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    run = runtime.run_class()._make("digits_1_ab", str(run_dir), None, None)
    return json.loads(done.stdout.splitlines()[-1]), run, done.stderr


def test_the_first_run_is_the_one_that_the_script_is_part_of(logged) -> None:
    said, _, _ = logged
    assert (said["id"], said["status"]) == ("digits_1_ab", "FINISHED")


def test_metrics_are_the_runs_with_their_steps(logged) -> None:
    said, run, _ = logged
    metrics = run.get_metrics()
    assert metrics["loss"] == [1.0, 1 / 2, 1 / 3]
    assert metrics["odd"] != metrics["odd"]
    assert said["history"] == [[0, 1.0], [1, 1 / 2], [2, 1 / 3]]
    records, _ = runtime.metrics.read(run._journal.path, 0, ("metric",))
    assert [each.get("s") for each in records if each["n"] == "loss"] == [None, 1, 2]


def test_a_metric_without_a_step_has_none(logged) -> None:
    said, run, _ = logged
    records, _ = runtime.metrics.read(run._journal.path, 0, ("metric",))
    assert not [each for each in records if each["n"] == "plain" and "s" in each]
    assert said["plain"] == 2.0


def test_parameters_are_properties_and_never_change(logged) -> None:
    said, run, _ = logged
    assert run.get_properties() == {"alpha": "0.1", "solver": "lbfgs"} == said["params"]
    assert "'alpha' of run digits_1_ab is already '0.1'" in said["refused"]


def test_tags_are_tags_however_many(logged) -> None:
    said, run, _ = logged
    assert said["tags"] == 60
    assert len(run.get_tags()) == 61
    assert run.get_tags()["who"] == "ada"


def test_artifacts_are_among_the_outputs_and_may_be_replaced(logged) -> None:
    said, run, _ = logged
    assert {"outputs/notes/hello.txt", "outputs/values.json"} <= set(run.get_file_names())
    assert said["artifacts"] == ["notes", "values.json"]
    assert said["text"] == "again"


def test_nested_runs_are_children(logged) -> None:
    said, run, _ = logged
    fold = next(child for child in run.get_children() if child.id == said["fold"])
    assert (fold.name, fold.get_status(), fold.get_metrics()) == (
        "fold 1",
        "Completed",
        {"score": 0.5},
    )
    assert fold.get_file_names() == ["outputs/inner.txt"]
    assert said["parent"] == "digits_1_ab"
    assert said["best"] == [said["fold"]]


def test_a_second_run_of_the_script_is_a_child_too(logged) -> None:
    said, run, _ = logged
    assert said["second"] in {child.id for child in run.get_children()}


def test_a_run_that_raises_has_failed(logged) -> None:
    said, run, _ = logged
    assert said["broken"] == "FAILED"
    assert [child.get_status() for child in run.get_children() if child.name == "broken"] == [
        "Failed"
    ]


def test_another_experiment_stays_the_runs_own_and_that_is_said(logged) -> None:
    said, _, stderr = logged
    assert said["experiments"] == ["digits"]
    assert "'elsewhere' is 'digits' here" in stderr


def test_scikit_learn_is_logged_by_itself(run_python, in_run, run_dir: Path) -> None:
    script = """
import mlflow, warnings
from sklearn.linear_model import LogisticRegression
warnings.simplefilter("ignore")
mlflow.autolog()
import numpy
with mlflow.start_run() as run:
    values = numpy.array([[0.0], [1.0], [2.0], [3.0]])
    LogisticRegression(C=0.5).fit(values, numpy.array([0, 0, 1, 1]))
model = mlflow.sklearn.load_model("runs:/%s/model" % run.info.run_id)
print(model.predict([[3.0]]))
"""
    done = run_python(sys.executable, "-c", script, **MLFLOW)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("[1]\n")
    assert in_run.get_properties()["C"] == "0.5"
    assert in_run.get_metrics()["training_score"] == 1.0
    assert (run_dir / "work" / "outputs" / "model" / "MLmodel").exists()


def test_a_model_that_is_logged_does_not_log_the_runs_metrics_again(run_python, in_run) -> None:
    script = """
import mlflow
from mlflow.models import Model
class Flavor:
    @staticmethod
    def save_model(path, mlflow_model, **kwargs):
        import os
        os.makedirs(path)
        mlflow_model.save(os.path.join(path, "MLmodel"))
with mlflow.start_run():
    mlflow.log_metric("mse", 3.0)
    mlflow.log_metric("odd", float("nan"))
    Model.log("model", Flavor)
    mlflow.log_metric("after", 1.0)
"""
    done = run_python(sys.executable, "-c", script, **MLFLOW)
    assert done.returncode == 0, done.stderr
    records, _ = runtime.metrics.read(in_run._journal.path, 0, ("metric",))
    assert [each["n"] for each in records] == ["mse", "odd", "after"]


def test_a_script_without_mlflow_pays_nothing_for_it(run_python) -> None:
    code = "import sys, azureml.core; print([n for n in sys.modules if 'mlflow' in n])"
    assert run_python(sys.executable, "-c", code, **MLFLOW).stdout == "[]\n"
