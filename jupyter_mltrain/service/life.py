"""One run from its preparation to its end; each step leaves what the next service needs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from jupyter_mltrain.compute.base import Compute, Exited, Running, Unreachable
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.errors import EnvironmentGone
from jupyter_mltrain.service import data_paths, finishing, launching, retrying
from jupyter_mltrain.service.delivering import Deliverer
from jupyter_mltrain.service.journal import JournalReader
from jupyter_mltrain.service.observing import until_ended
from jupyter_mltrain.service.outgoing import Outgoing, Sent
from jupyter_mltrain.service.readying import Readier
from jupyter_mltrain.service.roster import Clock, Roster
from jupyter_mltrain.service.tidying import Tidier
from jupyter_mltrain.spec import ExitRecord, Run, RunState
from jupyter_mltrain.store.runs import RunStore
from jupyter_mltrain.store.snapshots import Snapshots

T = TypeVar("T")


class End(Protocol):
    """Ends a run, with its reason and whatever else changes in its record."""

    def __call__(self, run: Run, state: RunState, reason: str, **changes: Any) -> object: ...


class Life:
    """The steps of runs that have left the queue, or are not in it yet.

    A step is awaited in a task of its run's own, and may be cancelled wherever it waits.
    """

    def __init__(
        self,
        *,
        roster: Roster,
        store: RunStore,
        snapshots: Snapshots,
        computes: Mapping[str, Compute],
        readier: Readier,
        data: Deliverer,
        outgoing: Outgoing,
        tidier: Tidier,
        watcher: Watcher,
        clock: Clock,
        threads: Executor,
        workspace_name: str,
        grace_s: float,
        wait: Callable[[Run], None],
        release: Callable[[Run], None],
        end: End,
    ) -> None:
        """Take what all runs share.

        Parameters
        ----------
        wait
            Puts a run that is ready into the queue.
        release
            Takes back what a run holds.
        end
            Ends a run.
        """
        self.cancelling: set[str] = set()
        """Ids of runs that were asked to end."""
        self.checked_out: set[str] = set()
        """Ids of runs whose working copy was made at the submit."""
        self._roster = roster
        self._store = store
        self._snapshots = snapshots
        self._computes = computes
        self._readier = readier
        self._data = data
        self._outgoing = outgoing
        self._tidier = tidier
        self._watcher = watcher
        self._clock = clock
        self._threads = threads
        self._workspace_name = workspace_name
        self._grace_s = grace_s
        self._wait = wait
        self._release = release
        self._end = end

    # Before it runs

    async def prepare(self, run: Run) -> None:
        """Get the run what it executes in and what it takes, then queue it."""
        problem = await self._readier.prepare(run)
        run = self._roster.active[run.id]
        if problem is not None:
            sentence, advice = problem
            self._end(run, RunState.FAILED, sentence, advice=advice or None)
            return
        run = self._roster.move(run, RunState.QUEUED, "waiting to start")
        self._wait(run)

    async def start(self, run: Run) -> None:
        """Start a run that holds its lease, and see it to its end."""
        run_dir = self._roster.run_dir(run)
        lease = run.nodes[0].lease
        assert lease is not None
        compute = self._computes[run.spec.compute]
        if run.id in self.checked_out:
            self.checked_out.remove(run.id)
        else:
            await self._in_thread(launching.check_out, run, run_dir, self._snapshots)
        run = self._roster.active[run.id]  # a tag may have come meanwhile
        if run.id in self.cancelling:
            self._end(run, RunState.CANCELED, "cancelled by you before it started")
            return
        data_paths.link(run, run_dir)
        data_paths.make_folders(run, run_dir)
        is_mounted = run.spec.inputs and run.spec.environment.image is not None
        data = await self._data.targets(run, run_dir) if is_mounted else ()
        run = self._roster.active[run.id]
        launch = launching.compose(
            run,
            run_dir,
            lease,
            self._workspace_name,
            self._grace_s,
            hide_gpus=bool(compute.capacity().gpus),
            limit_s=retrying.left_s(run, self._clock()),
            data=data,
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
        run = self._roster.active[run.id]
        if run.id in self.cancelling:
            self._end(run, RunState.CANCELED, "cancelled by you before it started")
            return
        run = self._readier.lose(run, error)
        self._release(run)
        await self.prepare(run)

    def _started(self, run_id: str, handle: str) -> Run:
        run = self._roster.active[run_id]
        now = self._clock()
        if run.state is RunState.STARTING:
            return self._roster.move(
                run,
                RunState.RUNNING,
                "running" if run.attempt == 1 else f"running, attempt {run.attempt}",
                started_at=run.started_at or now,
                handle=handle,
            )
        self._store.keep_handle(run.id, handle)
        if run.started_at is None:
            return self._roster.amend(run, started_at=now)
        return run

    # While it runs

    async def carry_on(self, run: Run) -> None:
        """Continue after a restart of the service, wherever the run has got to."""
        handle = self._store.handle(run.id)
        found = self.control(run) / "reaper.json"
        if handle is None and not found.exists():
            if run.id in self.cancelling:
                self._end(run, RunState.CANCELED, "cancelled by you before it started")
                return
            await self.start(run)
            return
        if handle is None:
            handle = await asyncio.to_thread(found.read_text)
        await self._watch(self._started(run.id, handle), handle, resumed=True)

    async def _watch(self, run: Run, handle: str, resumed: bool = False) -> None:
        compute, control = self._computes[run.spec.compute], self.control(run)
        if run.id in self.cancelling:
            await compute.cancel(handle, control)
        journal = JournalReader(self._roster, self._store, run, resumed=resumed)
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
        run = self._roster.active[run_id]
        if isinstance(seen, Unreachable) and run.state is RunState.RUNNING:
            self._roster.move(run, RunState.NOT_RESPONDING, seen.reason)
        elif isinstance(seen, Running) and run.state is RunState.NOT_RESPONDING:
            self._roster.move(run, RunState.RUNNING, "running")

    # After it

    async def _finish(
        self, run_id: str, record: ExitRecord | None, lost: str | None, journal: JournalReader
    ) -> None:
        run = self._roster.active[run_id]
        run_dir = self._roster.run_dir(run)
        ended = (record.ended_at if record else None) or self._clock()
        is_over = run.id in self.cancelling or run.state is RunState.FINALIZING
        if run.spec.retries and not is_over:
            seen = await self._in_thread(finishing.explain_end, run, run_dir, record, lost, ended)
            state, reason, _ = journal.verdict(seen)
            if retrying.is_due(run, state, record):
                journal.end_children(state, ended)
                await self._begin_again(run_id, reason, ended)
                return
        result = finishing.conclude_quickly(run_dir, record)
        if result is None:
            result = await self._in_thread(finishing.conclude, run, run_dir, record, lost, ended)
            run = self._roster.active[run_id]  # a tag may have come meanwhile
        state, reason, advice = journal.verdict(result)
        if await self._outgoing.is_any(run, run_dir):
            sent = await self._send(run_id, reason, completed=state is RunState.COMPLETED)
            run, ended = self._roster.active[run_id], self._clock()
            if sent.problem is not None and state is RunState.COMPLETED:
                state, reason, advice = RunState.FAILED, sent.problem, sent.advice
                if sent.stopped:
                    state, reason = RunState.CANCELED, "cancelled by you while it uploaded outputs"
        # Children first: the next service looks for them only through a run that has not ended.
        journal.end_children(state, ended)
        self._end(run, state, reason, ended_at=ended, exit=record, advice=advice)
        self._tidier.tidy_soon(run_id, run_dir)

    async def _send(self, run_id: str, reason: str, *, completed: bool) -> Sent:
        """Upload what a run has written, while it is Finalizing."""
        run = self._roster.active[run_id]
        if run.state is not RunState.FINALIZING:
            run = self._roster.move(run, RunState.FINALIZING, f"{reason}; uploading its outputs")

        def said(text: str) -> None:
            if text != self._roster.active[run_id].reason:
                self._roster.amend(run_id, reason=text)

        return await self._outgoing.send(run, self._roster.run_dir(run), said, completed=completed)

    async def _begin_again(self, run_id: str, why: str, ended: datetime) -> None:
        """Queue a run whose attempt has failed for the next one."""
        run = self._roster.active[run_id]
        run_dir = self._roster.run_dir(run)
        reason = retrying.reason(run, why)
        await self._in_thread(retrying.put_aside, run, run_dir)
        await self._in_thread(finishing.note, run_dir, ended, reason)
        run = self._roster.active[run_id]
        if run_id in self.cancelling:
            self._end(run, RunState.CANCELED, "cancelled by you between two attempts")
            return
        self._release(run)
        run = self._roster.move(
            run, RunState.QUEUED, reason, attempt=run.attempt + 1, nodes=(), handle=""
        )
        self._tidier.record_soon(run)
        self._wait(run)

    def control(self, run: Run) -> Path:
        """The folder of the run directory that its compute keeps its own files in."""
        return retrying.control_of(run, self._roster.run_dir(run))

    def _in_thread(self, work: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
