"""Who starts next, and what each of the others waits for."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from jupyter_mltrain.compute.leases import Holdings, Ledger, Outlook, Room
from jupyter_mltrain.spec import Lease, Run


class Queue:
    """The runs that wait, by priority and then rank, and the leases of those that do not.

    The rank is the age, unless a user has moved the run.

    A run is never overtaken by a later one for something that both need: what it waits for is
    kept for it. A later run that needs none of it goes past.
    """

    def __init__(self, ledgers: Mapping[str, Holdings]) -> None:
        self.ledgers = dict(ledgers)
        self.waiting: Counter[str] = Counter()
        """Compute target -> how many wait for it."""
        self._runs: list[Run] = []

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[Run]:
        return iter(self._runs)

    def add(self, run: Run) -> None:
        """Put the run in its place."""
        bisect.insort(self._runs, run, key=_order)
        self.waiting[run.spec.compute] += 1

    def remove(self, run_id: str) -> None:
        """Take the run out; nothing when it is not in."""
        position = self.position(run_id)
        if position is not None:
            self._take_out(position - 1)

    def _take_out(self, at: int) -> Run:
        run = self._runs.pop(at)
        self.waiting -= Counter((run.spec.compute,))  # names with none left are not kept
        return run

    def position(self, run_id: str) -> int | None:
        """Place in the queue from 1, `None` for a run that is not in it."""
        return next((at for at, run in enumerate(self._runs, 1) if run.id == run_id), None)

    def rank_beside(self, run_id: str, other: Run, *, after: bool, below: int) -> float | None:
        """The rank that puts a run just before or after a waiting one of `other`'s priority.

        Parameters
        ----------
        below
            The number of the next run to come, which is to stay behind all that wait now.

        Returns
        -------
        float | None
            `None` when there is no number between the neighbours: `renumbered` makes room.
        """
        line = [
            run
            for run in self._runs
            if run.spec.priority == other.spec.priority and run.id != run_id
        ]
        at = next(at for at, run in enumerate(line) if run.id == other.id) + after
        high = float(below) if at == len(line) else _rank(line[at])
        if at == 0:
            return high - 1
        low = _rank(line[at - 1])
        between = (low + high) / 2
        return between if low < between < high else None

    def renumbered(self, priority: int, below: int) -> tuple[tuple[Run, float], ...]:
        """The waiting runs of that priority in their order, each with a rank 1 from the next."""
        line = [run for run in self._runs if run.spec.priority == priority]
        return tuple((run, float(below - len(line) + at)) for at, run in enumerate(line))

    def take_next(self) -> tuple[Run, Lease] | None:
        """Take out the first run that can start, with its lease; `None` when none can."""
        rooms: dict[Ledger, Room] = {}
        left: dict[str, Outlook] = {}
        for at, run in enumerate(self._runs):
            name, resources = run.spec.compute, run.spec.resources
            ledger = self.ledgers[name]
            if name not in left:
                left[name] = ledger.outlook(rooms)
            if left[name].fits(resources):
                lease = ledger.take(run.id, resources)
                assert lease is not None
                return self._take_out(at), lease
            left[name].keep(resources)
            if all(name in left and left[name].exhausted for name in self.waiting):
                return None  # nobody behind can start either
        return None

    def reason(self, run: Run, label_of: Callable[[str], str]) -> str:
        """Why the run waits, in words: its place, what is short and who holds it."""
        position = self.position(run.id)
        if position is None:
            return run.reason
        short = self.ledgers[run.spec.compute].shortage(run.spec.resources)
        place = "" if position == 1 else f"{_ordinal(position)} in line; "
        if short is None:
            ahead = self._runs[0]
            return f"{place}behind {ahead.label}" if position > 1 else "starts next"
        return place + waiting_for(*short, label_of)


def waiting_for(what: str, holders: Sequence[str], label_of: Callable[[str], str]) -> str:
    """What is waited for, and who holds it, in words."""
    if not holders:
        return f"waiting for {what}"
    first = label_of(holders[0])
    more = f" and {len(holders) - 1} more hold" if len(holders) > 1 else " holds"
    is_one = what.startswith("1 ") or what.endswith(" of memory")
    return f"waiting for {what}: {first}{more} {'it' if is_one else 'them'}"


def _order(run: Run) -> tuple[int, float, int]:
    return (-run.spec.priority, _rank(run), run.number)


def _rank(run: Run) -> float:
    return run.number if run.rank is None else run.rank


def _ordinal(number: int) -> str:
    if 10 <= number % 100 <= 20:
        return f"{number}th"
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
