"""The shapes that `get_metrics` gives back, as Azure's."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mltrain.runtime import metrics


def test_one_value_is_a_scalar(in_run) -> None:
    in_run.log("a", 1.5)
    assert in_run.get_metrics() == {"a": 1.5}


def test_several_values_are_a_list_in_order(in_run) -> None:
    for value in (3, 1, 2):
        in_run.log("a", value, step=value)
    assert in_run.get_metrics() == {"a": [3, 1, 2]}


def test_a_second_list_extends_the_first(in_run) -> None:
    in_run.log_list("l", (1, 2))
    in_run.log_list("l", (each for each in [3]))
    assert in_run.get_metrics() == {"l": [1, 2, 3]}


def test_a_list_of_one_is_a_scalar_and_an_empty_one_leaves_no_key(in_run) -> None:
    in_run.log_list("one", [7])
    in_run.log_list("none", [])
    assert in_run.get_metrics() == {"one": 7}


def test_one_row_has_scalars_and_several_have_columns(in_run) -> None:
    in_run.log_row("r", x=1, y="a")
    assert in_run.get_metrics() == {"r": {"x": 1, "y": "a"}}
    in_run.log_row("r", x=2, y="b")
    assert in_run.get_metrics() == {"r": {"x": [1, 2], "y": ["a", "b"]}}


def test_rows_stay_aligned_where_a_column_is_missing(in_run) -> None:
    in_run.log_row("r", x=1)
    in_run.log_row("r", y=2)
    assert in_run.get_metrics() == {"r": {"x": [1, None], "y": [None, 2]}}


def test_a_table_has_columns_and_one_of_a_single_row_scalars(in_run) -> None:
    in_run.log_table("t", {"x": [1, 2]})
    in_run.log_table("u", {"x": [1], "y": ["a"]})
    assert in_run.get_metrics() == {"t": {"x": [1, 2]}, "u": {"x": 1, "y": "a"}}


def test_uneven_columns_are_refused(in_run, runtime_errors) -> None:
    with pytest.raises(runtime_errors.UserErrorException, match="must have the same length"):
        in_run.log_table("t", {"x": [1, 2], "y": [1]})


@pytest.fixture
def runtime_errors():
    from jupyter_mltrain.runtime import errors

    return errors


def test_text_and_booleans_stay_and_objects_become_their_repr(in_run) -> None:
    in_run.log("s", "text")
    in_run.log("b", True)
    in_run.log("d", {"a": 1})
    assert in_run.get_metrics() == {"s": "text", "b": True, "d": "{'a': 1}"}


def test_a_later_value_of_another_type_becomes_none(in_run) -> None:
    for value in (1, 0.5, "a", True, 2):
        in_run.log("a", value)
    assert in_run.get_metrics() == {"a": [1, 0.5, None, None, 2]}


def test_one_name_can_be_asked_for(in_run) -> None:
    in_run.log("a", 1)
    in_run.log("b", 2)
    assert in_run.get_metrics(name="b") == {"b": 2}
    assert in_run.get_metrics("c") == {}


def test_recursive_gives_a_dict_per_run(in_run) -> None:
    in_run.log("a", 1)
    child = in_run.child_run()
    child.log("a", 2)
    assert in_run.get_metrics(recursive=True) == {in_run.id: {"a": 1}, child.id: {"a": 2}}
    child._journal.close()


def test_steps_with_some_values_only_are_said_once(in_run, capsys) -> None:
    in_run.log("a", 1, step=1)
    in_run.log("a", 2)
    in_run.log("a", 3)
    said = capsys.readouterr().err
    assert said.count("Metric 'a' is logged both with a step and without one") == 1
    assert in_run.get_metrics() == {"a": [1, 2, 3]}


def test_steps_with_all_values_or_none_are_fine(in_run, capsys) -> None:
    for step in (None, 0, 5):
        for value in (1, 2):
            in_run.log(f"step {step}", value, step=step)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("kind", "value"), [("log_list", 5), ("log_list", None), ("log_table", [1])]
)
def test_what_is_no_list_or_table_is_refused(in_run, runtime_errors, kind, value) -> None:
    with pytest.raises(runtime_errors.UserErrorException, match=kind):
        getattr(in_run, kind)("a", value)
    assert in_run.get_metrics() == {}


def test_values_in_lists_rows_and_tables_are_scalars_or_reprs(in_run) -> None:
    in_run.log_list("l", [True, "a", {"b": 1}])
    in_run.log_row("r", x=[1, 2])
    in_run.log_table("t", {"x": [{1}, {2}]})
    assert in_run.get_metrics() == {
        "l": [True, None, None],
        "r": {"x": "[1, 2]"},
        "t": {"x": ["{1}", "{2}"]},
    }


def test_charts_are_files_and_their_metric_leads_there(in_run) -> None:
    for kind in ("accuracy_table", "confusion_matrix", "predictions", "residuals"):
        getattr(in_run, "log_" + kind)(kind, {"schema_type": kind, "data": {"a": [1]}})
    metrics = in_run.get_metrics()
    uri = "aml://artifactId/ExperimentRun/dcid.digits_1_ab/"
    assert {value[len(uri) :] for value in metrics.values()} == set(in_run.get_file_names())
    assert all(value.startswith(uri) for value in metrics.values())


def test_a_chart_that_is_no_json_is_refused(in_run, runtime_errors) -> None:
    for value in ("{", "[]", [1]):
        with pytest.raises(runtime_errors.UserErrorException):
            in_run.log_confusion_matrix("c", value)


def test_ten_thousand_names_are_kept(in_run) -> None:
    for number in range(10_000):
        in_run.log(f"name {number}", number)
    assert len(in_run.get_metrics()) == 10_000


def test_a_number_that_no_file_holds_costs_itself_alone(in_run, capsys) -> None:
    in_run.log("a", 10**5000)
    in_run.log("b", 1)
    assert in_run.get_metrics() == {"b": 1}
    assert "a can't be logged" in capsys.readouterr().err


def test_an_image_is_azures_string(in_run, tmp_path) -> None:
    picture = tmp_path / "p.png"
    picture.write_bytes(b"png")
    in_run.log_image("img", path=picture)
    (file,) = in_run.get_file_names()
    assert file.startswith("img_")
    uri = f"aml://artifactId/ExperimentRun/dcid.digits_1_ab/{file}"
    assert in_run.get_metrics() == {"img": uri}


def test_without_a_run_id_an_image_is_the_name_of_its_file() -> None:
    record = {"k": "image", "n": "img", "v": "img_1.png", "t": 0.0}
    assert metrics.aggregate([record]) == {"img": "img_1.png"}


def test_a_name_keeps_the_shape_it_was_first_logged_with(in_run) -> None:
    in_run.log("a", 1)
    in_run.log_row("a", x=2)
    assert in_run.get_metrics() == {"a": 1}


def test_a_line_that_is_longer_than_any_record_costs_itself_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "_LONGEST_BYTES", 100)
    journal = tmp_path / "journal.jsonl"
    record = b'{"k":"metric","n":"a","v":1}\n'
    journal.write_bytes(b"\0" * 1000 + b"\n" + record + b"\0" * 450)
    records, offset = metrics.read(str(journal))
    assert [record["n"] for record in records] == ["a"]
    # What has no end yet is read again; no more of it than a record can have.
    assert journal.stat().st_size - offset < 100
