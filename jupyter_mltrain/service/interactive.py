"""Runs that a process of the user's own logs to, a notebook's kernel above all.

Such a run is Running from the moment it is opened, and holds nothing. Its process appends to its
journal as a script does, without asking anybody. It ends when the journal says so; when the process
is gone without a word, it has failed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace

from jupyter_mltrain import wire
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.errors import DiskFull, InvalidSpec, MltrainError, WrongState
from jupyter_mltrain.service import finishing, openers
from jupyter_mltrain.service.durability import Durability
from jupyter_mltrain.service.gate import Gate
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.intake import Intake
from jupyter_mltrain.service.journal import JournalReader
from jupyter_mltrain.service.observing import LOOK_AGAIN_S
from jupyter_mltrain.service.roster import Clock
from jupyter_mltrain.service.run_dirs import RunDirs
from jupyter_mltrain.service.supervisor import Supervisor
from jupyter_mltrain.service.validation import MAX_TAGS, check_experiment, check_name
from jupyter_mltrain.spec import Run, RunKind, RunSpec, RunState, Source
from jupyter_mltrain.store.blobs import writing
from jupyter_mltrain.store.confined import open_to_append
from jupyter_mltrain.store.files import RunFiles
from jupyter_mltrain.store.removal import remove_tree
from jupyter_mltrain.store.runs import RunStore
from jupyter_mltrain.store.snapshots import Snapshots

T = TypeVar("T")
_log = logging.getLogger(__name__)

_GONE: Final = "the process that logged to it ended without completing it"
_RUN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,200}\Z")
_WORDS: Final = {
    RunState.COMPLETED: "completed",
    RunState.FAILED: "marked as failed by you",
    RunState.CANCELED: "cancelled by you",
}


class Opened:
    """Opens such runs, watches over them, and ends them; children of all runs as well."""

    def __init__(
        self,
        *,
        directory: Path,
        workspace_id: str,
        store: RunStore,
        intake: Intake,
        supervisor: Supervisor,
        snapshots: Snapshots,
        run_dirs: RunDirs,
        gate: Gate,
        hub: Hub,
        watcher: Watcher,
        durability: Durability,
        clock: Clock,
        threads: Executor,
    ) -> None:
        self._directory = directory
        self._workspace_id = workspace_id
        self._store = store
        self._intake = intake
        self._supervisor = supervisor
        self._roster = supervisor.roster
        self._snapshots = snapshots
        self._run_dirs = run_dirs
        self._gate = gate
        self._hub = hub
        self._watcher = watcher
        self._durability = durability
        self._clock = clock
        self._threads = threads
        self._watching: dict[str, asyncio.Task[None]] = {}

    # Opening

    async def open(self, request: wire.OpenRequest) -> Run:
        """Make a run that goes on at once; it is on disk when this returns.

        Raises
        ------
        InvalidSpec
            A name cannot be one, or there are too many tags.
        WrongState
            The id is taken, or what is to be the parent does not run.
        """
        check_experiment(request.experiment)
        if request.name is not None:
            check_name(request.name)
        if request.run_id is not None and not _RUN_ID.match(request.run_id):
            raise InvalidSpec(
                f"{request.run_id[:60]!r} cannot be a run's id. Use up to 200 letters, digits, "
                "'_', '.' and '-', the first a letter or digit."
            )
        if len(request.tags) > MAX_TAGS:
            raise InvalidSpec(f"The run has {len(request.tags)} tags; {MAX_TAGS} is the most.")
        work = self._open if request.parent is None else self._open_child
        return await self._intake.once(request.request_id, lambda: work(request))

    async def _open(self, request: wire.OpenRequest) -> Run:
        run_id = request.run_id or str(uuid.uuid4())
        if self._store.has(run_id):
            raise WrongState(f"There is a run {run_id!r} already. Choose another id, or none.")
        now = self._clock()
        async with self._gate.passing():
            snapshot_id, warnings = await self._taken(request.source)
            run = Run(
                id=run_id,
                number=self._store.next_number(),
                state=RunState.RUNNING,
                reason="running",
                spec=RunSpec(
                    experiment=request.experiment,
                    script="",
                    name=request.name,
                    kind=RunKind.INTERACTIVE,
                ),
                created_at=now,
                started_at=now,
                snapshot_id=snapshot_id,
                source_directory=request.source.directory if request.source else None,
                warnings=warnings,
                tags=request.tags,
                submitted_by=self._intake.user,
                workspace_id=self._workspace_id,
            )
            opener = None
            if request.pid is not None:
                opener = openers.seen(request.pid, request.started_at)
            run_dir = await self._in_thread(self._make, run, opener)
            try:
                # What others opened meanwhile has taken the number.
                run = replace(run, number=self._store.next_number())
                size_bytes = (run_dir / "journal.jsonl").stat().st_size
                self._store.insert(run, request.request_id, size_bytes)
            except BaseException:
                await asyncio.shield(self._in_thread(remove_tree, run_dir))
                raise
        self._roster.active[run.id] = run
        self._hub.changed(run.id)
        self._watch(run)
        await self._in_thread(finishing.keep_record, run, run_dir)
        await self._durability.sync()
        return run

    def _make(self, run: Run, opener: openers.Opener | None) -> Path:
        """The run's directory; for a thread."""
        with writing(self._directory / "runs"):
            run_dir = self._run_dirs.make(run.id)
            try:
                if opener is not None:
                    openers.keep(opener, run_dir)
                now = run.created_at.timestamp()
                tags = [{"k": "tag", "n": n, "v": v, "t": now} for n, v in run.tags.items()]
                lines = b"".join(msgspec.json.encode(tag) + b"\n" for tag in tags)
                (run_dir / "journal.jsonl").write_bytes(lines)
            except BaseException:
                remove_tree(run_dir)
                raise
        return run_dir

    async def _taken(self, source: Source | None) -> tuple[str | None, tuple[str, ...]]:
        """A snapshot of a folder or its files, and what is to be said of it."""
        if source is None:
            return None, ()
        if source.snapshot is not None:
            self._snapshots.manifest(source.snapshot)
            return source.snapshot, ()
        directory = Path(source.directory) if source.directory is not None else None
        taken = await self._in_thread(
            self._snapshots.take, directory, source.include, source.inline
        )
        return taken.id, taken.warnings

    async def _open_child(self, request: wire.OpenRequest) -> Run:
        assert request.parent is not None
        parent = self._store.find(request.parent)
        child_id = request.run_id or str(uuid.uuid4())
        if self._store.has(child_id):
            raise WrongState(f"There is a run {child_id!r} already. Choose another id, or none.")
        root, journal = self._followed(parent)
        if journal is None:
            raise WrongState(
                f"{root.label} is {root.state}: a child can be opened in a run that runs. Open a "
                "run of its own with Experiment.start_logging."
            )
        record = {"k": "child", "id": child_id, "name": request.name, "parent": parent.id}
        await self._in_thread(self._append, root, record)
        await journal.catch_up()
        child = self._store.get(child_id)
        folder = self._roster.run_dir(child)
        await self._in_thread(_make_folder, folder)
        if request.tags:
            child = self._roster.amend(child.id, tags=dict(request.tags))
        await self._durability.sync()
        return child

    # Changing

    async def change(self, name: str, request: wire.RunChange) -> Run:
        """Give a run another name or description, or the snapshot that it lacks."""
        run = self._store.find(name)
        changes: dict[str, Any] = {}
        if request.name is not None:
            if request.name:
                check_name(request.name)
            changes["spec"] = replace(run.spec, name=request.name or None)
        if request.description is not None:
            changes["description"] = request.description or None
        if request.source is not None:
            if run.snapshot_id is not None or run.spec.kind is not RunKind.INTERACTIVE:
                raise WrongState(
                    f"{run.label} has a snapshot already, which never changes. Keep further files "
                    "with upload_file or upload_folder."
                )
            async with self._gate.passing():
                snapshot_id, warnings = await self._taken(request.source)
                changes["snapshot_id"] = snapshot_id
                changes["source_directory"] = request.source.directory
                changes["warnings"] = (*run.warnings, *warnings)
                run = self._roster.amend(run.id, **changes)
        elif changes:
            run = self._roster.amend(run.id, **changes)
        await self._durability.sync()
        return run

    # Ending

    async def end(self, name: str, request: wire.EndRequest) -> Run:
        """End an opened run or a child; of a run with a script, only fail or cancel it.

        What has ended is returned as it is.

        Raises
        ------
        WrongState
            Its script says when the run is complete.
        """
        run = self._store.find(name)
        if not request.state.final:
            raise InvalidSpec(f"A run ends as Completed, Failed or Canceled, not {request.state}.")
        if run.state.final:
            return run
        reason = request.reason or _WORDS[request.state]
        if run.parent_id is None and run.spec.kind is not RunKind.INTERACTIVE:
            await self._end_script(run, request.state, reason)
        else:
            await self._end(run, request.state, reason)
        await self._durability.sync()
        return self._supervisor.describe(self._roster.record(run.id))

    async def _end_script(self, run: Run, state: RunState, reason: str) -> None:
        if state is RunState.COMPLETED:
            raise WrongState(
                f"{run.label} is complete when its script ends. cancel() or fail() ends it sooner."
            )
        if state is RunState.FAILED and run.id in self._roster.journals:
            record = {"k": "end", "id": run.id, "state": state.value, "reason": reason}
            await self._say(run, {**record, "forced": 1})
        await self._supervisor.cancel(self._roster.record(run.id))

    async def _end(self, run: Run, state: RunState, reason: str) -> None:
        root, journal = self._followed(run)
        if journal is None:
            raise WrongState(f"{run.label} ends with {root.label}, which is just ending.")
        record = {"k": "end", "id": run.id, "state": state.value, "reason": reason}
        await self._say(root, record)
        await journal.catch_up()
        watching = self._watching.get(run.id)
        if watching is not None:
            await asyncio.shield(watching)

    def _followed(self, run: Run) -> tuple[Run, JournalReader | None]:
        """The run at the top, with who reads its journal as long as it runs."""
        root = run
        while root.parent_id is not None:
            root = self._roster.record(root.parent_id)
        return root, self._roster.journals.get(root.id)

    async def _say(self, root: Run, record: dict[str, Any]) -> None:
        """Write an ending down, for which room is kept on a full disk."""
        try:
            await self._in_thread(self._append, root, record)
        except DiskFull:
            if not self._supervisor.give_up_reserve():
                raise
            await self._in_thread(self._append, root, record)

    def _append(self, root: Run, record: dict[str, Any]) -> None:
        run_dir = self._roster.run_dir(root)
        with writing(run_dir), open(open_to_append(run_dir, "journal.jsonl"), "ab") as journal:
            # A line of its own, even after one that was torn by a full disk.
            line = json.dumps({**record, "t": time.time()}, separators=(",", ":"))
            journal.write(f"\n{line}\n".encode("ascii"))

    # Watching

    def recover(self) -> None:
        """Take over what an earlier service had opened."""
        for run in tuple(self._roster.active.values()):
            if run.spec.kind is RunKind.INTERACTIVE:
                self._watch(run, resumed=True)

    def _watch(self, run: Run, *, resumed: bool = False) -> None:
        journal = JournalReader(self._roster, self._store, run, resumed=resumed)
        # Known from now on: who opened the run may open a child in it with the next request.
        self._roster.journals[run.id] = journal
        task = asyncio.create_task(self._until_ended(run.id, journal))
        self._watching[run.id] = task
        task.add_done_callback(lambda done: self._forget(run.id, done))

    def _forget(self, run_id: str, done: asyncio.Task[None]) -> None:
        del self._watching[run_id]
        if not done.cancelled() and (error := done.exception()) is not None:
            _log.error("%s cannot be ended: %s", run_id, error, exc_info=error)

    async def _until_ended(self, run_id: str, journal: JournalReader) -> None:
        run_dir = self._roster.run_dir(self._roster.active[run_id])
        async with journal.following(self._watcher):
            waits = [
                asyncio.create_task(journal.ended.wait()),
                asyncio.create_task(openers.until_gone(openers.of(run_dir))),
            ]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
                await asyncio.gather(*waits, return_exceptions=True)
        await journal.catch_up()
        while not self._ended(run_id, journal):  # noqa: ASYNC110 - for room on the disk
            await asyncio.sleep(LOOK_AGAIN_S)
        await self._in_thread(_put_away, self._roster.record(run_id), run_dir)

    def _ended(self, run_id: str, journal: JournalReader) -> bool:
        """End the run as its journal says; false when there is no room to write that down."""
        state, reason = journal.own_end or (RunState.FAILED, _GONE)
        ended = self._clock()
        try:
            # Children first: the next service looks for them only through a run that goes on.
            journal.end_children(state, ended)
            self._roster.move(self._roster.active[run_id], state, reason, ended_at=ended)
        except DiskFull as error:
            _log.error("%s: %s", run_id, error)
            self._supervisor.give_up_reserve()
            return False
        del self._roster.active[run_id]
        return True

    def _in_thread(self, work: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    async def close(self) -> None:
        """Stop watching; the runs go on."""
        watching = tuple(self._watching.values())
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)


def _make_folder(folder: Path) -> None:
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)


def _put_away(run: Run, run_dir: Path) -> None:
    """Sync what is kept, with the last record, and drop what only a script would have used."""
    try:
        finishing.keep(run, run_dir)
    except (MltrainError, OSError) as error:
        _log.warning("%s cannot be tidied: %s", run.id, error)
    for problem in RunFiles(run_dir).drop_work():
        _log.warning("%s: %s", run.id, problem)
