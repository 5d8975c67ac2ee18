"""What a run says about itself: tags, properties, children, its own verdict.

A run appends to ``journal.jsonl`` in its directory and waits for nobody; this reads what is new
and puts into the store what others look for there. Metrics stay in the file.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from typing import Any, Final

from msgspec.structs import replace

from jupyter_mltrain import runtime
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.errors import MltrainError
from jupyter_mltrain.service.finishing import Conclusion
from jupyter_mltrain.service.roster import Roster
from jupyter_mltrain.service.validation import MAX_TAGS, check_name
from jupyter_mltrain.spec import Run, RunState
from jupyter_mltrain.store.runs import RunStore

_log = logging.getLogger(__name__)

_CHILD_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}\Z")
"""It names a folder, so it must not lead anywhere else."""

_LABELS: Final = ("tag", "untag", "property", "about")
_KINDS: Final = (*_LABELS, "child", "end", "attempt", "ask")
_ABOUT_LENGTH: Final = 10_000
_PAUSE_S: Final = 0.1
"""Between two looks at a journal that grows all the time."""
_SHORT_PAUSE_S: Final = 0.002
"""The same after a question: whoever asks waits, and may ask the next one at once."""

_TOO_MUCH: Final = (OverflowError, RecursionError)
"""Of a number, or of brackets."""

Record = dict[str, Any]


class JournalReader:
    """Follows one run's journal, and its children's, for as long as the run is watched.

    How far it has got is kept in the store.

    Parameters
    ----------
    resumed
        An earlier service has followed this journal, which opened children and may have ended
        the run itself.
    """

    def __init__(self, roster: Roster, store: RunStore, run: Run, *, resumed: bool = False) -> None:
        self._roster = roster
        self._store = store
        self._run_id = run.id
        self._run_dir = roster.run_dir(run)
        self._path = self._run_dir / "journal.jsonl"
        self._offset = store.journal_offset(run.id)
        self._to_recall = resumed
        self._own_end: tuple[RunState, str] | None = None
        self._end_is_forced = False
        self.ended = asyncio.Event()
        """Set once the run itself has said how it ends."""
        self._open_children: list[str] = []
        self._family = {run.id}
        """The run and all its children, open or not."""
        self._changed = False
        self._asked = False
        self._reading: asyncio.Task[None] | None = None
        self._one_at_a_time = asyncio.Lock()

    @asynccontextmanager
    async def following(self, watcher: Watcher) -> AsyncIterator[None]:
        """Take in whatever the run appends, until the block ends."""
        self._roster.journals[self._run_id] = self
        self._watcher = watcher
        self._watch()
        self._on_change()
        try:
            yield
        finally:
            del self._roster.journals[self._run_id]
            self._unwatch()
            if self._reading is not None:
                self._reading.cancel()
                await asyncio.gather(self._reading, return_exceptions=True)

    def _watch(self) -> None:
        try:
            self._unwatch = self._watcher.watch(self._path, self._on_change)
        except FileNotFoundError:
            # The script deleted it: there is nothing to follow.
            self._unwatch = _nothing

    def _on_change(self) -> None:
        # A question that a killed service has read may wait for its answer still.
        self._changed = self._to_recall or self._has_more()
        if self._changed and self._reading is None:
            self._reading = asyncio.create_task(self._read_on())

    async def _read_on(self) -> None:
        """Read until there is nothing new; most runs never come here."""
        try:
            while self._changed:
                self._changed = False
                self._asked = False
                await self.catch_up()
                if self._asked:
                    await asyncio.sleep(_SHORT_PAUSE_S)
                    continue
                # Nobody is woken meanwhile: each time would slow down a script that logs much.
                self._unwatch()
                await asyncio.sleep(_PAUSE_S)
                self._watch()
                self._changed = self._has_more()
        finally:
            self._reading = None

    def _has_more(self) -> bool:
        try:
            return os.stat(self._path).st_size > self._offset  # noqa: PTH116 - at every append
        except OSError:
            return False  # deleted by the script

    async def catch_up(self) -> None:
        """Take in what is new."""
        async with self._one_at_a_time:
            await self._catch_up()

    async def _catch_up(self) -> None:
        try:
            if self._to_recall:
                await self._recall()
            if self._path.stat().st_size <= self._offset:
                return
            records, offset = await asyncio.to_thread(
                runtime.metrics.read, str(self._path), self._offset, _KINDS
            )
        except OSError:
            return  # deleted by the script
        # No await from here on: taken in whole or, when cancelled before, not at all.
        self._offset = offset
        self._take_in(self._run_id, records)
        if records:
            self._store.keep_journal_offset(self._run_id, offset)

    async def _recall(self) -> None:
        """Know again which children are open and how the script ended itself, if it did."""
        records, _ = await asyncio.to_thread(
            runtime.metrics.read, str(self._path), 0, ("child", "end", "attempt", "ask")
        )
        self._to_recall = False
        self._take_in(self._run_id, records)

    def _take_in(self, run_id: str, records: list[Record]) -> None:
        tags: dict[str, str | None] | None = None
        for given in records:
            kind = given["k"]
            try:
                record = _whole(given)
                if kind in ("tag", "untag"):
                    tags = dict(self._roster.record(run_id).tags) if tags is None else tags
                    _change_tag(tags, record)
                elif kind == "property":
                    self._add_property(run_id, str(record["n"]), str(record["v"]))
                elif kind == "about":
                    self._describe(run_id, str(record["n"]), str(record["v"]))
                elif kind == "child":
                    self._open_child(record)
                elif kind == "ask":
                    self._ask(record)
                elif kind == "attempt":
                    self._own_end = None  # what an earlier attempt said of its end
                    self.ended.clear()
                else:
                    self._take_end(record)
            except (LookupError, ValueError, TypeError, *_TOO_MUCH, MltrainError) as error:
                # What a script appends by itself is data: a bad line costs that line alone.
                _log.warning("%s: journal record %.200r: %s", run_id, given, error)
        if tags is not None:
            self._roster.amend(run_id, tags=tags)

    def _add_property(self, run_id: str, name: str, value: str) -> None:
        properties = dict(self._roster.record(run_id).properties)
        if name not in properties:
            self._roster.amend(run_id, properties={**properties, name: value})

    def _describe(self, run_id: str, what: str, text: str) -> None:
        """Take in a name or description that the script gave the run."""
        if what == "description":
            self._roster.amend(run_id, description=text[:_ABOUT_LENGTH] or None)
        elif what == "name":
            check_name(text)
            spec = self._roster.record(run_id).spec
            self._roster.amend(run_id, spec=replace(spec, name=text))

    def _open_child(self, record: Record) -> None:
        child_id, parent_id, name = str(record["id"]), str(record["parent"]), record.get("name")
        if not _CHILD_ID.match(child_id) or parent_id not in self._family:
            raise ValueError("no child of this run")
        self._roster.open_child(
            parent_id, child_id, None if name is None else str(name), _instant(record)
        )
        child = self._roster.record(child_id)
        if child.parent_id != parent_id:
            raise ValueError("another run has this id")
        self._family.add(child_id)
        if child_id not in self._open_children and not child.state.final:
            self._open_children.append(child_id)

    def _ask(self, record: Record) -> None:
        self._asked = True
        if self._roster.asking is not None:
            self._roster.asking.take(self._run_id, record)

    def _take_end(self, record: Record) -> None:
        run_id, state = str(record["id"]), RunState(record["state"])
        reason = str(record.get("reason") or f"marked {state} by the script")
        if run_id == self._run_id:
            if self._own_end is None:
                self._own_end = state, reason
                self._end_is_forced = bool(record.get("forced"))
            self.ended.set()
        elif run_id in self._open_children:
            self._end_child(run_id, state, reason, _instant(record))

    def _end_child(self, child_id: str, state: RunState, reason: str, at: datetime) -> None:
        path = self._run_dir / "children" / child_id / "journal.jsonl"
        try:
            records, _ = runtime.metrics.read(str(path), 0, _LABELS)
        except OSError:
            records = []  # deleted by the script
        self._take_in(child_id, records)
        self._roster.end_child(child_id, state, reason, at)
        self._open_children.remove(child_id)

    @property
    def own_end(self) -> tuple[RunState, str] | None:
        """State and reason, once the run itself has said how it ends."""
        return self._own_end

    def verdict(self, conclusion: Conclusion) -> tuple[RunState, str, str | None]:
        """State, reason and advice: how the process ended, unless the script itself said fail.

        What a person said it failed with counts whatever its process, which is ended for that,
        says.
        """
        if self._own_end is not None and self._end_is_forced:
            return *self._own_end, None
        if conclusion.state is RunState.COMPLETED and self._own_end is not None:
            state, reason = self._own_end
            if state is not RunState.COMPLETED:
                return state, reason, None
        return conclusion.state, conclusion.reason, conclusion.advice

    def end_children(self, state: RunState, at: datetime) -> None:
        """End the children that the script left open, as the run itself ended."""
        words = "completed" if state is RunState.COMPLETED else "ended"
        for child_id in reversed(tuple(self._open_children)):
            self._end_child(child_id, state, f"{words} with its parent run", at)


def _whole(value: Any) -> Any:
    """What a script has written, halves of surrogate pairs spelled out: they are no text."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, list):
        return [_whole(each) for each in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(each) for key, each in value.items()}
    return value


def _nothing() -> None:
    """End the watch of what is not watched."""


def _change_tag(tags: dict[str, str | None], record: Record) -> None:
    key, value = str(record["n"]), record.get("v")
    if record["k"] == "untag":
        tags.pop(key, None)
    elif key in tags or len(tags) < MAX_TAGS:
        tags[key] = None if value is None else str(value)


def _instant(record: Record) -> datetime:
    return datetime.fromtimestamp(float(record["t"]), timezone.utc)
