"""The workspace's SQLite file: opened with care, never silently replaced."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest
from service_builders import NOON, a_run

from jupyter_mltrain.errors import DiskFull, WorkspaceError
from jupyter_mltrain.service import finishing, recovery
from jupyter_mltrain.spec import RunState
from jupyter_mltrain.store.database import Database, explain
from jupyter_mltrain.store.migrations import STEPS
from jupyter_mltrain.store.runs import RunStore


def schema_of(path: Path) -> int:
    connection = sqlite3.connect(path)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return int(version)


def filled(path: Path, count: int = 1) -> None:
    """A database with some runs, closed in good order."""
    database = Database(path)
    store = RunStore(database)
    for number in range(1, count + 1):
        store.insert(a_run(number))
    database.close()


def damage(path: Path) -> None:
    """Overwrite the middle of the file."""
    with open(path, "r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xff" * 8192)


def test_a_new_database_has_the_newest_schema(tmp_path: Path) -> None:
    filled(tmp_path / "store.sqlite")
    assert schema_of(tmp_path / "store.sqlite") == len(STEPS)


def test_what_was_written_is_there_after_the_next_open(tmp_path: Path) -> None:
    filled(tmp_path / "store.sqlite", 3)
    database = Database(tmp_path / "store.sqlite")
    assert len(RunStore(database).page()) == 3
    database.close()


def test_a_database_of_a_newer_version_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    filled(path)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(WorkspaceError, match="written by a newer jupyter_mltrain"):
        Database(path)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["store.sqlite"]


def test_a_file_that_is_no_database_is_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"this is not a database" * 100)
    database = Database(path)
    assert database.kept_aside is not None
    assert database.kept_aside.read_bytes().startswith(b"this is not a database")
    assert RunStore(database).page() == ()
    database.close()


def test_damage_inside_the_file_is_found_when_the_last_owner_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    filled(path, 50)
    damage(path)
    database = Database(path, suspect=True)
    assert database.kept_aside is not None
    database.close()


def test_a_whole_file_is_kept_when_the_last_owner_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    filled(path, 5)
    database = Database(path, suspect=True)
    assert database.kept_aside is None
    assert len(RunStore(database).page()) == 5
    database.close()


def test_a_damaged_database_is_filled_again_from_the_runs_own_records(tmp_path: Path) -> None:
    runs_dir = tmp_path / "runs"
    run = a_run(7, state=RunState.COMPLETED, ended_at=NOON)
    (runs_dir / run.id).mkdir(parents=True)
    finishing.keep_record(run, runs_dir / run.id)
    (tmp_path / "store.sqlite").write_bytes(b"broken" * 1000)
    database = Database(tmp_path / "store.sqlite")
    store = RunStore(database)
    assert recovery.rebuild(store, runs_dir) == 1
    assert store.page() == (run,)
    assert store.next_number() == 8
    database.close()


def test_a_write_survives_a_kill_once_it_is_synced(tmp_path: Path) -> None:
    # What the disk holds at that moment, as after a power cut: the file and its log, copied.
    path = tmp_path / "store.sqlite"
    database = Database(path)
    RunStore(database).insert(a_run(1))
    database.sync()
    (tmp_path / "after").mkdir()
    for name in ("store.sqlite", "store.sqlite-wal"):
        (tmp_path / "after" / name).write_bytes((tmp_path / name).read_bytes())
    database.close()
    again = Database(tmp_path / "after/store.sqlite", suspect=True)
    assert again.kept_aside is None
    assert len(RunStore(again).page()) == 1
    again.close()


def test_a_long_log_is_folded_back_into_the_file(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    database = Database(path)
    RunStore(database).insert(a_run(1))
    database.writes = 10_000
    database.sync()
    (tmp_path / "alone.sqlite").write_bytes(path.read_bytes())  # without its log
    database.close()
    alone = Database(tmp_path / "alone.sqlite")
    assert len(RunStore(alone).page()) == 1
    alone.close()


def test_a_disk_that_refuses_to_sync_promises_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    database = Database(tmp_path / "store.sqlite")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", refuse)
        with pytest.raises(DiskFull):
            database.sync()
    database.close()


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), DiskFull, "No space left where"),
        (sqlite3.OperationalError("database or disk is full"), DiskFull, "No space left where"),
        (OSError(errno.EROFS, "Read-only file system"), WorkspaceError, "cannot be written"),
        (
            sqlite3.OperationalError("attempt to write a readonly database"),
            WorkspaceError,
            "cannot be written",
        ),
        (sqlite3.OperationalError("disk I/O error"), WorkspaceError, "fails: disk I/O error"),
    ],
)
def test_an_error_of_the_disk_says_what_it_means(
    error: OSError | sqlite3.Error, kind: type[Exception], words: str
) -> None:
    said = explain(error, Path("/w/store.sqlite"))
    assert type(said) is kind
    assert words in said.message
