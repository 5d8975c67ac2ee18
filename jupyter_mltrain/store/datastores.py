"""Registered datastores."""

from __future__ import annotations

import msgspec

from jupyter_mltrain.spec import Datastore
from jupyter_mltrain.store.database import Database

_decode = msgspec.json.Decoder(Datastore).decode
_encode = msgspec.json.Encoder().encode


class DatastoreStore:
    """The datastores of one workspace, by name; its own is not among them.

    Call `Database.sync` before promising anything that was written here.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> tuple[Datastore, ...]:
        """Every one that was registered, by name."""
        rows = self._database.connection.execute("SELECT record FROM datastores ORDER BY name")
        return tuple(_decode(record) for (record,) in rows)

    def keep(self, *datastores: Datastore) -> None:
        """Add them, or replace what was kept under their names; all or none."""
        with self._database.writing() as sql:
            sql.executemany(
                "INSERT OR REPLACE INTO datastores (name, record) VALUES (?, ?)",
                [(each.name, _encode(each)) for each in datastores],
            )

    def forget(self, name: str) -> None:
        """Delete it; nothing when there is none."""
        with self._database.writing() as sql:
            sql.execute("DELETE FROM datastores WHERE name = ?", (name,))
