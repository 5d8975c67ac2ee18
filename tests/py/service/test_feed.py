"""What has changed since when: whoever reads on from a cursor ends up with what the store has."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from service_builders import NOON, a_run

from jupyter_mltrain.errors import WrongState
from jupyter_mltrain.spec import Run, RunState
from jupyter_mltrain.store import feed as feeds
from jupyter_mltrain.store.database import Database
from jupyter_mltrain.store.feed import Feed
from jupyter_mltrain.store.migrations import STEPS
from jupyter_mltrain.store.runs import RunStore


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "store.sqlite")
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> RunStore:
    return RunStore(database)


@pytest.fixture
def feed(database: Database) -> Feed:
    return Feed(database)


class Mirror:
    """A copy of the store, kept by reading changes, now and then from a cursor."""

    def __init__(self, feed: Feed) -> None:
        self.runs: dict[str, Run] = {}
        self.resets = 0
        self._cursor = feed.cursor(0)

    def read(self, feed: Feed, limit: int = 100) -> None:
        at = feed.position(self._cursor)
        if at is None:
            self.resets += 1
            self.runs.clear()
            at = 0  # everything anew; a page asks for the list instead
        for change in feed.since(at, limit):
            assert change.seq > at
            at = change.seq
            if change.run is None:
                self.runs.pop(change.run_id, None)
            else:
                assert change.run.id == change.run_id
                self.runs[change.run_id] = change.run
        self._cursor = feed.cursor(at)


class Reading(RuleBasedStateMachine):
    """Runs come, change and go, while two readers look at odd moments."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database(Path(self.folder.name) / "store.sqlite")
        self.store, self.feed = RunStore(self.database), Feed(self.database)
        self.eager, self.lazy = Mirror(self.feed), Mirror(self.feed)
        self.kept: list[Run] = []

    @rule(child=st.booleans())
    def insert(self, child: bool) -> None:
        parent = self.kept[0].id if child and self.kept else None
        run = a_run(self.store.next_number(), parent_id=parent)
        self.store.insert(run)
        self.kept.append(run)

    @rule(which=st.integers(0, 5), tag=st.text(max_size=2))
    def amend(self, which: int, tag: str) -> None:
        if which < len(self.kept):
            self.kept[which] = self.store.amend(self.kept[which], tags={tag: None})

    @rule(which=st.integers(0, 5))
    def move(self, which: int) -> None:
        if which < len(self.kept) and not self.kept[which].state.final:
            self.kept[which] = self.store.move(self.kept[which], RunState.FAILED, "so", NOON)

    @rule(which=st.integers(0, 5))
    def delete(self, which: int) -> None:
        if which < len(self.kept):
            gone = self.kept[which].id
            self.store.delete(gone)
            self.kept = [run for run in self.kept if gone not in (run.id, run.parent_id)]

    @rule(limit=st.integers(1, 3))
    def read_a_little(self, limit: int) -> None:
        self.lazy.read(self.feed, limit)

    @rule()
    def open_again(self) -> None:
        self.database.close()
        self.database = Database(Path(self.folder.name) / "store.sqlite")
        self.store, self.feed = RunStore(self.database), Feed(self.database)

    @invariant()
    def who_reads_on_has_what_the_store_has(self) -> None:
        self.eager.read(self.feed)
        assert self.eager.runs == {run.id: run for run in self.kept}

    def teardown(self) -> None:
        for _ in range(100):
            self.lazy.read(self.feed, 2)
        assert self.lazy.runs == self.eager.runs
        assert self.eager.resets == self.lazy.resets == 0
        self.database.close()
        self.folder.cleanup()


def test_whoever_reads_on_ends_up_with_what_the_store_has() -> None:
    run_state_machine_as_test(
        Reading, settings=settings(max_examples=40, stateful_step_count=25, deadline=None)
    )


def test_a_run_that_changed_often_comes_once_as_it_is_now(store: RunStore, feed: Feed) -> None:
    run = a_run(1)
    store.insert(run)
    for number in range(5):
        run = store.amend(run, advice=str(number))
    (change,) = feed.since(0)
    assert change.run == run


def test_what_was_refused_is_no_change(store: RunStore, feed: Feed) -> None:
    run = a_run(1)
    store.insert(run)
    moved = store.move(run, RunState.STARTING, "now", NOON)
    before = feed.last()
    with pytest.raises(WrongState):
        store.amend(run, advice="late")
    assert feed.last() == before
    assert [change.run for change in feed.since(0)] == [moved]


def test_a_deleted_run_takes_its_children_along_one_by_one(store: RunStore, feed: Feed) -> None:
    for run in (a_run(1, id="root"), a_run(2, id="child", parent_id="root"), a_run(3, id="other")):
        store.insert(run)
    before = feed.last()
    store.delete("root")
    assert {change.run_id for change in feed.since(before)} == {"root", "child"}
    assert next(change.run_id for change in feed.since(0)) == "other"


def test_deleting_what_is_not_there_is_no_change(store: RunStore, feed: Feed) -> None:
    store.delete("nobody")
    assert feed.last() == 0


# Cursors


@pytest.mark.parametrize(
    "cursor", [None, "", ":", "1", "x:1", "{epoch}", "{epoch}:", "{epoch}:-1", "{epoch}:x",
               "{epoch}:²", "{epoch}:2", "{epoch}:" + "9" * 30]
)  # fmt: skip
def test_a_cursor_that_means_nothing_here_is_no_position(
    cursor: str | None, store: RunStore, feed: Feed
) -> None:
    store.insert(a_run(1))
    given = cursor and cursor.replace("{epoch}", feed.cursor(0).partition(":")[0])
    assert feed.position(given) is None
    assert feed.position(feed.cursor(1)) == 1


def test_another_database_has_another_epoch(tmp_path: Path, feed: Feed) -> None:
    other = Database(tmp_path / "other.sqlite")
    assert Feed(other).position(feed.cursor(0)) is None
    other.close()


def test_who_was_away_for_more_deletions_than_are_remembered_starts_anew(
    store: RunStore, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "REMEMBERED", 3)
    for number in range(1, 6):
        store.insert(a_run(number, id=f"run{number}"))
    before = feed.last()
    for number in range(1, 5):
        store.delete(f"run{number}")
    assert feed.position(feed.cursor(before)) is None
    assert feed.position(feed.cursor(before + 1)) == before + 1
    assert [each.run_id for each in feed.since(before + 1)] == ["run2", "run3", "run4"]


@pytest.mark.parametrize(
    ("left_open", "boot", "goes_on"),
    [(False, "monday", True), (True, "monday", True), (False, "tuesday", True),
     (True, "tuesday", False), (True, "", False)],
)  # fmt: skip
def test_only_a_power_cut_ends_an_epoch(
    left_open: bool, boot: str, goes_on: bool, database: Database
) -> None:
    feed = Feed(database)
    feed.begin("monday", left_open=False)
    cursor = feed.cursor(0)
    after = Feed(database)
    after.begin(boot, left_open=left_open)
    assert (after.position(cursor) == 0) is goes_on


# A database of the first version


def test_a_database_of_the_first_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    runs = [a_run(number) for number in (1, 2, 5)]
    write_schema_1(path, runs)
    database = Database(path)
    store, feed = RunStore(database), Feed(database)
    assert feed.position(feed.cursor(0)) == 0
    assert [change.run for change in feed.since(0)] == runs
    before = feed.last()
    amended = store.amend(runs[1], advice="so")
    store.insert(a_run(store.next_number()))
    assert next(change.run for change in feed.since(before)) == amended
    assert store.next_number() == 7
    database.close()


def write_schema_1(path: Path, runs: list[Run]) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(f"BEGIN; {STEPS[0]}; PRAGMA user_version = 1; COMMIT;")
    for run in runs:
        connection.execute(
            "INSERT INTO runs (number, id, experiment, compute, state, created_at, version, record)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                run.number,
                run.id,
                run.spec.experiment,
                run.spec.compute,
                run.state.value,
                run.created_at.timestamp(),
                run.version,
                msgspec.json.encode(run),
            ),
        )
    connection.commit()
    connection.close()


def test_reading_on_looks_only_at_what_is_new(database: Database, feed: Feed) -> None:
    said: list[str] = []
    database.connection.set_trace_callback(said.append)
    feed.since(7)
    database.connection.set_trace_callback(None)
    plan = [row[3] for row in database.connection.execute(f"EXPLAIN QUERY PLAN {said[0]}")]
    assert not [step for step in plan if step.startswith("SCAN") or "TEMP B-TREE" in step]
