"""Another place in the queue for a waiting run. When something fails, each is where it was."""

from __future__ import annotations

from msgspec.structs import replace

from jupyter_mltrain.service.queue import Queue
from jupyter_mltrain.service.roster import Roster
from jupyter_mltrain.spec import Run


def give_priority(roster: Roster, queue: Queue, run: Run, priority: int) -> None:
    """Put the run where a priority and its age have it."""
    _put(roster, queue, run.id, priority, None)


def place_beside(
    roster: Roster, queue: Queue, run: Run, other: Run, *, after: bool, below: int
) -> None:
    """Put the run just before or after another one that waits, whose priority it gets.

    Parameters
    ----------
    below
        The number of the next run to come.
    """
    if run.id == other.id:
        return
    priority = other.spec.priority
    rank = queue.rank_beside(run.id, other, after=after, below=below)
    if rank is None:
        for each, its_rank in queue.renumbered(priority, below):
            _put(roster, queue, each.id, priority, its_rank)
        rank = queue.rank_beside(run.id, other, after=after, below=below)
    _put(roster, queue, run.id, priority, rank)


def _put(roster: Roster, queue: Queue, run_id: str, priority: int, rank: float | None) -> None:
    run = roster.active[run_id]
    run = roster.amend(run, spec=replace(run.spec, priority=priority), rank=rank)
    queue.remove(run_id)
    queue.add(run)
