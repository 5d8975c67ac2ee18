"""``jupyter mltrain compute``: where runs execute."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from jupyter_mltrain import units
from jupyter_mltrain.cli import table, terminal
from jupyter_mltrain.cli.session import client_of, print_json
from jupyter_mltrain.cli.terminal import plain
from jupyter_mltrain.errors import ComputeTargetError
from jupyter_mltrain.spec import Capacity, Cluster, ClusterSpec, ComputeStatus, NodeState
from jupyter_mltrain.wire import AttachRequest, ClusterChange, ClusterRequest

_COLUMNS: Final = (
    table.Column(title="NAME", most=30),
    table.Column(title="KIND", leaves=2),
    table.Column(title="STATE"),
    table.Column(title="IN USE", leaves=1),
    table.Column(title=""),
)


def run(arguments: argparse.Namespace) -> int:
    """Do what is asked of compute targets."""
    return _ACTIONS[arguments.action](arguments)


def _ls(arguments: argparse.Namespace) -> int:
    found = client_of(arguments).computes()
    if arguments.json:
        print_json(found)
        return 0
    print("\n".join(table.lines(_COLUMNS, list(map(_row, found)), terminal.columns())))
    return 0


def _row(compute: ComputeStatus) -> list[table.Cell]:
    leases = compute.leases.values()
    parts = [f"{sum(each.cpus for each in leases)} of {_cpus(compute.capacity)}"]
    if compute.capacity.gpus:
        held = sum(len(each.gpus) for each in leases)
        parts.append(f"{held} of {units.plural(len(compute.capacity.gpus), 'GPU')}")
    state = "✓ There" if compute.unreachable is None else "… Unreachable"
    where = compute.unreachable or compute.url or "this machine"
    if compute.cluster is not None:
        state = f"✓ {_nodes(compute.cluster)}"
        where = compute.cluster.reason or f"{compute.cluster.spec.vm_size} of this machine"
    return [
        table.Cell(compute.name),
        table.Cell(compute.kind),
        table.Cell(state),
        table.Cell(", ".join(parts)),
        table.Cell(where),
    ]


def _nodes(cluster: Cluster) -> str:
    return f"{len(cluster.nodes)} of {units.plural(cluster.spec.max_nodes, 'node')}"


def _show(arguments: argparse.Namespace) -> int:
    client = client_of(arguments)
    found = next((each for each in client.computes() if each.name == arguments.name), None)
    if found is None:
        raise ComputeTargetError(
            f"No compute target {arguments.name!r}. `jupyter mltrain compute ls` lists them."
        )
    if arguments.json:
        print_json(found)
        return 0
    rows = list(_facts(found))
    width = max(len(title) for title, _ in rows)
    labels = {run_id: client.get(run_id).label for run_id in found.leases}
    for title, text in rows:
        print(f"{title:<{width}}  {plain(text)}")
    for run_id, lease in found.leases.items():
        print(f"{'Run':<{width}}  {plain(labels[run_id])}: {units.plural(lease.cpus, 'CPU')}")
    return 0


def _facts(compute: ComputeStatus) -> Iterator[tuple[str, str]]:
    cluster = compute.cluster
    yield "Name", compute.name
    yield "Kind", compute.kind
    if cluster is None:
        yield "Where", compute.unreachable or compute.url or "this machine"
    else:
        yield "VM size", cluster.spec.vm_size
        yield "Nodes", f"{_nodes(cluster)}, {_limits(cluster)}"
        if cluster.reason:
            yield "", cluster.reason
        if cluster.note:
            yield "Note", cluster.note
    yield "Has", _has(compute.capacity)
    if compute.queued:
        yield "Queue", units.plural(compute.queued, "run")
    for node in cluster.nodes if cluster is not None else ():
        doing = "idle" if node.state is NodeState.IDLE else str(node.state)
        yield "Node", f"{node.id}: {doing}"


def _limits(cluster: Cluster) -> str:
    least = cluster.spec.min_nodes
    stay = f"{least} {'stays' if least == 1 else 'stay'}, " if least else ""
    return f"{stay}idle ones go after {units.duration(cluster.spec.idle_s)}"


def _has(capacity: Capacity) -> str:
    parts = [_cpus(capacity), f"{units.asked_size(capacity.memory_bytes)} of memory"]
    if capacity.gpus:
        parts.insert(1, units.plural(len(capacity.gpus), "GPU"))
    return ", ".join(parts)


def _cpus(capacity: Capacity) -> str:
    return units.plural(capacity.cpus, "CPU")


def _add(arguments: argparse.Namespace) -> int:
    added = client_of(arguments).attach(
        AttachRequest(
            name=arguments.name,
            url=arguments.url,
            cpus=arguments.cpus,
            memory_bytes=arguments.memory,
            gpus=arguments.gpus,
        )
    )
    if arguments.json:
        print_json(added)
        return 0
    print(f"{plain(added.name)} is attached, with {_has(added.capacity)}.")
    print(f"Run there: --image IMAGE --compute {plain(added.name)}")
    return 0


def _create(arguments: argparse.Namespace) -> int:
    spec = ClusterSpec(
        vm_size=arguments.vm_size,
        min_nodes=arguments.min_nodes,
        max_nodes=arguments.max_nodes,
        idle_s=arguments.idle,
        description=arguments.description,
    )
    made = client_of(arguments).create_cluster(ClusterRequest(name=arguments.name, spec=spec))
    if arguments.json:
        print_json(made)
    elif made.cluster is not None:
        print(f"{plain(made.name)} is created: {_nodes(made.cluster)}, {_limits(made.cluster)}.")
        if made.cluster.note:
            print(made.cluster.note)
        print(f"Run there: --compute {plain(made.name)}")
    return 0


def _update(arguments: argparse.Namespace) -> int:
    change = ClusterChange(
        min_nodes=arguments.min_nodes, max_nodes=arguments.max_nodes, idle_s=arguments.idle
    )
    changed = client_of(arguments).change_cluster(arguments.name, change)
    if arguments.json:
        print_json(changed)
    elif changed.cluster is not None:
        print(f"{plain(changed.name)}: {_nodes(changed.cluster)}, {_limits(changed.cluster)}.")
    return 0


def _rm(arguments: argparse.Namespace) -> int:
    client = client_of(arguments)
    clusters = {each.name for each in client.computes() if each.cluster is not None}
    is_cluster = arguments.name in clusters
    forget = client.delete_cluster if is_cluster else client.detach
    removed = forget(arguments.name)
    if arguments.json:
        print_json(removed)
    elif is_cluster:
        print(f"{plain(removed.name)} is deleted; its runs stay.")
    else:
        print(f"{plain(removed.name)} is removed; the engine at {removed.url} stays as it is.")
    return 0


_ACTIONS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "ls": _ls,
    "show": _show,
    "create": _create,
    "update": _update,
    "add": _add,
    "rm": _rm,
}
