"""Clusters: nodes that come when runs need them, share this machine with others, and go."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from fake_builder import packages
from loops import in_loop
from preparing_builders import builds, prepared
from service_rig import Rig

from jupyter_mltrain.errors import ComputeTargetError, InvalidSpec
from jupyter_mltrain.service import finishing, recovery
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.spec import (
    Capacity,
    Cluster,
    ClusterSpec,
    ComputeStatus,
    Lease,
    NodeState,
    Run,
    RunState,
    Source,
)
from jupyter_mltrain.store.database import Database
from jupyter_mltrain.store.runs import RunStore
from jupyter_mltrain.wire import BuildRequest, ClusterChange, ClusterRequest

GIB = 1024**3
ONE_CPU = "STANDARD_D1_V2"
TWO_CPUS = "STANDARD_D2_V2"
RUNNING, IDLE = NodeState.RUNNING, NodeState.IDLE


def a_request(name: str = "nodes", **given: object) -> ClusterRequest:
    asked = {"vm_size": ONE_CPU, "max_nodes": 2, **given}
    return ClusterRequest(name=name, spec=ClusterSpec(**asked))  # type: ignore[arg-type]


async def a_cluster(rig: Rig, name: str = "nodes", **given: object) -> Cluster:
    return cluster_of(await rig.clusters.create(a_request(name, **given)))


def cluster_of(status: ComputeStatus) -> Cluster:
    assert status.cluster is not None
    return status.cluster


def status(rig: Rig, name: str = "nodes") -> ComputeStatus:
    found = rig.clusters.all(rig.verbs.computes())
    return next(each for each in found if each.name == name)


def cluster(rig: Rig, name: str = "nodes") -> Cluster:
    return cluster_of(status(rig, name))


def states(rig: Rig, name: str = "nodes") -> list[NodeState]:
    return [node.state for node in cluster(rig, name).nodes]


def reason(rig: Rig, run: Run) -> str:
    return rig.verbs.get(run.id).reason


# Creating


@in_loop
async def test_a_cluster_begins_without_nodes(rig: Rig) -> None:
    async with rig:
        made = await a_cluster(rig, max_nodes=3)
        assert (made.nodes, made.target_nodes, made.allocation_state) == ((), 0, "Steady")
        assert made.provisioning_state == "Succeeded"
        assert made.node == Lease(cpus=1, memory_bytes=int(3.5 * GIB))
        assert made.note == ""
        assert (status(rig).kind, status(rig).capacity.cpus) == ("cluster", 3)


@in_loop
async def test_a_size_is_known_in_any_case(rig: Rig) -> None:
    async with rig:
        made = await a_cluster(rig, vm_size="Standard_d2_v2", vm_priority="LowPriority")
        assert (made.spec.vm_size, made.spec.vm_priority) == (TWO_CPUS, "lowpriority")


@in_loop
async def test_what_a_size_has_more_than_the_machine_is_said_in_one_line(rig: Rig) -> None:
    async with rig:
        made = await a_cluster(rig, vm_size="STANDARD_NC24", max_nodes=4)
        assert made.node == Lease(cpus=4, memory_bytes=16_000_000_000, gpus=(0, 1))
        assert made.note == (
            "STANDARD_NC24 has 24 CPUs, 224 GB of memory and 4 GPUs; on this machine its nodes "
            "have 4 CPUs, 16 GB of memory and 2 GPUs. This machine has room for 1 of 4 nodes at a "
            "time."
        )


@in_loop
async def test_a_run_is_warned_of_what_its_nodes_have_less(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, vm_size="STANDARD_NC24", max_nodes=1)
        run = await rig.submit(compute="nodes")
        assert [each for each in run.warnings if "4 GPUs" in each] == [
            "STANDARD_NC24 has 24 CPUs, 224 GB of memory and 4 GPUs; on this machine its nodes "
            "have 4 CPUs, 16 GB of memory and 2 GPUs."
        ]


@in_loop
async def test_a_machine_without_gpus_says_so(tmp_path: Path) -> None:
    machine = Capacity(cpus=8, memory_bytes=64 * GIB)
    async with Rig(tmp_path / "bare", capacity=machine) as rig:
        made = await a_cluster(rig, vm_size="STANDARD_NC6", max_nodes=1)
        assert made.note == "STANDARD_NC6 has 1 GPU; on this machine its nodes have no GPU."


@in_loop
async def test_creating_the_same_again_changes_nothing(rig: Rig) -> None:
    async with rig:
        first = await a_cluster(rig)
        rig.clock.advance(5)
        assert await a_cluster(rig) == first


@in_loop
async def test_another_one_of_that_name_is_refused(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig)
        with pytest.raises(
            ComputeTargetError, match="There is a cluster 'nodes' already, of STAND"
        ):
            await a_cluster(rig, max_nodes=3)
        with pytest.raises(ComputeTargetError, match="There is a compute target 'local' already"):
            await a_cluster(rig, "local")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"vm_size": "STANDARD_NC5"}, r"no VM size 'STANDARD_NC5'\. Did you mean STANDARD_NC6"),
        ({"vm_size": "nc6"}, r"no VM size 'nc6'\. Did you mean STANDARD_NC6"),
        ({"vm_size": "x"}, r"no VM size 'x'\. One is STANDARD_D2_V2\."),
        ({"min_nodes": 3}, "cannot have 3 to 2 nodes"),
        ({"min_nodes": -1}, "cannot have -1 to 2 nodes"),
        ({"max_nodes": 10**9}, "Give limits from 0 to 1000"),
        ({"idle_s": -1.0}, "cannot stay idle for -1 s"),
        ({"idle_s": float("nan")}, "cannot stay idle for nan s"),
        ({"vm_priority": "cheap"}, "no VM priority 'cheap'"),
        (
            {"vm_size": "STANDARD_D3_V2", "min_nodes": 2},
            r"'nodes' cannot keep 2 nodes: each takes 4 CPUs and 14 GB of memory, and this machine,"
            r" with 4 CPUs, 16 GB of memory and 2 GPUs, has room for 1\. Set min_nodes to 1 at",
        ),
    ],
)
@in_loop
async def test_what_cannot_be_is_refused_in_a_sentence(
    rig: Rig, given: dict[str, object], said: str
) -> None:
    async with rig:
        with pytest.raises(ComputeTargetError, match=said):
            await a_cluster(rig, **given)
        assert [each.name for each in rig.verbs.computes()] == ["local"]


@in_loop
async def test_what_cannot_be_a_name_is_refused(rig: Rig) -> None:
    async with rig:
        with pytest.raises(InvalidSpec, match="cannot name a compute target"):
            await a_cluster(rig, "../x")


@in_loop
async def test_two_clusters_cannot_keep_more_than_the_machine_has(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, "first", min_nodes=1)
        with pytest.raises(ComputeTargetError, match="room for 1 beside those that 'first' keeps"):
            await a_cluster(rig, "second", vm_size=TWO_CPUS, min_nodes=2)


# Nodes come and go


@in_loop
async def test_a_run_gets_a_node_at_once(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig)
        run = await rig.submit(compute="nodes")
        assert run.state is not RunState.QUEUED
        assert run.nodes[0].host == "nodes-1"
        assert run.nodes[0].lease == Lease(cpus=1, memory_bytes=int(3.5 * GIB))
        made = cluster(rig)
        assert [(node.id, node.state, node.run_id) for node in made.nodes] == [
            ("nodes-1", RUNNING, run.id)
        ]
        assert (made.target_nodes, made.allocation_state) == (1, "Steady")
        await rig.exit(await rig.until(run, RunState.RUNNING))


@in_loop
async def test_the_node_is_idle_after_its_run_and_leaves_when_it_is_time(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, idle_s=60.0)
        await rig.exit(await rig.running(compute="nodes"))
        assert states(rig) == [IDLE]
        rig.clock.advance(59)
        rig.clusters.tick()
        assert states(rig) == [IDLE]
        rig.clock.advance(1)
        rig.clusters.tick()
        assert states(rig) == []


@in_loop
async def test_a_node_that_gets_a_run_again_does_not_leave_under_it(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, idle_s=60.0)
        await rig.exit(await rig.running(compute="nodes"))
        run = await rig.running(compute="nodes")
        rig.clock.advance(600)
        rig.clusters.tick()
        assert states(rig) == [RUNNING]
        assert run.nodes[0].host == "nodes-1"


@in_loop
async def test_without_idle_time_a_node_leaves_with_its_run(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, idle_s=0.0)
        await rig.exit(await rig.running(compute="nodes"))
        assert states(rig) == []


@in_loop
async def test_the_nodes_that_are_to_stay_come_at_once_and_stay(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, min_nodes=1, idle_s=0.0)
        assert states(rig) == [IDLE]
        runs = [await rig.running(compute="nodes") for _ in range(2)]
        for run in runs:
            await rig.exit(run)
        rig.clock.advance(10_000)
        rig.clusters.tick()
        assert states(rig) == [IDLE]


@in_loop
async def test_there_are_never_more_nodes_than_the_most(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, max_nodes=2)
        first, second = [await rig.running(compute="nodes") for _ in range(2)]
        third = await rig.submit(compute="nodes")
        assert third.state is RunState.QUEUED
        said = f"waiting for 1 node of nodes (at most 2): {first.label} and 1 more hold it"
        assert reason(rig, third) == said
        assert status(rig).queued == 1
        await rig.exit(second)
        assert (await rig.until(third, RunState.RUNNING)).nodes[0].host == "nodes-2"


@in_loop
async def test_a_run_that_asks_for_less_has_less_of_its_node(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, vm_size=TWO_CPUS)
        run = await rig.submit(compute="nodes", cpus=1, memory_bytes=GIB)
        assert run.nodes[0].lease == Lease(cpus=1, memory_bytes=GIB)
        assert cluster(rig).nodes[0].lease == Lease(cpus=2, memory_bytes=7 * GIB)


@in_loop
async def test_a_run_that_asks_for_more_than_a_node_has_is_refused(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig)
        with pytest.raises(InvalidSpec, match="a node of 'nodes' has 1 CPU"):
            await rig.submit(compute="nodes", cpus=2)
        with pytest.raises(InvalidSpec, match=r"a node of 'nodes' has no GPU\. Ask for none"):
            await rig.submit(compute="nodes", gpus=1)


@in_loop
async def test_nodes_with_gpus_give_each_run_its_own(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, vm_size="STANDARD_NC4AS_T4_V3", max_nodes=2)
        made = cluster(rig)
        assert made.node.gpus == (0,)
        run = await rig.submit(compute="nodes")
        assert run.nodes[0].lease is not None
        assert run.nodes[0].lease.gpus == (0,)


@in_loop
async def test_the_queue_is_what_the_cluster_grows_to(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, max_nodes=3)
        local = await rig.running(cpus=4)
        runs = [await rig.submit(compute="nodes") for _ in range(2)]
        made = cluster(rig)
        assert (len(made.nodes), made.target_nodes, made.allocation_state) == (0, 2, "Resizing")
        assert made.reason == f"waiting for 1 CPU for a node: {local.label} holds it"
        assert reason(rig, runs[0]) == made.reason
        await rig.exit(local)
        made = cluster(rig)
        assert (len(made.nodes), made.target_nodes, made.allocation_state) == (2, 2, "Steady")


@in_loop
async def test_changes_of_nodes_are_told(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig)
        changed = asyncio.Event()
        with rig.hub.listen(changed, Hub.ENVIRONMENTS):
            run = await rig.running(compute="nodes")
            assert changed.is_set()
            changed.clear()
            await rig.exit(run)
            assert changed.is_set()


# Beside others on this machine


@in_loop
async def test_a_local_run_waits_for_what_a_node_executes_on(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, vm_size="STANDARD_D3_V2", max_nodes=1)
        busy = await rig.running(compute="nodes")
        local = await rig.submit()
        assert reason(rig, local) == f"waiting for 2 CPUs: {busy.label} holds them"
        await rig.exit(busy)
        await rig.until(local, RunState.RUNNING)


@in_loop
async def test_an_idle_node_gives_way_to_a_local_run(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, vm_size="STANDARD_D3_V2", max_nodes=1)
        await rig.exit(await rig.running(compute="nodes"))
        assert states(rig) == [IDLE]
        assert (await rig.submit()).state is not RunState.QUEUED
        assert states(rig) == []


@in_loop
async def test_a_node_that_is_to_stay_does_not_give_way(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, vm_size=TWO_CPUS, max_nodes=1, min_nodes=1)
        local = await rig.submit(cpus=4)
        assert reason(rig, local) == "waiting for 4 CPUs: the idle node nodes-1 holds them"


@in_loop
async def test_an_idle_node_gives_way_to_one_of_another_cluster(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, "first", vm_size="STANDARD_D3_V2")
        await a_cluster(rig, "second", vm_size="STANDARD_D3_V2")
        await rig.exit(await rig.running(compute="first"))
        await rig.running(compute="second")
        assert (states(rig, "first"), states(rig, "second")) == ([], [RUNNING])


@in_loop
async def test_two_clusters_and_local_never_overbook_the_machine(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, "first", vm_size=TWO_CPUS, max_nodes=4, min_nodes=1)
        await a_cluster(rig, "second", max_nodes=4)
        places = ["first", "local", "second", "second", "local", "first", "second", "first"]
        runs = [await rig.submit(compute=each, cpus=1) for each in places]
        while runs:
            await rig.until(runs[0], RunState.RUNNING)
            held = rig.supervisor.queue.ledgers["local"].leases.values()
            assert sum(lease.cpus for lease in held) <= 4
            assert sum(lease.memory_bytes for lease in held) <= 16_000_000_000
            waiting = [each.reason for each in rig.verbs.queued()]
            assert all("waiting for" in each or "behind" in each for each in waiting)
            await rig.exit(runs.pop(0))


@in_loop
async def test_a_node_does_not_overtake_a_local_run_for_what_both_need(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, vm_size=TWO_CPUS)
        first = await rig.running(cpus=2)
        whole = await rig.submit(cpus=4)
        later = await rig.submit(compute="nodes")
        assert later.state is RunState.QUEUED
        assert reason(rig, later) == f"2nd in line; behind {whole.label}"
        await rig.exit(first)
        await rig.exit(await rig.until(whole, RunState.RUNNING))
        await rig.until(later, RunState.RUNNING)


@in_loop
async def test_a_local_run_does_not_overtake_one_that_waits_for_a_node(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, vm_size="STANDARD_D3_V2")
        first = await rig.running(cpus=1)
        node = await rig.submit(compute="nodes")
        later = await rig.submit(cpus=1)
        assert (node.state, later.state) == (RunState.QUEUED, RunState.QUEUED)
        await rig.exit(first)
        await rig.until(node, RunState.RUNNING)
        assert rig.verbs.get(later.id).state is RunState.QUEUED


@in_loop
async def test_a_full_cluster_does_not_hold_up_local_runs(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, max_nodes=1)
        await rig.running(compute="nodes")
        await rig.submit(compute="nodes")
        assert (await rig.submit(cpus=3)).state is not RunState.QUEUED


@in_loop
async def test_a_higher_priority_gets_the_next_node(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, max_nodes=1)
        busy = await rig.running(compute="nodes")
        low = await rig.submit(compute="nodes")
        high = await rig.submit(compute="nodes", priority=5)
        await rig.exit(busy)
        await rig.until(high, RunState.RUNNING)
        assert rig.verbs.get(low.id).state is RunState.QUEUED


@in_loop
async def test_the_machine_lists_the_runs_on_nodes_with_what_these_hold(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, vm_size=TWO_CPUS, min_nodes=1)
        assert dict(status(rig, "local").leases) == {}
        run = await rig.running(compute="nodes", cpus=1)
        assert status(rig, "local").leases[run.id].cpus == 2
        assert status(rig).leases[run.id].cpus == 1


@in_loop
async def test_what_is_built_for_the_machine_is_there_for_its_clusters(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig)
        await prepared(rig, packages("a"))
        run = await rig.running(compute="nodes", environment=packages("a"))
        assert [build.compute for build in builds(rig)] == ["local"]
        assert run.environment is not None
        await rig.running(compute="nodes", environment=packages("b"))
        build = await rig.build_verbs.start(BuildRequest(spec=packages("b"), compute="nodes"))
        assert build.compute == "local"
        assert len(rig.builder.sites) == 2


@in_loop
async def test_a_run_on_a_node_with_gpus_is_not_told_to_ask_for_one(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, vm_size="STANDARD_NC4AS_T4_V3", max_nodes=1)
        text = "try:\n    import torch\nexcept ImportError:\n    torch = None\n"
        warned = {}
        for compute in ("local", "nodes"):
            source = Source(inline={"train.py": text})
            run = await rig.submit(compute=compute, force=False, source=source, cpus=1)
            warned[compute] = any("Add --gpus 1" in each for each in run.warnings)
        assert warned == {"local": True, "nodes": False}


# Changing and deleting


@in_loop
async def test_limits_change_while_runs_go_on(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, max_nodes=1)
        await rig.running(compute="nodes")
        waits = await rig.submit(compute="nodes")
        changed = cluster_of(await rig.clusters.change("nodes", ClusterChange(max_nodes=2)))
        assert (changed.spec.max_nodes, changed.spec.min_nodes) == (2, 0)
        await rig.until(waits, RunState.RUNNING)


@in_loop
async def test_a_node_above_a_new_limit_leaves_after_its_run(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, max_nodes=2)
        first, second = [await rig.running(compute="nodes") for _ in range(2)]
        made = cluster_of(await rig.clusters.change("nodes", ClusterChange(max_nodes=1)))
        assert (len(made.nodes), made.target_nodes, made.allocation_state) == (2, 1, "Resizing")
        assert made.reason == "1 node above the limit leaves after its run"
        await rig.exit(second)
        assert states(rig) == [RUNNING]
        await rig.exit(first)
        assert states(rig) == [IDLE]


@in_loop
async def test_a_shorter_idle_time_lets_nodes_go_now(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig)
        await rig.exit(await rig.running(compute="nodes"))
        rig.clock.advance(60)
        await rig.clusters.change("nodes", ClusterChange(idle_s=30.0))
        assert states(rig) == []


@in_loop
async def test_more_nodes_that_stay_come_now(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig)
        await rig.clusters.change("nodes", ClusterChange(min_nodes=2))
        assert states(rig) == [IDLE, IDLE]


@in_loop
async def test_limits_that_cannot_be_are_refused(rig: Rig) -> None:
    async with rig:
        first = await a_cluster(rig)
        with pytest.raises(ComputeTargetError, match="cannot have 5 to 2 nodes"):
            await rig.clusters.change("nodes", ClusterChange(min_nodes=5))
        with pytest.raises(ComputeTargetError, match="'local' is no cluster"):
            await rig.clusters.change("local", ClusterChange(min_nodes=1))
        with pytest.raises(ComputeTargetError, match="No compute target 'none'"):
            await rig.clusters.change("none", ClusterChange(min_nodes=1))
        assert cluster(rig) == first


@in_loop
async def test_a_cluster_is_deleted_with_its_idle_nodes(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, min_nodes=2)
        assert (await rig.clusters.delete("nodes")).name == "nodes"
        assert [each.name for each in rig.verbs.computes()] == ["local"]
        assert (await rig.submit(cpus=4)).state is not RunState.QUEUED


@in_loop
async def test_a_cluster_with_runs_is_not_deleted(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig, max_nodes=1)
        first = await rig.running(compute="nodes")
        second = await rig.submit(compute="nodes")
        said = f"2 runs on 'nodes' have not ended: {first.label}, {second.label}. Cancel them"
        with pytest.raises(ComputeTargetError, match=said):
            await rig.clusters.delete("nodes")
        await rig.verbs.cancel(second.id)
        await rig.exit(first)
        await rig.clusters.delete("nodes")


@in_loop
async def test_a_cluster_is_no_engine_to_detach_or_to_attach_over(rig: Rig) -> None:
    async with rig:
        await a_cluster(rig)
        with pytest.raises(ComputeTargetError, match="'nodes' is a cluster, and no engine"):
            await rig.attached.detach("nodes")


# Another service


@in_loop
async def test_the_next_service_finds_clusters_their_runs_and_their_idle_nodes(
    tmp_path: Path,
) -> None:
    directory = tmp_path / "place"
    async with Rig(directory) as rig:
        await a_cluster(rig, max_nodes=3)
        first, second = [await rig.running(compute="nodes") for _ in range(2)]
        await rig.exit(first)
    async with Rig(directory, rig.world) as later:
        assert [(node.id, node.state) for node in cluster(later).nodes] == [
            ("nodes-1", IDLE),
            ("nodes-2", RUNNING),
        ]
        assert cluster(later).nodes[1].run_id == second.id
        await later.exit(later.verbs.get(second.id))
        assert states(later) == [IDLE, IDLE]


@in_loop
async def test_idle_time_goes_on_while_there_is_no_service(tmp_path: Path) -> None:
    directory = tmp_path / "place"
    async with Rig(directory) as rig:
        await a_cluster(rig, idle_s=60.0)
        await rig.exit(await rig.running(compute="nodes"))
    rig.clock.advance(61)
    async with Rig(directory, rig.world) as later:
        later.clusters.tick()
        assert states(later) == []


@in_loop
async def test_a_machine_that_has_become_smaller_keeps_its_clusters(tmp_path: Path) -> None:
    directory = tmp_path / "place"
    async with Rig(directory) as rig:
        await a_cluster(rig, vm_size=TWO_CPUS, min_nodes=2, max_nodes=2)
        waits = await rig.submit(compute="nodes", cpus=2)
        await rig.exit(await rig.until(waits, RunState.RUNNING))
    async with Rig(directory, rig.world, capacity=Capacity(cpus=1, memory_bytes=GIB)) as later:
        made = cluster(later)
        assert made.node == Lease(cpus=1, memory_bytes=GIB)
        assert (len(made.nodes), made.target_nodes) == (1, 2)
        assert made.reason == "waiting for 1 CPU for a node: the idle node nodes-1 holds it"


@in_loop
async def test_a_run_that_asked_for_more_than_a_node_has_now_says_so(tmp_path: Path) -> None:
    directory = tmp_path / "place"
    async with Rig(directory) as rig:
        await a_cluster(rig, vm_size=TWO_CPUS, max_nodes=1)
        await rig.running(compute="nodes")
        waits = await rig.submit(compute="nodes", cpus=2)
    smaller = Capacity(cpus=1, memory_bytes=16 * GIB)
    async with Rig(directory, rig.world, capacity=smaller) as later:
        assert reason(later, waits) == "waiting for a node with 2 CPUs and 7 GB of memory"


@in_loop
async def test_a_run_on_a_node_is_found_again_where_its_cluster_was_lost_with_the_database(
    tmp_path: Path,
) -> None:
    directory = tmp_path / "place"
    async with Rig(directory) as rig:
        await a_cluster(rig)
        run = await rig.running(compute="nodes")
        finishing.keep_record(run, rig.run_dir(run))
        (rig.run_dir(run) / "control" / "reaper.json").touch()
    for path in directory.glob("store.sqlite*"):
        path.unlink()
    database = Database(directory / "store.sqlite")
    assert recovery.rebuild(RunStore(database), directory / "runs") == 1
    database.close()
    async with Rig(directory, rig.world) as later:
        found = later.verbs.get(run.id)
        assert (found.state, found.spec.compute) == (RunState.RUNNING, "local")
        await later.exit(found)
