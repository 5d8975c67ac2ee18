"""Engines that were attached as compute targets."""

from __future__ import annotations

from datetime import datetime

import msgspec

from jupyter_mltrain.spec import Capacity, Frozen
from jupyter_mltrain.store.database import Database


class AttachedCompute(Frozen, frozen=True, kw_only=True):
    """What is kept of one, so that runs on it are found again by any later service."""

    name: str
    url: str
    cpus: int | None = None
    """What runs may hold together, where the user said so."""
    memory_bytes: int | None = None
    gpus: int = 0
    capacity: Capacity
    """What it could give when it last answered."""
    attached_at: datetime


_decode = msgspec.json.Decoder(AttachedCompute).decode
_encode = msgspec.json.Encoder().encode


class ComputeStore:
    """The attached engines of one workspace, by name.

    Call `Database.sync` before promising anything that was written here.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> tuple[AttachedCompute, ...]:
        """Every one, in the order in which they were attached."""
        rows = self._database.connection.execute(
            "SELECT record FROM computes ORDER BY attached_at, name"
        )
        return tuple(_decode(record) for (record,) in rows)

    def keep(self, compute: AttachedCompute) -> None:
        """Add it, or replace what was kept under its name."""
        with self._database.writing() as sql:
            sql.execute(
                "INSERT OR REPLACE INTO computes (name, attached_at, record) VALUES (?, ?, ?)",
                (compute.name, compute.attached_at.timestamp(), _encode(compute)),
            )

    def forget(self, name: str) -> None:
        """Delete it; nothing when there is none."""
        with self._database.writing() as sql:
            sql.execute("DELETE FROM computes WHERE name = ?", (name,))
