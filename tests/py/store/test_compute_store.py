"""Engines that were attached are there after the next start."""

from __future__ import annotations

import pytest
from definition_builders import NOON, a_store
from msgspec.structs import replace

from jupyter_mltrain.spec import Capacity
from jupyter_mltrain.store.computes import AttachedCompute, ComputeStore

BOX = AttachedCompute(
    name="gpu-box",
    url="ssh://me@gpu-box",
    gpus=2,
    capacity=Capacity(cpus=8, memory_bytes=1_000),
    attached_at=NOON,
)


@pytest.fixture
def store(tmp_path) -> ComputeStore:
    with a_store(tmp_path) as database:
        yield ComputeStore(database)


def test_what_was_kept_is_there(store):
    store.keep(BOX)
    assert store.all() == (BOX,)


def test_a_name_is_there_once_as_it_was_kept_last(store):
    larger = replace(BOX, capacity=Capacity(cpus=16, memory_bytes=2_000))
    store.keep(BOX)
    store.keep(larger)
    assert store.all() == (larger,)


def test_what_was_forgotten_is_gone(store):
    store.keep(BOX)
    store.forget("gpu-box")
    store.forget("never-there")
    assert store.all() == ()
