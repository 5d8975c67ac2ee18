"""How times, sizes, numbers and endings read."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from jupyter_mltrain import units
from jupyter_mltrain.core import words
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import Lease, Node, Resources, Run, RunFile, RunSpec, RunState

NOW = datetime(2026, 3, 14, 15, 0, tzinfo=timezone.utc)


def a_run(state: RunState = RunState.RUNNING, **given: Any) -> Run:
    spec = RunSpec(experiment="digits", script="train.py")
    run = Run(
        id="digits_1",
        number=42,
        state=state,
        reason="",
        spec=spec,
        created_at=NOW - timedelta(seconds=70),
        started_at=None if state.waiting else NOW - timedelta(seconds=63),
        ended_at=NOW if state.final else None,
    )
    return msgspec.structs.replace(run, **given)


def a_file(name: str, size_bytes: int = 0) -> RunFile:
    return RunFile(name=name, size_bytes=size_bytes, modified_at=NOW)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (12.9, "0:12"), (63, "1:03"), (3_800, "1:03:20"), (90_000, "25:00:00")],
)
def test_durations(seconds: float, text: str) -> None:
    assert units.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.5, "just now"),
        (12, "12 s ago"),
        (125, "2 min ago"),
        (7_300, "2 h ago"),
        (20 * 3_600, "yesterday"),
        (5 * 86_400, "5 days ago"),
        (40 * 86_400, "2026-02-02"),
        (-5, "just now"),
    ],
)
def test_ages(seconds: float, text: str) -> None:
    assert words.age(NOW - timedelta(seconds=seconds), NOW) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1_000, "1 kB"),
        (12_345, "12 kB"),
        (999_600, "1 MB"),
        (1_400_000_000, "1.4 GB"),
    ],
)
def test_sizes(count: int, text: str) -> None:
    assert units.size(count) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.97416, "0.974"),
        (20, "20"),
        (0.0000123, "1.23e-05"),
        (1234.5, "1234"),
        (12_345_678, "1.23e+07"),
        (float("nan"), "nan"),
    ],
)
def test_numbers_have_three_significant_digits(value: float, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("10m", 600), ("2h", 7_200), ("1d", 86_400), ("1h 30 min", 5_400)],
)
def test_lengths_of_time_are_read(text: str, seconds: float) -> None:
    assert words.parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-1", "0", "nan", "inf", "5 m x", "m5"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidSpec, match="is no length of time"):
        words.parse_duration(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [("4GB", 4 << 30), ("512MB", 512 << 20), ("1.5 GiB", 3 << 29), ("2g", 2 << 30), ("100", 100)],
)
def test_sizes_are_read(text: str, count: int) -> None:
    assert words.parse_size(text) == count


@pytest.mark.parametrize("text", ["", "much", "-1GB", "4 G B", "4PB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(InvalidSpec, match="is no size"):
        words.parse_size(text)


@given(some.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (words.parse_size, words.parse_duration):
        try:
            assert read(text) >= 0
        except InvalidSpec:
            pass


@pytest.mark.parametrize("state", list(RunState))
def test_every_state_has_a_shape_of_one_character(state: RunState) -> None:
    assert len(words.state_shape(state)) == 1


def test_the_place_is_what_the_run_holds() -> None:
    node = Node(index=0, host="here", lease=Lease(cpus=2, gpus=(1,)))
    asked = RunSpec(experiment="e", script="s", resources=Resources(memory_bytes=4 << 30))
    assert words.place(a_run(nodes=(node,), spec=asked)) == "local · 2 CPUs · 1 GPU · 4 GB"


def test_a_completed_run_is_summed_up_with_its_last_metrics_and_outputs() -> None:
    text = words.summary(
        a_run(RunState.COMPLETED),
        {"lr": 0.1, "loss": [0.5, 0.3126], "table": {"a": [1]}, "accuracy": 0.97416},
        [
            a_file("outputs/model.joblib", 12_000),
            a_file("logs/x.txt"),
            a_file("variables/out/m.pkl"),
        ],
    )
    assert text == (
        "✓ Completed  digits #42  1:03 · lr 0.1 · loss 0.313 · accuracy 0.974 · 1 output, 12 kB"
    )


def test_a_failed_run_is_summed_up_with_what_to_do_next() -> None:
    run = a_run(
        RunState.FAILED, reason="No module named 'xgboost' (cell line 3).", advice="Add it."
    )
    assert words.summary(run) == (
        "✗ Failed     digits #42  No module named 'xgboost' (cell line 3).\nAdd it."
    )


def test_a_canceled_run_says_by_whom_and_what_is_kept() -> None:
    run = a_run(RunState.CANCELED, reason="cancelled by you after 0:41")
    assert words.summary(run, {}, [a_file("outputs/a", 14_000_000)]) == (
        "⊘ Canceled   digits #42  by you after 0:41 · outputs kept: 1 file, 14 MB"
    )


def test_metrics_that_are_no_numbers_are_not_summed_up() -> None:
    assert words.scalars({"a": "x", "b": True, "c": [], "d": ["y"], "e": 1}) == [("e", 1)]


@pytest.mark.parametrize(
    ("count", "text"),
    [(4 * 1024**3, "4 GB"), (512 * 1024**2, "512 MB"), (5_000_000_000, "5 GB"), (0, "0 bytes")],
)
def test_memory_is_said_as_it_was_asked_for(count: int, text: str) -> None:
    assert units.asked_size(count) == text
