"""Definitions under a name: versions count up and never mean anything else."""

from __future__ import annotations

import pytest
from definition_builders import NOON, a_definition, a_store

from jupyter_mltrain.store.environments import EnvironmentStore


@pytest.fixture
def store(tmp_path) -> EnvironmentStore:
    with a_store(tmp_path) as database:
        yield EnvironmentStore(database)


def test_versions_of_a_name_count_up_from_1(store):
    added = [store.add(a_definition(pip=(name,)), NOON) for name in ("attrs", "rich")]
    assert [each.spec.version for each in added] == ["1", "2"]


def test_versions_of_another_name_count_for_themselves(store):
    store.add(a_definition(name="one"), NOON)
    assert store.add(a_definition(name="two"), NOON).spec.version == "1"


def test_what_was_added_is_what_is_there(store):
    added = store.add(a_definition(), NOON)
    assert store.get("mine", "1") == store.latest("mine") == added


def test_versions_come_the_latest_first(store):
    for _ in range(11):
        store.add(a_definition(), NOON)
    assert [each.spec.version for each in store.versions("mine")][:3] == ["11", "10", "9"]


@pytest.mark.parametrize("version", ["2", "0", "-1", "", "one", "01", "9" * 30, "١"])
def test_a_version_that_was_never_given_is_not_there(store, version):
    store.add(a_definition(), NOON)
    assert store.get("mine", version) is None


def test_a_deleted_version_is_not_there(store):
    for _ in range(2):
        store.add(a_definition(), NOON)
    store.delete("mine", ["2"])
    assert store.get("mine", "2") is None
    assert store.latest("mine").spec.version == "1"


def test_the_number_of_a_deleted_version_is_not_given_again(store):
    store.add(a_definition(), NOON)
    store.delete("mine", ["1"])
    assert (store.names(), store.all()) == ((), ())
    assert store.add(a_definition(), NOON).spec.version == "2"


def test_names_come_in_order(store):
    for name in ("b", "a", "b"):
        store.add(a_definition(name=name), NOON)
    assert store.names() == ("a", "b")
