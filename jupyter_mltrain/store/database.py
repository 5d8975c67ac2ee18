"""The workspace's SQLite file: opened by one service, synced in groups, never silently replaced.

A commit goes to the write-ahead log without a sync; whoever promises something to a client
calls `sync` first. That is the guarantee of ``synchronous=FULL``, at one disk flush for all the
promises that wait together instead of one each.

References
----------
SQLite, "Write-Ahead Logging", section 2.4 (performance considerations) and the description of
``PRAGMA synchronous``: with NORMAL a WAL commit is durable once the log file is synced.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from jupyter_mltrain.errors import DiskFull, MltrainError, WorkspaceError
from jupyter_mltrain.store.migrations import migrate

_CHECKPOINT_WRITES: Final = 2_000
"""Transactions after which the write-ahead log is folded back into the database."""

_CORRUPT: Final = (11, 26)
"""SQLITE_CORRUPT and SQLITE_NOTADB; Python 3.10 has no names for them."""


class Database:
    """One open SQLite file.

    `connection` belongs to the thread that made it; `sync` may be called from another.
    """

    def __init__(self, path: Path, *, suspect: bool = False) -> None:
        """Open or create the file.

        Parameters
        ----------
        suspect
            The last owner did not close it: check the whole file first.
        """
        self.path = path
        self.kept_aside: Path | None = None
        self.writes = 0
        try:
            self.connection = self._open(suspect)
        except sqlite3.DatabaseError as error:
            if not is_corrupt(error):
                raise explain(error, path) from error
            self.kept_aside = self._keep_aside()
            self.connection = self._open(False)
        self._wal = os.open(f"{path}-wal", os.O_RDONLY | os.O_CLOEXEC)

    def _open(self, check: bool) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=5)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            connection.execute("PRAGMA foreign_keys = ON")
            if check:
                (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
                if verdict != "ok":
                    raise _Malformed(verdict)
            migrate(connection, self.path)
            # The log file exists only once something was written through this connection.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(f"PRAGMA application_id = {0x6D6C7472}")
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection

    def _keep_aside(self) -> Path:
        stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S")
        aside = self.path.with_name(f"{self.path.name}.corrupt-{stamp}")
        for suffix in ("", "-wal", "-shm"):
            part = Path(f"{self.path}{suffix}")
            if part.exists():
                part.rename(f"{aside}{suffix}")
        return aside

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of the block, or nothing of it when it raises.

        Raises
        ------
        MltrainError
            The disk refuses.
        """
        sql = self.connection
        try:
            sql.execute("BEGIN IMMEDIATE")
            try:
                yield sql
            except BaseException:
                if sql.in_transaction:
                    sql.execute("ROLLBACK")
                raise
            sql.execute("COMMIT")
            self.writes += 1
        except sqlite3.Error as error:
            if sql.in_transaction:
                sql.execute("ROLLBACK")
            raise explain(error, self.path) from error

    def sync(self) -> None:
        """Make every commit so far survive a power cut; fold the log back when it is long.

        Raises
        ------
        MltrainError
            The disk refuses; nothing may be promised.
        """
        try:
            os.fdatasync(self._wal) if hasattr(os, "fdatasync") else os.fsync(self._wal)
            if self.writes > _CHECKPOINT_WRITES:
                self.writes = 0
                self._checkpoint()
        except (OSError, sqlite3.Error) as error:
            raise explain(error, self.path) from error

    def _checkpoint(self) -> None:
        # A connection of its own: the owner's goes on reading and writing meanwhile.
        other = sqlite3.connect(self.path, isolation_level=None)
        try:
            other.execute("PRAGMA wal_checkpoint(PASSIVE)")
        finally:
            other.close()

    def close(self) -> None:
        """Sync and close; the log file is folded back and removed."""
        os.close(self._wal)
        self.connection.close()


class _Malformed(sqlite3.DatabaseError):
    """The whole-file check found damage."""


def is_corrupt(error: sqlite3.Error) -> bool:
    """Whether the file itself is damaged, in contrast to busy, full or read-only."""
    if isinstance(error, _Malformed):
        return True
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return (code & 0xFF) in _CORRUPT
    text = str(error)  # Python 3.10 has no error codes
    return "malformed" in text or "not a database" in text


def explain(error: OSError | sqlite3.Error, path: Path) -> MltrainError:
    """The sentence for a user: full, read-only or damaged."""
    text = str(error)
    if "full" in text or getattr(error, "errno", None) == 28:
        return DiskFull(
            f"No space left where the workspace lies ({path.parent}). Free some, for example "
            "with `jupyter mltrain gc`, and try again."
        )
    if "readonly" in text or "unable to open" in text or getattr(error, "errno", None) == 30:
        return WorkspaceError(
            f"The workspace {path.parent} cannot be written. Make it writable for you, or choose "
            "another with MLTRAIN_WORKSPACE."
        )
    return WorkspaceError(f"The workspace's database {path} fails: {text}.")
