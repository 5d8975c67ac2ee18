"""A service that is killed while runs execute on nodes: the next one finds who holds which."""

from __future__ import annotations

import pytest
from fault_builders import MakePlace, Place, Watched

from jupyter_mltrain.spec import ClusterNode, ClusterSpec, NodeState, Resources, RunState
from jupyter_mltrain.wire import ClusterRequest

pytestmark = pytest.mark.slow

WAITS = "import sys\nopen(sys.argv[1]).read()\n"


def a_place(make_place: MakePlace, **given: object) -> Place:
    """A workspace of a machine with 3 CPUs, of which a cluster has up to 2 nodes."""
    place = make_place(cpus=3, memory_bytes=16 * 1024**3)
    spec = ClusterSpec(vm_size="STANDARD_D1_V2", max_nodes=2, **given)  # type: ignore[arg-type]
    place.client.create_cluster(ClusterRequest(name="nodes", spec=spec))
    return place


def nodes_of(place: Place) -> tuple[ClusterNode, ...]:
    (cluster,) = (each.cluster for each in place.client.computes() if each.cluster is not None)
    return cluster.nodes


def test_runs_hold_their_nodes_again_and_others_go_on_waiting(make_place: MakePlace) -> None:
    place = a_place(make_place)
    gates = [place.gate(name) for name in ("first", "second", "third", "local")]
    runs = [place.submit(WAITS, gate, compute="nodes") for gate in gates[:3]]
    local = place.submit(WAITS, gates[3], resources=Resources(cpus=1))
    for run in (*runs[:2], local):
        place.running(run)
    place.kill_service()
    held = {node.run_id: node.id for node in nodes_of(place)}
    assert held == {runs[0].id: "nodes-1", runs[1].id: "nodes-2"}
    waits = place.client.get(runs[2].id)
    assert waits.state is RunState.QUEUED
    assert waits.reason.startswith("waiting for 1 node of nodes (at most 2): ")
    gates[0].open()
    place.completed(runs[0])
    place.running(runs[2])
    for gate in gates[1:]:
        gate.open()
    for run in (*runs, local):
        place.completed(run)
    assert {node.state for node in nodes_of(place)} == {NodeState.IDLE}


def test_a_run_that_ended_while_there_was_no_service_leaves_an_idle_node(
    make_place: MakePlace,
) -> None:
    place = a_place(make_place)
    gate = place.gate()
    run = place.running(place.submit(WAITS, gate, compute="nodes"))
    reaper = Watched(place.reaper_pid(run))
    place.kill_service()
    gate.open()
    reaper.wait()
    place.completed(run)
    assert [(node.id, node.state) for node in nodes_of(place)] == [("nodes-1", NodeState.IDLE)]


def test_a_cluster_is_there_again_with_the_nodes_that_stay(make_place: MakePlace) -> None:
    place = a_place(make_place, min_nodes=1)
    place.kill_service()
    assert [(node.id, node.state) for node in nodes_of(place)] == [("nodes-1", NodeState.IDLE)]
