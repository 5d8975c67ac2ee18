"""Taking submits in: the snapshot and the checks, then the record; again, what was taken once."""

from __future__ import annotations

import asyncio
import getpass
import logging
import os
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from jupyter_mltrain import wire
from jupyter_mltrain.errors import MltrainError
from jupyter_mltrain.service import contexts, git, repeating, submitting
from jupyter_mltrain.service.catalog import Catalog
from jupyter_mltrain.service.datasets import Datasets, takes_data
from jupyter_mltrain.service.durability import Durability
from jupyter_mltrain.service.gate import Gate
from jupyter_mltrain.service.roster import Clock
from jupyter_mltrain.service.supervisor import Supervisor
from jupyter_mltrain.service.validation import validate
from jupyter_mltrain.spec import Run, RunState
from jupyter_mltrain.store.removal import remove_tree
from jupyter_mltrain.store.runs import RunStore

T = TypeVar("T")
_log = logging.getLogger(__name__)

_QUICK_S: Final = 0.003
_QUICK_ONES: Final = 100


class Intake:
    """Makes runs of requests.

    A request that comes a second time, after a cut, gets the run that the first one made.
    """

    def __init__(
        self,
        *,
        workspace_id: str,
        directory: Path,
        store: RunStore,
        acceptor: submitting.Acceptor,
        supervisor: Supervisor,
        catalog: Catalog,
        datasets: Datasets,
        durability: Durability,
        clock: Clock,
        threads: Executor,
        gate: Gate,
    ) -> None:
        self._workspace_id = workspace_id
        self._directory = directory
        self._store = store
        self._acceptor = acceptor
        self._supervisor = supervisor
        self._catalog = catalog
        self._datasets = datasets
        self._durability = durability
        self._clock = clock
        self._threads = threads
        self.user = _user()
        """Who submits here, as the system names them."""
        self._background: set[asyncio.Task[None]] = set()
        self._submits: dict[str, asyncio.Task[Run]] = {}
        self._gate = gate
        self._quick: dict[tuple[object, ...], None] = {}
        """Scripts whose last submit took next to no time, that of the latest last."""

    async def submit(self, request: wire.SubmitRequest) -> Run:
        """Store the run and start or queue it; on disk when this returns."""
        return await self.once(request.request_id, lambda: self._submit(request))

    async def again(self, name: str, request: wire.AgainRequest) -> Run:
        """Submit what a run was made of once more, whether that has ended or not.

        Raises
        ------
        WrongState
            It is a child, which only its parent's script can open.
        SnapshotError
            What was shipped with it is gone.
        InvalidSpec
            What is changed cannot be, or a value that its cell was given is gone.
        """
        return await self.once(request.request_id, lambda: self._again(name, request))

    async def once(
        self, request_id: str | None, work: Callable[[], Coroutine[Any, Any, Run]]
    ) -> Run:
        """The run that `work` makes, or that it made when the request came the first time."""
        if request_id is None:
            return await work()
        before = self._store.by_request(request_id)
        if before is not None:
            await self._durability.sync()
            return self._supervisor.describe(before)
        task = self._submits.get(request_id)
        if task is None:
            task = self._submits[request_id] = asyncio.create_task(work())
            task.add_done_callback(lambda _: self._submits.pop(request_id))
        return await asyncio.shield(task)

    async def _again(self, name: str, request: wire.AgainRequest) -> Run:
        first = self._store.find(name)
        submit = repeating.as_submit(first, request, self._directory / "staging")
        inputs = self._supervisor.roster.run_dir(first) / "variables" / "in"
        try:
            submit = self.resolved(submit)
            await self._in_thread(repeating.copy_inputs, submit.inputs, inputs)
            return await self._submit(submit, first)
        finally:
            repeating.drop_inputs(submit.inputs)

    def resolved(self, request: wire.SubmitRequest) -> wire.SubmitRequest:
        """The request with the definition that its environment's name stands for.

        Raises
        ------
        MltrainError
            It cannot be met, whatever it ships.
        """
        if request.environment is not None:
            definition = self._catalog.resolve(request.environment)
            spec = replace(request.spec, environment=definition)
            request = replace(request, spec=spec, environment=None)
        supervisor = self._supervisor
        validate(request, supervisor.queue.ledgers, supervisor.computes)
        return request

    async def _submit(self, request: wire.SubmitRequest, first: Run | None = None) -> Run:
        """Make the run; `first` is the one that it repeats."""
        request = self.resolved(request)
        if takes_data(request.spec):
            await self._datasets.check_run(request.spec)
        now = self._clock()
        async with self._gate.passing():
            request = await self._with_context_kept(request)
            accepted = await self._accept(request, now)
            try:
                run = self._insert(request, accepted, now, first)
            except BaseException:
                run_dir = self._directory / "runs" / accepted.run_id
                await asyncio.shield(self._in_thread(remove_tree, run_dir))
                raise
        check = None if request.force else self._acceptor.check_prepared
        self._supervisor.submitted(run, checked_out=accepted.checked_out, check=check)
        source = request.source.directory
        if source is not None and git.find_repository(Path(source)) is not None:
            self._spawn(self._record_git(run.id, Path(source)))
        await self._durability.sync()
        return self._supervisor.describe(self._supervisor.roster.record(run.id))

    async def _with_context_kept(self, request: wire.SubmitRequest) -> wire.SubmitRequest:
        definition = request.spec.environment
        if not contexts.is_folder(definition):
            return request
        definition = await self._in_thread(self._acceptor.with_context_kept, definition)
        return replace(request, spec=replace(request.spec, environment=definition))

    async def _accept(self, request: wire.SubmitRequest, now: datetime) -> submitting.Accepted:
        """Snapshot, checks and run directory: in a thread, or here where that costs more.

        A thread's turn takes as long as the work itself when nothing has changed since the last
        submit of the same script. Only what took no time in a thread, and is as small as it was
        then, is done here.
        """
        # Asked here: the queue and its leases belong to the event loop.
        spec = request.spec
        check_out = self._supervisor.has_room(spec)
        gpus = self._supervisor.unasked_gpus(spec.compute)
        place = self._supervisor.home(spec.compute)
        built = self._supervisor.environments.ready(spec.environment, place)

        def timed() -> tuple[submitting.Accepted, float]:
            start = time.perf_counter()
            accepted = self._acceptor.accept(
                request, now, check_out=check_out, gpus=gpus, built=built
            )
            return accepted, time.perf_counter() - start

        key = submitting.script_as_it_is(request)
        if key in self._quick and submitting.is_small(request.source):
            accepted, took_s = timed()
        else:
            accepted, took_s = await self._in_thread(timed)
        self._quick.pop(key, None)
        if took_s < _QUICK_S:
            self._quick[key] = None
            if len(self._quick) > _QUICK_ONES:
                del self._quick[next(iter(self._quick))]
        return accepted

    def _insert(
        self,
        request: wire.SubmitRequest,
        accepted: submitting.Accepted,
        now: datetime,
        first: Run | None,
    ) -> Run:
        definition = self._catalog.implied(request.spec.environment)
        spec = replace(request.spec, environment=definition)
        place = self._supervisor.home(spec.compute)
        built = self._supervisor.environments.ready(definition, place)
        node = self._supervisor.lease_now(accepted.run_id, spec)
        if node is not None:
            state, reason = RunState.STARTING, "making the working copy"
        elif built is not None and takes_data(spec):
            state, reason = RunState.PREPARING, "bringing the data"
        elif built is not None:
            state, reason = RunState.QUEUED, "waiting to start"
        else:
            state, reason = RunState.PREPARING, "preparing the environment"
        run = Run(
            id=accepted.run_id,
            number=self._store.next_number(),
            state=state,
            reason=reason,
            nodes=() if node is None else (node,),
            spec=spec,
            created_at=now,
            snapshot_id=accepted.snapshot_id,
            # Of a run that is repeated: the files are those of then, whatever lies there now.
            source_directory=first.source_directory if first else request.source.directory,
            git=first.git if first else None,
            environment=built,
            warnings=(*accepted.warnings, *self._supervisor.cautions(spec.compute)),
            tags=request.tags,
            properties=request.properties,
            submitted_by=self.user,
            workspace_id=self._workspace_id,
        )
        try:
            self._store.insert(run, request.request_id, accepted.journal_bytes)
        except BaseException:
            self._supervisor.give_back(run.id, spec)
            raise
        return run

    def held(self) -> AbstractAsyncContextManager[None]:
        """Within the block no submit is between its snapshot and its record; others wait."""
        return self._gate.closed()

    async def _record_git(self, run_id: str, directory: Path) -> None:
        state = await git.read(directory)
        if state is None:
            return
        try:
            self._supervisor.roster.amend(run_id, git=state)
        except MltrainError as error:
            # Deleted meanwhile, or a full disk: the run itself goes its way.
            _log.error("%s: its git state is not recorded: %s", run_id, error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _in_thread(self, work: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    async def close(self) -> None:
        """Let background work end."""
        for task in tuple(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())  # a container's user without a name
