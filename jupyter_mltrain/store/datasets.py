"""Registered datasets, in versions whose definition never changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from jupyter_mltrain.spec import Dataset
from jupyter_mltrain.store.database import Database

_DELETED: Final = b"null"
"""In place of a dataset: the version stays taken, so that its number means no other one."""

_decode = msgspec.json.Decoder(Dataset).decode
_encode = msgspec.json.Encoder().encode


class DatasetStore:
    """The datasets of one workspace.

    Call `Database.sync` before promising anything that was written here.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = database.connection

    def next_version(self, name: str) -> int:
        """The number that no version of that name has had."""
        (last,) = self._sql.execute(
            "SELECT max(version) FROM datasets WHERE name = ?", (name,)
        ).fetchone()
        return (last or 0) + 1

    def keep(self, dataset: Dataset) -> None:
        """Add a version, or replace what was kept of it."""
        with self._database.writing() as sql:
            sql.execute(
                "INSERT OR REPLACE INTO datasets (name, version, id, record) VALUES (?, ?, ?, ?)",
                (dataset.name, dataset.version, dataset.id, _encode(dataset)),
            )

    def versions(self, name: str) -> tuple[Dataset, ...]:
        """Every version of a name, the latest first; empty where there is none."""
        return tuple(self._read("AND name = ? ORDER BY version DESC", name))

    def by_id(self, dataset_id: str) -> Dataset | None:
        """The version with that id; `None` where there is none."""
        return next(self._read("AND id = ?", dataset_id), None)

    def latest(self) -> tuple[Dataset, ...]:
        """Of every name the latest version, by name."""
        found: dict[str, Dataset] = {}
        for dataset in self._read("ORDER BY name, version"):
            found[dataset.name] = dataset
        return tuple(found.values())

    def delete(self, *datasets: Dataset) -> None:
        """Forget these versions."""
        with self._database.writing() as sql:
            sql.executemany(
                "UPDATE datasets SET record = ? WHERE name = ? AND version = ?",
                [(_DELETED, each.name, each.version) for each in datasets],
            )

    def _read(self, condition: str, *values: object) -> Iterator[Dataset]:
        rows = self._sql.execute(
            f"SELECT record FROM datasets WHERE record != ? {condition}", (_DELETED, *values)
        )
        return (_decode(record) for (record,) in rows)
