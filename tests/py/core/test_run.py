"""A run as its holder sees it: a real service, real scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from services import end_service

from jupyter_mltrain import Experiment, Run, ScriptRunConfig, Workspace
from jupyter_mltrain.errors import (
    ChecksFailed,
    NoSuchFile,
    NoSuchRun,
    NotInARun,
    RunFailed,
    UserError,
    WrongState,
)

pytestmark = pytest.mark.slow

SCRIPT = """
from azureml.core import Run
run = Run.get_context()
print("training")
run.log("loss", 0.5)
run.log("loss", 0.25)
run.log_row("row", x=1, y="a")
run.tag("phase", "done")
run.add_properties({"origin": "script"})
with run.child_run("fold 1") as fold:
    fold.log("accuracy", 0.9)
run.child_run("fold 2").fail("no data")
open("outputs/model.txt", "w").write("weights")
open("logs/loss.txt", "w").write("0.25\\n")
run.upload_file("extra/notes.txt", "outputs/model.txt")
"""


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Experiment]:
    workspace = Workspace.at(tmp_path_factory.mktemp("run") / "workspace")
    yield Experiment(workspace, "digits")
    end_service(workspace)


def submit(experiment: Experiment, source: Path, script: str, **given: object) -> Run:
    source.mkdir(exist_ok=True)
    (source / "train.py").write_text(script)
    tags = given.pop("tags", None)
    config = ScriptRunConfig(source, "train.py", **given)  # type: ignore[arg-type]
    return experiment.submit(config, tags=tags)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def done(experiment: Experiment, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that has logged, tagged, written and ended."""
    source = tmp_path_factory.mktemp("source")
    run = submit(experiment, source, SCRIPT, arguments=["--lr", 0.1], tags={"kind": "first"})
    run.wait_for_completion()
    return run


def test_metrics_have_azure_s_shapes(done: Run) -> None:
    assert done.get_metrics() == {"loss": [0.5, 0.25], "row": {"x": 1, "y": "a"}}
    assert done.get_metrics("loss") == {"loss": [0.5, 0.25]}


def test_metrics_of_the_whole_family_come_by_run(done: Run) -> None:
    found = done.get_metrics(recursive=True)
    assert found[done.id]["loss"] == [0.5, 0.25]
    assert {"accuracy": 0.9} in found.values()


def test_numbers_that_json_has_not_come_back_as_they_were(
    experiment: Experiment, tmp_path: Path
) -> None:
    script = (
        "from azureml.core import Run\n"
        "run = Run.get_context()\n"
        "nan = float('nan')\n"
        "run.log('one', nan)\n"
        "for value in (0.5, nan, -float('inf')):\n"
        "    run.log('loss', value)\n"
        "run.log_row('row', x=nan, y='a')\n"
    )
    run = submit(experiment, tmp_path / "source", script)
    run.wait_for_completion()
    metrics = run.get_metrics()
    assert repr(metrics["one"]) == "nan"
    assert repr(metrics["loss"]) == "[0.5, nan, -inf]"
    assert repr(metrics["row"]) == "{'x': nan, 'y': 'a'}"


def test_only_what_describes_a_run_can_be_submitted(experiment: Experiment) -> None:
    with pytest.raises(UserError, match="takes a ScriptRunConfig or an Estimator, not str"):
        experiment.submit("train.py")  # type: ignore[arg-type]


def test_files_are_listed_by_name(done: Run) -> None:
    assert done.get_file_names() == [
        "azureml-logs/70_driver_log.txt",
        "extra/notes.txt",
        "logs/loss.txt",
        "outputs/model.txt",
    ]


def test_a_file_is_fetched_to_a_path_a_folder_or_here(
    done: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done.download_file("outputs/model.txt", tmp_path / "m.txt")
    done.download_file("outputs/model.txt", f"{tmp_path}/new/")
    monkeypatch.chdir(tmp_path)
    done.download_file("outputs/model.txt")
    for name in ("m.txt", "new/model.txt", "model.txt"):
        assert (tmp_path / name).read_text() == "weights"


def test_a_wrong_name_leaves_nothing_behind(done: Run, tmp_path: Path) -> None:
    with pytest.raises(NoSuchFile):
        done.download_file("outputs/none.txt", tmp_path / "new" / "m.txt")
    assert list(tmp_path.iterdir()) == []


def test_files_are_fetched_by_prefix_with_or_without_it(done: Run, tmp_path: Path) -> None:
    done.download_files("outputs", tmp_path / "with")
    done.download_files("outputs", tmp_path / "without", append_prefix=False)
    done.download_files("outputs", tmp_path, output_paths=["other.txt"])
    assert (tmp_path / "with" / "outputs" / "model.txt").read_text() == "weights"
    assert (tmp_path / "without" / "model.txt").read_text() == "weights"
    assert (tmp_path / "other.txt").read_text() == "weights"


def test_all_logs_are_fetched(done: Run, tmp_path: Path) -> None:
    paths = done.get_all_logs(tmp_path)
    assert [Path(path).read_text() for path in paths] == ["training\n", "0.25\n"]


def test_output_paths_have_to_match_the_files(done: Run, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="2 output paths are given for 1 files"):
        done.download_files("outputs", tmp_path, output_paths=["a", "b"])


def test_details_are_a_dict_with_azure_s_keys(done: Run) -> None:
    details = done.get_details()
    assert details["runId"] == done.id
    assert details["status"] == "Completed"
    assert details["runDefinition"]["arguments"] == ["--lr", "0.1"]
    assert details["properties"]["ContentSnapshotId"] == done.get_snapshot_id()
    assert details["startTimeUtc"] < details["endTimeUtc"]
    assert set(details["logFiles"]) == {"azureml-logs/70_driver_log.txt", "logs/loss.txt"}
    logs = done.get_details_with_logs()["logFiles"]
    assert logs["logs/loss.txt"] == "0.25\n"


def test_children_come_newest_first_with_their_endings(done: Run) -> None:
    children = list(done.get_children())
    assert [(child.name, child.get_status()) for child in children] == [
        ("fold 2", "Failed"),
        ("fold 1", "Completed"),
    ]
    assert children[0].reason == "no data"
    assert children[0].parent == done
    assert children[0].type is None


def test_children_are_no_runs_of_the_experiment_unless_asked_for(
    experiment: Experiment, done: Run
) -> None:
    children = set(done.get_children())
    assert not children & set(experiment.get_runs())
    assert children <= set(experiment.get_runs(include_children=True))


def test_runs_are_found_by_tags_and_properties(experiment: Experiment, done: Run) -> None:
    assert done in experiment.get_runs(tags="kind")
    assert done in experiment.get_runs(tags={"kind": "first", "phase": "done"})
    assert done not in experiment.get_runs(tags={"kind": "second"})
    assert done in experiment.get_runs(properties={"origin": "script"})
    assert done not in experiment.get_runs(properties="none")


def test_tags_change_and_properties_do_not(done: Run) -> None:
    done.tag("note")
    assert done.tags["note"] is None
    done.set_tags({"note": 1})
    assert done.get_tags()["note"] == "1"
    done.remove_tags(["note", "never"])
    assert "note" not in done.tags
    with pytest.raises(WrongState, match="properties never change"):
        done.add_properties({"origin": "elsewhere"})


def test_a_run_is_found_again_by_id_number_and_start(experiment: Experiment, done: Run) -> None:
    for name in (done.id, str(done.number), f"#{done.number}", done.id[:-2]):
        assert Run(experiment, name) == done
        assert experiment.workspace.get_run(name) == done
    with pytest.raises(NoSuchRun):
        Run(experiment, "none")


def test_the_run_says_what_it_is(done: Run) -> None:
    assert re.fullmatch(r"digits_\d{10}_[0-9a-f]{8}", done.id)
    assert repr(done) == (
        f"Run(Experiment: digits,\nId: {done.id},\nType: azureml.scriptrun,\nStatus: Completed)"
    )


def test_in_a_notebook_the_run_is_a_table_of_one_row_with_links(done: Run) -> None:
    shown = done._repr_html_()
    assert re.findall("<th>(.*?)</th>", shown) == [
        "Experiment",
        "Id",
        "Type",
        "Status",
        "Details Page",
        "Docs Page",
    ]
    assert shown.count("<tr>") == 2
    assert f'<a href="{done.get_portal_url()}" target="_blank" rel="noopener noreferrer">' in shown
    assert '<span title="completed">Completed</span>' in shown


def test_waiting_prints_what_the_script_prints(
    experiment: Experiment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = submit(experiment, tmp_path / "s", "print('één')\n")
    run.wait_for_completion(show_output=True)
    printed = capsys.readouterr().out
    title = "Streaming azureml-logs/70_driver_log.txt"
    assert printed.startswith(f"RunId: {run.id}\nWeb View: file://")
    assert f"\n{title}\n{'=' * len(title)}\n\néén\n" in printed
    assert f"Execution Summary\n=================\nRunId: {run.id}\n" in printed


def test_a_failure_is_raised_unless_it_should_not_be(
    experiment: Experiment, tmp_path: Path
) -> None:
    run = submit(experiment, tmp_path / "s", "raise ValueError('no data')\n")
    with pytest.raises(RunFailed, match=r"is Failed: ValueError: no data \(train.py line 1\)"):
        run.wait_for_completion()
    details = run.wait_for_completion(raise_on_error=False)
    assert details["status"] == "Failed"
    assert "no data" in details["error"]["error"]["message"]


def test_a_canceled_run_says_so(experiment: Experiment, tmp_path: Path) -> None:
    run = submit(experiment, tmp_path / "s", "import time\ntime.sleep(60)\n")
    run.cancel()
    run.wait_for_completion(raise_on_error=False)
    assert run.get_status() == "Canceled"
    assert run.get_detailed_status()["details"].startswith("cancelled by you")


def test_a_run_can_be_done_again_with_other_arguments(
    experiment: Experiment, tmp_path: Path
) -> None:
    run = submit(experiment, tmp_path / "s", "import sys\nprint(sys.argv[1:])\n")
    run.wait_for_completion()
    again = run.again(name="once more", arguments=["--epochs", 3])
    again.wait_for_completion()
    assert again.display_name == "once more"
    assert again.record.spec.arguments == ("--epochs", "3")
    assert again.properties["again_of"] == run.id


def test_an_ended_run_can_be_deleted_with_what_it_kept(
    experiment: Experiment, tmp_path: Path
) -> None:
    run = submit(experiment, tmp_path / "s", "print(1)\n")
    run.wait_for_completion()
    folder = experiment.workspace.directory / "runs" / run.id
    assert folder.is_dir()
    run.delete()
    assert not folder.exists()
    with pytest.raises(NoSuchRun):
        run.get_status()


def test_a_warning_is_printed_at_submit(
    experiment: Experiment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = submit(experiment, tmp_path / "s", "open('data.csv')\n")
    assert "Warning: train.py line 1 reads data.csv" in capsys.readouterr().out
    run.wait_for_completion(raise_on_error=False)


def test_an_experiment_s_name_can_be_as_long_as_names_can_be(
    experiment: Experiment, tmp_path: Path
) -> None:
    longest = Experiment(experiment.workspace, "x" * 255)
    run = submit(longest, tmp_path / "s", "print(1)\n")
    run.wait_for_completion()
    assert list(longest.get_runs()) == [run]


def test_what_the_checks_refuse_can_be_forced(experiment: Experiment, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("import nowhere_at_all\n")
    config = ScriptRunConfig(str(tmp_path), "train.py")
    with pytest.raises(ChecksFailed, match=r"Pass force=True to submit it anyway\.$"):
        experiment.submit(config)


def test_an_unknown_keyword_of_submit_is_refused(experiment: Experiment) -> None:
    with pytest.raises(UserError, match="submit does not know 'tag'"):
        experiment.submit(ScriptRunConfig(".", "train.py"), tag="x")


def test_outside_a_run_the_context_prints(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run.get_context()
    run.log("a", 1)
    assert "Attempted to log scalar metric a:" in capsys.readouterr().out
    with pytest.raises(NotInARun):
        Run.get_context(allow_offline=False)
