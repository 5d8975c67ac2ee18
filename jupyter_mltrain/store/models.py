"""Registered models: records under a name, in versions that are never given again."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from jupyter_mltrain.spec import Model
from jupyter_mltrain.store.database import Database

_DELETED = b"null"
"""In place of a record: the version stays taken, so that its number means no other files."""

_decode = msgspec.json.Decoder(Model).decode
_encode = msgspec.json.Encoder().encode


class ModelStore:
    """The models of one workspace; their files are elsewhere, see `ModelFiles`.

    Call `Database.sync` before promising anything that was written here.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = database.connection

    def next_version(self, name: str) -> int:
        """The version that comes next; counting starts from 1."""
        (last,) = self._sql.execute(
            "SELECT max(version) FROM models WHERE name = ?", (name,)
        ).fetchone()
        return (last or 0) + 1

    def add(self, model: Model, request_id: str | None = None) -> None:
        """Keep a record as a version that is not there yet."""
        with self._database.writing() as sql:
            sql.execute(
                "INSERT INTO models (name, version, request_id, run_id, created_at, record)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    model.name,
                    model.version,
                    request_id,
                    model.run_id,
                    model.created_at.timestamp(),
                    _encode(model),
                ),
            )

    def replace(self, model: Model) -> None:
        """Keep another record of a version that is there."""
        with self._database.writing() as sql:
            sql.execute(
                "UPDATE models SET record = ? WHERE name = ? AND version = ?",
                (_encode(model), model.name, model.version),
            )

    def delete(self, name: str, version: int) -> None:
        """Forget a version; its number stays taken."""
        with self._database.writing() as sql:
            sql.execute(
                "UPDATE models SET record = ?, run_id = NULL WHERE name = ? AND version = ?",
                (_DELETED, name, version),
            )

    def get(self, name: str, version: int | None = None) -> Model | None:
        """One version, by default the latest; `None` where there is none."""
        if version is None:
            found = self._read("AND name = ? ORDER BY version DESC LIMIT 1", name)
        else:
            found = self._read("AND name = ? AND version = ?", name, version)
        return next(found, None)

    def requested(self, request_id: str) -> Model | None:
        """What a request has made; `None` if nothing, or if that was deleted since."""
        return next(self._read("AND request_id = ?", request_id), None)

    def all(self, name: str | None = None, run_id: str | None = None) -> tuple[Model, ...]:
        """Every version, the one made last first; of one name, or made by one run."""
        return tuple(
            self._read(
                "AND (?1 IS NULL OR name = ?1) AND (?2 IS NULL OR run_id = ?2)"
                " ORDER BY created_at DESC, name, version DESC",
                name,
                run_id,
            )
        )

    def versions(self, name: str) -> tuple[int, ...]:
        """The versions of a name, the latest first; empty where there is none."""
        rows = self._sql.execute(
            "SELECT version FROM models WHERE record != ? AND name = ? ORDER BY version DESC",
            (_DELETED, name),
        )
        return tuple(version for (version,) in rows)

    def names(self) -> tuple[str, ...]:
        """Every name that has a version, in order."""
        rows = self._sql.execute(
            "SELECT DISTINCT name FROM models WHERE record != ? ORDER BY name", (_DELETED,)
        )
        return tuple(name for (name,) in rows)

    def known(self) -> dict[tuple[str, int], bool]:
        """Name and version of all there ever were -> whether it is still there."""
        rows = self._sql.execute("SELECT name, version, record != ? FROM models", (_DELETED,))
        return {(name, version): bool(there) for name, version, there in rows}

    def _read(self, condition: str, *values: object) -> Iterator[Model]:
        rows = self._sql.execute(
            f"SELECT record FROM models WHERE record != x'{_DELETED.hex()}' {condition}", values
        )
        return (_decode(record) for (record,) in rows)
