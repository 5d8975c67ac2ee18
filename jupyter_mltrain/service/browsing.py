"""Looking into a run without changing it: its files, its logs, what was shipped with it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from msgspec.structs import replace

from jupyter_mltrain import runtime, wire
from jupyter_mltrain.errors import MltrainError, NoSuchFile
from jupyter_mltrain.service import choices, encoding, series
from jupyter_mltrain.service.previewing import preview
from jupyter_mltrain.service.searching import GivenUp, Search
from jupyter_mltrain.service.verbs import Verbs
from jupyter_mltrain.service.zipping import Zip
from jupyter_mltrain.store.files import RunFiles
from jupyter_mltrain.store.snapshots import Snapshots

T = TypeVar("T")


class Browser:
    """Every look into a run, as a method; what takes time is done in threads.

    Wherever a method takes `name`, it is what a person types for a run, as in `Verbs`.
    """

    def __init__(self, verbs: Verbs, snapshots: Snapshots) -> None:
        self._verbs = verbs
        self._snapshots = snapshots

    async def in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        return await self._verbs.in_thread(work, *arguments)

    async def files(self, name: str, *, limit: int | None, after: str | None, prefix: str) -> bytes:
        """A `FilePage`, encoded."""
        files = self._verbs.run_files(name)

        def look() -> bytes:
            return encoding.encode(files.page(limit=limit, after=after, prefix=prefix))

        return await self.in_thread(look)

    async def folder(self, name: str, path: str, *, limit: int | None, after: str | None) -> bytes:
        """A `FolderPage`, encoded."""
        files = self._verbs.run_files(name)

        def look() -> bytes:
            return encoding.encode(files.folder(path, limit=limit, after=after))

        return await self.in_thread(look)

    async def metrics(self, name: str, metric: str | None = None) -> bytes:
        """Everything the run has logged, in the shapes of Azure's `get_metrics`; encoded."""
        run = self._verbs.get(name)
        path = self._verbs.supervisor.roster.run_dir(run) / "journal.jsonl"
        return await self.in_thread(_metrics, path, run.id, metric)

    async def open(self, name: str, file: str) -> BinaryIO:
        """One of the run's files."""
        return await self.in_thread(self._verbs.run_files(name).open, file)

    async def zip(self, name: str, prefix: str) -> tuple[Zip, bool]:
        """The run's files whose names begin so; also whether they stay as they are."""
        run = self._verbs.get(name)
        ended = run.state.final
        files = self._verbs.run_files(run.id)

        def look() -> Zip:
            return Zip(files, files.page(prefix=prefix).files, ended=ended)

        return await self.in_thread(look), ended

    async def snapshot(self, name: str, *, limit: int | None, after: str | None) -> bytes:
        """A `SnapshotPage`, encoded: what was shipped with the run."""
        snapshot_id = self._snapshot_of(name)

        def look() -> bytes:
            return encoding.encode(self._snapshots.page(snapshot_id, limit=limit, after=after))

        return await self.in_thread(look)

    async def open_shipped(self, name: str, file: str) -> tuple[BinaryIO, str]:
        """One file that was shipped, and the SHA-256 of its content."""
        return await self.in_thread(self._snapshots.open, self._snapshot_of(name), file)

    def _snapshot_of(self, name: str) -> str:
        run = self._verbs.get(name)
        if run.snapshot_id is None:
            raise NoSuchFile(f"{run.label} was not made from a snapshot.")
        return run.snapshot_id

    async def search(
        self, name: str, log: str, text: bytes | None, start: int | None, *, backwards: bool
    ) -> wire.LogMatch:
        """Find text in a file of the run or, without one, what looks like an error."""
        files = self._verbs.run_files(name)
        left = threading.Event()
        try:
            return await self.in_thread(_search, files, log, text, start, backwards, left)
        finally:
            left.set()  # nobody waits any more, whether there was an answer or not

    async def preview(self, request: wire.SubmitRequest) -> wire.Preview:
        """What a submit of this request would ship, and what the checks say of it."""
        supervisor = self._verbs.supervisor
        refusal: MltrainError | None = None
        gpus, built = 0, None
        cautions: tuple[str, ...] = ()
        try:
            request = self._verbs.resolved(request)
            compute = request.spec.compute
            gpus, cautions = supervisor.unasked_gpus(compute), supervisor.cautions(compute)
            place = supervisor.home(compute)
            built = supervisor.environments.ready(request.spec.environment, place)
        except MltrainError as error:
            refusal = error
        found = await self.in_thread(
            preview, self._snapshots, request, gpus, supervisor.environments, built, refusal
        )
        return replace(found, warnings=(*found.warnings, *cautions))

    async def arguments(self, request: wire.ArgumentsRequest) -> wire.ScriptArguments:
        """What a script or notebook asks for."""
        return await self.in_thread(choices.read, request)


def _metrics(path: Path, run_id: str, metric: str | None) -> bytes:
    found = runtime.metrics.aggregate(series.records(path), run_id)
    try:
        return encoding.encode({k: _written(v) for k, v in found.items() if metric in (None, k)})
    finally:
        encoding.drop(found)


def _written(value: Any) -> Any:
    """What was logged, as JSON can hold it: the journal's way for NaN and infinity."""
    if isinstance(value, dict):
        return {column: _written(cells) for column, cells in value.items()}
    if isinstance(value, list):
        return value if _is_finite(value) else runtime.values.elements(value)
    return runtime.values.element(value)


def _is_finite(values: list[Any]) -> bool:
    """Whether all are numbers that JSON has; quick, since there may be a million of them."""
    try:
        return math.isfinite(sum(values))
    except (TypeError, OverflowError):
        return False


def _search(
    files: RunFiles,
    log: str,
    text: bytes | None,
    start: int | None,
    backwards: bool,
    left: threading.Event,
) -> wire.LogMatch:
    with files.open(log) as file:
        search = Search(file.fileno(), lambda: not left.is_set())
        try:
            if text is None:
                found = search.error(start, backwards=backwards)
            else:
                found = search.text(text, start, backwards=backwards)
            if found is None:
                return wire.LogMatch()
            return wire.LogMatch(
                offset=found.offset,
                size_bytes=found.size,
                line_offset=search.line_start(found.offset),
            )
        except GivenUp:
            return wire.LogMatch()
