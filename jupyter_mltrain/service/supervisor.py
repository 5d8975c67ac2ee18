"""Starts what fits, watches what runs, ends what ended: decides every state but a child's.

Everything happens on the event loop, prompted by an event: a submit, an exit, a cancel. `tick`
does what no event prompts: it lets the queue go on when the disk has room again. Slow work
(working copies, collecting outputs) happens in threads.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, TypeVar

from msgspec.structs import replace

from jupyter_mltrain.compute.base import Compute
from jupyter_mltrain.compute.leases import Ledger
from jupyter_mltrain.compute.nodes import Nodes
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.environments.base import Environments
from jupyter_mltrain.errors import (
    MltrainError,
    WrongState,
)
from jupyter_mltrain.service import (
    reordering,
)
from jupyter_mltrain.service.datasets import takes_data
from jupyter_mltrain.service.delivering import Deliverer
from jupyter_mltrain.service.disk import Disk
from jupyter_mltrain.service.durability import Durability
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.life import Life
from jupyter_mltrain.service.outgoing import Outgoing
from jupyter_mltrain.service.preflight import Report
from jupyter_mltrain.service.queue import Queue
from jupyter_mltrain.service.readying import Readier
from jupyter_mltrain.service.roster import Clock, Roster
from jupyter_mltrain.service.run_dirs import RunDirs
from jupyter_mltrain.service.tasks import RunTasks
from jupyter_mltrain.service.tidying import Tidier
from jupyter_mltrain.spec import (
    ComputeStatus,
    Lease,
    Node,
    Run,
    RunKind,
    RunSpec,
    RunState,
)
from jupyter_mltrain.store.runs import RunStore
from jupyter_mltrain.store.snapshots import Snapshots

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Supervisor:
    """The runs of one workspace that have not ended."""

    def __init__(
        self,
        *,
        store: RunStore,
        snapshots: Snapshots,
        run_dirs: RunDirs,
        durability: Durability,
        computes: Mapping[str, Compute],
        environments: Environments,
        data: Deliverer,
        outgoing: Outgoing,
        hub: Hub,
        watcher: Watcher,
        clock: Clock,
        threads: Executor,
        runs_dir: Path,
        workspace_name: str,
        disk_floor_bytes: int,
        cancel_grace_s: float,
    ) -> None:
        self.roster = Roster(store, hub, clock, runs_dir)
        self.computes = computes
        self.queue = Queue({name: Ledger(place.capacity()) for name, place in computes.items()})
        self.paused: str | None = None
        self._store = store
        self._tidier = Tidier(self.roster, run_dirs, durability, threads)
        self.environments = environments
        self._readier = Readier(self.roster, environments, self.home, data, threads)
        self._outgoing = outgoing
        self._hub = hub
        self._clock = clock
        self._disk = Disk(runs_dir.parent / "reserve", disk_floor_bytes)
        self._life = Life(
            roster=self.roster,
            store=store,
            snapshots=snapshots,
            computes=computes,
            readier=self._readier,
            data=data,
            outgoing=outgoing,
            tidier=self._tidier,
            watcher=watcher,
            clock=clock,
            threads=threads,
            workspace_name=workspace_name,
            grace_s=cancel_grace_s,
            wait=self._wait,
            release=self._release,
            end=self._end,
        )
        self._tasks = RunTasks(self.roster, self._disk, self._end, self._life.carry_on)

    async def tidied(self, run_id: str) -> None:
        """Return when nothing is done any more for a run that has ended."""
        await self._tasks.ended(run_id)
        await self._tidier.settled()

    def describe(self, run: Run) -> Run:
        """The record as of now: for a waiting run, with what it waits for at this moment."""
        if run.state is not RunState.QUEUED:
            return run
        reason = self.paused or self.queue.reason(run, self.label)
        return run if reason == run.reason else replace(run, reason=reason)

    def label(self, holder: str) -> str:
        """What a sentence calls who holds a lease: a run, or a node that none executes on."""
        run = self.roster.active.get(holder)
        return run.label if run else f"the idle node {holder}"

    def status(self, compute: str) -> ComputeStatus:
        """A compute target with the runs that hold something of it."""
        ledger, active = self.queue.ledgers[compute], self.roster.active
        return ComputeStatus(
            name=compute,
            kind=self.computes[compute].kind,
            capacity=ledger.capacity,
            leases={run: lease for run, lease in ledger.leases.items() if run in active},
            queued=self.queue.waiting[compute],
        )

    def home(self, compute: str) -> str:
        """For which compute target environments are made: a cluster's runs share this machine's."""
        return self.computes[compute].name

    def cautions(self, compute: str) -> tuple[str, ...]:
        """What whoever submits there should know."""
        ledger = self.queue.ledgers[compute]
        return (ledger.note,) if isinstance(ledger, Nodes) and ledger.note else ()

    def unasked_gpus(self, compute: str) -> int:
        """How many GPUs there are that a run gets none of unless it asks; a node's it gets all."""
        ledger = self.queue.ledgers[compute]
        return 0 if isinstance(ledger, Nodes) else len(ledger.capacity.gpus)

    # What happens

    def has_room(self, spec: RunSpec) -> bool:
        """Whether a run like this would start at once."""
        return (
            not len(self.queue)
            and not takes_data(spec)
            and self.environments.ready(spec.environment, self.home(spec.compute)) is not None
            and self.queue.ledgers[spec.compute].shortage(spec.resources) is None
        )

    def lease_now(self, run_id: str, spec: RunSpec) -> Node | None:
        """What a run that starts at once holds, taken for it; `None` when it has to wait."""
        if not self.has_room(spec) or self._disk.why_short() is not None:
            return None
        lease = self.queue.ledgers[spec.compute].take(run_id, spec.resources)
        return None if lease is None else self._node(run_id, spec.compute, lease)

    def give_back(self, run_id: str, spec: RunSpec) -> None:
        """Undo `lease_now` for a run that could not be stored."""
        self.queue.ledgers[spec.compute].release(run_id)

    def submitted(
        self,
        run: Run,
        *,
        checked_out: bool = False,
        check: Callable[[Run], Report] | None = None,
    ) -> None:
        """Take over a run that was just stored, maybe with its working copy already made.

        Parameters
        ----------
        check
            What is to be asked in a thread once its environment is known, unless it is already.
        """
        self.roster.active[run.id] = run
        if check is not None and run.environment is None:
            self._readier.check_later(run, check)
        if checked_out:
            self._life.checked_out.add(run.id)
        if run.state is RunState.PREPARING:
            self._tasks.begin(run, self._life.prepare)
        elif run.state is RunState.STARTING:
            self._tasks.begin(run, self._life.start)
        else:
            self.queue.add(run)
            self.start_what_fits()
        if self.roster.active[run.id].state is not RunState.STARTING:
            self._tidier.record_soon(run)
        self._hub.changed(run.id)

    async def recover(self) -> None:
        """Take over what an earlier service left: by stored handles, or by the run directory."""
        for run in self._store.active():
            if run.parent_id is not None:
                self._end_with_its_parent(run)
                continue
            self.roster.active[run.id] = run
            if run.spec.kind is RunKind.INTERACTIVE:
                continue  # it is no process of ours; `Opened` watches it
            lease = run.nodes[0].lease if run.nodes else None
            if run.state is RunState.PREPARING:
                self._tasks.begin(run, self._life.prepare)
            elif run.state is RunState.QUEUED or lease is None:
                self.queue.add(run)
            else:
                self.queue.ledgers[run.spec.compute].hold(run.id, lease, run.nodes[0].host)
                if run.state is RunState.CANCEL_REQUESTED:
                    self._life.cancelling.add(run.id)
                self._tasks.begin(run, self._life.carry_on)
        self.start_what_fits()

    def _end_with_its_parent(self, child: Run) -> None:
        """End a child whose run ended while nobody could end the children with it."""
        root = child
        while root.parent_id is not None:
            root = self._store.get(root.parent_id)
        if root.state.final:
            self.roster.end_child(child.id, root.state, "ended with its parent run", root.ended_at)

    async def tick(self) -> None:
        """Let the queue go on when what stopped it is over; find out early that a disk fills."""
        self._disk.keep()
        if self.paused is not None or len(self.queue):
            self.start_what_fits()

    def give_up_reserve(self) -> bool:
        """Free what was kept for endings on a full disk; false when that is used up."""
        return self._disk.give_up()

    def start_what_fits(self) -> None:
        """Start every run of the queue that its compute has room for."""
        for ledger in self.queue.ledgers.values():
            ledger.settle()
        before = self.paused
        self.paused = self._disk.why_short() if len(self.queue) else None
        while self.paused is None:
            taken = self.queue.take_next()
            if taken is None:
                break
            # The queue knows what decides the order; tags or git state may have come since.
            run, lease = self.roster.active[taken[0].id], taken[1]
            try:
                run = self.roster.move(
                    run,
                    RunState.STARTING,
                    "making the working copy",
                    nodes=(self._node(run.id, run.spec.compute, lease),),
                )
            except MltrainError as error:
                self._give_back(run, error)
                break
            self._tasks.begin(run, self._life.start)
        if before != self.paused:
            self._hub.changed(Hub.QUEUE)

    def _wait(self, run: Run) -> None:
        """Queue a run that is ready to start."""
        self.queue.add(run)
        self.start_what_fits()

    def _release(self, run: Run) -> None:
        """Take back what a run holds that has not ended."""
        self.queue.ledgers[run.spec.compute].release(run.id)

    def _give_back(self, run: Run, error: MltrainError) -> None:
        """Nothing can be written just now: wait with the run instead of losing it."""
        _log.error("%s cannot start: %s", run.id, error)
        self.queue.ledgers[run.spec.compute].release(run.id)
        self.queue.add(run)
        self.paused = f"the queue is paused: {error}"

    def reprioritize(self, run: Run, priority: int) -> Run:
        """Move a waiting run to the place that it has by a priority and its age."""
        reordering.give_priority(self.roster, self.queue, run, priority)
        return self._reordered(run)

    def place_beside(self, run: Run, other: Run, *, after: bool) -> Run:
        """Move a waiting run to just before or after another one, whose priority it gets."""
        below = self._store.next_number()
        reordering.place_beside(self.roster, self.queue, run, other, after=after, below=below)
        return self._reordered(run)

    def _reordered(self, run: Run) -> Run:
        self.start_what_fits()
        self._hub.changed(Hub.QUEUE)
        return self.roster.active[run.id]

    async def cancel(self, run: Run) -> Run:
        """Ask a run to end. One that has ended stays as it is."""
        run = self.roster.active.get(run.id, run)
        if run.state is RunState.FINALIZING:
            await self._outgoing.stop(run, self.roster.run_dir(run))
            return self.roster.record(run.id)
        if run.state.final or run.id in self._life.cancelling:
            return run
        if run.parent_id is not None:
            parent = self.roster.record(run.parent_id).label
            raise WrongState(f"{run.label} runs within {parent} and ends with it. Cancel that run.")
        if run.state is RunState.QUEUED:
            self.queue.remove(run.id)
            run = self._end(run, RunState.CANCELED, "cancelled by you before it started")
            self._hub.changed(Hub.QUEUE)
            return run
        self._life.cancelling.add(run.id)
        if run.state is RunState.PREPARING:
            self._tasks.cancel(run.id)
            return self._end(run, RunState.CANCELED, "cancelled by you while it was prepared")
        run = self.roster.move(run, RunState.CANCEL_REQUESTED, "cancelled by you")
        handle = self._store.handle(run.id)
        if handle is not None:
            await self.computes[run.spec.compute].cancel(handle, self._life.control(run))
        return run

    def _end(self, run: Run, state: RunState, reason: str, **changes: Any) -> Run:
        changes.setdefault("ended_at", self._clock())
        run = self.roster.move(run, state, reason, **changes)
        del self.roster.active[run.id]
        self._life.cancelling.discard(run.id)
        self._life.checked_out.discard(run.id)
        self._readier.forget(run.id)
        if self.roster.asking is not None:
            self.roster.asking.ended(run)
        if "exit" not in changes and (run.attempt > 1 or takes_data(run.spec)):
            # What earlier attempts wrote is kept; what was brought goes.
            self._tidier.tidy_soon(run.id, self.roster.run_dir(run))
        self.queue.ledgers[run.spec.compute].release(run.id)
        self.start_what_fits()
        if len(self.queue):
            self._hub.changed(Hub.QUEUE)
        return run

    async def close(self) -> None:
        """Stop watching; the runs go on. What is left to do for ended ones is done first."""
        await self._tasks.close()
        await self._tidier.close()

    def _node(self, run_id: str, compute: str, lease: Lease) -> Node:
        return Node(index=0, host=self.queue.ledgers[compute].host(run_id), lease=lease)
