"""Registered environments: definitions under a name, in versions that never change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import Final

import msgspec
from msgspec.structs import replace

from jupyter_mltrain.spec import EnvironmentSpec, EnvironmentVersion
from jupyter_mltrain.store.database import Database

_DELETED: Final = b"null"
"""In place of a definition: the version stays taken, so that its number means no other one."""

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}\Z")

_decode = msgspec.json.Decoder(EnvironmentSpec).decode
_encode = msgspec.json.Encoder().encode


class EnvironmentStore:
    """The environments of one workspace. Names are told apart by the case of their letters.

    Call `Database.sync` before promising anything that was written here.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = database.connection

    def add(self, spec: EnvironmentSpec, at: datetime) -> EnvironmentVersion:
        """Keep a definition as the next version of its name; counting starts from ``1``."""
        with self._database.writing() as sql:
            (last,) = sql.execute(
                "SELECT max(version) FROM environments WHERE name = ?", (spec.name,)
            ).fetchone()
            number = (last or 0) + 1
            numbered = replace(spec, version=str(number))
            sql.execute(
                "INSERT INTO environments (name, version, registered_at, spec) VALUES (?, ?, ?, ?)",
                (spec.name, number, at.timestamp(), _encode(numbered)),
            )
        return EnvironmentVersion(spec=numbered, registered_at=at)

    def latest(self, name: str) -> EnvironmentVersion | None:
        """The newest version of a name; `None` where there is none."""
        return next(self._read("AND name = ?", name), None)

    def get(self, name: str, version: str) -> EnvironmentVersion | None:
        """One version; `None` where there is none."""
        if not _NUMBER.match(version):
            return None
        return next(self._read("AND name = ? AND version = ?", name, int(version)), None)

    def versions(self, name: str) -> tuple[EnvironmentVersion, ...]:
        """Every version of a name, the latest first; empty where there is none."""
        return tuple(self._read("AND name = ?", name))

    def all(self) -> tuple[EnvironmentVersion, ...]:
        """Every version of every name, by name, the latest first."""
        return tuple(self._read())

    def names(self) -> tuple[str, ...]:
        """Every name that has a version, in order."""
        rows = self._sql.execute(
            "SELECT DISTINCT name FROM environments WHERE spec != ? ORDER BY name", (_DELETED,)
        )
        return tuple(name for (name,) in rows)

    def delete(self, name: str, versions: Iterable[str]) -> None:
        """Forget these versions."""
        with self._database.writing() as sql:
            sql.executemany(
                "UPDATE environments SET spec = ? WHERE name = ? AND version = ?",
                [(_DELETED, name, int(version)) for version in versions],
            )

    def _read(self, condition: str = "", *values: object) -> Iterator[EnvironmentVersion]:
        rows = self._sql.execute(
            "SELECT spec, registered_at FROM environments WHERE spec != ?"
            f" {condition} ORDER BY name, version DESC",
            (_DELETED, *values),
        )
        for spec, at in rows:
            yield EnvironmentVersion(
                spec=_decode(spec), registered_at=datetime.fromtimestamp(at, timezone.utc)
            )
