"""`Run`, as a script uses it."""

from __future__ import annotations

import copy
import inspect
import io
import json
import pickle
from pathlib import Path

import pytest

from jupyter_mltrain.runtime import context, errors, metrics

SIGNATURES = {
    "get_context": "(allow_offline=True, used_for_context_manager=False, **kwargs)",
    "wait_for_completion": "(show_output=False, wait_post_processing=False, raise_on_error=True)",
    "log": "(name, value, description='', step=None)",
    "log_list": "(name, value, description='')",
    "log_row": "(name, description=None, **kwargs)",
    "log_table": "(name, value, description='')",
    "log_image": "(name, path=None, plot=None, description='')",
    "log_confusion_matrix": "(name, value, description='')",
    "log_accuracy_table": "(name, value, description='')",
    "log_residuals": "(name, value, description='')",
    "log_predictions": "(name, value, description='')",
    "get_metrics": "(name=None, recursive=False, run_type=None, populate=False)",
    "upload_file": "(name, path_or_stream, datastore_name=None)",
    "upload_files": (
        "(names, paths, return_artifacts=False, timeout_seconds=None, datastore_name=None)"
    ),
    "upload_folder": "(name, path, datastore_name=None)",
    "tag": "(key, value=None)",
    "set_tags": "(tags)",
    "remove_tags": "(tags)",
    "add_properties": "(properties)",
    "child_run": "(name=None, run_id=None, outputs=None)",
    "create_children": "(count=None, tag_key=None, tag_values=None)",
    "get_children": "(recursive=False, tags=None, properties=None, type=None, status=None)",
    "fail": "(error_details=None, error_code=None)",
    "flush": "(timeout_seconds=300)",
    "complete": "()",
    "cancel": "()",
    "start": "()",
    "get_status": "()",
    "get_details": "()",
    "get_file_names": "()",
    "get_tags": "()",
    "get_properties": "()",
}

LOGGING = """
import math
from azureml.core import Run

run = Run.get_context()
run.log("loss", 0.5, step=1)
run.log("loss", math.nan, step=2)
run.log_row("r", x=1, y="ü")
run.tag("t")
run.add_properties({"p": 1})
run.upload_file("outputs/a.txt", b"data")
with run.child_run("c") as child:
    child.log("k", True)
run.complete()
print(repr(run))
print(run.get_metrics()["r"], run.get_tags(), run.get_properties(), run.get_file_names())
print([(c.name, c.get_status(), c.get_metrics()) for c in run.get_children()])
"""


def test_a_script_does_the_same_in_every_python(python, run_python) -> None:
    done = run_python(python, "-c", LOGGING)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "Run(Experiment: digits,",
        "Id: digits_1_ab,",
        "Type: azureml.scriptrun,",
        "Status: Completed)",
        "{'x': 1, 'y': 'ü'} {'t': None} {'p': '1'} ['outputs/a.txt']",
        "[('c', 'Completed', {'k': True})]",
    ]


@pytest.mark.parametrize("name", SIGNATURES)
def test_parameters_are_azures(name: str) -> None:
    signature = inspect.signature(getattr(context.Run, name))
    parameters = [
        each.replace(annotation=inspect.Parameter.empty)
        for each in signature.parameters.values()
        if each.name != "self"
    ]
    assert str(inspect.Signature(parameters)) == SIGNATURES[name]


def test_a_run_knows_who_it_is(in_run) -> None:
    assert (in_run.id, in_run.number, in_run.name) == ("digits_1_ab", 42, "first try")
    assert (in_run.experiment.name, in_run.experiment.workspace.name) == ("digits", "default")
    assert (in_run.type, in_run.parent, in_run.get_status()) == (
        "azureml.scriptrun",
        None,
        "Running",
    )


def test_the_context_is_one_object_per_process(in_run) -> None:
    assert context.Run.get_context() is in_run
    assert context.Run.get_submitted_run() is in_run


def test_tags_can_be_changed_and_removed(in_run) -> None:
    in_run.set_tags({"a": 1, "b": "x"})
    in_run.tag("a")
    assert in_run.remove_tags(["b"]) == {"a": None}
    assert in_run.tags == {"a": None}


def test_it_can_be_named_and_described(in_run) -> None:
    assert (in_run.display_name, in_run.description) == ("first try", None)
    in_run.display_name, in_run.description = "second try", "with a smaller step"
    assert (in_run.display_name, in_run.description) == ("second try", "with a smaller step")


@pytest.mark.parametrize("name", ["", "x" * 257, None])
def test_what_cannot_name_it_is_refused(in_run, name: str | None) -> None:
    with pytest.raises(errors.UserErrorException, match="256 characters"):
        in_run.display_name = name


def test_properties_are_never_changed(in_run) -> None:
    in_run.add_properties({"a": "1"})
    with pytest.raises(errors.UserErrorException, match="never changed"):
        in_run.add_properties({"b": "2", "a": "3"})
    assert in_run.properties == {"a": "1"}


def test_a_child_that_raises_has_failed_and_says_why(in_run, run_dir: Path) -> None:
    with pytest.raises(ZeroDivisionError), in_run.child_run(run_id="c-1") as child:
        _ = 1 / 0
    assert child.get_status() == "Failed"
    (end,) = metrics.read(str(run_dir / "journal.jsonl"), 0, ("end",))[0]
    assert (end["id"], end["state"]) == ("c-1", "Failed")
    assert end["reason"] == "ZeroDivisionError: division by zero"


def test_an_ending_is_final(in_run, run_dir: Path) -> None:
    in_run.fail("bad data", error_code="E1")
    in_run.complete()
    (end,) = metrics.read(str(run_dir / "journal.jsonl"), 0, ("end",))[0]
    assert (end["state"], end["reason"]) == ("Failed", "E1: bad data")


def test_children_write_into_folders_of_their_own(in_run, run_dir: Path) -> None:
    with in_run.child_run(run_id="c") as child, child.child_run(run_id="g") as grandchild:
        grandchild.log("a", 1)
        grandchild.upload_file("x.txt", io.StringIO("text"))
    assert (run_dir / "children/g/files/x.txt").read_text() == "text"
    opened = metrics.read(str(run_dir / "journal.jsonl"), 0, ("child",))[0]
    assert [(each["id"], each["parent"]) for each in opened] == [("c", in_run.id), ("g", "c")]


def test_children_are_found_again_newest_first(in_run) -> None:
    children = in_run.create_children(tag_key="lr", tag_values=[0.1, 0.2])
    children[0].child_run(run_id="g")._journal.close()
    for each in children:
        each._journal.close()
    assert [child.id for child in in_run.get_children()] == [children[1].id, children[0].id]
    assert len(in_run.get_children(recursive=True)) == 3
    assert [child.id for child in in_run.get_children(tags={"lr": "0.1"})] == [children[0].id]
    assert context.Run(in_run.experiment, "g").parent.id == children[0].id


def test_a_run_elsewhere_cannot_be_seen_from_inside(in_run) -> None:
    with pytest.raises(errors.UserErrorException, match="can't be seen from inside"):
        context.Run(in_run.experiment, "other_1")


@pytest.mark.parametrize("run_id", ["../x", "a/b", "", ".hidden"])
def test_a_child_id_cannot_be_a_path(in_run, run_id: str) -> None:
    with pytest.raises(ValueError, match="can't be a run id"):
        in_run.child_run(run_id=run_id)


def test_a_child_id_is_used_once(in_run) -> None:
    in_run.child_run(run_id="c")
    with pytest.raises(errors.UserErrorException, match="already"):
        in_run.child_run(run_id="c")


def test_a_childs_outputs_folder_is_kept_when_it_ends(in_run, run_dir: Path) -> None:
    (run_dir / "work/mine").mkdir()
    (run_dir / "work/mine/model.txt").write_text("m")
    with in_run.child_run(outputs="./mine") as child:
        pass
    assert child.get_file_names() == ["mine/model.txt"]


def test_a_chart_is_a_json_file_and_its_address_a_metric(in_run, run_dir: Path) -> None:
    in_run.log_confusion_matrix("cm", {"schema_type": "confusion_matrix", "data": {}})
    in_run.log_predictions("p", '{"data": {}}')
    (file,) = (run_dir / "files").glob("cm_*.json")
    assert json.loads(file.read_text())["schema_type"] == "confusion_matrix"
    assert in_run.get_metrics()["cm"].endswith(file.name)
    with pytest.raises(errors.UserErrorException, match="not JSON"):
        in_run.log_residuals("r", "{")


def test_images_of_one_name_never_share_a_file(in_run) -> None:
    import matplotlib.figure

    for _ in range(3):
        in_run.log_image("a b", plot=matplotlib.figure.Figure())
    names = in_run.get_file_names()
    assert len(names) == 3
    assert len(in_run.get_metrics()["a b"]) == 3


def test_an_image_needs_a_path_or_a_plot(in_run) -> None:
    with pytest.raises(errors.UserErrorException, match="either"):
        in_run.log_image("a")


def test_what_a_run_does_not_offer_inside_says_so(in_run) -> None:
    with pytest.raises(AttributeError, match="not offered inside a run"):
        in_run.get_portal_url()
    assert not hasattr(in_run, "restore_snapshot")


def test_a_run_can_be_sent_to_another_process(in_run) -> None:
    in_run.log("a", 1)
    other = pickle.loads(pickle.dumps(in_run))
    other.log("a", 2)
    other._journal.close()
    assert in_run.get_metrics() == {"a": [1, 2]}
    assert copy.copy(in_run).id == in_run.id


def test_waiting_for_oneself_gives_the_details_at_once(in_run) -> None:
    assert in_run.wait_for_completion(show_output=True)["runId"] == in_run.id
