"""Clusters of this machine that were created."""

from __future__ import annotations

from datetime import datetime

import msgspec

from jupyter_mltrain.spec import ClusterNode, ClusterSpec, Frozen
from jupyter_mltrain.store.database import Database


class KeptCluster(Frozen, frozen=True, kw_only=True):
    """What is kept of one; the nodes that execute runs are found again by those."""

    name: str
    spec: ClusterSpec
    created_at: datetime
    modified_at: datetime
    idle: tuple[ClusterNode, ...] = ()
    """Nodes with nothing to do."""


_decode = msgspec.json.Decoder(KeptCluster).decode
_encode = msgspec.json.Encoder().encode


class ClusterStore:
    """The clusters of one workspace, by name.

    Call `Database.sync` before promising anything that was written here.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> tuple[KeptCluster, ...]:
        """Every one, in the order in which they were created."""
        rows = self._database.connection.execute(
            "SELECT record FROM clusters ORDER BY created_at, name"
        )
        return tuple(_decode(record) for (record,) in rows)

    def keep(self, cluster: KeptCluster) -> None:
        """Add it, or replace what was kept under its name."""
        with self._database.writing() as sql:
            sql.execute(
                "INSERT OR REPLACE INTO clusters (name, created_at, record) VALUES (?, ?, ?)",
                (cluster.name, cluster.created_at.timestamp(), _encode(cluster)),
            )

    def forget(self, name: str) -> None:
        """Delete it; nothing when there is none."""
        with self._database.writing() as sql:
            sql.execute("DELETE FROM clusters WHERE name = ?", (name,))
