"""What the magics write: the card and the table, as pure text."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec

from jupyter_mltrain.magics.card_text import card
from jupyter_mltrain.magics.results import described, figures_of
from jupyter_mltrain.magics.table import table
from jupyter_mltrain.spec import Lease, Node, Run, RunFile, RunSpec, RunState

NOW = datetime(2026, 3, 14, 15, 0, tzinfo=timezone.utc)


def a_run(state: RunState = RunState.RUNNING, name: str | None = "digits", **given: Any) -> Run:
    run = Run(
        id="digits_1",
        number=42,
        state=state,
        reason="",
        spec=RunSpec(experiment="notebook", script="cell.py", name=name),
        created_at=NOW - timedelta(seconds=12),
        started_at=None if state.waiting else NOW - timedelta(seconds=12),
        ended_at=NOW if state.final else None,
        nodes=(Node(index=0, host="here", lease=Lease(cpus=2)),),
    )
    return msgspec.structs.replace(run, **given)


def a_file(name: str, size_bytes: int = 12_000) -> RunFile:
    return RunFile(name=name, size_bytes=size_bytes, modified_at=NOW)


def test_a_running_card_is_a_line_and_the_output() -> None:
    assert card(a_run(), "epoch 1\n", NOW) == (
        "◐ Running    digits #42  0:12  local · 2 CPUs\nepoch 1"
    )


def test_a_waiting_card_says_why() -> None:
    run = a_run(RunState.QUEUED, reason="waiting for 1 GPU: digits #41 holds it")
    assert card(run, "", NOW) == (
        "○ Queued     digits #42  0:12  local · 2 CPUs\nwaiting for 1 GPU: digits #41 holds it"
    )


def test_an_ended_card_names_its_outputs() -> None:
    files = [a_file("logs/x.txt"), a_file("outputs/model.joblib"), a_file("outputs/a\nb", 800)]
    assert card(a_run(RunState.COMPLETED), "done", NOW, files=files).splitlines() == [
        "✓ Completed  digits #42  0:12 · 2 outputs, 13 kB",
        "done",
        "outputs  model.joblib 12 kB   a b 800 bytes",
    ]


def test_of_many_outputs_the_first_are_named_and_the_rest_is_counted() -> None:
    files = [a_file(f"outputs/{number:02}.txt") for number in range(13)]
    last = card(a_run(RunState.COMPLETED), "", NOW, files=files).splitlines()[-1]
    assert "09.txt 12 kB   and 3 more" in last


def test_a_reason_cannot_steer_the_display() -> None:
    run = a_run(RunState.FAILED, reason="bad \x1b[2J\x07 thing.")
    assert card(run, "", NOW) == "✗ Failed     digits #42  bad   thing."


def test_the_table_is_aligned_and_ends_with_the_fact_that_matters() -> None:
    runs = [
        a_run(number=102),
        a_run(RunState.QUEUED, None, number=9, reason="waiting for 1 GPU"),
        a_run(RunState.FAILED, "long name", number=8, reason="No module named 'x'."),
        a_run(RunState.COMPLETED, number=7),
    ]
    assert table(runs, NOW).splitlines() == [
        "  #  state        name       experiment  submitted  took",
        "102  ◐ Running    digits     notebook    12 s ago   0:12  local · 2 CPUs",
        "  9  ○ Queued                notebook    12 s ago         waiting for 1 GPU",
        "  8  ✗ Failed     long name  notebook    12 s ago   0:12  No module named 'x'.",
        "  7  ✓ Completed  digits     notebook    12 s ago   0:12",
    ]


def test_figures_come_in_the_order_they_were_shown() -> None:
    files = [
        a_file("outputs/figures/figure-10.png"),
        a_file("outputs/figures/figure-2.png"),
        a_file("outputs/figures/notes.txt"),
        a_file("outputs/figure-1.png"),
    ]
    assert [file.name for file in figures_of(files)] == [
        "outputs/figures/figure-2.png",
        "outputs/figures/figure-10.png",
    ]


def test_what_comes_back_is_described_in_short() -> None:
    values = {"losses": [1, 2], "score": 0.5, "name": "x", "none": None}
    assert described(values) == "losses: list of 2 · score: 0.5 · name: str · none: None"
