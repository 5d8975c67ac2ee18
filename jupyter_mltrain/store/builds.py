"""Builds of environments: one row each, with the lock of what was installed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from jupyter_mltrain.errors import NoSuchEnvironment
from jupyter_mltrain.spec import Build, BuildState
from jupyter_mltrain.store.database import Database

PAGE: Final = 200
"""Most builds in one list."""

_decode = msgspec.json.Decoder(Build).decode
_encode = msgspec.json.Encoder().encode


class BuildStore:
    """The builds of one workspace, and what names of images stood for when last asked.

    `definition` is always that of `environments.definition.key`: the same for two that mean the
    same, whatever they are called.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = database.connection

    def insert(self, build: Build, definition: str) -> None:
        """Add a build that begins."""
        with self._database.writing() as sql:
            sql.execute(
                "INSERT INTO builds (id, definition, hash, compute, name, version, state, record)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    build.id,
                    definition,
                    build.hash,
                    build.compute,
                    build.name,
                    build.version,
                    build.state.value,
                    _encode(build),
                ),
            )

    def replace(self, *builds: Build, lock: str | None = None) -> None:
        """Write records anew; with a lock, when what it names has been installed."""
        with self._database.writing() as sql:
            for build in builds:
                sql.execute(
                    "UPDATE builds SET hash = ?, state = ?, record = ?, lock = coalesce(?, lock)"
                    " WHERE id = ?",
                    (build.hash, build.state.value, _encode(build), lock, build.id),
                )

    def identify(self, build: Build, identity: str) -> None:
        """Note what the names of its definition stood for, with the hash of both."""
        with self._database.writing() as sql:
            sql.execute(
                "UPDATE builds SET hash = ?, identity = ?, record = ? WHERE id = ?",
                (build.hash, identity, _encode(build), build.id),
            )

    def identity(self, build_id: str) -> str:
        """What `identify` was told; empty before."""
        row = self._sql.execute("SELECT identity FROM builds WHERE id = ?", (build_id,)).fetchone()
        return row[0] if row else ""

    def delete(self, build_id: str) -> None:
        """Forget a build and its lock."""
        with self._database.writing() as sql:
            sql.execute("DELETE FROM builds WHERE id = ?", (build_id,))

    def get(self, build_id: str) -> Build:
        """The build with exactly this id.

        Raises
        ------
        NoSuchEnvironment
            There is none.
        """
        found = self._list("WHERE id = ?", build_id)
        if not found:
            raise NoSuchEnvironment(
                f"There is no build {build_id!r} in this workspace. It may have been deleted."
            )
        return found[0]

    def list(self, name: str | None = None, version: str | None = None) -> tuple[Build, ...]:
        """The newest builds, those of one environment or version of it alone; newest first."""
        where, values = "", []
        if name is not None:
            where, values = "WHERE name = ?", [name]
        if name is not None and version is not None:
            where, values = "WHERE name = ? AND version = ?", [name, version]
        return self._list(f"{where} ORDER BY number DESC LIMIT {PAGE}", *values)

    def latest(self, definition: str, compute: str | None = None) -> Build | None:
        """The newest build of exactly that definition, on one compute target or on any."""
        found = self._list(
            "WHERE definition = ?1 AND (?2 IS NULL OR compute = ?2) ORDER BY number DESC LIMIT 1",
            definition,
            compute,
        )
        return found[0] if found else None

    def of(self, definition: str) -> tuple[Build, ...]:
        """All builds of exactly that definition, newest first."""
        return self._list("WHERE definition = ? ORDER BY number DESC", definition)

    def in_state(self, *states: BuildState) -> dict[str, tuple[str, Build]]:
        """Id -> definition and record of all that are in one of these states, oldest first."""
        marks = ",".join("?" * len(states))
        rows = self._sql.execute(
            f"SELECT id, definition, record FROM builds WHERE state IN ({marks}) ORDER BY number",
            tuple(state.value for state in states),
        )
        return {build_id: (definition, _decode(record)) for build_id, definition, record in rows}

    def ids(self) -> frozenset[str]:
        """Of all builds."""
        return frozenset(build_id for (build_id,) in self._sql.execute("SELECT id FROM builds"))

    def lock_of(self, hash_: str, compute: str) -> str | None:
        """What was installed the last time that this was built there."""
        row = self._sql.execute(
            "SELECT lock FROM builds WHERE hash = ? AND compute = ? AND lock IS NOT NULL"
            " ORDER BY number DESC LIMIT 1",
            (hash_, compute),
        ).fetchone()
        return row[0] if row else None

    def _list(self, clause: str, *values: object) -> tuple[Build, ...]:
        rows = self._sql.execute(f"SELECT record FROM builds {clause}", values)
        return tuple(_decode(record) for (record,) in rows)

    # What names stand for

    def resolution(self, definition: str, compute: str) -> str | None:
        """What `Builder.identify` said the last time; `None` when it was not asked yet."""
        row = self._sql.execute(
            "SELECT identity FROM resolutions WHERE definition = ? AND compute = ?",
            (definition, compute),
        ).fetchone()
        return row[0] if row else None

    def keep_resolution(self, definition: str, compute: str, identity: str, at: datetime) -> None:
        """Remember it, until somebody asks for it afresh."""
        with self._database.writing() as sql:
            sql.execute(
                "INSERT OR REPLACE INTO resolutions VALUES (?, ?, ?, ?)",
                (definition, compute, identity, at.timestamp()),
            )

    # What is needed of the workspace

    def contexts(self) -> frozenset[str]:
        """Snapshots that a registered definition, a build or a run builds its image from."""
        found: set[str] = set()
        for table, column, path in (
            ("environments", "spec", "$.image.context"),
            ("builds", "record", "$.spec.image.context"),
            ("runs", "record", "$.spec.environment.image.context"),
        ):
            # Of a deleted version of an environment only its number is left.
            rows: Iterable[tuple[str | None]] = self._sql.execute(
                f"SELECT DISTINCT json_extract(CAST({column} AS TEXT), ?) FROM {table}"
                f" WHERE length({column}) > 0",
                (path,),
            )
            found.update(context for (context,) in rows if context is not None)
        return frozenset(found)
