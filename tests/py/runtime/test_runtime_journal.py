"""What is logged, line by line, and reading it back."""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import pickle
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jupyter_mltrain.runtime import load, metrics, values


@pytest.fixture
def journal(tmp_path: Path) -> Any:
    journal = load("journal").Journal(str(tmp_path / "journal.jsonl"))
    yield journal
    journal.close()


def records(journal: Any) -> list[dict[str, Any]]:
    return metrics.read(journal.path)[0]


def test_a_record_is_one_line_of_json_with_its_kind_first_and_its_time_last(journal) -> None:
    journal.append({"k": "metric", "n": "loss", "v": 0.5})
    line = Path(journal.path).read_text()
    assert line.startswith('{"k":"metric","n":"loss","v":0.5,"t":')
    assert line.count("\n") == 1


@pytest.mark.parametrize(("value", "text"), [(math.nan, "NaN"), (-math.inf, "-Infinity")])
def test_a_metric_that_json_lacks_is_a_marked_string(in_run, value, text) -> None:
    in_run.log("loss", value)
    (record,) = records(in_run._journal)
    assert (record["v"], record["f"]) == (text, 1)
    assert str(values.value_of(record)) == str(value)


def test_nan_in_containers_survives_the_way_there_and_back(in_run) -> None:
    in_run.log_list("l", [1, math.nan])
    in_run.log_row("r", x=math.inf)
    in_run.log_table("t", {"a": [-math.inf, 0.5]})
    found = [values.plain(record["v"]) for record in records(in_run._journal)]
    assert found[0][0] == 1
    assert math.isnan(found[0][1])
    assert found[1:] == [{"x": math.inf}, {"a": [-math.inf, 0.5]}]


class Tensor:
    """Stands in for a torch tensor, which is no dependency of the tests."""

    ndim = 1

    def __init__(self, *cells: float) -> None:
        self.cells = cells

    def numel(self) -> int:
        return len(self.cells)

    def item(self) -> float:
        (cell,) = self.cells
        return cell

    def __repr__(self) -> str:
        return f"Tensor{self.cells}"


class Stubborn:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array(2.0), 2.0),
        (np.longdouble(0.25), 0.25),
        (np.str_("a"), "a"),
        (Tensor(0.75), 0.75),
        (Tensor(1.0, 2.0), "Tensor(1.0, 2.0)"),
        (np.array([1, 2]), "array([1, 2])"),
        ([1, 2], "[1, 2]"),
        (Decimal("0.1"), "Decimal('0.1')"),
        (None, None),
        (Stubborn(), "<Stubborn>"),
    ],
)
def test_foreign_values_become_plain_ones(value, kept) -> None:
    found = values.scalar(value)
    assert (found, type(found)) == (kept, type(kept))


def test_a_full_disk_is_said_once_and_raises_nothing(capsys, monkeypatch) -> None:
    monkeypatch.setattr(load("notices"), "_said", set())
    journal = load("journal").Journal("/dev/full")
    for step in range(3):
        journal.append({"k": "metric", "n": "loss", "v": step})
    journal.close()
    assert capsys.readouterr().err == (
        "Metrics and tags can't be written to /dev/full: No space left on device. "
        "The run goes on without them.\n"
    )


def test_a_run_directory_that_is_gone_is_said_once_and_stays_gone(in_run, run_dir, capsys) -> None:
    shutil.rmtree(run_dir)
    in_run.log("loss", 1)
    in_run.upload_file("a.txt", b"")
    in_run.log_image("i", plot=Plot())
    with in_run.child_run() as child:
        child.log("loss", 2)
    assert in_run.get_metrics() == {}
    assert not run_dir.exists()
    gone = "No such file or directory"
    assert capsys.readouterr().err == (
        f"Metrics and tags can't be written to {run_dir}/journal.jsonl: {gone}. "
        "The run goes on without them.\n"
        f"'a.txt' can't be kept with the run in {run_dir}/files: {gone}. "
        "The run goes on without it.\n"
    )


class Plot:
    def savefig(self, file: Any, **_: str) -> None:
        file.write(b"\x89PNG")


def test_a_number_that_is_too_long_for_json_costs_only_itself(in_run, capsys) -> None:
    in_run.log("big", 10**5000)
    in_run.log("loss", 1)
    assert [record["n"] for record in records(in_run._journal)] == ["loss"]
    assert "big can't be logged" in capsys.readouterr().err


def test_a_torn_last_line_is_left_for_later(journal) -> None:
    journal.append({"k": "tag", "n": "a", "v": "1"})
    size = Path(journal.path).stat().st_size
    with open(journal.path, "ab") as file:
        file.write(b'{"k":"tag","n":"b"')
    found, offset = metrics.read(journal.path)
    assert ([record["n"] for record in found], offset) == (["a"], size)
    with open(journal.path, "ab") as file:
        file.write(b',"v":"2"}\n')
    assert [record["n"] for record in metrics.read(journal.path, offset)[0]] == ["b"]


def test_a_write_cut_short_costs_no_record_after_it(journal, monkeypatch) -> None:
    write, pieces = os.write, [5]

    def short(descriptor: int, data: bytes) -> int:
        if pieces:
            return write(descriptor, data[: pieces.pop()])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", short)
    journal.append({"k": "tag", "n": "lost", "v": None})
    monkeypatch.setattr(os, "write", write)
    journal.append({"k": "tag", "n": "kept", "v": None})
    assert [record["n"] for record in records(journal)] == ["kept"]


def test_lines_that_are_no_records_are_passed_over(journal) -> None:
    Path(journal.path).write_bytes(b'\xff{"\n[1]\n\n{"k": "tag", "n": "a", "v": null}\n')
    assert [record["n"] for record in metrics.read(journal.path, 0, ("tag",))[0]] == ["a"]


def test_a_journal_that_does_not_exist_has_no_records(tmp_path: Path) -> None:
    assert metrics.read(str(tmp_path / "none"), 7) == ([], 7)


def _log_many(journal: Any, who: int) -> None:
    for step in range(500):
        journal.append({"k": "metric", "n": str(who), "v": "x" * 200, "s": step})


def test_several_processes_write_whole_lines(journal) -> None:
    journal.append({"k": "metric", "n": "first", "v": 0})  # opened before the fork
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_log_many, args=(journal, who)) for who in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    lines = Path(journal.path).read_bytes().splitlines()
    assert len([json.loads(line) for line in lines]) == 2001


def test_a_journal_sent_to_another_process_opens_the_file_anew(journal) -> None:
    journal.append({"k": "tag", "n": "a", "v": None})
    copy = pickle.loads(pickle.dumps(journal))
    copy.append({"k": "tag", "n": "b", "v": None})
    copy.close()
    assert len(records(journal)) == 2
