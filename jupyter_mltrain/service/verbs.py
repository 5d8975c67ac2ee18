"""What clients can ask of the service: submit, look, change, cancel, delete. No HTTP here."""

from __future__ import annotations

import asyncio
import getpass
import logging
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from jupyter_mltrain import __version__, runtime, wire
from jupyter_mltrain.environments.base import Environments
from jupyter_mltrain.errors import InvalidSpec, MltrainError, WorkspaceError, WrongState
from jupyter_mltrain.service import git, submitting
from jupyter_mltrain.service.durability import Durability
from jupyter_mltrain.service.gate import Gate
from jupyter_mltrain.service.journal import MAX_TAGS
from jupyter_mltrain.service.roster import Clock
from jupyter_mltrain.service.supervisor import Supervisor
from jupyter_mltrain.service.validation import validate
from jupyter_mltrain.spec import (
    ComputeStatus,
    Run,
    RunFile,
    RunState,
    StateChange,
)
from jupyter_mltrain.store.files import RunFiles
from jupyter_mltrain.store.removal import remove_tree
from jupyter_mltrain.store.runs import PAGE, RunStore
from jupyter_mltrain.workspaces import Identity

T = TypeVar("T")
_log = logging.getLogger(__name__)

_QUICK_S: Final = 0.003
_QUICK_ONES: Final = 100

_METRICS: Final = ("metric", "list", "row", "table", "image")
"""Kinds of journal records that are metrics."""


class Verbs:
    """Every request to the service, as a method.

    Wherever a method takes `name`, it is what a person types: an id, a number, the start of an
    id or a name; see `RunStore.find`.
    """

    def __init__(
        self,
        *,
        identity: Identity,
        directory: Path,
        store: RunStore,
        acceptor: submitting.Acceptor,
        supervisor: Supervisor,
        environments: Environments,
        durability: Durability,
        clock: Clock,
        threads: Executor,
    ) -> None:
        self.identity = identity
        self.directory = directory
        self.store = store
        self.supervisor = supervisor
        self._acceptor = acceptor
        self._environments = environments
        self._durability = durability
        self._clock = clock
        self._threads = threads
        self._started_at = clock()
        self._user = _user()
        self._background: set[asyncio.Task[None]] = set()
        self._submits: dict[str, asyncio.Task[Run]] = {}
        self._gate = Gate()
        self._quick: dict[tuple[object, ...], None] = {}
        """Scripts whose last submit took next to no time, that of the latest last."""
        self._last_seen = 0.0

    def seen(self) -> None:
        """A client has asked for something."""
        self._last_seen = time.monotonic()

    def seen_since(self, instant: float) -> bool:
        """Whether a client has asked for something after that monotonic time."""
        return self._last_seen > instant

    # Submitting

    async def submit(self, request: wire.SubmitRequest) -> Run:
        """Store the run and start or queue it; on disk when this returns.

        A request that comes a second time, after a cut, gets the run that the first one made.
        """
        request_id = request.request_id
        if request_id is None:
            return await self._submit(request)
        before = self.store.by_request(request_id)
        if before is not None:
            await self._durability.sync()
            return self.supervisor.describe(before)
        task = self._submits.get(request_id)
        if task is None:
            task = self._submits[request_id] = asyncio.create_task(self._submit(request))
            task.add_done_callback(lambda _: self._submits.pop(request_id))
        return await asyncio.shield(task)

    async def _submit(self, request: wire.SubmitRequest) -> Run:
        validate(request, self.supervisor.queue.ledgers)
        now = self._clock()
        async with self._gate.passing():
            accepted = await self._accept(request, now)
            try:
                run = self._insert(request, accepted, now)
            except BaseException:
                run_dir = self.directory / "runs" / accepted.run_id
                await asyncio.shield(self.in_thread(remove_tree, run_dir))
                raise
        self.supervisor.submitted(run, checked_out=accepted.checked_out)
        source = request.source.directory
        if source is not None and git.find_repository(Path(source)) is not None:
            self._spawn(self._record_git(run.id, Path(source)))
        await self._durability.sync()
        return self.supervisor.describe(self.supervisor.roster.record(run.id))

    async def _accept(self, request: wire.SubmitRequest, now: datetime) -> submitting.Accepted:
        """Snapshot, checks and run directory: in a thread, or here where that costs more.

        A thread's turn takes as long as the work itself when nothing has changed since the last
        submit of the same script. Only what took no time in a thread, and is as small as it was
        then, is done here.
        """
        # Asked here: the queue and its leases belong to the event loop.
        check_out = self.supervisor.has_room(request.spec)
        gpus = len(self.supervisor.computes[request.spec.compute].capacity().gpus)

        def timed() -> tuple[submitting.Accepted, float]:
            start = time.perf_counter()
            accepted = self._acceptor.accept(request, now, check_out=check_out, gpus=gpus)
            return accepted, time.perf_counter() - start

        key = submitting.script_as_it_is(request)
        if key in self._quick and submitting.is_small(request.source):
            accepted, took_s = timed()
        else:
            accepted, took_s = await self.in_thread(timed)
        self._quick.pop(key, None)
        if took_s < _QUICK_S:
            self._quick[key] = None
            if len(self._quick) > _QUICK_ONES:
                del self._quick[next(iter(self._quick))]
        return accepted

    def _insert(
        self, request: wire.SubmitRequest, accepted: submitting.Accepted, now: datetime
    ) -> Run:
        spec = request.spec
        node = self.supervisor.lease_now(accepted.run_id, spec)
        if node is not None:
            state, reason = RunState.STARTING, "making the working copy"
        elif self._environments.ready(spec.environment):
            state, reason = RunState.QUEUED, "waiting to start"
        else:
            state, reason = RunState.PREPARING, "preparing the environment"
        run = Run(
            id=accepted.run_id,
            number=self.store.next_number(),
            state=state,
            reason=reason,
            nodes=() if node is None else (node,),
            spec=spec,
            created_at=now,
            snapshot_id=accepted.snapshot_id,
            source_directory=request.source.directory,
            warnings=accepted.warnings,
            tags=request.tags,
            properties=request.properties,
            submitted_by=self._user,
            workspace_id=self.identity.id,
        )
        try:
            self.store.insert(run, request.request_id, accepted.journal_bytes)
        except BaseException:
            self.supervisor.give_back(run.id, spec)
            raise
        return run

    def submits_held(self) -> AbstractAsyncContextManager[None]:
        """Within the block no submit is between its snapshot and its record; others wait."""
        return self._gate.closed()

    async def _record_git(self, run_id: str, directory: Path) -> None:
        state = await git.read(directory)
        if state is None:
            return
        try:
            self.supervisor.roster.amend(run_id, git=state)
        except MltrainError as error:
            # Deleted meanwhile, or a full disk: the run itself goes its way.
            _log.error("%s: its git state is not recorded: %s", run_id, error)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    # Looking

    def get(self, name: str) -> Run:
        """The run as of now."""
        return self.supervisor.describe(self.store.find(name))

    def now(self, run_id: str) -> Run:
        """The run with exactly this id as of now; asks the store only when it has ended."""
        return self.supervisor.describe(self.supervisor.roster.record(run_id))

    def list(self, **filters: Any) -> wire.RunPage:
        """One page of runs, newest first; `filters` as in `RunStore.page`."""
        runs = self.store.page(**filters)
        more = len(runs) == max(1, min(filters.get("limit", PAGE), PAGE))
        return wire.RunPage(
            runs=tuple(map(self.supervisor.describe, runs)),
            next_before=runs[-1].number if runs and more else None,
        )

    def history(self, name: str) -> tuple[StateChange, ...]:
        """Every state of the run with its reason, in order."""
        return self.store.history(self.store.find(name).id)

    async def files(self, name: str) -> tuple[RunFile, ...]:
        """The run's files by name, also while it runs."""
        return await self.in_thread(self.run_files(name).list)

    def run_files(self, name: str) -> RunFiles:
        """The run's files, to open."""
        return RunFiles(self.supervisor.roster.run_dir(self.store.find(name)))

    async def metrics(self, name: str, metric: str | None = None) -> dict[str, Any]:
        """Everything the run has logged, in the shapes of Azure's `get_metrics`."""
        run = self.store.find(name)
        path = self.supervisor.roster.run_dir(run) / "journal.jsonl"
        found = await self.in_thread(_read_metrics, path, run.id)
        return found if metric is None else {k: v for k, v in found.items() if k == metric}

    def experiments(self) -> Mapping[str, int]:
        """Name -> number of runs."""
        return dict(self.store.experiments())

    def computes(self) -> tuple[ComputeStatus, ...]:
        """Every compute target with who holds what."""
        queue = self.supervisor.queue
        return tuple(
            ComputeStatus(
                name=name,
                kind=compute.kind,
                capacity=queue.ledgers[name].capacity,
                leases=dict(queue.ledgers[name].leases),
                queued=sum(run.spec.compute == name for run in queue),
            )
            for name, compute in self.supervisor.computes.items()
        )

    def queued(self) -> tuple[wire.QueueEntry, ...]:
        """The waiting runs, in the order they will start."""
        return tuple(
            wire.QueueEntry(
                run_id=run.id,
                label=run.label,
                position=position,
                reason=self.supervisor.describe(run).reason,
                resources=run.spec.resources,
            )
            for position, run in enumerate(self.supervisor.queue, 1)
        )

    def status(self) -> wire.ServiceStatus:
        """The service itself."""
        queued = len(self.supervisor.queue)
        return wire.ServiceStatus(
            version=__version__,
            protocol=wire.PROTOCOL,
            pid=os.getpid(),
            workspace_id=self.identity.id,
            workspace=str(self.directory),
            started_at=self._started_at.isoformat(),
            running=len(self.supervisor.roster.active) - queued,
            queued=queued,
            queue_paused=self.supervisor.paused,
        )

    # Changing

    async def cancel(self, name: str) -> Run:
        """Ask the run to end; one that has ended is returned as it is."""
        run = await self.supervisor.cancel(self.store.find(name))
        await self._durability.sync()
        return run

    async def tag(self, name: str, request: wire.TagRequest) -> Run:
        """Set and remove tags."""
        run = self.store.find(name)
        tags = {k: v for k, v in run.tags.items() if k not in request.remove} | dict(request.set)
        if len(tags) > MAX_TAGS:
            raise InvalidSpec(f"{run.label} would have {len(tags)} tags; {MAX_TAGS} is the most.")
        run = self.supervisor.roster.amend(run.id, tags=tags)
        await self._durability.sync()
        return run

    async def add_properties(self, name: str, request: wire.PropertyRequest) -> Run:
        """Add properties; one that is there already is never changed."""
        run = self.store.find(name)
        for key in request.add:
            if key in run.properties:
                raise WrongState(
                    f"{run.label} has the property {key!r} already, and properties never change. "
                    "Use a tag for what does."
                )
        run = self.supervisor.roster.amend(run.id, properties={**run.properties, **request.add})
        await self._durability.sync()
        return run

    async def reprioritize(self, name: str, request: wire.PriorityRequest) -> Run:
        """Move a waiting run in the queue."""
        run = self.store.find(name)
        if run.state is not RunState.QUEUED:
            raise WrongState(f"{run.label} is {run.state}; only a queued run has a place.")
        run = self.supervisor.reprioritize(run, request.priority)
        await self._durability.sync()
        return self.supervisor.describe(run)

    async def delete(self, name: str) -> Run:
        """Delete an ended run with everything it kept. There is no way back."""
        run = self.store.find(name)
        if not run.state.final:
            raise WrongState(f"{run.label} is {run.state}. Cancel it first, then delete it.")
        await self.supervisor.tidied(run.id)
        run_dir = self.supervisor.roster.run_dir(run)
        # Before the row: a directory that has its record, and no row, counts as a run that is lost.
        await self.in_thread(_forget, run_dir)
        self.store.delete(run.id)
        await self._durability.sync()
        await self.in_thread(_remove, run_dir)
        return run

    def in_thread(self, work: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        """Do slow work beside the event loop."""
        return asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    async def close(self) -> None:
        """Let background work end."""
        for task in tuple(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)


def _forget(run_dir: Path) -> None:
    (run_dir / "run.json").unlink(missing_ok=True)


def _remove(run_dir: Path) -> None:
    problems = remove_tree(run_dir)
    if problems:
        raise WorkspaceError(f"{run_dir} is not wholly deleted: {problems[0]}.")


def _read_metrics(path: Path, run_id: str) -> dict[str, Any]:
    records, _ = runtime.metrics.read(str(path), 0, _METRICS)
    return runtime.metrics.aggregate(records, run_id)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())  # a container's user without a name
