"""What a run has logged, as points: all of few, the telling ones of many."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mltrain import runtime
from jupyter_mltrain.service import series
from jupyter_mltrain.service.series import LIMIT, Series, read
from jupyter_mltrain.wire import MetricPoint


def journal(folder: Path, *records: dict[str, Any]) -> Path:
    path = folder / "journal.jsonl"
    lines = [json.dumps({**record, "t": 5.0}) + "\n" for record in records]
    path.write_text("".join(lines))
    return path


def points(folder: Path, *records: dict[str, Any]) -> list[tuple[object, ...]]:
    found = read(journal(folder, *records), 0).points
    return [(point.name, point.column, point.value, point.text) for point in found]


def numbers(values: list[float | None]) -> list[MetricPoint]:
    return [MetricPoint(name="x", value=value, at=at) for at, value in enumerate(values)]


def thinned(values: list[float | None], most: int = LIMIT) -> list[MetricPoint]:
    made = Series()
    for point in numbers(values):
        made.add(point)
    return made.points(most)


def test_every_kind_of_metric_becomes_points(tmp_path: Path) -> None:
    assert points(
        tmp_path,
        {"k": "tag", "n": "a", "v": "b"},
        {"k": "metric", "n": "loss", "v": 0.5},
        {"k": "metric", "n": "ok", "v": True},
        {"k": "metric", "n": "note", "v": "fine"},
        {"k": "metric", "n": "none", "v": None},
        {"k": "list", "n": "all", "v": [1, {"$f": "NaN"}]},
        {"k": "row", "n": "row", "v": {"a": 1, "b": "x"}},
        {"k": "table", "n": "table", "v": {"a": [1, 2]}},
        {"k": "image", "n": "plot", "v": "outputs/plot.png"},
    ) == [
        ("loss", None, 0.5, None),
        ("ok", None, 1.0, None),
        ("note", None, None, "fine"),
        ("none", None, None, None),
        ("all", None, 1.0, None),
        ("all", None, None, "nan"),
        ("row", "a", 1.0, None),
        ("row", "b", None, "x"),
        ("table", "a", 1.0, None),
        ("table", "a", 2.0, None),
        ("plot", None, None, "outputs/plot.png"),
    ]


@pytest.mark.parametrize(("value", "text"), [("nan", "nan"), ("inf", "inf"), ("-inf", "-inf")])
def test_what_a_run_logs_that_is_not_finite_has_a_name(
    tmp_path: Path, value: str, text: str
) -> None:
    name = runtime.values.not_finite(float(value))
    assert points(tmp_path, {"k": "metric", "n": "x", "v": name, "f": 1}) == [
        ("x", None, None, text)
    ]


def test_steps_and_times_are_kept(tmp_path: Path) -> None:
    (point,) = read(journal(tmp_path, {"k": "metric", "n": "x", "v": 1, "s": 7}), 0).points
    assert (point.step, point.at) == (7.0, 5.0)


def test_a_line_that_is_no_record_costs_that_line_alone(tmp_path: Path) -> None:
    path = journal(tmp_path, {"k": "metric", "n": "x", "v": 1})
    with open(path, "ab") as file:
        file.write(
            b'{"k":"metric","n":"x","v":tor\n\xff\xfe\n[1]\n{"k":"metric","n":3,"v":1,"t":1}\n'
        )
        file.write(b'{"k":"metric","n":"x","v":2,"t":1}\n')
    assert [point.value for point in read(path, 0).points] == [1.0, 2.0]


def test_a_line_without_an_end_waits_for_it(tmp_path: Path) -> None:
    path = journal(tmp_path, {"k": "metric", "n": "x", "v": 1})
    whole = path.stat().st_size
    with open(path, "ab") as file:
        file.write(b'{"k":"metric","n":"x","v":2')
    first = read(path, 0)
    assert (first.next_offset, len(first.points)) == (whole, 1)
    with open(path, "ab") as file:
        file.write(b',"t":1}\n')
    second = read(path, first.next_offset)
    assert (second.offset, second.points[0].value) == (whole, 2.0)
    assert second.next_offset == path.stat().st_size


@pytest.mark.parametrize("size", [1, 10, 100])
def test_records_across_pieces_are_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(series, "_PIECE_BYTES", size)
    path = journal(tmp_path, *({"k": "metric", "n": "x", "v": at} for at in range(20)))
    frame = read(path, 0)
    assert [point.value for point in frame.points] == [float(at) for at in range(20)]
    assert frame.next_offset == path.stat().st_size


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.none(), min_size=1, max_size=80),
    st.integers(1, 60),
)
def test_the_first_the_last_and_the_extremes_are_always_kept(
    values: list[float | None], times: int
) -> None:
    values = values * times
    kept = thinned(values)
    assert len(kept) <= LIMIT
    assert (kept[0].at, kept[-1].at) == (0, len(values) - 1)
    assert [point.at for point in kept] == sorted({point.at for point in kept})
    known = [value for value in values if value is not None]
    found = [point.value for point in kept if point.value is not None]
    if known:
        assert (min(found), max(found)) == (min(known), max(known))


def test_few_points_are_all_kept() -> None:
    values: list[float | None] = [float(at % 7) for at in range(LIMIT)]
    assert [point.value for point in thinned(values)] == values


def test_a_single_spike_among_a_hundred_thousand_is_kept() -> None:
    values: list[float | None] = [0.0] * 100_000
    values[54_321] = 1.0
    assert 54_321 in [point.at for point in thinned(values)]


@pytest.mark.parametrize("most", [2, 3, 10])
@pytest.mark.parametrize("count", [1, 2, 5, 3000])
def test_points_can_be_thinned_further(most: int, count: int) -> None:
    kept = thinned([float(at) for at in range(count)], most)
    assert len(kept) <= most
    assert (kept[0].at, kept[-1].at) == (0, count - 1)


def test_so_many_series_share_what_a_frame_may_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series, "_MOST_POINTS", 100)
    records = ({"k": "metric", "n": f"x{at % 10}", "v": at} for at in range(1000))
    assert len(read(journal(tmp_path, *records), 0).points) <= 100


def test_a_number_that_no_float_holds_is_infinite(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"k":"metric","n":"x","v":1' + "0" * 400 + ',"t":1}\n')
    (point,) = read(path, 0).points
    assert (point.value, point.text) == (None, "inf")


def test_a_journal_that_is_gone_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=os.strerror(2)):
        read(tmp_path / "journal.jsonl", 0)


def test_a_line_that_is_longer_than_any_record_costs_itself_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series, "_LONGEST_BYTES", 100_000)
    path = journal(tmp_path, {"k": "metric", "n": "a", "v": 1})
    record = path.read_bytes()
    path.write_bytes(b"\0" * 1_000_000 + b"\n" + record + b"\0" * 1_000_000)
    frame = read(path, 0)
    assert [point.name for point in frame.points] == ["a"]
    assert path.stat().st_size - frame.next_offset < 200_000
