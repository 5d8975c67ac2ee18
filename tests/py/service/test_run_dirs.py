"""Run directories that are kept ready."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mltrain.service.run_dirs import FOLDERS, RunDirs


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "runs").mkdir()
    return tmp_path


def is_complete(run_dir: Path) -> bool:
    return all((run_dir / name).is_dir() for name in FOLDERS) and (
        (run_dir / "journal.jsonl").read_bytes() == b""
    )


def test_a_run_directory_is_made_where_none_is_ready(workspace: Path) -> None:
    run_dir = RunDirs(workspace).make("a_1")
    assert run_dir == workspace / "runs" / "a_1"
    assert is_complete(run_dir)


def test_a_run_gets_the_directory_that_was_kept_ready(workspace: Path) -> None:
    run_dirs = RunDirs(workspace)
    run_dirs.keep_ready()
    (ready, *_) = {each.stat().st_ino for each in (workspace / "spare").iterdir()} & {
        run_dirs.make(name).stat().st_ino for name in ("a_1", "a_2")
    }
    assert ready
    assert list((workspace / "spare").iterdir()) == []
    assert is_complete(workspace / "runs" / "a_1")


def test_no_more_are_kept_ready_than_soon_needed(workspace: Path) -> None:
    run_dirs = RunDirs(workspace)
    for _ in range(3):
        run_dirs.keep_ready()
    assert len(list((workspace / "spare").iterdir())) == 2


def test_what_an_earlier_service_kept_ready_is_removed(workspace: Path) -> None:
    RunDirs(workspace).keep_ready()
    RunDirs(workspace)
    assert list((workspace / "spare").iterdir()) == []


def test_a_directory_that_somebody_deleted_is_made_anew(workspace: Path) -> None:
    run_dirs = RunDirs(workspace)
    run_dirs.keep_ready()
    for spare in (workspace / "spare").iterdir():
        spare.rename(workspace / f"elsewhere-{spare.name}")
    assert is_complete(run_dirs.make("a_1"))
