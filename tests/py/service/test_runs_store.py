"""Run records: moved only as allowed, found as people name them, kept through everything."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from service_builders import NOON, a_run

from jupyter_mltrain.errors import NoSuchRun, UserError, WrongState
from jupyter_mltrain.spec import ALLOWED_MOVES, Run, RunState
from jupyter_mltrain.store.database import Database
from jupyter_mltrain.store.runs import RunStore


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "store.sqlite")
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> RunStore:
    return RunStore(database)


def kept(store: RunStore, *runs: Run) -> tuple[Run, ...]:
    for run in runs:
        store.insert(run)
    return runs


# Moves


class Moves(RuleBasedStateMachine):
    """Any moves at all, allowed and not, by writers who know the record and who do not."""

    records: Bundle[Run] = Bundle("records")
    """Every record that some writer has ever held, most of them stale."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database(Path(self.folder.name) / "store.sqlite")
        self.store = RunStore(self.database)

    @initialize(target=records, state=st.sampled_from(RunState))
    def insert(self, state: RunState) -> Run:
        self.run = a_run(1, state=state, reason="first")
        self.history = [(state, "first")]
        self.store.insert(self.run)
        return self.run

    @rule(target=records, known=records, to=st.sampled_from(RunState), reason=st.text(max_size=5))
    def move(self, known: Run, to: RunState, reason: str) -> Run:
        allowed = known.version == self.run.version and to in ALLOWED_MOVES[known.state]
        try:
            moved = self.store.move(known, to, reason, NOON)
        except WrongState:
            assert not allowed
            return self.run
        assert allowed
        assert not self.run.state.final
        self.run = moved
        self.history.append((to, reason))
        return moved

    @rule(target=records, known=records, tags=st.dictionaries(st.text(max_size=2), st.none()))
    def amend(self, known: Run, tags: dict[str, None]) -> Run:
        try:
            amended = self.store.amend(known, tags=tags)
        except WrongState:
            assert known.version != self.run.version
            return self.run
        assert known.version == self.run.version
        self.run = amended
        return amended

    @invariant()
    def the_record_is_what_the_last_writer_made_it(self) -> None:
        if hasattr(self, "run"):
            assert self.store.get(self.run.id) == self.run

    @invariant()
    def the_history_is_every_move_in_order(self) -> None:
        if hasattr(self, "run"):
            changes = self.store.history(self.run.id)
            assert [(change.state, change.reason) for change in changes] == self.history

    @invariant()
    def it_is_active_until_it_is_final(self) -> None:
        if hasattr(self, "run"):
            assert bool(self.store.active()) is not self.run.state.final

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()


def test_a_run_moves_only_along_the_table_and_only_from_what_it_is() -> None:
    run_state_machine_as_test(
        Moves, settings=settings(max_examples=60, stateful_step_count=20, deadline=None)
    )


def test_no_final_state_has_a_successor() -> None:
    assert [state for state in RunState if state.final and ALLOWED_MOVES[state]] == []


def test_every_state_that_is_not_final_can_fail_and_be_canceled() -> None:
    ends = {RunState.FAILED, RunState.CANCELED}
    assert [s for s in RunState if not s.final and not ends <= ALLOWED_MOVES[s]] == []


def test_a_move_that_is_not_allowed_says_what_the_run_is(store: RunStore) -> None:
    (run,) = kept(store, a_run(1, state=RunState.COMPLETED, name="fit"))
    with pytest.raises(WrongState, match=r"^fit #1 is Completed; it cannot become Running\.$"):
        store.move(run, RunState.RUNNING, "again", NOON)


def test_a_record_that_has_moved_on_is_not_overwritten(store: RunStore) -> None:
    (run,) = kept(store, a_run(1))
    moved = store.move(run, RunState.STARTING, "making the working copy", NOON)
    with pytest.raises(WrongState, match="has moved on meanwhile"):
        store.amend(run, tags={"late": None})
    assert store.get(run.id) == moved


def test_a_move_may_change_the_record_with_it(store: RunStore) -> None:
    (run,) = kept(store, a_run(1, state=RunState.RUNNING))
    ended = store.move(run, RunState.COMPLETED, "completed", NOON, ended_at=NOON)
    assert store.get(run.id).ended_at == ended.ended_at == NOON


# Finding


def test_a_run_is_found_by_id_number_start_and_name(store: RunStore) -> None:
    (run,) = kept(store, a_run(42, id="digits_17_aaaa", name="fit"))
    for text in ("digits_17_aaaa", "42", "#42", "digits_17", "fit"):
        assert store.find(text) == run


def test_of_several_runs_with_one_name_the_newest_is_meant(store: RunStore) -> None:
    _, second = kept(store, a_run(1, name="fit"), a_run(2, name="fit"))
    assert store.find("fit") == second


def test_an_id_that_several_runs_start_with_is_refused_with_their_names(store: RunStore) -> None:
    kept(store, a_run(1, id="digits_17_aaaa"), a_run(2, id="digits_17_bbbb"))
    with pytest.raises(UserError, match="'digits_17_bbbb', 'digits_17_aaaa'"):
        store.find("digits_17")


def test_a_number_comes_before_a_name_of_digits(store: RunStore) -> None:
    first, _ = kept(store, a_run(1), a_run(2, name="1"))
    assert store.find("1") == first


@pytest.mark.parametrize(
    "text", ["", "#", "nothing", "7", "#7", "dig", "9" * 40, "²", "%", "digits_1%", "'; --"]
)
def test_what_no_run_answers_to_is_no_run(store: RunStore, text: str) -> None:
    kept(store, a_run(1))
    with pytest.raises(NoSuchRun):
        store.find(text)


def test_a_request_is_known_by_its_id(store: RunStore) -> None:
    run = a_run(1)
    store.insert(run, "r1")
    assert store.by_request("r1") == run
    assert store.by_request("r2") is None


# Pages


def numbers(runs: tuple[Run, ...]) -> list[int]:
    return [run.number for run in runs]


def test_pages_are_newest_first_and_go_on_before_a_number(store: RunStore) -> None:
    kept(store, *(a_run(number) for number in range(1, 8)))
    assert numbers(store.page(limit=3)) == [7, 6, 5]
    assert numbers(store.page(limit=3, before=5)) == [4, 3, 2]
    assert numbers(store.page(limit=3, before=2)) == [1]
    assert numbers(store.page(limit=3, before=1)) == []


def test_a_page_can_skip_those_at_the_top_and_a_count_knows_them_all(store: RunStore) -> None:
    kept(store, *(a_run(number) for number in range(1, 8)))
    assert numbers(store.page(skip=2, limit=3)) == [5, 4, 3]
    assert store.count() == 7
    assert store.count(text="no such name") == 0


def test_a_page_has_a_hundred_runs_at_most_and_one_at_least(store: RunStore) -> None:
    kept(store, *(a_run(number) for number in range(1, 103)))
    assert len(store.page(limit=1000)) == 100
    assert len(store.page(limit=0)) == 1


def test_a_page_can_be_of_an_experiment_a_state_a_compute_or_a_text(store: RunStore) -> None:
    kept(
        store,
        a_run(1, experiment="mnist"),
        a_run(2, state=RunState.FAILED),
        a_run(3, compute="far"),
        a_run(4, name="Best FIT"),
    )
    assert numbers(store.page(experiment="mnist")) == [1]
    assert numbers(store.page(states=(RunState.FAILED, RunState.RUNNING))) == [2]
    assert numbers(store.page(compute="far")) == [3]
    assert numbers(store.page(text="fit")) == [4]
    assert numbers(store.page(text="MNI")) == [1]
    assert numbers(store.page(text="%")) == []


def test_a_page_can_be_of_runs_with_all_of_some_tags(store: RunStore) -> None:
    kept(
        store,
        a_run(1, tags={"a": "1", "b": None}),
        a_run(2, tags={"a": "2"}),
        a_run(3, tags={"b": "x"}),
    )
    assert numbers(store.page(tags={"a": None})) == [2, 1]
    assert numbers(store.page(tags={"a": "1"})) == [1]
    assert numbers(store.page(tags={"a": None, "b": None})) == [1]
    assert numbers(store.page(tags={"c": None})) == []


def test_tags_are_found_as_they_are_now(store: RunStore) -> None:
    (run,) = kept(store, a_run(1, tags={"a": "1"}))
    store.amend(run, tags={"b": "2"})
    assert numbers(store.page(tags={"a": None})) == []
    assert numbers(store.page(tags={"b": "2"})) == [1]


def test_children_are_listed_with_their_parent_only_unless_asked_for(store: RunStore) -> None:
    parent, _ = kept(store, a_run(1, id="digits_1"), a_run(2, parent_id="digits_1"))
    assert numbers(store.page()) == [1]
    assert numbers(store.page(include_children=True)) == [2, 1]
    assert numbers(store.page(parent_id=parent.id)) == [2]


def test_finished_runs_come_in_the_order_they_ended_page_by_page(store: RunStore) -> None:
    kept(
        store,
        a_run(1, state=RunState.FAILED, ended_at=NOON + timedelta(hours=2)),
        a_run(2, state=RunState.COMPLETED, ended_at=NOON),
        a_run(3),
        a_run(4, state=RunState.CANCELED, ended_at=NOON),
        a_run(5, state=RunState.COMPLETED, ended_at=NOON, parent_id="digits_1"),
    )
    assert numbers(store.finished()) == [2, 4, 1]
    assert numbers(store.finished((NOON.timestamp(), 2))) == [4, 1]


def test_experiments_are_counted_by_name(store: RunStore) -> None:
    kept(store, a_run(1, experiment="b"), a_run(2, experiment="a"), a_run(3, experiment="b"))
    assert store.experiments() == (("a", 1), ("b", 2))


# Numbers, handles, deletes


def test_a_number_is_never_given_twice(store: RunStore) -> None:
    (run,) = kept(store, a_run(store.next_number(), state=RunState.FAILED))
    store.delete(run.id)
    assert store.next_number() == 2


def test_a_handle_and_an_offset_are_kept_beside_the_record(store: RunStore) -> None:
    (run,) = kept(store, a_run(1))
    assert (store.handle(run.id), store.journal_offset(run.id)) == (None, 0)
    store.keep_handle(run.id, "somewhere")
    store.keep_journal_offset(run.id, 17)
    assert (store.handle(run.id), store.journal_offset(run.id)) == ("somewhere", 17)
    assert store.get(run.id) == run


def test_a_deleted_run_takes_its_children_tags_and_history_along(store: RunStore) -> None:
    kept(
        store,
        a_run(1, id="root", tags={"a": None}),
        a_run(2, id="child", parent_id="root", tags={"a": None}),
        a_run(3, id="grandchild", parent_id="child"),
        a_run(4, id="other", tags={"a": None}),
    )
    store.delete("root")
    assert numbers(store.page(include_children=True)) == [4]
    assert numbers(store.page(tags={"a": None}, include_children=True)) == [4]
    assert store.history("child") == ()


def test_snapshots_in_use_are_told_of_the_runs_that_are_left(store: RunStore) -> None:
    kept(store, a_run(1, id="one", snapshot_id="s1"), a_run(2, snapshot_id="s2"), a_run(3))
    store.delete("one")
    assert store.snapshots() == {2: "s2", 3: None}
    assert store.snapshots(2) == {3: None}
