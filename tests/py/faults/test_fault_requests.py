"""Requests that cannot be met: each is refused with its sentence, and nothing is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from fault_builders import Place

from jupyter_mltrain import errors
from jupyter_mltrain.core.experiment import Experiment
from jupyter_mltrain.spec import CellSpec, EnvironmentSpec, Run, RunKind, Source
from jupyter_mltrain.wire import GcRequest

pytestmark = pytest.mark.slow


def refused(unchanged: Place, kind: type[errors.MltrainError], **more: Any) -> str:
    with pytest.raises(kind) as caught:
        unchanged.submit("print('here')", **more)
    assert type(caught.value) is kind
    assert "\\" not in caught.value.message
    return caught.value.message


# What is to run


def test_a_script_that_is_not_there_is_named(unchanged: Place) -> None:
    said = refused(unchanged, errors.InvalidSpec, script="trian.py", source=_inline("train.py"))
    assert said.startswith("No file 'trian.py'") or "trian.py" in said
    assert "train.py" in said


def _inline(name: str, text: str = "print('here')") -> Source:
    return Source(inline={name: text})


def test_a_syntax_error_is_named_with_its_line(unchanged: Place) -> None:
    said = refused(unchanged, errors.ChecksFailed, source=_inline("train.py", "x = 1\nprint('a'\n"))
    assert "train.py line 2" in said


def test_a_module_that_is_missing_is_named(unchanged: Place) -> None:
    said = refused(
        unchanged, errors.ChecksFailed, source=_inline("train.py", "import not_installed_x")
    )
    assert "not_installed_x" in said


@pytest.mark.parametrize("script", ["", "/etc/passwd", "../train.py", "a/../../b.py", "a\0b", "."])
def test_a_script_outside_its_folder_is_refused(unchanged: Place, script: str) -> None:
    with pytest.raises(errors.InvalidSpec):
        unchanged.client.submit(unchanged.request("", script=script, source=_inline("train.py")))


def test_an_unknown_compute_target_is_refused_with_the_known_ones(unchanged: Place) -> None:
    said = refused(unchanged, errors.ComputeTargetError, compute="cluster")
    assert said == "No compute target 'cluster'. There is 'local'."


@pytest.mark.parametrize(
    ("resources", "words"),
    [
        ({"gpus": 1000}, "The run asks for 1000 GPUs and 'local' has"),
        ({"cpus": 10_000}, "The run asks for 10000 CPUs and 'local' has"),
        ({"memory_bytes": 5 * 10**15}, "The run asks for 5000 TB of memory and 'local' has"),
        ({"cpus": 0}, "A run needs at least 1 CPU, not 0."),
        ({"cpus": -1}, "A run needs at least 1 CPU, not -1."),
        ({"gpus": -1}, "A run cannot have -1 GPUs. Use 0 or more."),
        ({"memory_bytes": 10}, "10 bytes of memory are too few for any script."),
        ({"memory_bytes": -1}, "-1 bytes of memory are too few for any script."),
        ({"cpus": 10**30}, "CPUs and 'local' has"),
    ],
)
def test_an_impossible_request_is_refused_with_what_there_is(
    unchanged: Place, resources: dict[str, int], words: str
) -> None:
    assert words in refused(unchanged, errors.InvalidSpec, resources=resources)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"experiment": ""}, "'' cannot name an experiment"),
        ({"experiment": "../up"}, "cannot name an experiment"),
        ({"experiment": "a/b"}, "cannot name an experiment"),
        ({"experiment": ".hidden"}, "cannot name an experiment"),
        ({"experiment": "x" * 256}, "cannot name an experiment"),
        ({"name": ""}, "cannot name a run"),
        ({"name": "two\nlines"}, "cannot name a run"),
        ({"name": "x" * 257}, "cannot name a run"),
        ({"variables": {"A=B": "c"}}, "The environment variable 'A=B' cannot be set"),
        ({"variables": {"": "c"}}, "The environment variable '' cannot be set"),
        ({"variables": {"A": "b\0c"}}, "The environment variable 'A' cannot be set"),
        ({"arguments": ("a\0b",)}, "has a NUL character"),
        ({"timeout_s": 0}, "The time limit is 0 s"),
        ({"timeout_s": -3}, "The time limit is -3 s"),
        ({"timeout_s": 1e12}, "The time limit is 1e+12 s"),
        ({"priority": 10**9}, "The priority 1000000000 is outside"),
        ({"node_count": 2}, "The run asks for 2 nodes"),
        ({"source": Source()}, "The run has no source"),
        ({"environment": EnvironmentSpec(interpreter="python3")}, "is not an absolute path"),
        ({"environment": EnvironmentSpec(interpreter="/no/python")}, "/no/python"),
        ({"kind": RunKind.CELL}, "cell variables"),
    ],
)
def test_a_wrong_word_is_refused_by_name(
    unchanged: Place, more: dict[str, Any], words: str
) -> None:
    with pytest.raises(errors.InvalidSpec) as caught:
        unchanged.client.submit(_with(unchanged, more))
    assert words in caught.value.message


def _with(place: Place, more: dict[str, Any]) -> Any:
    request = place.request("print('here')", **{k: v for k, v in more.items() if k == "source"})
    spec = {k: v for k, v in more.items() if k != "source"}
    return msgspec.structs.replace(request, spec=msgspec.structs.replace(request.spec, **spec))


def test_text_that_is_no_text_is_refused_in_a_sentence(unchanged: Place) -> None:
    with pytest.raises(errors.InvalidSpec, match="cannot be sent"):
        unchanged.submit("print('here')", "caf\udce9")


def test_a_name_that_no_experiment_can_have_is_refused_by_the_object(unchanged: Place) -> None:
    with pytest.raises(errors.UserError, match="cannot name an experiment"):
        Experiment(unchanged.workspace, "a b")


# Where it comes from


def test_a_source_folder_that_is_not_there_is_named(unchanged: Place) -> None:
    folder = str(unchanged.root / "nowhere")
    said = refused(unchanged, errors.SnapshotError, source=Source(directory=folder))
    assert said == f"{folder} is not there. Check the path of the source folder."


def test_a_source_folder_that_is_a_file_is_named(unchanged: Place) -> None:
    path = unchanged.root / "file.py"
    path.write_text("")
    said = refused(unchanged, errors.SnapshotError, source=Source(directory=str(path)))
    assert said == f"{path} is a file, not a folder. Give the folder it lies in."


def test_a_symlink_that_leaves_the_source_folder_is_named(unchanged: Place) -> None:
    folder = unchanged.root / "leaving"
    folder.mkdir()
    (folder / "train.py").write_text("")
    (folder / "up").symlink_to("/etc")
    assert "'up'" in refused(unchanged, errors.SnapshotError, source=Source(directory=str(folder)))


@pytest.mark.parametrize("name", ["../x.py", "/etc/x.py", "a/../../x.py", ""])
def test_an_inline_file_outside_the_folder_is_refused(unchanged: Place, name: str) -> None:
    with pytest.raises(errors.SnapshotError):
        unchanged.submit("", source=Source(inline={"train.py": "", name: "x"}))


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "nothing"])
def test_an_included_path_outside_the_folder_is_refused(unchanged: Place, name: str) -> None:
    folder = unchanged.root / "included"
    folder.mkdir(exist_ok=True)
    (folder / "train.py").write_text("")
    with pytest.raises(errors.SnapshotError):
        unchanged.submit("", source=Source(directory=str(folder), include=("train.py", name)))


@pytest.mark.parametrize("snapshot", ["nothing", "../../store.sqlite", "0" * 64, ""])
def test_an_unknown_snapshot_is_refused(unchanged: Place, snapshot: str) -> None:
    said = refused(unchanged, errors.SnapshotError, source=Source(snapshot=snapshot))
    assert said.startswith(f"No snapshot {snapshot!r} in this workspace.")


def inputs_request(place: Place, path: str) -> Any:
    return place.request(
        "",
        script="cell.py",
        kind=RunKind.CELL,
        cell=CellSpec(inputs=("df",)),
        inputs={"df": path},
        source=_inline("cell.py"),
    )


def test_an_input_outside_the_staging_folder_is_refused_and_stays_where_it_is(
    unchanged: Place,
) -> None:
    outside = unchanged.root / "secret.pkl"
    outside.write_text("secret")
    staging = unchanged.directory / "staging"
    (staging / "link").symlink_to(outside)
    (staging / "folder").mkdir()
    (staging / "folder" / "deep").write_text("x")
    for path in (
        outside,
        staging / "link",
        staging / "folder",
        staging / "folder" / "deep",
        staging / ".." / "store.sqlite",
        staging / "nothing",
        Path("relative"),
        staging / "..",
    ):
        with pytest.raises(errors.InvalidSpec, match=r"The value of df is not a file in "):
            unchanged.client.submit(inputs_request(unchanged, str(path)))
    assert outside.read_text() == "secret"
    assert (staging / "link").is_symlink()
    (staging / "link").unlink()


def test_inputs_that_do_not_match_the_cell_are_refused(unchanged: Place) -> None:
    request = msgspec.structs.replace(inputs_request(unchanged, "x"), inputs={})
    with pytest.raises(errors.InvalidSpec, match="The values of df do not match"):
        unchanged.client.submit(request)


def test_a_body_beyond_all_measure_is_refused_by_the_client_in_a_sentence(unchanged: Place) -> None:
    with pytest.raises(errors.InvalidSpec, match=r"The request has \d+ MB"):
        unchanged.submit("", source=_inline("train.py", "#" * 70_000_000))


# What cannot be done any more


def test_a_wrong_clean_up_is_refused(unchanged: Place) -> None:
    for request in (GcRequest(dry_run=False), GcRequest(keep_bytes=-1), GcRequest(older_than_s=-1)):
        with pytest.raises(errors.InvalidSpec):
            unchanged.client.gc(request)


def test_an_ended_run_has_no_place_in_the_queue(unchanged: Place, done: Run) -> None:
    with pytest.raises(errors.WrongState, match=r"is Completed; only a queued run has a place"):
        unchanged.client.reprioritize(done.id, 3)


def test_a_running_run_is_not_deleted(shared: Place) -> None:
    run = shared.submit("print('here', flush=True); import signal; signal.pause()")
    next(shared.lines(run))
    with pytest.raises(errors.WrongState, match=r"is Running\. Cancel it first"):
        shared.client.delete(run.id)
    shared.client.cancel(run.id)
    shared.ended(run)
    shared.client.delete(run.id)
