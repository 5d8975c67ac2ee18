"""The parts of the command line that need nothing around them."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mltrain.cli import sparkline, table, terminal
from jupyter_mltrain.cli.escapes import Stripper
from jupyter_mltrain.cli.fetching import choose, target_of
from jupyter_mltrain.cli.session import named
from jupyter_mltrain.cli.submit import experiment_of
from jupyter_mltrain.cli.watching import exit_status
from jupyter_mltrain.errors import NoSuchFile, UserError
from jupyter_mltrain.spec import ExitRecord, Run, RunFile, RunSpec, RunState

NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)


def a_run(state: RunState = RunState.COMPLETED, **exit_as: object) -> Run:
    return Run(
        id="r",
        number=1,
        state=state,
        reason="",
        spec=RunSpec(experiment="e", script="s.py"),
        created_at=NOW,
        exit=ExitRecord(**exit_as) if exit_as else None,
    )


def files(*names: str) -> list[RunFile]:
    return [RunFile(name=name, size_bytes=1, modified_at=NOW) for name in names]


# Exit status


@pytest.mark.parametrize(
    ("run", "status"),
    [
        (a_run(RunState.COMPLETED, status=0), 0),
        (a_run(RunState.FAILED, status=3), 3),
        (a_run(RunState.FAILED, signal=9), 137),
        (a_run(RunState.FAILED), 1),
        (a_run(RunState.FAILED, status=0), 1),
        (a_run(RunState.FAILED, cause="start", message="no"), 1),
        (a_run(RunState.CANCELED, cause="cancel", signal=15), 130),
        (a_run(RunState.CANCELED), 130),
        (a_run(RunState.CANCELED, cause="timeout", signal=15), 124),
    ],
)
def test_a_runs_ending_is_an_exit_status(run, status):
    assert exit_status(run) == status


# Names


@pytest.mark.parametrize(
    ("typed", "asked"), [("42", "42"), ("#42", "42"), ("digits #42", "42"), ("night", "night")]
)
def test_a_run_is_found_by_what_its_label_says(typed, asked):
    assert named(typed) == asked


@pytest.mark.parametrize(
    ("folder", "experiment"),
    [("digits", "digits"), ("my folder!", "my-folder"), ("-x-", "x"), ("数字", "default")],
)
def test_an_experiment_is_named_after_the_folder(folder, experiment):
    assert experiment_of(Path("/work") / folder) == experiment


# What is fetched, and to where


def test_all_outputs_are_meant_when_nothing_is_named():
    found = choose(files("azureml-logs/70.txt", "outputs/a", "outputs/b/c"), [], a_run())
    assert [file.name for file in found] == ["outputs/a", "outputs/b/c"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("outputs/a", ["outputs/a"]),
        ("a", ["outputs/a"]),
        ("b", ["outputs/b/c", "outputs/b/d"]),
        ("outputs/b/", ["outputs/b/c", "outputs/b/d"]),
        ("logs", ["logs/x"]),
    ],
)
def test_files_are_meant_by_name_or_folder_also_without_outputs(name, meant):
    there = files("logs/x", "outputs/a", "outputs/ab", "outputs/b/c", "outputs/b/d")
    assert [file.name for file in choose(there, [name], a_run())] == meant


def test_a_file_that_is_not_there_is_answered_with_what_is():
    with pytest.raises(NoSuchFile, match=r"no file 'modle'. It has outputs/model"):
        choose(files("outputs/model"), ["modle"], a_run())


def test_a_run_without_outputs_says_so():
    with pytest.raises(NoSuchFile, match="has no outputs"):
        choose(files("logs/x"), [], a_run())


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "a//b", "a/./b", "a\0b", ""])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path, name):
    with pytest.raises(UserError, match="outside"):
        target_of(tmp_path, name)


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "outputs").symlink_to(tmp_path)
    with pytest.raises(UserError, match="outside"):
        target_of(tmp_path / "here", "outputs/x")


# Output on a terminal


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("a\x1b[2Jb", "ab"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]52;c;aGk=\x1b\\x", "x"),
        ("\x1bPq#0\x1b\\x", "x"),
        ("\x1b[6nx\x1bcy\x07", "xy"),
        ("\x9b31mx", "31mx"),
        ("10%\r20%\x1b[K\n", "10%\r20%\x1b[K\n"),
    ],
)
def test_only_colours_and_progress_bars_act_on_a_terminal(printed, shown):
    assert Stripper().feed(printed) == shown


@given(st.lists(st.text("\x1b[]0;m2J\x07\\aé\nP", max_size=8), max_size=6))
def test_where_a_piece_ends_makes_no_difference(pieces):
    whole, parts = Stripper(), Stripper()
    assert whole.feed("".join(pieces)) == "".join(map(parts.feed, pieces))


# Tables


COLUMNS = (
    table.Column(title="#", right=True),
    table.Column(title="NAME", most=10),
    table.Column(title="WHERE", leaves=1),
    table.Column(title=""),
)
ROWS = [
    [table.Cell("7"), table.Cell("数字"), table.Cell("local"), table.Cell("waits")],
    [table.Cell("10"), table.Cell("a" * 20), table.Cell("b"), table.Cell("for one GPU " * 3)],
]


def test_columns_are_aligned_also_under_wide_characters():
    lines = table.lines(COLUMNS, ROWS, None)
    starts = {
        terminal.width(line[: line.index(word)])
        for line, word in zip(lines, ("WHERE", "local", "b  "), strict=True)
    }
    assert len(starts) == 1


def test_nothing_is_cut_where_it_is_no_terminal():
    assert "a" * 20 in table.lines(COLUMNS, ROWS, None)[2]


@pytest.mark.parametrize("room", [20, 40, 60, 80])
def test_a_table_fits_its_terminal(room):
    assert max(map(terminal.width, table.lines(COLUMNS, ROWS, room))) <= room


def test_on_a_narrow_terminal_less_important_columns_leave():
    assert "WHERE" in table.lines(COLUMNS, ROWS, 80)[0]
    assert "WHERE" not in table.lines(COLUMNS, ROWS, 40)[0]


def test_a_cell_of_a_table_cannot_break_its_line():
    rows = [[table.Cell("1"), table.Cell("a\nb\x1b[2J"), table.Cell("c"), table.Cell("d")]]
    assert table.lines(COLUMNS, rows, None)[1] == "1  a b   c      d"


# Sparklines


def test_a_series_is_drawn_from_its_least_to_its_greatest():
    assert sparkline.of([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"


def test_a_long_series_keeps_its_first_and_last_value():
    drawn = sparkline.of([*range(1000), 0], most=10)
    assert len(drawn) == 10
    assert (drawn[0], drawn[-1]) == ("▁", "▁")


def test_what_is_not_finite_is_a_gap():
    assert sparkline.of([0.0, float("nan"), 1.0]) == "▁ █"


def test_one_value_is_no_series():
    assert sparkline.of([3.0]) == ""
