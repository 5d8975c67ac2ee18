"""The nodes of a cluster: shares of this machine that come when runs need them, and go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from itertools import count

from msgspec.structs import replace

from jupyter_mltrain.compute import vm_sizes
from jupyter_mltrain.compute.leases import Ledger, Outlook, Room, check
from jupyter_mltrain.spec import Capacity, ClusterNode, ClusterSpec, Lease, NodeState, Resources


class Nodes:
    """Who holds which node of one cluster; implements `Holdings`.

    A run has a node to itself. Nodes take no time to come and to go: one is there as soon as this
    machine has room for it. One with nothing to do stays for `idle_s`; above `min_nodes` it is
    only lent meanwhile, and goes when others need its share.
    """

    def __init__(
        self,
        name: str,
        spec: ClusterSpec,
        share: Lease,
        machine: Ledger,
        clock: Callable[[], datetime],
        changed: Callable[[], None],
        note: str = "",
    ) -> None:
        """Begin without nodes.

        Parameters
        ----------
        share
            What one node takes of the machine, with GPUs counted.
        note
            What of it is less than users may expect.
        changed
            Called whenever a node has come, gone or changed its state.
        """
        self.name = name
        self.spec = spec
        self.share = share
        self.note = note
        gpus = machine.capacity.gpus[: len(share.gpus)]
        self.capacity = Capacity(cpus=share.cpus, memory_bytes=share.memory_bytes, gpus=gpus)
        self._machine = machine
        self._clock = clock
        self._changed = changed
        self._nodes: dict[str, ClusterNode] = {}
        self._leases: dict[str, Lease] = {}

    # Looking

    @property
    def leases(self) -> Mapping[str, Lease]:
        return self._leases

    def __len__(self) -> int:
        return len(self._nodes)

    @property
    def all(self) -> tuple[ClusterNode, ...]:
        """Every node there is, by its number."""
        return tuple(sorted(self._nodes.values(), key=lambda node: (len(node.id), node.id)))

    def host(self, run_id: str) -> str:
        return self._node_of(run_id).id

    def _node_of(self, run_id: str) -> ClusterNode:
        return next(node for node in self._nodes.values() if node.run_id == run_id)

    @property
    def _idle(self) -> list[ClusterNode]:
        """The nodes with nothing to do, the longest first."""
        idle = [node for node in self._nodes.values() if node.run_id is None]
        return sorted(idle, key=lambda node: node.since)

    @property
    def _spare(self) -> int:
        """How many nodes there are above those that stay."""
        return max(0, len(self._nodes) - self.spec.min_nodes)

    # What runs ask for

    def wanted(self, resources: Resources) -> Lease:
        """What the request comes to: the whole node, but for what it asks less of."""
        share = self.share
        return Lease(
            cpus=resources.cpus or share.cpus,
            memory_bytes=resources.memory_bytes or share.memory_bytes,
            gpus=tuple(range(resources.gpus)) or share.gpus,
        )

    def check(self, resources: Resources, target: str) -> None:
        check(self.wanted(resources), self.capacity, f"a node of {target!r}")

    def is_too_much(self, want: Lease) -> bool:
        """Whether no node has that: the machine may have had more when it was asked for."""
        return vm_sizes.room(self.capacity).short(want) is not None

    def shortage(self, resources: Resources) -> tuple[str, tuple[str, ...]] | None:
        want = self.wanted(resources)
        if self.is_too_much(want):
            return f"a node with {vm_sizes.words(want)}", ()
        if len(self._leases) < len(self._nodes):
            return None
        if len(self._nodes) >= self.spec.max_nodes:
            return f"1 node of {self.name} (at most {self.spec.max_nodes})", tuple(self._leases)
        return self.shortage_of_room()

    def shortage_of_room(self) -> tuple[str, tuple[str, ...]] | None:
        """What of this machine is short for one more node, and the ids of those that hold it."""
        short = self._machine.shortage_of(self.share)
        return None if short is None else (f"{short[0]} for a node", short[1])

    def outlook(self, rooms: dict[Ledger, Room]) -> Outlook:
        lent = min(len(self._idle), self._spare)
        return _Outlook(
            self,
            rooms.setdefault(self._machine, self._machine.room()),
            kept=len(self._idle) - lent,
            more=self.spec.max_nodes - len(self._nodes) + lent,
        )

    # Leases

    def take(self, run_id: str, resources: Resources) -> Lease | None:
        want = self.wanted(resources)
        if self.is_too_much(want):
            return None
        idle = self._idle
        node = idle[-1] if idle else None
        if node is None and len(self._nodes) < self.spec.max_nodes:
            node = self._come()
        if node is None or node.lease is None:
            return None
        lease = replace(want, gpus=node.lease.gpus[: len(want.gpus)])
        self._machine.rename(node.id, run_id)
        self._put_to_work(node, run_id, lease)
        return lease

    def hold(self, run_id: str, lease: Lease, host: str = "") -> None:
        node = self._nodes.get(host)
        if node is None or node.run_id is not None:
            free = self._machine.free_gpus
            more = [index for index in free if index not in lease.gpus]
            share = Lease(
                cpus=max(self.share.cpus, lease.cpus),
                memory_bytes=max(self.share.memory_bytes, lease.memory_bytes),
                gpus=(*lease.gpus, *more[: max(0, len(self.share.gpus) - len(lease.gpus))]),
            )
            is_ours = host.startswith(f"{self.name}-") and node is None
            node = self._new(host if is_ours else self._free_id(), share)
            self._machine.hold(run_id, share)
        else:
            self._machine.rename(node.id, run_id)
        self._put_to_work(node, run_id, lease)

    def _put_to_work(self, node: ClusterNode, run_id: str, lease: Lease) -> None:
        self._leases[run_id] = lease
        self._nodes[node.id] = replace(
            node, state=NodeState.RUNNING, since=self._clock(), run_id=run_id
        )
        self._lend()

    def release(self, run_id: str) -> None:
        if self._leases.pop(run_id, None) is None:
            return
        node = self._node_of(run_id)
        if len(self._nodes) > self.spec.max_nodes:
            del self._nodes[node.id]
            self._machine.release(run_id)
        else:
            self._machine.rename(run_id, node.id)
            self._nodes[node.id] = replace(
                node, state=NodeState.IDLE, since=self._clock(), run_id=None
            )
        self._lend()
        self.tick()

    # Nodes that come and go

    def limit(self, spec: ClusterSpec) -> None:
        """Take in other limits. A node above them that executes something leaves after that."""
        self.spec = spec
        for node in self._idle[: max(0, len(self._nodes) - spec.max_nodes)]:
            self._leave(node.id)
        self._lend()
        self.tick()
        self.settle()

    def settle(self) -> None:
        """Let the nodes come that are to be there always, as far as there is room."""
        while len(self._nodes) < self.spec.min_nodes and self._come() is not None:
            self._lend()

    def tick(self) -> None:
        """Let the nodes go that had nothing to do for long enough."""
        now = self._clock()
        for node in self._idle[: self._spare]:
            if (now - node.since).total_seconds() >= self.spec.idle_s:
                self._leave(node.id)

    def restore(self, node: ClusterNode) -> None:
        """Have an idle node back that an earlier service had, if there is still room for it."""
        fits = self._machine.free().short(self.share) is None
        if fits and node.id not in self._nodes and len(self._nodes) < self.spec.max_nodes:
            lease = self._machine.give(node.id, self.share)
            assert lease is not None
            self._nodes[node.id] = replace(node, lease=lease)
            self._lend()

    def leave(self) -> None:
        """Give all of them up; nothing executes there."""
        for node in self._idle:
            self._leave(node.id)

    def _come(self) -> ClusterNode | None:
        node_id = self._free_id()
        lease = self._machine.give(node_id, self.share)
        return None if lease is None else self._new(node_id, lease)

    def _new(self, node_id: str, lease: Lease) -> ClusterNode:
        node = ClusterNode(id=node_id, state=NodeState.IDLE, since=self._clock(), lease=lease)
        self._nodes[node_id] = node
        return node

    def _free_id(self) -> str:
        ids = (f"{self.name}-{number}" for number in count(1))
        return next(node_id for node_id in ids if node_id not in self._nodes)

    def _leave(self, node_id: str) -> None:
        del self._nodes[node_id]
        self._machine.release(node_id)
        self._lend()

    def _lend(self) -> None:
        """Let others have what is only kept in case a run comes: the longest idle goes first."""
        spare = self._spare
        for at, node in enumerate(self._idle):
            give_up = partial(self._leave, node.id) if at < spare else None
            self._machine.lend(node.id, give_up)
        self._changed()


class _Outlook:
    """What is left of a cluster: nodes that are there, and room for more of them."""

    def __init__(self, nodes: Nodes, room: Room, *, kept: int, more: int) -> None:
        self._nodes = nodes
        self._room = room
        self._kept = kept
        self._more = more

    def fits(self, resources: Resources) -> bool:
        if self._nodes.is_too_much(self._nodes.wanted(resources)):
            return False
        return self._kept > 0 or (self._more > 0 and self._room.short(self._nodes.share) is None)

    def keep(self, resources: Resources) -> None:
        if self._kept <= 0 < self._more and not self._nodes.is_too_much(
            self._nodes.wanted(resources)
        ):
            self._room.keep(self._nodes.share)
            self._more -= 1

    @property
    def exhausted(self) -> bool:
        return self._kept <= 0 and (self._more <= 0 or self._room.exhausted)
