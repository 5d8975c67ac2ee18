"""The records of the runs that have not ended, and the one way to change any record."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from msgspec.structs import replace

from jupyter_mltrain import units
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.spec import Run, RunKind, RunState
from jupyter_mltrain.store.runs import RunStore

if TYPE_CHECKING:
    from jupyter_mltrain.service.asking import Asking
    from jupyter_mltrain.service.journal import JournalReader


class Clock(Protocol):
    """Now, as an instant in UTC."""

    def __call__(self) -> datetime: ...


class Roster:
    """Keeps the store, the records at hand and those who listen in step."""

    def __init__(self, store: RunStore, hub: Hub, clock: Clock, runs_dir: Path) -> None:
        self.active: dict[str, Run] = {}
        """Id -> record of every run that has not ended and is no child."""
        self.journals: dict[str, JournalReader] = {}
        """Id -> reader of the journal, of every run whose journal is followed."""
        self.asking: Asking | None = None
        """Answers what runs ask from inside."""
        self._store = store
        self._hub = hub
        self._clock = clock
        self._runs_dir = runs_dir

    def record(self, run_id: str) -> Run:
        """The run's record, ended or not."""
        return self.active.get(run_id) or self._store.get(run_id)

    def run_dir(self, run: Run) -> Path:
        """Where the run's files are; a child's, and its children's, lie in the root's."""
        root = run
        while root.parent_id is not None:
            root = self.record(root.parent_id)
        folder = self._runs_dir / root.id
        return folder if root is run else folder / "children" / run.id

    def unended(self, compute: str) -> str | None:
        """The sentence for who would take a compute target away from runs; `None` without any."""
        runs = [run for run in self.active.values() if run.spec.compute == compute]
        if not runs:
            return None
        some = ", ".join(run.label for run in runs[:3]) + (" …" if len(runs) > 3 else "")
        return (
            f"{units.plural(len(runs), 'run')} on {compute!r} "
            f"{'has' if len(runs) == 1 else 'have'} not ended: {some}. Cancel them, or wait for "
            "their end."
        )

    def move(self, run: Run, to: RunState, reason: str, **changes: Any) -> Run:
        """Change the state of a run of the supervisor's, with its reason."""
        run = self._store.move(run, to, reason, changes.get("ended_at") or self._clock(), **changes)
        self.active[run.id] = run
        self._hub.changed(run.id)
        return run

    def amend(self, run: Run | str, **changes: Any) -> Run:
        """Change anything of a record but its state."""
        run = self._store.amend(self.record(run) if isinstance(run, str) else run, **changes)
        if run.id in self.active:
            self.active[run.id] = run
        self._hub.changed(run.id)
        return run

    def open_child(self, parent_id: str, child_id: str, name: str | None, at: datetime) -> None:
        """Store a run that a script opened within its own; it holds nothing."""
        parent = self.record(parent_id)
        if self._store.has(child_id):
            return  # taken in by the service before this one
        child = replace(
            parent,
            id=child_id,
            number=self._store.next_number(),
            state=RunState.RUNNING,
            reason="running in its parent",
            spec=replace(parent.spec, name=name, kind=RunKind.CHILD),
            created_at=at,
            started_at=at,
            version=1,
            parent_id=parent_id,
            nodes=(),
            warnings=(),
            tags={},
            properties={},
            description=None,
            rank=None,
        )
        self._store.insert(child)
        self._hub.changed(child.id)

    def end_child(self, child_id: str, state: RunState, reason: str, at: datetime | None) -> None:
        """End a child run as its script, or its parent's end, says."""
        child = self._store.get(child_id)
        at = at or self._clock()
        if not child.state.final:
            self._store.move(child, state, reason, at, ended_at=at)
            self._hub.changed(child_id)
