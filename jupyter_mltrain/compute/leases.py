"""Who holds how much of a compute target, and why the next one has to wait."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_mltrain import units
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import Capacity, Lease, Resources


class Ledger:
    """The leases on one compute target. Not thread-safe: it belongs to the event loop."""

    def __init__(self, capacity: Capacity) -> None:
        self.capacity = capacity
        self._leases: dict[str, Lease] = {}
        self._cpus = capacity.cpus
        self._memory_bytes = capacity.memory_bytes
        self._gpus = [gpu.index for gpu in capacity.gpus]

    @property
    def leases(self) -> Mapping[str, Lease]:
        """Run id -> what it holds."""
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
        """Raise `InvalidSpec` for a request that this target can never meet."""
        want, most = self.wanted(resources), self.capacity
        # GPUs first: how many CPUs a run gets may follow from them.
        for asked, there, what in (
            (len(want.gpus), len(most.gpus), "GPU"),
            (want.cpus, most.cpus, "CPU"),
        ):
            if asked > there:
                raise InvalidSpec(
                    f"The run asks for {_count(asked, what)} and {target!r} has "
                    f"{_count(there, what)}. "
                    f"Ask for {'at most ' + str(there) if there else 'none'}."
                )
        if want.memory_bytes > most.memory_bytes:
            memory = units.asked_size(want.memory_bytes)
            raise InvalidSpec(
                f"The run asks for {memory} of memory and {target!r} has "
                f"{units.size(most.memory_bytes)}. Ask for less."
            )

    def take(self, run_id: str, resources: Resources) -> Lease | None:
        """Give the run its lease, or `None` when something is short right now."""
        want = self.wanted(resources)
        if self._short(want):
            return None
        lease = Lease(
            cpus=want.cpus,
            memory_bytes=want.memory_bytes,
            gpus=tuple(self._gpus[: len(want.gpus)]),
        )
        self.hold(run_id, lease)
        return lease

    def hold(self, run_id: str, lease: Lease) -> None:
        """Book a lease that the run has already, as after a restart."""
        self._leases[run_id] = lease
        self._cpus -= lease.cpus
        self._memory_bytes -= lease.memory_bytes
        self._gpus = [index for index in self._gpus if index not in lease.gpus]

    def release(self, run_id: str) -> None:
        """Give back what the run holds; nothing when it holds nothing."""
        lease = self._leases.pop(run_id, None)
        if lease is None:
            return
        self._cpus += lease.cpus
        self._memory_bytes += lease.memory_bytes
        there = {gpu.index for gpu in self.capacity.gpus}
        self._gpus = sorted({*self._gpus, *(there & set(lease.gpus))})

    @property
    def exhausted(self) -> bool:
        """Whether not even the smallest run would fit."""
        return self._cpus < 1

    def _short(self, want: Lease) -> str | None:
        if want.cpus > self._cpus:
            return "cpus"
        if len(want.gpus) > len(self._gpus):
            return "gpus"
        if want.memory_bytes > self._memory_bytes:
            return "memory"
        return None

    def shortage(self, resources: Resources) -> tuple[str, tuple[str, ...]] | None:
        """What is short for this request, in words, and the ids of the runs that hold it."""
        want = self.wanted(resources)
        short = self._short(want)
        if short is None:
            return None
        if short == "cpus":
            words = _count(want.cpus, "CPU")
            holders = tuple(self._leases)
        elif short == "gpus":
            words = _count(len(want.gpus), "GPU")
            holders = tuple(run for run, lease in self._leases.items() if lease.gpus)
        else:
            words = f"{units.asked_size(want.memory_bytes)} of memory"
            holders = tuple(run for run, lease in self._leases.items() if lease.memory_bytes)
        return words, holders

    def without(self, resources: Resources) -> Ledger:
        """A copy with this request taken out as far as it goes: what is left for those behind."""
        want = self.wanted(resources)
        left = Ledger(self.capacity)
        left._leases = self._leases
        left._cpus = max(0, self._cpus - want.cpus)
        left._memory_bytes = max(0, self._memory_bytes - want.memory_bytes)
        left._gpus = self._gpus[len(want.gpus) :]
        return left


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number in (0, 1) else 's'}"
