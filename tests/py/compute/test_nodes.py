"""The nodes of clusters: whatever runs ask for, the machine is never overbooked."""

from __future__ import annotations

import re

import pytest
from clock import FakeClock
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mltrain.compute import vm_sizes
from jupyter_mltrain.compute.leases import Holdings, Ledger
from jupyter_mltrain.compute.nodes import Nodes
from jupyter_mltrain.errors import ComputeTargetError
from jupyter_mltrain.spec import Capacity, ClusterSpec, Device, Lease, Resources

GIB = 1024**3
MACHINE = Capacity(
    cpus=6,
    memory_bytes=64 * GIB,
    gpus=tuple(Device(index=at, name="Fake", memory_bytes=8 * GIB) for at in range(3)),
)
ONE = Lease(cpus=1, memory_bytes=4 * GIB, gpus=(0,))
TWO = Lease(cpus=2, memory_bytes=8 * GIB)


def a_spec(min_nodes: int = 0, max_nodes: int = 3, idle_s: float = 60.0) -> ClusterSpec:
    return ClusterSpec(vm_size="x", min_nodes=min_nodes, max_nodes=max_nodes, idle_s=idle_s)


def places(clock: FakeClock) -> dict[str, Holdings]:
    machine = Ledger(MACHINE)
    return {
        "local": machine,
        "one": Nodes("one", a_spec(), ONE, machine, clock, _nothing),
        "two": Nodes("two", a_spec(), TWO, machine, clock, _nothing),
    }


def _nothing() -> None:
    """Nobody listens."""


def test_nodes_have_different_gpus() -> None:
    nodes = places(FakeClock())["one"]
    taken = [nodes.take(str(number), Resources()) for number in range(3)]
    assert [lease and lease.gpus for lease in taken] == [(0,), (1,), (2,)]


def test_a_run_gets_the_node_that_was_busy_last_so_that_the_others_can_leave() -> None:
    clock = FakeClock()
    nodes = places(clock)["one"]
    assert isinstance(nodes, Nodes)
    for run_id in ("a", "b"):
        nodes.take(run_id, Resources())
    for run_id in ("a", "b"):
        clock.advance(10)
        nodes.release(run_id)
    nodes.take("c", Resources())
    assert nodes.host("c") == "one-2"
    clock.advance(55)
    nodes.tick()
    assert [node.id for node in nodes.all] == ["one-2"]


def test_the_longest_idle_node_gives_way_first() -> None:
    clock = FakeClock()
    found = places(clock)
    nodes = found["two"]
    assert isinstance(nodes, Nodes)
    for run_id in ("a", "b", "c"):
        nodes.take(run_id, Resources())
    for run_id in ("b", "a", "c"):
        clock.advance(1)
        nodes.release(run_id)
    assert found["local"].take("x", Resources(cpus=1)) is not None
    assert [node.id for node in nodes.all] == ["two-1", "two-3"]


def test_a_run_that_is_found_again_has_the_node_that_it_had() -> None:
    nodes = places(FakeClock())["one"]
    assert isinstance(nodes, Nodes)
    nodes.hold("a", Lease(cpus=1, memory_bytes=GIB, gpus=(2,)), "one-2")
    nodes.hold("b", Lease(cpus=1), "somewhere else")
    assert (nodes.host("a"), nodes.host("b")) == ("one-2", "one-1")
    assert [node.lease and node.lease.gpus for node in nodes.all] == [(0,), (2,)]


steps = st.lists(
    st.tuples(
        st.sampled_from(["take", "take", "take", "release", "wait", "limit"]),
        st.sampled_from(["local", "one", "two"]),
        st.integers(0, 9),
        st.integers(0, 3),
    ),
    max_size=40,
)


@given(steps)
def test_never_more_is_held_than_the_machine_has(taken: list[tuple[str, str, int, int]]) -> None:
    clock = FakeClock()
    found = places(clock)
    machine = found["local"]
    for what, name, number, size in taken:
        place, run_id = found[name], f"run-{name}-{number}"
        if what == "take" and run_id not in place.leases:
            # What could be taken by its own account is what can be taken.
            fits = place.outlook({}).fits(Resources(cpus=1))
            assert fits == (place.shortage(Resources(cpus=1)) is None)
            assert (place.take(run_id, Resources(cpus=1)) is not None) == fits
        elif what == "release":
            place.release(run_id)
        elif what == "wait":
            clock.advance(30 * size)
        elif isinstance(place, Nodes):
            place.limit(a_spec(min(size, 1), size))
        for each in found.values():
            if isinstance(each, Nodes):
                each.tick()
                running = {node.run_id for node in each.all if node.run_id is not None}
                assert running == set(each.leases)
        held = list(machine.leases.values())
        gpus = [gpu for lease in held for gpu in lease.gpus]
        assert sum(lease.cpus for lease in held) <= MACHINE.cpus
        assert sum(lease.memory_bytes for lease in held) <= MACHINE.memory_bytes
        assert len(gpus) == len(set(gpus))


@given(steps)
def test_when_nobody_executes_anything_all_is_free(
    taken: list[tuple[str, str, int, int]],
) -> None:
    found = places(FakeClock())
    for _, name, number, _ in taken:
        if f"{name}-run-{number}" not in found[name].leases:
            found[name].take(f"{name}-run-{number}", Resources(cpus=1))
    for _, name, number, _ in taken:
        found[name].release(f"{name}-run-{number}")
    assert found["local"].take("whole", Resources(cpus=6, gpus=3)) is not None
    assert all(not each.all for each in found.values() if isinstance(each, Nodes))


def test_every_size_is_what_its_name_says() -> None:
    for name, size in vm_sizes.SIZES.items():
        assert re.fullmatch(r"STANDARD_[A-Z0-9]+(_[A-Z0-9]+)*", name)
        assert size.memory_bytes / size.cpus >= GIB
        assert bool(size.gpus) == bool(re.match(r"STANDARD_N[CDV]", name)), name
    assert vm_sizes.find("Standard_D2_v2") == (
        "STANDARD_D2_V2",
        Lease(cpus=2, memory_bytes=7 * GIB),
    )
    assert vm_sizes.find("STANDARD_NC6_PROMO")[1] == vm_sizes.find("")[1]


def test_a_size_that_there_is_not_is_named_with_near_ones() -> None:
    with pytest.raises(ComputeTargetError, match=r"'Standard_NC6_v9'\. Did you mean STANDARD_NC6"):
        vm_sizes.find("Standard_NC6_v9")
