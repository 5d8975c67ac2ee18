"""The shapes that `get_metrics` gives back, as Azure's."""

from __future__ import annotations

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
