"""Who starts next, and what each of the others waits for."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator, Mapping

from jupyter_mltrain.compute.leases import Ledger
from jupyter_mltrain.spec import Lease, Run


class Queue:
    """The runs that wait, by priority and then rank, and the leases of those that do not.

    The rank is the age, unless a user has moved the run.

    A run is never overtaken by a later one for something that both need: what it waits for is
    kept for it. A later run that needs none of it goes past.
    """

    def __init__(self, ledgers: Mapping[str, Ledger]) -> None:
        self.ledgers = dict(ledgers)
        self._runs: list[Run] = []

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[Run]:
        return iter(self._runs)

    def add(self, run: Run) -> None:
        """Put the run in its place."""
        bisect.insort(self._runs, run, key=_order)

    def remove(self, run_id: str) -> None:
        """Take the run out; nothing when it is not in."""
        self._runs = [run for run in self._runs if run.id != run_id]

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
        left: dict[str, Ledger] = {}
        for at, run in enumerate(self._runs):
            ledger = self.ledgers[run.spec.compute]
            view = left.get(run.spec.compute, ledger)
            if view.shortage(run.spec.resources) is None:
                lease = ledger.take(run.id, run.spec.resources)
                assert lease is not None
                del self._runs[at]
                return run, lease
            left[run.spec.compute] = view.without(run.spec.resources)
            if all(
                name in left and left[name].exhausted for name in self.ledgers
            ):  # nobody behind can start either
                return None
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
        what, holders = short
        if not holders:
            return f"{place}waiting for {what}"
        first = label_of(holders[0])
        more = f" and {len(holders) - 1} more hold" if len(holders) > 1 else " holds"
        return f"{place}waiting for {what}: {first}{more} {'it' if what[:2] == '1 ' else 'them'}"


def _order(run: Run) -> tuple[int, float, int]:
    return (-run.spec.priority, _rank(run), run.number)


def _rank(run: Run) -> float:
    return run.number if run.rank is None else run.rank


def _ordinal(number: int) -> str:
    if 10 <= number % 100 <= 20:
        return f"{number}th"
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
