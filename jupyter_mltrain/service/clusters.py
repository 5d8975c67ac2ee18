"""Clusters: compute targets that carve their nodes from this machine."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from jupyter_mltrain import units
from jupyter_mltrain.compute import vm_sizes
from jupyter_mltrain.compute.base import Compute
from jupyter_mltrain.compute.leases import Ledger
from jupyter_mltrain.compute.nodes import Nodes
from jupyter_mltrain.errors import ComputeTargetError, MltrainError
from jupyter_mltrain.service.durability import Durability
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.queue import waiting_for
from jupyter_mltrain.service.roster import Clock
from jupyter_mltrain.service.supervisor import Supervisor
from jupyter_mltrain.service.validation import check_compute_name, no_compute
from jupyter_mltrain.spec import (
    Capacity,
    Cluster,
    ClusterSpec,
    ComputeStatus,
    Lease,
    VmSize,
)
from jupyter_mltrain.store.clusters import ClusterStore, KeptCluster
from jupyter_mltrain.wire import ClusterChange, ClusterRequest

_log = logging.getLogger(__name__)

_PRIORITIES: Final = ("dedicated", "lowpriority")
_MOST_NODES: Final = 1_000


class Clusters:
    """The clusters of one workspace.

    Their runs execute as on this machine, and share it with those of ``local``: a node has its
    share of the machine's ledger for as long as it is there.
    """

    def __init__(
        self,
        *,
        store: ClusterStore,
        supervisor: Supervisor,
        computes: dict[str, Compute],
        machine: str,
        hub: Hub,
        durability: Durability,
        clock: Clock,
    ) -> None:
        """Look after the clusters of a store; `restore` makes them compute targets.

        Parameters
        ----------
        computes
            By the name of the compute target; kept up to date here.
        machine
            Which of them this machine is.
        """
        self._store = store
        self._supervisor = supervisor
        self._computes = computes
        self._machine = machine
        self._hub = hub
        self._durability = durability
        self._clock = clock
        self._kept: dict[str, KeptCluster] = {}
        self._nodes: dict[str, Nodes] = {}
        self._allocated: dict[str, tuple[str, datetime]] = {}
        """Name -> allocation state, and since when."""
        self._unwritten: set[str] = set()
        self._one_changes = asyncio.Lock()

    # A service that begins, goes on and ends

    def restore(self) -> None:
        """Make compute targets of all that were created, before runs hold their nodes again."""
        for kept in self._store.all():
            self._add(kept)

    def warm(self) -> None:
        """Have the idle nodes back as well, where no run has taken their share meanwhile."""
        for name, kept in self._kept.items():
            for node in kept.idle:
                self._nodes[name].restore(node)

    def tick(self) -> None:
        """Let idle nodes go when it is time; note which there are."""
        for name, nodes in self._nodes.items():
            nodes.tick()
            self._allocation(name)
        self._note()

    def _note(self) -> None:
        """Write down which nodes are idle, after the fact: runs are found again without that."""
        for name in tuple(self._unwritten):
            idle = tuple(node for node in self._nodes[name].all if node.run_id is None)
            kept = replace(self._kept[name], idle=idle)
            self._unwritten.discard(name)
            if kept != self._kept[name]:
                self._kept[name] = kept
                try:
                    self._store.keep(kept)
                except MltrainError as error:
                    _log.error("%s: its idle nodes are not noted: %s", name, error)

    def close(self) -> None:
        """Note what the next service is to find."""
        self._note()

    # Looking

    def all(self, statuses: tuple[ComputeStatus, ...]) -> tuple[ComputeStatus, ...]:
        """What is known of compute targets, with what is known of clusters."""
        return tuple(map(self._told, statuses))

    def _told(self, status: ComputeStatus) -> ComputeStatus:
        if status.name not in self._kept:
            return status
        cluster = self._cluster(status.name)
        most = vm_sizes.room(self._ledger.capacity).count(cluster.node)
        return replace(
            status,
            kind="cluster",
            capacity=_times(cluster.node, min(most, cluster.spec.max_nodes), self._ledger.capacity),
            cluster=cluster,
        )

    def sizes(self) -> tuple[VmSize, ...]:
        """Every VM size, with what a node of it gets of this machine."""
        machine = self._ledger.capacity
        return tuple(
            VmSize(
                name=name,
                cpus=size.cpus,
                memory_bytes=size.memory_bytes,
                gpus=len(size.gpus),
                node=vm_sizes.on(machine, size),
                note=vm_sizes.note(name, size, machine, 1),
            )
            for name, size in vm_sizes.SIZES.items()
        )

    def _cluster(self, name: str) -> Cluster:
        kept, nodes = self._kept[name], self._nodes[name]
        state, since = self._allocation(name)
        size = vm_sizes.find(kept.spec.vm_size)[1]
        return Cluster(
            spec=kept.spec,
            node=nodes.share,
            note=vm_sizes.note(kept.spec.vm_size, size, self._ledger.capacity, kept.spec.max_nodes),
            allocation_state=state,
            target_nodes=self._target(name),
            nodes=nodes.all,
            created_at=kept.created_at,
            modified_at=kept.modified_at,
            provisioned_at=kept.created_at,
            allocated_at=since,
            reason=self._reason(name),
        )

    def _target(self, name: str) -> int:
        """How many nodes there are to be, by what runs ask for."""
        nodes, spec = self._nodes[name], self._kept[name].spec
        asked = len(nodes.leases) + self._supervisor.queue.waiting[name]
        return min(spec.max_nodes, max(len(nodes), spec.min_nodes, asked))

    def _allocation(self, name: str) -> tuple[str, datetime]:
        state = "Steady" if self._target(name) == len(self._nodes[name]) else "Resizing"
        if self._allocated[name][0] != state:
            self._allocated[name] = (state, self._clock())
            self._hub.changed(Hub.ENVIRONMENTS)
        return self._allocated[name]

    def _reason(self, name: str) -> str:
        nodes, target = self._nodes[name], self._target(name)
        if target < len(nodes):
            above = len(nodes) - target
            leave = "leaves after its run" if above == 1 else "leave after their runs"
            return f"{units.plural(above, 'node')} above the limit {leave}"
        if target == len(nodes):
            return ""
        short = nodes.shortage_of_room()
        if short is None:
            return "nodes are coming"
        return waiting_for(*short, self._supervisor.label)

    @property
    def _ledger(self) -> Ledger:
        ledger = self._supervisor.queue.ledgers[self._machine]
        assert isinstance(ledger, Ledger)
        return ledger

    def _status(self, name: str) -> ComputeStatus:
        return self._told(self._supervisor.status(name))

    # Creating, changing, deleting

    async def create(self, request: ClusterRequest) -> ComputeStatus:
        """Create a cluster; on disk when this returns. The same again changes nothing.

        Raises
        ------
        ComputeTargetError
            The name, the size or the limits cannot be, or there is another one of that name.
        """
        size, _ = vm_sizes.find(request.spec.vm_size)
        spec = replace(
            request.spec, vm_size=size, vm_priority=request.spec.vm_priority.strip().lower()
        )
        name = request.name
        check_compute_name(name)
        _check_spec(spec)
        async with self._one_changes:
            kept = self._kept.get(name)
            if kept is None:
                if name in self._computes:
                    raise ComputeTargetError(
                        f"There is a compute target {name!r} already. Choose another name."
                    )
                self._check_room(name, spec)
                now = self._clock()
                kept = KeptCluster(name=name, spec=spec, created_at=now, modified_at=now)
                self._store.keep(kept)
                self._add(kept)
                self._supervisor.start_what_fits()
                self._hub.changed(Hub.ENVIRONMENTS)
            elif kept.spec != spec:
                there = kept.spec
                raise ComputeTargetError(
                    f"There is a cluster {name!r} already, of {there.vm_size} with "
                    f"{there.min_nodes} to {units.plural(there.max_nodes, 'node')}. Use it, update "
                    "its limits, or delete it first."
                )
            await self._durability.sync()
        return self._status(name)

    async def change(self, name: str, change: ClusterChange) -> ComputeStatus:
        """Give a cluster other limits, whatever runs there; on disk when this returns.

        Raises
        ------
        ComputeTargetError
            There is no such cluster, or it cannot have these limits.
        """
        async with self._one_changes:
            kept = self._of(name)
            given = {
                field: value
                for field in change.__struct_fields__
                if (value := getattr(change, field)) is not None
            }
            spec = replace(kept.spec, **given)
            _check_spec(spec)
            self._check_room(name, spec)
            kept = replace(kept, spec=spec, modified_at=self._clock())
            self._store.keep(kept)
            self._kept[name] = kept
            self._nodes[name].limit(spec)
            self._supervisor.start_what_fits()
            self._hub.changed(Hub.ENVIRONMENTS)
            await self._durability.sync()
        return self._status(name)

    async def delete(self, name: str) -> ComputeStatus:
        """Delete a cluster with its nodes; gives what it was.

        Raises
        ------
        ComputeTargetError
            There is no such cluster, or a run there has not ended.
        """
        async with self._one_changes:
            self._of(name)
            unended = self._supervisor.roster.unended(name)
            if unended is not None:
                raise ComputeTargetError(unended)
            status = self._status(name)
            self._store.forget(name)
            self._nodes[name].leave()
            del self._kept[name], self._nodes[name], self._allocated[name]
            del self._supervisor.queue.ledgers[name], self._computes[name]
            self._unwritten.discard(name)
            self._supervisor.start_what_fits()
            self._hub.changed(Hub.ENVIRONMENTS)
            await self._durability.sync()
        return status

    def _of(self, name: str) -> KeptCluster:
        kept = self._kept.get(name)
        if kept is None:
            if name in self._computes:
                raise ComputeTargetError(f"{name!r} is no cluster: it has no nodes to change.")
            raise no_compute(name, self._computes)
        return kept

    def _add(self, kept: KeptCluster) -> None:
        name = kept.name
        size = vm_sizes.find(kept.spec.vm_size)[1]
        share = vm_sizes.on(self._ledger.capacity, size)
        self._kept[name] = kept
        self._allocated[name] = ("Steady", self._clock())
        self._nodes[name] = Nodes(
            name,
            kept.spec,
            share,
            self._ledger,
            self._clock,
            lambda: self._changed(name),
            note=vm_sizes.note(kept.spec.vm_size, size, self._ledger.capacity, 1),
        )
        self._computes[name] = self._computes[self._machine]
        self._supervisor.queue.ledgers[name] = self._nodes[name]

    def _changed(self, name: str) -> None:
        self._unwritten.add(name)
        self._hub.changed(Hub.ENVIRONMENTS)

    def _check_room(self, name: str, spec: ClusterSpec) -> None:
        """Raise unless this machine can hold the nodes that are to be there always."""
        machine = self._ledger.capacity
        room = vm_sizes.room(machine)
        others = [(each, kept) for each, kept in self._kept.items() if each != name]
        for other, kept in others:
            for _ in range(kept.spec.min_nodes):
                room.keep(self._nodes[other].share)
        share = vm_sizes.on(machine, vm_sizes.find(spec.vm_size)[1])
        most = room.count(share)
        if spec.min_nodes <= most:
            return
        keeping = [repr(each) for each, kept in others if kept.spec.min_nodes]
        keep = "keeps" if len(keeping) == 1 else "keep"
        beside = f" beside those that {units.listed(keeping)} {keep}" if keeping else ""
        raise ComputeTargetError(
            f"{name!r} cannot keep {units.plural(spec.min_nodes, 'node')}: each takes "
            f"{vm_sizes.words(share)}, and this machine, with "
            f"{vm_sizes.words(_as_lease(machine))}, has room for {most}{beside}. Set min_nodes to "
            f"{most} at most."
        )


def _check_spec(spec: ClusterSpec) -> None:
    if not 0 <= spec.min_nodes <= spec.max_nodes <= _MOST_NODES:
        raise ComputeTargetError(
            f"A cluster cannot have {spec.min_nodes} to {spec.max_nodes} nodes. Give limits from 0 "
            f"to {_MOST_NODES}, the larger one as max_nodes."
        )
    if not 0 <= spec.idle_s < float("inf"):
        raise ComputeTargetError(
            f"Nodes cannot stay idle for {spec.idle_s:g} s. Give 0 seconds or more."
        )
    if spec.vm_priority not in _PRIORITIES:
        raise ComputeTargetError(
            f"There is no VM priority {spec.vm_priority!r}. Use 'dedicated' or 'lowpriority'."
        )


def _times(node: Lease, number: int, machine: Capacity) -> Capacity:
    """What a number of nodes have together."""
    return Capacity(
        cpus=node.cpus * number,
        memory_bytes=node.memory_bytes * number,
        gpus=machine.gpus[: len(node.gpus) * number],
    )


def _as_lease(machine: Capacity) -> Lease:
    gpus = tuple(gpu.index for gpu in machine.gpus)
    return Lease(cpus=machine.cpus, memory_bytes=machine.memory_bytes, gpus=gpus)
