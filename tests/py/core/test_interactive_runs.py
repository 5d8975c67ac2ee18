"""Runs that this process logs to: a real service, metrics and files written from here."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from services import end_service

from jupyter_mltrain import Experiment, Run, ScriptRunConfig, Workspace
from jupyter_mltrain.core import interactive
from jupyter_mltrain.errors import FileExists, NoSuchFile, RunFailed, UserError, WrongState

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Experiment]:
    workspace = Workspace.at(tmp_path_factory.mktemp("interactive") / "workspace")
    yield Experiment(workspace, "notebook")
    end_service(workspace)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a notebook, as the current one."""
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "notebook.ipynb").write_text("{}")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def run(experiment: Experiment) -> Iterator[Run]:
    run = experiment.start_logging(snapshot_directory=None)
    yield run
    run.complete()


def test_it_runs_at_once_under_a_bare_uuid_and_without_a_type(run: Run) -> None:
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", run.id)
    assert (run.status, run.type) == ("Running", None)
    assert repr(run) == f"Run(Experiment: notebook,\nId: {run.id},\nType: None,\nStatus: Running)"


def test_all_kinds_of_metrics_have_azure_s_shapes(run: Run) -> None:
    run.log("a", 1.5)
    run.log("b", 1, step=0)
    run.log("b", 2, step=1)
    run.log_list("l", (each for each in (1, 2, 3)))
    run.log_row("r", x=1, y="a")
    run.log_table("t", {"x": [1, 2]})
    assert run.get_metrics() == {
        "a": 1.5,
        "b": [1, 2],
        "l": [1, 2, 3],
        "r": {"x": 1, "y": "a"},
        "t": {"x": [1, 2]},
    }
    assert run.get_metrics("a") == {"a": 1.5}


def test_uneven_columns_are_azure_s_error(run: Run) -> None:
    with pytest.raises(UserError, match="Columns must have the same length"):
        run.log_table("t", {"x": [1, 2], "y": [1]})


def test_an_image_and_charts_are_files_of_the_run(run: Run, here: Path) -> None:
    (here / "p.png").write_bytes(b"png")
    run.log_image("img", path="p.png")
    chart = {"schema_type": "confusion_matrix", "data": {}}
    run.log_confusion_matrix("cm", chart)
    run.log_accuracy_table("at", chart)
    run.log_residuals("re", chart)
    run.log_predictions("pr", chart)
    uri = f"aml://artifactId/ExperimentRun/dcid.{run.id}/"
    metrics = run.get_metrics()
    assert all(value.startswith(uri) for value in metrics.values())
    assert {value[len(uri) :] for value in metrics.values()} == set(run.get_file_names())
    assert metrics["img"].endswith(".png")


def test_files_are_kept_under_their_names_once(run: Run, here: Path) -> None:
    (here / "data").mkdir()
    (here / "data" / "a.txt").write_text("a")
    run.upload_file("one.txt", "data/a.txt")
    run.upload_file("two.txt", io.BytesIO(b"two"))
    run.upload_files(["three.txt"], ["data/a.txt"])
    run.upload_folder("folder", "data")
    assert run.get_file_names() == ["folder/a.txt", "one.txt", "three.txt", "two.txt"]
    with pytest.raises(FileExists, match="files are written once"):
        run.upload_file("one.txt", "data/a.txt")
    with pytest.raises(UserError, match="can't be uploaded"):
        run.upload_file("none.txt", "none.txt")
    with pytest.raises(UserError, match="leads out of the run"):
        run.upload_file("../x", "data/a.txt")


def test_tags_properties_and_names_are_there_at_once(experiment: Experiment) -> None:
    run = experiment.start_logging(
        snapshot_directory=None, display_name="first", tags={"a": 1, "b": None}
    )
    assert (run.name, run.tags) == ("first", {"a": "1", "b": None})
    run.display_name, run.description = "better", "with more data"
    assert (run.display_name, run.description) == ("better", "with more data")
    assert Run.get(experiment.workspace, "better") == run
    run.description = None
    assert run.description is None
    run.complete()


def test_as_a_block_it_completes_or_fails_with_the_block(experiment: Experiment) -> None:
    with experiment.start_logging(snapshot_directory=None) as run:
        run.log("a", 1)
    assert run.status == "Completed"
    with pytest.raises(ValueError, match="boom"), experiment.start_logging() as run:
        raise ValueError("boom")
    assert (run.status, run.reason) == ("Failed", "ValueError: boom")


def test_an_ending_is_final(experiment: Experiment) -> None:
    run = experiment.start_logging(snapshot_directory=None)
    run.fail("no data", error_code="E1")
    run.complete()
    run.cancel()
    assert (run.status, run.reason) == ("Failed", "E1: no data")


def test_it_can_be_canceled(experiment: Experiment) -> None:
    run = experiment.start_logging(snapshot_directory=None)
    run.cancel()
    assert run.status == "Canceled"


def test_to_an_ended_run_metrics_and_files_can_be_added(experiment: Experiment) -> None:
    run = experiment.start_logging(snapshot_directory=None)
    run.complete()
    run.log("late", 1)
    run.upload_file("late.txt", b"late")
    run.tag("late")
    assert run.get_metrics() == {"late": 1}
    assert run.get_file_names() == ["late.txt"]
    assert run.tags == {"late": None}


def test_it_does_not_wait_for_itself(run: Run) -> None:
    assert run.wait_for_completion(show_output=True).status == "Running"


def test_once_it_has_ended_waiting_says_how(
    experiment: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    run = experiment.start_logging(snapshot_directory=None)
    run.fail("no data")
    with pytest.raises(RunFailed, match="no data"):
        run.wait_for_completion(show_output=True)
    assert f"RunId: {run.id}" in capsys.readouterr().out


def test_what_is_written_to_outputs_meanwhile_is_kept(experiment: Experiment, here: Path) -> None:
    (here / "outputs").mkdir()
    old = here / "outputs" / "old.txt"
    old.write_text("old")
    os.utime(old, (1.0, 1.0))
    with experiment.start_logging() as run:
        (here / "outputs" / "deep").mkdir()
        (here / "outputs" / "deep" / "model.txt").write_text("weights")
    assert run.get_file_names() == ["outputs/deep/model.txt"]


def test_a_folder_for_outputs_is_named_or_refused(experiment: Experiment, here: Path) -> None:
    with experiment.start_logging(outputs="results") as run:
        for name in ("results", "outputs"):
            (here / name).mkdir()
            (here / name / "a.txt").write_text("a")
    assert run.get_file_names() == ["results/a.txt"]
    with experiment.start_logging(outputs=False) as run:
        (here / "outputs" / "b.txt").write_text("b")
    assert run.get_file_names() == []


def test_the_current_folder_is_kept_and_comes_back_as_a_zip_or_a_folder(
    experiment: Experiment, here: Path, tmp_path: Path
) -> None:
    (here / "deep").mkdir()
    (here / "deep" / "a.txt").write_text("a")
    with experiment.start_logging() as run:
        pass
    (here / "notebook.ipynb").write_text("changed")
    path = run.restore_snapshot(path=tmp_path / "back")
    assert path == str(tmp_path / "back")
    assert (tmp_path / "back" / "deep" / "a.txt").read_text() == "a"
    assert (tmp_path / "back" / "notebook.ipynb").read_text() == "{}"
    path = run.restore_snapshot()
    assert path == str(here / f"{run.get_snapshot_id()}.zip")
    assert zipfile.ZipFile(path).namelist() == ["deep/a.txt", "notebook.ipynb"]
    with pytest.raises(UserError, match="is not that of"):
        run.restore_snapshot("0" * 64)


def test_a_large_folder_that_nobody_named_is_not_copied(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(interactive, "SNAPSHOT_FILES", 0)
    with experiment.start_logging() as run:
        assert run.get_snapshot_id() is None
    assert "No snapshot of" in capsys.readouterr().out
    with experiment.start_logging(snapshot_directory=".") as run:
        assert run.get_snapshot_id() is not None


def test_a_snapshot_can_be_taken_of_one_file_later(run: Run, here: Path, tmp_path: Path) -> None:
    with pytest.raises(NoSuchFile, match="was not made from a snapshot"):
        run.restore_snapshot()
    assert run.take_snapshot("notebook.ipynb") == run.get_snapshot_id()
    run.restore_snapshot(path=tmp_path / "back")
    assert [path.name for path in (tmp_path / "back").iterdir()] == ["notebook.ipynb"]
    with pytest.raises(WrongState, match="a snapshot already"):
        run.take_snapshot(".")
    with pytest.raises(UserError, match="it is not there"):
        run.take_snapshot("none")


def test_what_start_logging_does_not_know_is_refused(experiment: Experiment) -> None:
    with pytest.raises(UserError, match="start_logging does not know 'snapshots'"):
        experiment.start_logging(snapshots=".")


def test_children_have_metrics_and_endings_of_their_own(experiment: Experiment) -> None:
    with experiment.start_logging(snapshot_directory=None) as run:
        with run.child_run("fold 1") as fold:
            fold.log("accuracy", 0.9)
            fold.upload_file("a.txt", b"a")
        other = run.child_run("fold 2", run_id=f"{run.id}-2")
        other.fail("no data")
        grandchild = other.child_run()
        assert grandchild.parent == other
        assert [child.id for child in run.get_children(status="Failed")] == [other.id]
        assert set(run.get_children(recursive=True)) == {fold, other, grandchild}
    assert (fold.status, other.status, grandchild.status) == ("Completed", "Failed", "Completed")
    assert fold.get_file_names() == ["a.txt"]
    assert run.get_metrics(recursive=True)[fold.id] == {"accuracy": 0.9}


def test_many_children_come_by_number_or_by_a_tag_s_values(run: Run) -> None:
    assert len(run.create_children(3)) == 3
    tagged = run.create_children(tag_key="lr", tag_values=["0.1", "0.2"])
    assert [child.tags for child in tagged] == [{"lr": "0.1"}, {"lr": "0.2"}]
    assert list(run.get_children(tags={"lr": "0.2"})) == [tagged[1]]
    with pytest.raises(UserError, match="takes a count, or a tag's key"):
        run.create_children()
    with pytest.raises(UserError, match="one for a child"):
        run.create_children(tag_values=["1"])


def test_a_run_with_a_script_is_logged_to_from_here_too(experiment: Experiment, here: Path) -> None:
    (here / "train.py").write_text(
        "from azureml.core import Run\n"
        "import time\n"
        "run = Run.get_context()\n"
        "while 'go' not in run.get_metrics():\n"
        "    time.sleep(0.01)\n"
        "run.log('seen', run.get_metrics()['go'])\n"
    )
    run = experiment.submit(ScriptRunConfig(str(here), "train.py"))
    run.log("go", 7)
    run.wait_for_completion()
    assert run.get_metrics() == {"go": 7, "seen": 7}
    with pytest.raises(WrongState, match="a child can be opened in a run that runs"):
        run.child_run()


def test_a_script_alone_completes_its_run_and_a_person_can_fail_it(
    experiment: Experiment, here: Path
) -> None:
    (here / "train.py").write_text("print('up', flush=True)\nimport time\ntime.sleep(600)\n")
    run = experiment.submit(ScriptRunConfig(str(here), "train.py"))
    for _ in run.follow():
        if run.status == "Running":
            break
    with pytest.raises(WrongState, match="is complete when its script ends"):
        run.complete()
    run.fail("it diverges")
    run.wait_for_completion(raise_on_error=False)
    assert (run.status, run.reason) == ("Failed", "it diverges")
