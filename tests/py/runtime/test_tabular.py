"""Tables out of files: the same code in a notebook and in a run."""

from __future__ import annotations

import gzip
import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jupyter_mltrain import runtime

datasets = runtime.load("datasets")
tabular = runtime.load("tabular")
UserErrorException = runtime.load("errors").UserErrorException

CSV = "name,age,born\nAnn,30,1990-05-01\nBob,,1985-12-24\nCid,41,\n"


def files(folder: Path, **texts: str) -> list[tuple[str, str]]:
    """Files of these names with one dot more: ``a_csv`` is ``a.csv``."""
    found = []
    for name, text in texts.items():
        path = folder / name.replace("_", ".")
        path.write_text(text)
        found.append((str(path), path.name))
    return found


def frame(given: list[tuple[str, str]], *steps: dict[str, Any], **read: Any) -> pd.DataFrame:
    strict = read.pop("strict", False)
    return tabular.frame(given, {"format": "delimited", **read}, steps, strict)


def a_table(folder: Path, text: str = CSV, **entry: Any) -> Any:
    path, _ = files(folder, table_csv=text)[0]
    return datasets.of({"kind": "tabular", "path": path, "read": {"format": "delimited"}, **entry})


def test_columns_become_numbers_dates_and_text_and_blanks_null(tmp_path: Path) -> None:
    table = frame(files(tmp_path, a_csv=CSV))
    assert list(table.columns) == ["name", "age", "born"]
    assert table["age"].tolist()[::2] == [30.0, 41.0]
    assert table["age"].isna().tolist() == [False, True, False]
    assert table["born"][0] == pd.Timestamp("1990-05-01")
    assert pd.isna(table["born"][2])


def test_without_inference_everything_is_text(tmp_path: Path) -> None:
    table = frame(files(tmp_path, a_csv=CSV), infer_column_types=False)
    assert table["age"][0] == "30"
    assert table["born"][0] == "1990-05-01"


def test_text_that_is_no_date_on_the_calendar_stays_text(tmp_path: Path) -> None:
    assert frame(files(tmp_path, a_csv="day\n2019-06-31\n"))["day"][0] == "2019-06-31"


def test_files_follow_each_other_in_one_table(tmp_path: Path) -> None:
    table = frame(files(tmp_path, a_csv="x\n1\n2\n", b_csv="x\n3\n"))
    assert table["x"].tolist() == [1, 2, 3]
    assert table.index.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("header", "columns", "values"),
    [
        ("same", ["x"], [1, 2]),
        ("first", ["x"], ["1", "x", "2"]),
        ("none", ["Column1"], ["x", "1", "x", "2"]),
    ],
)
def test_headers_are_where_it_is_said(
    tmp_path: Path, header: str, columns: list[str], values: list[Any]
) -> None:
    table = frame(files(tmp_path, a_csv="x\n1\n", b_csv="x\n2\n"), header=header)
    assert list(table.columns) == columns
    assert list(map(str, table[columns[0]])) == list(map(str, values))


def test_columns_that_one_file_lacks_are_null_there(tmp_path: Path) -> None:
    table = frame(files(tmp_path, a_csv="x,y\n1,2\n", b_csv="x\n3\n"), header="combine")
    assert table["x"].tolist() == [1, 3]
    assert table["y"].isna().tolist() == [False, True]


def test_a_compressed_file_is_known_by_its_name_not_by_its_path(tmp_path: Path) -> None:
    blob = tmp_path / "6f1ed0"
    blob.write_bytes(gzip.compress(b"x\n7\n"))
    assert frame([(str(blob), "data.csv.gz")])["x"].tolist() == [7]


def test_another_separator_and_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("naïve;x\né;1\n".encode("latin-1"))
    table = frame([(str(path), "a.csv")], separator=";", encoding="iso88591")
    assert table["naïve"].tolist() == ["é"]


def test_empty_cells_can_stay_empty_text(tmp_path: Path) -> None:
    table = frame(files(tmp_path, a_csv="a,b\n,1\nx,\n"), empty_as_string=True)
    assert table["a"].tolist() == ["", "x"]
    assert table["b"].isna().tolist() == [False, True]


def test_no_file_and_an_empty_file_are_an_empty_table(tmp_path: Path) -> None:
    assert len(frame([])) == 0
    assert len(frame(files(tmp_path, a_csv=""))) == 0


TYPES = 'n,f,b,d,s\n1,"2,5",Yes,01/02/2020,007\nx,1,perhaps,,8\n'
WANTED = {
    "n": {"type": "long"},
    "f": {"type": "float", "decimal_mark": ","},
    "b": {"type": "bool"},
    "d": {"type": "datetime", "formats": ["%Y-%m-%d", "%d/%m/%Y"]},
    "s": {"type": "string"},
}


def test_types_that_are_set_count_and_what_does_not_fit_is_null(tmp_path: Path) -> None:
    table = frame(files(tmp_path, a_csv=TYPES), types=WANTED)
    assert table["n"].tolist()[0] == 1
    assert pd.isna(table["n"][1])
    assert table["f"].tolist() == [2.5, 1.0]
    assert table["b"][0] == True  # noqa: E712 - an object column
    assert pd.isna(table["b"][1])
    assert table["d"][0] == pd.Timestamp("2020-02-01")
    assert table["s"].tolist() == ["007", "8"]


@pytest.mark.parametrize("column", ["n", "b"])
def test_what_does_not_fit_can_be_refused(tmp_path: Path, column: str) -> None:
    with pytest.raises(UserErrorException, match=f"The column '{column}' has values"):
        frame(files(tmp_path, a_csv=TYPES), types={column: WANTED[column]}, strict=True)


def test_the_path_and_its_parts_become_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x\n1\n")
    table = frame(
        [(str(path), "norway/2019/05/data.csv")],
        include_path=True,
        partition_format="/{country}/{month:yyyy/MM}/data.csv",
    )
    assert list(table.columns) == ["Path", "country", "month", "x"]
    assert table["Path"][0] == "/norway/2019/05/data.csv"
    assert table["country"][0] == "norway"
    assert table["month"][0] == pd.Timestamp("2019-05-01")


def test_a_form_may_begin_with_the_folders_that_the_dataset_is_made_of(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x\n1\n")
    table = frame(
        [(str(path), "2019/05/data.csv")], partition_format="weather/raw/{month:yyyy/MM}/data.csv"
    )
    assert table["month"][0] == pd.Timestamp("2019-05-01")


def test_a_path_of_another_form_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserErrorException, match=r"'/a\.csv' is not of the form"):
        frame(files(tmp_path, a_csv="x\n1\n"), partition_format="/{country}/data.csv")


def test_json_lines_are_rows(tmp_path: Path) -> None:
    given = files(tmp_path, a_jsonl='{"x": 1}\n\n{"x": 2, "y": "b"}\n')
    table = tabular.frame(given, {"format": "json_lines"})
    assert table["x"].tolist() == [1, 2]
    assert table["y"][1] == "b"


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz", "zip"])
def test_compressed_json_lines_are_read_too(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.jsonl.{ending}"
    pd.DataFrame({"x": [1, 2]}).to_json(path, orient="records", lines=True)
    table = tabular.frame([(str(path), path.name)], {"format": "json_lines"})
    assert table["x"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [
        ("utf8", "utf-8-sig"),
        ("utf8bom", "utf-8-sig"),
        ("utf16", "utf-16"),
        ("windows1252", "cp1252"),
    ],
)
def test_every_encoding_is_known(tmp_path: Path, encoding: str, codec: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("é\nü\n".encode(codec))
    assert frame([(str(path), "a.csv")], encoding=encoding)["é"].tolist() == ["ü"]


def test_a_line_that_is_no_json_is_named_or_dropped(tmp_path: Path) -> None:
    given = files(tmp_path, a_jsonl='{"x": 1}\nnope\n[1]\n{"x": 2}\n')
    with pytest.raises(UserErrorException, match=r"a\.jsonl cannot be read as JSON lines \(line 2"):
        tabular.frame(given, {"format": "json_lines"})
    table = tabular.frame(given, {"format": "json_lines", "invalid_lines": "drop"})
    assert table["x"].tolist() == [1, 2]


def test_parquet_files_keep_their_types(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame({"x": [1, 2], "t": pd.to_datetime(["2020-01-01", "2020-01-02"])}).to_parquet(path)
    table = tabular.frame([(str(path), "a.parquet")], {"format": "parquet"})
    assert table["t"][1] == pd.Timestamp("2020-01-02")


@pytest.mark.parametrize("format_", ["parquet", "delimited"])
def test_a_file_of_another_kind_is_named(tmp_path: Path, format_: str) -> None:
    given = files(tmp_path, a_csv='x,y\n1,2\n"\n3,4,5,6\n7,8,9,10,11\n')
    with pytest.raises(UserErrorException, match=r"a\.csv cannot be read as"):
        tabular.frame(given, {"format": format_})


def test_without_pandas_the_sentence_says_what_to_add(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UserErrorException, match="Add pandas to its packages"):
        frame(files(tmp_path, a_csv=CSV))


def test_without_pyarrow_the_sentence_says_what_to_add(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame({"x": [1]}).to_parquet(path)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UserErrorException, match="Add pyarrow to its packages"):
        tabular.frame([(str(path), "a.parquet")], {"format": "parquet"})


# Steps


def rows(count: int) -> str:
    return "x\n" + "".join(f"{n}\n" for n in range(count))


def test_taking_and_skipping_rows(tmp_path: Path) -> None:
    table = a_table(tmp_path, rows(10)).skip(2).take(3)
    assert table.to_pandas_dataframe()["x"].tolist() == [2, 3, 4]


def test_a_few_rows_of_a_large_table_are_all_that_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    read = pd.read_csv
    monkeypatch.setattr(
        pd, "read_csv", lambda path, **how: (asked.append(how["nrows"]), read(path, **how))[1]
    )
    table = frame(files(tmp_path, a_csv=rows(3), b_csv=rows(9), c_csv=rows(9)), {"take": 5})
    assert table["x"].tolist() == [0, 1, 2, 0, 1]
    assert asked == [5, 2]


def test_both_parts_of_a_split_are_all_rows_each_once(tmp_path: Path) -> None:
    train, test = a_table(tmp_path, rows(200)).random_split(0.8, seed=7)
    left, right = (each.to_pandas_dataframe()["x"].tolist() for each in (train, test))
    assert sorted(left + right) == list(range(200))
    assert 130 < len(left) < 190
    assert left == train.to_pandas_dataframe()["x"].tolist()


def test_a_split_without_a_seed_is_the_same_each_time_it_is_read(tmp_path: Path) -> None:
    train, test = a_table(tmp_path, rows(100)).random_split(0.5)
    left, right = (each.to_pandas_dataframe()["x"].tolist() for each in (train, test))
    assert sorted(left + right) == list(range(100))


def test_columns_are_kept_dropped_and_missed(tmp_path: Path) -> None:
    table = a_table(tmp_path)
    assert list(table.keep_columns(["name", "age"]).to_pandas_dataframe()) == ["name", "age"]
    assert list(table.drop_columns("age").to_pandas_dataframe()) == ["name", "born"]
    with pytest.raises(UserErrorException, match=r"no column 'agee'\. It has name, age"):
        table.keep_columns("agee", validate=True)


def test_rows_are_filtered_by_what_is_in_them(tmp_path: Path) -> None:
    table = a_table(tmp_path)
    old = table.filter((table["age"] > 29) & ~(table["name"] == "Cid"))
    assert old.to_pandas_dataframe()["name"].tolist() == ["Ann"]
    unknown = table.filter(table["age"].is_null() | (table["born"] < datetime(1986, 1, 1)))
    assert unknown.to_pandas_dataframe()["name"].tolist() == ["Bob"]


def test_a_filter_survives_being_kept_as_data(tmp_path: Path) -> None:
    table = a_table(tmp_path)
    steps = json.loads(json.dumps(table.filter(table["age"] >= 41)._steps))
    kept = a_table(tmp_path, steps=steps)
    assert kept.to_pandas_dataframe()["name"].tolist() == ["Cid"]


def test_a_filter_that_is_none_is_refused(tmp_path: Path) -> None:
    table = a_table(tmp_path)
    with pytest.raises(UserErrorException, match="filter takes a comparison"):
        table.filter("age > 3")
    with pytest.raises(TypeError, match=r"Join its parts by & and \|"):
        bool(table["age"] > 3)
    with pytest.raises(UserErrorException, match="cannot be filtered like that"):
        table.filter(table["name"] > 3).to_pandas_dataframe()


def test_rows_are_chosen_by_their_time(tmp_path: Path) -> None:
    table = a_table(tmp_path, "t,x\n2019-01-01,1\n2019-01-02,2\n2019-01-03,3\n")
    timed = table.with_timestamp_columns("t")
    assert timed.timestamp_columns == ("t", None)
    second = datetime(2019, 1, 2)
    chosen = {
        "before": timed.time_before(second),
        "before, without": timed.time_before(second, include_boundary=False),
        "after": timed.time_after(second),
        "between": timed.time_between(second, second + timedelta(hours=1)),
        "recent": timed.time_recent(timedelta(days=1)),
    }
    found = {name: each.to_pandas_dataframe()["x"].tolist() for name, each in chosen.items()}
    assert found == {
        "before": [1, 2],
        "before, without": [1],
        "after": [2, 3],
        "between": [2],
        "recent": [],
    }


def test_times_with_a_zone_are_compared_as_instants(tmp_path: Path) -> None:
    table = a_table(tmp_path, "t,x\n2019-01-01T00:00:00+02:00,1\n2019-01-01T00:00:00Z,2\n")
    midnight = datetime(2019, 1, 1, tzinfo=timezone.utc)
    late = table.with_timestamp_columns("t").time_after(midnight)
    assert late.to_pandas_dataframe()["x"].tolist() == [2]


def test_rows_without_a_named_time_cannot_be_chosen_by_it(tmp_path: Path) -> None:
    with pytest.raises(UserErrorException, match="has no timestamp column"):
        a_table(tmp_path).time_before(datetime(2019, 1, 1))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda table: table.take(-1), "count is a whole number from 0 on"),
        (lambda table: table.take(2.5), "count is a whole number from 0 on"),
        (lambda table: table.random_split(80), "percentage is a number from 0 to 1"),
        (lambda table: table.take_sample(0.5, seed="x"), "seed is a whole number"),
        (lambda table: table.to_pandas_dataframe(on_error="drop"), "on_error is 'null' or 'fail'"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(tmp_path: Path, call: Any, sentence: str) -> None:
    with pytest.raises(UserErrorException, match=sentence):
        call(a_table(tmp_path))


def test_a_step_of_a_later_version_says_to_update(tmp_path: Path) -> None:
    with pytest.raises(UserErrorException, match="made by a later version: it knows pivot"):
        a_table(tmp_path, steps=[{"pivot": 1}]).to_pandas_dataframe()
