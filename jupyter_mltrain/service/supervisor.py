"""Starts what fits, watches what runs, ends what ended: decides every state but a child's.

Everything happens on the event loop, prompted by an event: a submit, an exit, a cancel. `tick`
does what no event prompts: it lets the queue go on when the disk has room again. Slow work
(working copies, collecting outputs) happens in threads.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from msgspec.structs import replace

from jupyter_mltrain.compute.base import Compute, Exited, Running, Unreachable
from jupyter_mltrain.compute.leases import Ledger
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.environments.base import Environments
from jupyter_mltrain.errors import (
    EnvironmentGone,
    MltrainError,
    WrongState,
)
from jupyter_mltrain.service import finishing, launching, reordering, retrying
from jupyter_mltrain.service.disk import Disk
from jupyter_mltrain.service.durability import Durability
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.journal import JournalReader
from jupyter_mltrain.service.observing import until_ended
from jupyter_mltrain.service.preflight import Report
from jupyter_mltrain.service.queue import Queue
from jupyter_mltrain.service.readying import Readier
from jupyter_mltrain.service.roster import Clock, Roster
from jupyter_mltrain.service.run_dirs import RunDirs
from jupyter_mltrain.service.tasks import RunTasks
from jupyter_mltrain.service.tidying import Tidier
from jupyter_mltrain.spec import ExitRecord, Lease, Node, Run, RunSpec, RunState
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
        self._snapshots = snapshots
        self._tidier = Tidier(self.roster, run_dirs, durability, threads)
        self.environments = environments
        self._readier = Readier(self.roster, environments, threads)
        self._hub = hub
        self._watcher = watcher
        self._clock = clock
        self._threads = threads
        self._workspace_name = workspace_name
        self._grace_s = cancel_grace_s
        self._cancelling: set[str] = set()
        self._checked_out: set[str] = set()
        self._disk = Disk(runs_dir.parent / "reserve", disk_floor_bytes)
        self._tasks = RunTasks(self.roster, self._disk, self._end, self._carry_on)

    async def tidied(self, run_id: str) -> None:
        """Return when nothing is done any more for a run that has ended."""
        await self._tasks.ended(run_id)
        await self._tidier.settled()

    def describe(self, run: Run) -> Run:
        """The record as of now: for a waiting run, with what it waits for at this moment."""
        if run.state is not RunState.QUEUED:
            return run
        reason = self.paused or self.queue.reason(run, self._label)
        return run if reason == run.reason else replace(run, reason=reason)

    def _label(self, run_id: str) -> str:
        run = self.roster.active.get(run_id)
        return run.label if run else run_id

    # What happens

    def has_room(self, spec: RunSpec) -> bool:
        """Whether a run like this would start at once."""
        return (
            not len(self.queue)
            and self.environments.ready(spec.environment, spec.compute) is not None
            and self.queue.ledgers[spec.compute].shortage(spec.resources) is None
        )

    def lease_now(self, run_id: str, spec: RunSpec) -> Node | None:
        """What a run that starts at once holds, taken for it; `None` when it has to wait."""
        if not self.has_room(spec) or self._disk.why_short() is not None:
            return None
        lease = self.queue.ledgers[spec.compute].take(run_id, spec.resources)
        return None if lease is None else _here(lease)

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
            self._checked_out.add(run.id)
        if run.state is RunState.PREPARING:
            self._tasks.begin(run, self._prepare)
        elif run.state is RunState.STARTING:
            self._tasks.begin(run, self._start)
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
            lease = run.nodes[0].lease if run.nodes else None
            if run.state is RunState.PREPARING:
                self._tasks.begin(run, self._prepare)
            elif run.state is RunState.QUEUED or lease is None:
                self.queue.add(run)
            else:
                self.queue.ledgers[run.spec.compute].hold(run.id, lease)
                if run.state is RunState.CANCEL_REQUESTED:
                    self._cancelling.add(run.id)
                self._tasks.begin(run, self._carry_on)
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

    def start_what_fits(self) -> None:
        """Start every run of the queue that its compute has room for."""
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
                    nodes=(_here(lease),),
                )
            except MltrainError as error:
                self._give_back(run, error)
                break
            self._tasks.begin(run, self._start)
        if before != self.paused:
            self._hub.changed(Hub.QUEUE)

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
        if run.state.final or run.id in self._cancelling:
            return run
        if run.parent_id is not None:
            parent = self.roster.record(run.parent_id).label
            raise WrongState(f"{run.label} runs within {parent} and ends with it. Cancel that run.")
        if run.state is RunState.QUEUED:
            self.queue.remove(run.id)
            run = self._end(run, RunState.CANCELED, "cancelled by you before it started")
            self._hub.changed(Hub.QUEUE)
            return run
        self._cancelling.add(run.id)
        if run.state is RunState.PREPARING:
            self._tasks.cancel(run.id)
            return self._end(run, RunState.CANCELED, "cancelled by you while it was prepared")
        run = self.roster.move(run, RunState.CANCEL_REQUESTED, "cancelled by you")
        handle = self._store.handle(run.id)
        if handle is not None:
            await self.computes[run.spec.compute].cancel(handle, self._control(run))
        return run

    # One run's life

    async def _prepare(self, run: Run) -> None:
        problem = await self._readier.prepare(run)
        run = self.roster.active[run.id]
        if problem is not None:
            sentence, advice = problem
            self._end(run, RunState.FAILED, sentence, advice=advice or None)
            return
        run = self.roster.move(run, RunState.QUEUED, "waiting to start")
        self.queue.add(run)
        self.start_what_fits()

    async def _start(self, run: Run) -> None:
        run_dir = self.roster.run_dir(run)
        lease = run.nodes[0].lease
        assert lease is not None
        compute = self.computes[run.spec.compute]
        if run.id in self._checked_out:
            self._checked_out.remove(run.id)
        else:
            await self._in_thread(launching.check_out, run, run_dir, self._snapshots)
        run = self.roster.active[run.id]  # a tag may have come meanwhile
        if run.id in self._cancelling:
            self._end(run, RunState.CANCELED, "cancelled by you before it started")
            return
        launch = launching.compose(
            run,
            run_dir,
            lease,
            self._workspace_name,
            self._grace_s,
            hide_gpus=bool(compute.capacity().gpus),
            limit_s=retrying.left_s(run, self._clock()),
        )
        try:
            launching.check_there(run)
            handle = await compute.start(launch)
        except EnvironmentGone as error:
            await self._prepare_again(run, error)
            return
        run = self._started(run.id, handle)
        await self._readier.begun(run, run_dir)
        self._tidier.record_soon(run)
        await self._watch(run, handle)

    async def _prepare_again(self, run: Run, error: EnvironmentGone) -> None:
        """What the run was to execute in has gone since it was made: make it once more."""
        run = self.roster.active[run.id]
        if run.id in self._cancelling:
            self._end(run, RunState.CANCELED, "cancelled by you before it started")
            return
        run = self._readier.lose(run, error)
        self.queue.ledgers[run.spec.compute].release(run.id)
        self.start_what_fits()
        await self._prepare(run)

    def _started(self, run_id: str, handle: str) -> Run:
        run = self.roster.active[run_id]
        now = self._clock()
        if run.state is RunState.STARTING:
            return self.roster.move(
                run,
                RunState.RUNNING,
                "running" if run.attempt == 1 else f"running, attempt {run.attempt}",
                started_at=run.started_at or now,
                handle=handle,
            )
        self._store.keep_handle(run.id, handle)
        if run.started_at is None:
            return self.roster.amend(run, started_at=now)
        return run

    async def _carry_on(self, run: Run) -> None:
        """Continue after a restart of the service, wherever the run has got to."""
        handle = self._store.handle(run.id)
        found = self._control(run) / "reaper.json"
        if handle is None and not found.exists():
            if run.id in self._cancelling:
                self._end(run, RunState.CANCELED, "cancelled by you before it started")
                return
            await self._start(run)
            return
        if handle is None:
            handle = await asyncio.to_thread(found.read_text)
        await self._watch(self._started(run.id, handle), handle, resumed=True)

    async def _watch(self, run: Run, handle: str, resumed: bool = False) -> None:
        compute, control = self.computes[run.spec.compute], self._control(run)
        if run.id in self._cancelling:
            await compute.cancel(handle, control)
        journal = JournalReader(
            self.roster,
            run.id,
            self.roster.run_dir(run),
            self._store.journal_offset(run.id),
            lambda offset: self._store.keep_journal_offset(run.id, offset),
            resumed=resumed,
        )
        async with journal.following(self._watcher):
            asked = run.state is RunState.NOT_RESPONDING
            seen = await until_ended(
                compute, handle, control, partial(self._said, run.id), look_first=asked
            )
        await journal.catch_up()
        if isinstance(seen, Exited):
            await self._finish(run.id, seen.record, None, journal)
        else:
            await self._finish(run.id, None, seen.reason, journal)

    def _said(self, run_id: str, seen: Running | Unreachable) -> None:
        """Take in whether a compute target can be asked about a run that has not ended."""
        run = self.roster.active[run_id]
        if isinstance(seen, Unreachable) and run.state is RunState.RUNNING:
            self.roster.move(run, RunState.NOT_RESPONDING, seen.reason)
        elif isinstance(seen, Running) and run.state is RunState.NOT_RESPONDING:
            self.roster.move(run, RunState.RUNNING, "running")

    async def _finish(
        self, run_id: str, record: ExitRecord | None, lost: str | None, journal: JournalReader
    ) -> None:
        run = self.roster.active[run_id]
        run_dir = self.roster.run_dir(run)
        ended = (record.ended_at if record else None) or self._clock()
        if run.spec.retries and run.id not in self._cancelling:
            seen = await self._in_thread(finishing.explain_end, run, run_dir, record, lost, ended)
            state, reason, _ = journal.verdict(seen)
            if retrying.is_due(run, state, record):
                journal.end_children(state, ended)
                await self._begin_again(run_id, reason, ended)
                return
        result = finishing.conclude_quickly(run_dir, record)
        if result is None:
            result = await self._in_thread(finishing.conclude, run, run_dir, record, lost, ended)
            run = self.roster.active[run_id]  # a tag may have come meanwhile
        state, reason, advice = journal.verdict(result)
        # Children first: the next service looks for them only through a run that has not ended.
        journal.end_children(state, ended)
        self._end(run, state, reason, ended_at=ended, exit=record, advice=advice)
        self._tidier.tidy_soon(run_id, run_dir)

    async def _begin_again(self, run_id: str, why: str, ended: datetime) -> None:
        """Queue a run whose attempt has failed for the next one."""
        run = self.roster.active[run_id]
        run_dir = self.roster.run_dir(run)
        reason = retrying.reason(run, why)
        await self._in_thread(retrying.put_aside, run, run_dir, ended)
        await self._in_thread(finishing.note, run_dir, ended, reason)
        run = self.roster.active[run_id]
        if run_id in self._cancelling:
            self._end(run, RunState.CANCELED, "cancelled by you between two attempts")
            return
        self.queue.ledgers[run.spec.compute].release(run_id)
        run = self.roster.move(
            run, RunState.QUEUED, reason, attempt=run.attempt + 1, nodes=(), handle=""
        )
        self._tidier.record_soon(run)
        self.queue.add(run)
        self.start_what_fits()

    def _end(self, run: Run, state: RunState, reason: str, **changes: Any) -> Run:
        changes.setdefault("ended_at", self._clock())
        run = self.roster.move(run, state, reason, **changes)
        del self.roster.active[run.id]
        self._cancelling.discard(run.id)
        self._checked_out.discard(run.id)
        self._readier.forget(run.id)
        if run.attempt > 1 and "exit" not in changes:  # what earlier attempts wrote is kept
            self._tidier.tidy_soon(run.id, self.roster.run_dir(run))
        self.queue.ledgers[run.spec.compute].release(run.id)
        self.start_what_fits()
        if len(self.queue):
            self._hub.changed(Hub.QUEUE)
        return run

    def _control(self, run: Run) -> Path:
        return self.roster.run_dir(run) / "control"

    def _in_thread(self, work: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    async def close(self) -> None:
        """Stop watching; the runs go on. What is left to do for ended ones is done first."""
        await self._tasks.close()
        await self._tidier.close()


def _here(lease: Lease) -> Node:
    return Node(index=0, host=socket.gethostname(), lease=lease)
