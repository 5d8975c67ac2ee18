"""Who holds how much of a compute target, and why the next one has to wait."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Protocol

from jupyter_mltrain import units
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import Capacity, Lease, Resources


class Outlook(Protocol):
    """What runs could have, while it is worked out who of those that wait starts."""

    def fits(self, resources: Resources) -> bool:
        """Whether such a run could start, with what was kept for others taken out."""

    def keep(self, resources: Resources) -> None:
        """Keep what such a run needs for it, as far as that goes: those behind do not get it."""

    @property
    def exhausted(self) -> bool:
        """Whether not even the smallest run would fit."""


class Holdings(Protocol):
    """Who holds what of a place where runs execute. Belongs to the event loop."""

    capacity: Capacity
    """The most that one run can have there."""

    @property
    def leases(self) -> Mapping[str, Lease]:
        """Run id -> what it holds."""

    def check(self, resources: Resources, target: str) -> None:
        """Raise `InvalidSpec` for a request that this place can never meet."""

    def take(self, run_id: str, resources: Resources) -> Lease | None:
        """Give the run its lease, or `None` when something is short right now."""

    def hold(self, run_id: str, lease: Lease, host: str = "") -> None:
        """Book a lease that the run has already, as after a restart."""

    def release(self, run_id: str) -> None:
        """Give back what the run holds; nothing when it holds nothing."""

    def host(self, run_id: str) -> str:
        """What the machine, or the share of one, is called that the run has its lease of."""

    def shortage(self, resources: Resources) -> tuple[str, tuple[str, ...]] | None:
        """What is short for this request, in words, and the ids of those that hold it."""

    def outlook(self, rooms: dict[Ledger, Room]) -> Outlook:
        """What could be given as of now; places on one machine share its room in `rooms`."""

    def settle(self) -> None:
        """Take in that something may have been given back to the machine."""


class Room:
    """How much of a machine is free."""

    def __init__(self, cpus: int, memory_bytes: int, gpus: int) -> None:
        self._cpus = cpus
        self._memory_bytes = memory_bytes
        self._gpus = gpus

    def short(self, want: Lease) -> str | None:
        """Of what there is not enough."""
        if want.cpus > self._cpus:
            return "cpus"
        if len(want.gpus) > self._gpus:
            return "gpus"
        if want.memory_bytes > self._memory_bytes:
            return "memory_bytes"
        return None

    def keep(self, want: Lease) -> None:
        """Take this out as far as it goes."""
        self._cpus = max(0, self._cpus - want.cpus)
        self._memory_bytes = max(0, self._memory_bytes - want.memory_bytes)
        self._gpus = max(0, self._gpus - len(want.gpus))

    def count(self, want: Lease) -> int:
        """How many of these fit."""
        counts = [self._cpus // want.cpus]
        if want.memory_bytes:
            counts.append(self._memory_bytes // want.memory_bytes)
        if want.gpus:
            counts.append(self._gpus // len(want.gpus))
        return max(0, min(counts))

    @property
    def exhausted(self) -> bool:
        """Whether there is not even one CPU."""
        return self._cpus < 1


class Ledger:
    """The leases on one machine.

    What nodes of clusters hold without executing anything is lent: it counts as free, and is taken
    back from them when somebody needs it.
    """

    def __init__(self, capacity: Capacity) -> None:
        self.capacity = capacity
        self._leases: dict[str, Lease] = {}
        self._lent: dict[str, Callable[[], None]] = {}
        self._cpus = capacity.cpus
        self._memory_bytes = capacity.memory_bytes
        self._gpus = [gpu.index for gpu in capacity.gpus]

    @property
    def leases(self) -> Mapping[str, Lease]:
        """Run id -> what it holds; and what idle nodes of clusters hold, by their own ids."""
        return self._leases

    def wanted(self, resources: Resources) -> Lease:
        """What the request comes to, defaults filled in, with GPUs counted, not chosen.

        Without a number of CPUs a run gets half of them, so that two runs share a machine and
        each still trains on several threads; one that asks for GPUs gets their share of CPUs.
        """
        total = len(self.capacity.gpus)
        cpus = resources.cpus
        if cpus is None:
            share = self.capacity.cpus // 2
            if resources.gpus and total:
                share = self.capacity.cpus * resources.gpus // total
            cpus = max(1, share)
        return Lease(
            cpus=cpus,
            memory_bytes=resources.memory_bytes or 0,
            gpus=tuple(range(resources.gpus)),
        )

    def check(self, resources: Resources, target: str) -> None:
        check(self.wanted(resources), self.capacity, repr(target))

    def take(self, run_id: str, resources: Resources) -> Lease | None:
        return self.give(run_id, self.wanted(resources))

    def give(self, holder: str, want: Lease) -> Lease | None:
        """Give the holder as much as `want` says, taking back what is lent as far as needed."""
        if self.room().short(want) is not None:
            return None
        while (short := self.free().short(want)) is not None:
            self._lent[next(each for each in self._lent if getattr(self._leases[each], short))]()
        lease = Lease(
            cpus=want.cpus,
            memory_bytes=want.memory_bytes,
            gpus=tuple(self._gpus[: len(want.gpus)]),
        )
        self.hold(holder, lease)
        return lease

    def hold(self, run_id: str, lease: Lease, host: str = "") -> None:
        self._leases[run_id] = lease
        self._cpus -= lease.cpus
        self._memory_bytes -= lease.memory_bytes
        self._gpus = [index for index in self._gpus if index not in lease.gpus]

    def lend(self, holder: str, give_up: Callable[[], None] | None) -> None:
        """Say that a holder would give up what it has, and how; `None`: that it would not."""
        self._lent.pop(holder, None)
        if give_up is not None:
            self._lent[holder] = give_up

    def rename(self, holder: str, other: str) -> None:
        """Let another one hold what this one has, in its place."""
        self._lent.pop(holder, None)
        self._leases = {
            other if each == holder else each: lease for each, lease in self._leases.items()
        }

    def release(self, run_id: str) -> None:
        self._lent.pop(run_id, None)
        lease = self._leases.pop(run_id, None)
        if lease is None:
            return
        self._cpus += lease.cpus
        self._memory_bytes += lease.memory_bytes
        there = {gpu.index for gpu in self.capacity.gpus}
        self._gpus = sorted({*self._gpus, *(there & set(lease.gpus))})

    def host(self, run_id: str) -> str:
        return socket.gethostname()

    def room(self) -> Room:
        """What is free, with what is lent."""
        lent = [self._leases[each] for each in self._lent]
        return Room(
            self._cpus + sum(each.cpus for each in lent),
            self._memory_bytes + sum(each.memory_bytes for each in lent),
            len(self._gpus) + sum(len(each.gpus) for each in lent),
        )

    @property
    def free_gpus(self) -> tuple[int, ...]:
        """Indexes of the devices that nobody holds."""
        return tuple(self._gpus)

    def free(self) -> Room:
        """What nobody holds."""
        return Room(self._cpus, self._memory_bytes, len(self._gpus))

    def shortage(self, resources: Resources) -> tuple[str, tuple[str, ...]] | None:
        return self.shortage_of(self.wanted(resources))

    def shortage_of(self, want: Lease) -> tuple[str, tuple[str, ...]] | None:
        """The same for what is wanted."""
        short = self.room().short(want)
        if short is None:
            return None
        holders = tuple(
            holder
            for holder, lease in self._leases.items()
            if getattr(lease, short) and holder not in self._lent
        )
        if short == "cpus":
            return _count(want.cpus, "CPU"), holders
        if short == "gpus":
            return _count(len(want.gpus), "GPU"), holders
        return f"{units.asked_size(want.memory_bytes)} of memory", holders

    def outlook(self, rooms: dict[Ledger, Room]) -> Outlook:
        return _MachineOutlook(self, rooms)

    def settle(self) -> None:
        """Nothing: what is free is free at once."""


class _MachineOutlook:
    """What is left of a machine."""

    def __init__(self, ledger: Ledger, rooms: dict[Ledger, Room]) -> None:
        self._ledger = ledger
        self._room = rooms.setdefault(ledger, ledger.room())

    def fits(self, resources: Resources) -> bool:
        return self._room.short(self._ledger.wanted(resources)) is None

    def keep(self, resources: Resources) -> None:
        self._room.keep(self._ledger.wanted(resources))

    @property
    def exhausted(self) -> bool:
        return self._room.exhausted


def check(want: Lease, most: Capacity, who: str) -> None:
    """Raise `InvalidSpec` when `who`, as a sentence names it, can never give as much."""
    # GPUs first: how many CPUs a run gets may follow from them.
    for asked, there, what in (
        (len(want.gpus), len(most.gpus), "GPU"),
        (want.cpus, most.cpus, "CPU"),
    ):
        if asked > there:
            raise InvalidSpec(
                f"The run asks for {_count(asked, what)} and {who} has {_count(there, what)}. "
                f"Ask for {'at most ' + str(there) if there else 'none'}."
            )
    if want.memory_bytes > most.memory_bytes:
        memory = units.asked_size(want.memory_bytes)
        raise InvalidSpec(
            f"The run asks for {memory} of memory and {who} has "
            f"{units.size(most.memory_bytes)}. Ask for less."
        )


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number in (0, 1) else 's'}"
