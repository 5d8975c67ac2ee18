"""What clients can ask of the service: submit, look, change, cancel, delete. No HTTP here."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeVar

from jupyter_mltrain import __version__, wire
from jupyter_mltrain.errors import InvalidSpec, WorkspaceError, WrongState
from jupyter_mltrain.service.durability import Durability
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.intake import Intake
from jupyter_mltrain.service.interactive import Opened
from jupyter_mltrain.service.roster import Clock
from jupyter_mltrain.service.supervisor import Supervisor
from jupyter_mltrain.service.validation import MAX_TAGS, check_priority
from jupyter_mltrain.spec import (
    ComputeStatus,
    Run,
    RunFile,
    RunKind,
    RunState,
    StateChange,
)
from jupyter_mltrain.store.files import RunFiles
from jupyter_mltrain.store.removal import remove_tree
from jupyter_mltrain.store.runs import PAGE, RunStore
from jupyter_mltrain.workspaces import Identity

T = TypeVar("T")


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
        intake: Intake,
        opened: Opened,
        supervisor: Supervisor,
        hub: Hub,
        durability: Durability,
        clock: Clock,
        threads: Executor,
    ) -> None:
        self.identity = identity
        self.directory = directory
        self.store = store
        self.supervisor = supervisor
        self._intake = intake
        self._opened = opened
        self._hub = hub
        self._durability = durability
        self._threads = threads
        self._started_at = clock()
        self._last_seen = 0.0

    def seen(self) -> None:
        """A client has asked for something."""
        self._last_seen = time.monotonic()

    def seen_since(self, instant: float) -> bool:
        """Whether a client has asked for something after that monotonic time."""
        return self._last_seen > instant

    # Submitting

    async def submit(self, request: wire.SubmitRequest) -> Run:
        """Store the run and start or queue it; on disk when this returns."""
        return await self._intake.submit(request)

    async def again(self, name: str, request: wire.AgainRequest) -> Run:
        """Submit what a run was made of once more, whether that has ended or not."""
        return await self._intake.again(name, request)

    def resolved(self, request: wire.SubmitRequest) -> wire.SubmitRequest:
        """The request with what its environment's name stands for, found to be one to be met.

        Raises
        ------
        MltrainError
            It cannot be met, whatever it ships.
        """
        return self._intake.resolved(request)

    def submits_held(self) -> AbstractAsyncContextManager[None]:
        """Within the block no submit is between its snapshot and its record; others wait."""
        return self._intake.held()

    # Looking

    def get(self, name: str) -> Run:
        """The run as of now."""
        return self.supervisor.describe(self.store.find(name))

    def now(self, run_id: str) -> Run:
        """The run with exactly this id as of now; asks the store only when it has ended."""
        return self.supervisor.describe(self.supervisor.roster.record(run_id))

    def list(
        self,
        *,
        limit: int = PAGE,
        before: int | None = None,
        skip: int | None = None,
        **filters: Any,
    ) -> wire.RunPage:
        """One page of runs, newest first; `filters` as in `RunStore.page`.

        With `skip` the page says how many runs there are in all, so that a row of a long list can
        be looked at without those before it.
        """
        runs = self.store.page(limit=limit, before=before, skip=skip or 0, **filters)
        more = len(runs) == max(1, min(limit, PAGE))
        total = None
        if skip is not None:
            known = before is None and not more and (runs or skip <= 0)
            total = max(0, skip) + len(runs) if known else self.store.count(**filters)
        return wire.RunPage(
            runs=tuple(map(self.supervisor.describe, runs)),
            next_before=runs[-1].number if runs and more else None,
            total=total,
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

    def experiments(self) -> Mapping[str, int]:
        """Name -> number of runs."""
        return dict(self.store.experiments())

    def computes(self) -> tuple[ComputeStatus, ...]:
        """Every compute target with who holds what."""
        return tuple(map(self.supervisor.status, self.supervisor.computes))

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
        active = self.supervisor.roster.active.values()
        # What others execute, and may have forgotten, keeps nobody's machine from stopping.
        ours = sum(run.spec.kind is not RunKind.INTERACTIVE for run in active)
        return wire.ServiceStatus(
            version=__version__,
            protocol=wire.PROTOCOL,
            pid=os.getpid(),
            workspace_id=self.identity.id,
            workspace=str(self.directory),
            started_at=self._started_at.isoformat(),
            running=ours - queued,
            queued=queued,
            queue_paused=self.supervisor.paused,
        )

    # Changing

    async def cancel(self, name: str) -> Run:
        """Ask the run to end; one that has ended is returned as it is."""
        run = self.store.find(name)
        if run.spec.kind is RunKind.INTERACTIVE:
            return await self._opened.end(run.id, wire.EndRequest(state=RunState.CANCELED))
        run = await self.supervisor.cancel(run)
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
        """Move a waiting run in the queue: by its priority, or to another waiting run's side."""
        run = self._waiting(name)
        beside = request.after if request.before is None else request.before
        if [request.priority, request.before, request.after].count(None) != 2:
            raise InvalidSpec("Give exactly one of a priority, 'before' and 'after'.")
        if beside is not None:
            after = request.before is None
            run = self.supervisor.place_beside(run, self._waiting(beside), after=after)
        else:
            assert request.priority is not None
            check_priority(request.priority)
            run = self.supervisor.reprioritize(run, request.priority)
        await self._durability.sync()
        return self.supervisor.describe(run)

    def _waiting(self, name: str) -> Run:
        run = self.store.find(name)
        if run.state is not RunState.QUEUED:
            raise WrongState(f"{run.label} is {run.state}; only a queued run has a place.")
        return run

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
        self._hub.changed(run.id)
        await self._durability.sync()
        await self.in_thread(_remove, run_dir)
        return run

    def in_thread(self, work: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        """Do slow work beside the event loop."""
        return asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)


def _forget(run_dir: Path) -> None:
    (run_dir / "run.json").unlink(missing_ok=True)


def _remove(run_dir: Path) -> None:
    problems = remove_tree(run_dir)
    if problems:
        raise WorkspaceError(f"{run_dir} is not wholly deleted: {problems[0]}.")
