"""What has changed since when: every change of any run takes the next number of one sequence.

A page, or a program, that was away asks for what came after the number it has reached, and gets
each run once with its latest record, however often it changed. Deletions are remembered for a
while; who was away for longer has to look at everything anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

import msgspec

from jupyter_mltrain.spec import Frozen, Run
from jupyter_mltrain.store.database import Database, explain

NEXT: Final = (
    "(SELECT max(ifnull((SELECT max(changed) FROM runs), 0),"
    " ifnull((SELECT max(seq) FROM deletions), 0)) + 1)"
)
"""SQL: the number that the next change takes. Both looks are at the end of an index."""

REMEMBERED: Final = 10_000
"""How many deletions are remembered."""

PAGE: Final = 100
"""Most changes that are read at once."""

_decode = msgspec.json.Decoder(Run).decode


class Change(Frozen, frozen=True, kw_only=True):
    """The latest that has happened to one run."""

    seq: int
    run_id: str
    run: Run | None
    """Its record; `None` when it was deleted."""


class Feed:
    """The changes of one workspace's runs, in order.

    A cursor is ``EPOCH:SEQ``. The epoch is made with the database, so that a cursor of one that
    was lost says nothing about the one that came after it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = database.connection
        self._epoch = self._read_epoch()

    def _read_epoch(self) -> str:
        (epoch,) = self._sql.execute("SELECT epoch FROM feed").fetchone()
        return str(epoch)

    def begin(self, boot: str, *, left_open: bool) -> None:
        """Begin a service's time; after a power cut, begin a new epoch.

        What was told is not always on the disk by then, and what a power cut took was told under
        numbers that others get now. A service that is killed takes nothing along.

        Parameters
        ----------
        boot
            Of this machine, another one after each start of it; empty where it cannot be told.
        left_open
            The service before was not ended in good order.
        """
        (before,) = self._sql.execute("SELECT boot FROM feed").fetchone()
        try:
            if left_open and (before != boot or not boot):
                self._sql.execute("UPDATE feed SET epoch = lower(hex(randomblob(6)))")
                self._epoch = self._read_epoch()
            if before != boot:
                self._sql.execute("UPDATE feed SET boot = ?", (boot,))
        except sqlite3.Error as error:
            raise explain(error, self._database.path) from error

    def last(self) -> int:
        """The number of the latest change, 0 before the first."""
        (following,) = self._sql.execute(f"SELECT {NEXT}").fetchone()
        return int(following) - 1

    def cursor(self, seq: int) -> str:
        """What says to anyone, at any time: everything up to this number is known."""
        return f"{self._epoch}:{seq}"

    def position(self, cursor: str | None) -> int | None:
        """The number that a cursor stands for; `None` when one cannot go on from there."""
        epoch, _, digits = (cursor or "").rpartition(":")
        if epoch != self._epoch or not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
            return None
        (forgotten,) = self._sql.execute("SELECT forgotten FROM feed").fetchone()
        seq = int(digits)
        return seq if forgotten <= seq <= self.last() else None

    def since(self, seq: int, limit: int = PAGE) -> tuple[Change, ...]:
        """What came after that number, oldest first, at most so many; empty when nothing did."""
        rows = self._sql.execute(
            "SELECT changed AS seq, id, record FROM runs WHERE changed > :seq"
            " UNION ALL SELECT seq, run_id, NULL FROM deletions WHERE seq > :seq"
            " ORDER BY 1 LIMIT :limit",
            {"seq": seq, "limit": limit},
        )
        return tuple(
            Change(seq=at, run_id=run_id, run=None if record is None else _decode(record))
            for at, run_id, record in rows
        )


def remember_deleted(sql: sqlite3.Connection, run_ids: Iterable[str]) -> None:
    """Note within a transaction, before the rows go, that these runs are deleted."""
    sql.executemany(
        f"INSERT INTO deletions (seq, run_id) VALUES ({NEXT}, ?)",
        [(run_id,) for run_id in run_ids],
    )
    found = sql.execute(
        "SELECT seq FROM deletions ORDER BY seq DESC LIMIT 1 OFFSET ?", (REMEMBERED,)
    ).fetchone()
    if found is not None:
        sql.execute("DELETE FROM deletions WHERE seq <= ?", found)
        sql.execute("UPDATE feed SET forgotten = ?", found)
