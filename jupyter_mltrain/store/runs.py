"""Run records: one row each, changed only along the table of allowed moves."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Final

import msgspec

from jupyter_mltrain.errors import NoSuchRun, UserError, WrongState
from jupyter_mltrain.spec import ALLOWED_MOVES, Run, RunState, StateChange
from jupyter_mltrain.store.database import Database
from jupyter_mltrain.store.feed import NEXT, remember_deleted

PAGE: Final = 100
"""Most runs in one page of the list, and the default."""

_decode = msgspec.json.Decoder(Run).decode
_encode = msgspec.json.Encoder().encode


class RunStore:
    """The runs of one workspace. Every method is one short transaction; none waits for a disk.

    Call `Database.sync` before promising anything that was written here.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = database.connection

    def next_number(self) -> int:
        """The number that the next inserted run gets."""
        row = self._sql.execute("SELECT seq FROM sqlite_sequence WHERE name = 'runs'").fetchone()
        return (row[0] if row else 0) + 1

    def insert(self, run: Run, request_id: str | None = None, journal_offset: int = 0) -> None:
        """Add a run; `run.number` is kept, so that a rebuilt store numbers as before.

        Parameters
        ----------
        journal_offset
            Bytes of the run's journal that the record says already.
        """
        with self._database.writing() as sql:
            sql.execute(
                "INSERT INTO runs (number, id, request_id, experiment, name, compute, state, final,"
                " parent_id, created_at, ended_at, version, journal, record, changed)"
                f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {NEXT})",
                (
                    run.number,
                    run.id,
                    request_id,
                    run.spec.experiment,
                    run.spec.name,
                    run.spec.compute,
                    run.state.value,
                    run.state.final,
                    run.parent_id,
                    run.created_at.timestamp(),
                    run.ended_at and run.ended_at.timestamp(),
                    run.version,
                    journal_offset,
                    _encode(run),
                ),
            )
            self._add_event(sql, run, run.ended_at or run.created_at)
            if run.tags:
                self._write_tags(sql, run)

    def by_request(self, request_id: str) -> Run | None:
        """The run that an earlier try of the same request made, if any."""
        return self._one("WHERE request_id = ?", (request_id,))

    def move(
        self,
        run: Run,
        to: RunState,
        reason: str,
        at: datetime,
        *,
        handle: str | None = None,
        **changes: Any,
    ) -> Run:
        """Change the state, with its reason, in one guarded update.

        Parameters
        ----------
        handle
            How to find the run again, where it has just been started; empty where it has to be
            started once more.

        Raises
        ------
        WrongState
            The table of moves does not have this step, or the run has moved meanwhile.
        """
        if to not in ALLOWED_MOVES[run.state]:
            raise WrongState(f"{run.label} is {run.state}; it cannot become {to}.")
        moved = msgspec.structs.replace(
            run, state=to, reason=reason, version=run.version + 1, **changes
        )
        with self._database.writing() as sql:
            self._replace(sql, run, moved)
            self._add_event(sql, moved, at)
            if handle is not None:
                sql.execute("UPDATE runs SET handle = ? WHERE id = ?", (handle, run.id))
        return moved

    def amend(self, run: Run, **changes: Any) -> Run:
        """Change anything but the state, under the same guard as `move`."""
        amended = msgspec.structs.replace(run, version=run.version + 1, **changes)
        with self._database.writing() as sql:
            self._replace(sql, run, amended)
            if "tags" in changes:
                self._write_tags(sql, amended)
        return amended

    @staticmethod
    def _replace(sql: sqlite3.Connection, old: Run, new: Run) -> None:
        cursor = sql.execute(
            "UPDATE runs SET name = ?, state = ?, final = ?, ended_at = ?, version = ?, record = ?,"
            f" changed = {NEXT}"
            " WHERE id = ? AND state = ? AND version = ?",
            (
                new.spec.name,
                new.state.value,
                new.state.final,
                new.ended_at and new.ended_at.timestamp(),
                new.version,
                _encode(new),
                old.id,
                old.state.value,
                old.version,
            ),
        )
        if cursor.rowcount != 1:
            raise WrongState(f"{old.label} has moved on meanwhile; look again and repeat.")

    @staticmethod
    def _add_event(sql: sqlite3.Connection, run: Run, at: datetime) -> None:
        sql.execute(
            "INSERT INTO events (run_id, state, reason, at) VALUES (?, ?, ?, ?)",
            (run.id, run.state.value, run.reason, at.timestamp()),
        )

    @staticmethod
    def _write_tags(sql: sqlite3.Connection, run: Run) -> None:
        sql.execute("DELETE FROM tags WHERE run_id = ?", (run.id,))
        if run.tags:
            sql.executemany(
                "INSERT INTO tags VALUES (?, ?, ?)",
                [(run.id, key, value) for key, value in run.tags.items()],
            )

    def keep_handle(self, run_id: str, handle: str) -> None:
        """Remember how to find the started run again."""
        with self._database.writing() as sql:
            sql.execute("UPDATE runs SET handle = ? WHERE id = ?", (handle, run_id))

    def handle(self, run_id: str) -> str | None:
        """What `keep_handle` stored, or `None` for a run that was never started."""
        row = self._sql.execute("SELECT handle FROM runs WHERE id = ?", (run_id,)).fetchone()
        return row[0] or None if row else None

    def keep_journal_offset(self, run_id: str, offset: int) -> None:
        """Remember how far the run's journal has been taken in."""
        with self._database.writing() as sql:
            sql.execute("UPDATE runs SET journal = ? WHERE id = ?", (offset, run_id))

    def journal_offset(self, run_id: str) -> int:
        """What `keep_journal_offset` stored; 0 at first."""
        row = self._sql.execute("SELECT journal FROM runs WHERE id = ?", (run_id,)).fetchone()
        return row[0] if row else 0

    def has(self, run_id: str) -> bool:
        """Whether there is a run with exactly this id."""
        return self._one("WHERE id = ?", (run_id,)) is not None

    def get(self, run_id: str) -> Run:
        """The run with exactly this id; raises `NoSuchRun`."""
        run = self._one("WHERE id = ?", (run_id,))
        if run is None:
            raise NoSuchRun.named(run_id)
        return run

    def find(self, text: str) -> Run:
        """The run that a person means: an id, ``42`` or ``#42``, the start of an id, or a name.

        Raises
        ------
        NoSuchRun
            Nothing answers to it.
        UserError
            Several ids start with it. Of several runs with one name the newest is meant.
        """
        run = self._one("WHERE id = ?", (text,))
        digits = text.lstrip("#")
        if run is None and digits.isascii() and digits.isdigit() and len(digits) < 19:
            run = self._one("WHERE number = ?", (int(digits),))
        if run is None and text:
            run = self._one("WHERE name = ? ORDER BY number DESC", (text,))
        if run is None and len(text) >= 4:
            found = self._sql.execute(
                "SELECT id FROM runs WHERE id >= ?1 AND id < ?1 || char(0x10FFFF)"
                " ORDER BY number DESC LIMIT 3",
                (text,),
            ).fetchall()
            if len(found) > 1:
                names = ", ".join(repr(name) for (name,) in found)
                raise UserError(f"Several runs start with {text!r}: {names}. Give more of the id.")
            run = self.get(found[0][0]) if found else None
        if run is None:
            raise NoSuchRun.named(text)
        return run

    def _one(self, where: str, values: tuple[object, ...]) -> Run | None:
        row = self._sql.execute(f"SELECT record FROM runs {where} LIMIT 1", values).fetchone()
        return _decode(row[0]) if row else None

    def page(
        self, *, limit: int = PAGE, before: int | None = None, skip: int = 0, **filters: Any
    ) -> tuple[Run, ...]:
        """Runs newest first, those with a lower number than `before`, after the first `skip`.

        Parameters
        ----------
        filters
            Those of `_where`.
        """
        clause, values = _where(before=before, **filters)
        rows = self._sql.execute(
            f"SELECT record FROM runs {clause}ORDER BY number DESC LIMIT ? OFFSET ?",
            (*values, max(1, min(limit, PAGE)), max(0, skip)),
        )
        return tuple(_decode(record) for (record,) in rows)

    def count(self, **filters: Any) -> int:
        """How many runs the filters leave; they are those of `_where`."""
        clause, values = _where(**filters)
        (count,) = self._sql.execute(f"SELECT count(*) FROM runs {clause}", values).fetchone()
        return int(count)

    def active(self) -> tuple[Run, ...]:
        """Every run that has not ended, oldest first."""
        rows = self._sql.execute("SELECT record FROM runs WHERE final = 0 ORDER BY number")
        return tuple(_decode(record) for (record,) in rows)

    def finished(self, after: tuple[float, int] = (0.0, 0)) -> tuple[Run, ...]:
        """Runs that have ended and are no children, oldest ending first, one page.

        Parameters
        ----------
        after
            Ending (unix seconds) and number of the last run of the page before.
        """
        rows = self._sql.execute(
            "SELECT record FROM runs WHERE final = 1 AND parent_id IS NULL"
            " AND (ended_at, number) > (?, ?) ORDER BY ended_at, number LIMIT ?",
            (*after, PAGE),
        )
        return tuple(_decode(record) for (record,) in rows)

    def finals(self) -> dict[str, bool]:
        """Id -> whether it has ended, of every run that is no child."""
        rows = self._sql.execute("SELECT id, final FROM runs WHERE parent_id IS NULL")
        return {run_id: bool(final) for run_id, final in rows}

    def history(self, run_id: str) -> tuple[StateChange, ...]:
        """Every state of the run with its reason, in order."""
        rows = self._sql.execute(
            "SELECT state, reason, at FROM events WHERE run_id = ? ORDER BY seq", (run_id,)
        )
        return tuple(
            StateChange(
                state=RunState(state),
                reason=reason,
                at=datetime.fromtimestamp(at, timezone.utc),
            )
            for state, reason, at in rows
        )

    def experiments(self) -> tuple[tuple[str, int], ...]:
        """Every experiment with its number of runs, by name."""
        rows = self._sql.execute(
            "SELECT experiment, count(*) FROM runs WHERE parent_id IS NULL"
            " GROUP BY experiment ORDER BY experiment"
        )
        return tuple((name, count) for name, count in rows)

    def snapshots(self, after: int = 0) -> dict[int, str | None]:
        """Number -> snapshot that it was made from, of the thousand runs that follow a number."""
        return dict(
            self._sql.execute(
                "SELECT number, json_extract(record, '$.snapshot_id') FROM runs"
                " WHERE number > ? ORDER BY number LIMIT 1000",
                (after,),
            )
        )

    def delete(self, run_id: str) -> None:
        """Forget an ended run, its history and its children."""
        with self._database.writing() as sql:
            family = sql.execute(
                "WITH RECURSIVE family (id) AS (SELECT id FROM runs WHERE id = ? UNION"
                " SELECT runs.id FROM runs JOIN family ON runs.parent_id = family.id)"
                " SELECT id FROM family",
                (run_id,),
            ).fetchall()
            remember_deleted(sql, (member for (member,) in family))
            sql.executemany("DELETE FROM runs WHERE id = ?", family)


def _where(
    *,
    before: int | None = None,
    experiment: str | None = None,
    states: tuple[RunState, ...] = (),
    compute: str | None = None,
    tags: Mapping[str, str | None] | None = None,
    properties: Mapping[str, str | None] | None = None,
    parent_id: str | None = None,
    include_children: bool = False,
    text: str | None = None,
) -> tuple[str, tuple[object, ...]]:
    """The condition that filters make, as SQL with its values.

    Parameters
    ----------
    tags, properties
        Only runs that have all of these; a value of `None` asks for the key alone.
    text
        Only runs whose name or experiment contains this, in any case.
    """
    where: list[str] = []
    values: list[object] = []

    def only(condition: str, *given: object) -> None:
        where.append(condition)
        values.extend(given)

    if before is not None:
        only("number < ?", before)
    if experiment is not None:
        only("experiment = ?", experiment)
    if states:
        only(f"state IN ({','.join('?' * len(states))})", *(state.value for state in states))
    if compute is not None:
        only("compute = ?", compute)
    if parent_id is not None:
        only("parent_id = ?", parent_id)
    elif not include_children:
        only("parent_id IS NULL")
    if text:
        only("instr(lower(coalesce(name, '') || ' ' || experiment), lower(?)) > 0", text)
    for key, value in (tags or {}).items():
        if value is None:
            only("id IN (SELECT run_id FROM tags WHERE key = ?)", key)
        else:
            only("id IN (SELECT run_id FROM tags WHERE key = ? AND value = ?)", key, value)
    for key, value in (properties or {}).items():
        each = "json_each(CAST(record AS TEXT), '$.properties')"
        found = f"(SELECT value FROM {each} WHERE key = ?)"
        if value is None:
            only(f"{found} IS NOT NULL", key)
        else:
            only(f"{found} = ?", key, value)
    return f"WHERE {' AND '.join(where)} " if where else "", tuple(values)
