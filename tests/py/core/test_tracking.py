"""MLflow's own client in a notebook: its runs are the workspace's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from services import end_service

from jupyter_mltrain import Workspace, tracking
from jupyter_mltrain.errors import UserError
from jupyter_mltrain.spec import RunKind, RunState

pytestmark = pytest.mark.slow

NOTEBOOK = """
import sys, warnings
warnings.simplefilter("ignore")
import mlflow, numpy
from sklearn.linear_model import LogisticRegression

mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("note.book")
with mlflow.start_run(run_name="first") as run:
    mlflow.log_param("alpha", 0.1)
    for step in range(3):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.set_tag("who", "ada")
    mlflow.log_text("hello", "notes/hello.txt")
    with mlflow.start_run(nested=True, run_name="fold") as fold:
        mlflow.log_metric("score", 0.5)
found = mlflow.get_run(run.info.run_id)
assert found.info.status == "FINISHED", found
assert found.data.params == {"alpha": "0.1"}
assert mlflow.artifacts.load_text("runs:/%s/notes/hello.txt" % run.info.run_id) == "hello"
rows = mlflow.search_runs(experiment_names=["note.book"], filter_string="metrics.score > 0.1")
assert list(rows["run_id"]) == [fold.info.run_id]
assert [each.name for each in mlflow.search_experiments()] == ["note.book"]

mlflow.sklearn.autolog()
values = numpy.array([[0.0], [1.0], [2.0], [3.0]])
with mlflow.start_run(run_name="auto") as auto:
    LogisticRegression().fit(values, numpy.array([0, 0, 1, 1]))
version = mlflow.register_model("runs:/%s/model" % auto.info.run_id, "logistic")
assert (version.name, int(version.version)) == ("logistic", 1)
assert list(mlflow.sklearn.load_model("models:/logistic/1").predict([[3.0]])) == [1]
try:
    with mlflow.start_run(run_name="broken"):
        raise ValueError("no")
except ValueError:
    pass
mlflow.start_run(run_name="left open")
mlflow.log_metric("last", 1)
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace that a notebook has logged to with MLflow."""
    workspace = Workspace.at(tmp_path_factory.mktemp("tracking") / "workspace")
    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK, workspace.get_mlflow_tracking_uri()],
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    yield workspace
    end_service(workspace)


def named(workspace: Workspace, name: str):
    return next(each for each in workspace.client.iterate(children="1") if each.spec.name == name)


def test_what_is_logged_is_in_a_run_of_the_workspace(workspace: Workspace) -> None:
    run = named(workspace, "first")
    assert (run.state, run.spec.kind) == (RunState.COMPLETED, RunKind.INTERACTIVE)
    assert (run.spec.experiment, run.tags, run.properties) == (
        "note.book",
        {"who": "ada"},
        {"alpha": "0.1"},
    )
    assert workspace.client.metrics(run.id) == {"loss": [1.0, 1 / 2, 1 / 3]}
    assert [file.name for file in workspace.client.files(run.id)] == ["outputs/notes/hello.txt"]


def test_a_nested_run_is_a_child(workspace: Workspace) -> None:
    fold = named(workspace, "fold")
    assert fold.parent_id == named(workspace, "first").id
    assert fold.state is RunState.COMPLETED


def test_a_block_that_raises_has_failed(workspace: Workspace) -> None:
    assert named(workspace, "broken").state is RunState.FAILED


def test_a_run_left_open_is_ended_with_the_process(workspace: Workspace) -> None:
    assert named(workspace, "left open").state is RunState.COMPLETED


def test_a_model_that_mlflow_registers_is_the_workspaces(workspace: Workspace) -> None:
    model = workspace.client.model("logistic")
    assert model.run_id == named(workspace, "auto").id
    assert "model/MLmodel" in {file.name for file in model.files}


def test_an_address_of_no_workspace_says_what_it_takes() -> None:
    with pytest.raises(UserError, match=r"ws\.get_mlflow_tracking_uri"):
        tracking.store("mltrain://none")
