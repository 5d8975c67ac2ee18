"""The database's schema, one numbered step after another; a step once released never changes."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from jupyter_mltrain.errors import WorkspaceError

STEPS: Final[tuple[str, ...]] = (
    """
    CREATE TABLE runs (
        number     INTEGER PRIMARY KEY AUTOINCREMENT,
        id         TEXT    NOT NULL UNIQUE,
        request_id TEXT    UNIQUE,
        experiment TEXT    NOT NULL,
        name       TEXT,
        compute    TEXT    NOT NULL,
        state      TEXT    NOT NULL,
        final      INTEGER NOT NULL DEFAULT 0,
        parent_id  TEXT,
        created_at REAL    NOT NULL,
        ended_at   REAL,
        version    INTEGER NOT NULL,
        handle     TEXT,
        journal    INTEGER NOT NULL DEFAULT 0,
        record     BLOB    NOT NULL
    );
    CREATE INDEX runs_active     ON runs (number) WHERE final = 0;
    CREATE INDEX runs_experiment ON runs (experiment, number);
    CREATE INDEX runs_state      ON runs (state, number);
    CREATE INDEX runs_parent     ON runs (parent_id, number);
    CREATE TABLE tags (
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        key    TEXT NOT NULL,
        value  TEXT,
        PRIMARY KEY (run_id, key)
    ) WITHOUT ROWID;
    CREATE INDEX tags_key ON tags (key, value);
    CREATE TABLE events (
        seq    INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        state  TEXT    NOT NULL,
        reason TEXT    NOT NULL,
        at     REAL    NOT NULL
    );
    CREATE INDEX events_run ON events (run_id, seq);
    """,
    """
    ALTER TABLE runs ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
    UPDATE runs SET changed = number;
    CREATE UNIQUE INDEX runs_changed ON runs (changed);
    DROP INDEX runs_parent;
    DROP INDEX runs_state;
    CREATE INDEX runs_listed ON runs (parent_id, number, name, experiment, compute, state, id);
    CREATE INDEX runs_name ON runs (name, number) WHERE name IS NOT NULL;
    CREATE TABLE deletions (
        seq    INTEGER PRIMARY KEY,
        run_id TEXT    NOT NULL
    );
    CREATE TABLE feed (
        epoch     TEXT    NOT NULL,
        boot      TEXT    NOT NULL,
        forgotten INTEGER NOT NULL
    );
    INSERT INTO feed VALUES (lower(hex(randomblob(6))), '', 0);
    """,
    """
    CREATE TABLE environments (
        name          TEXT    NOT NULL,
        version       INTEGER NOT NULL,
        registered_at REAL    NOT NULL,
        spec          BLOB    NOT NULL,
        PRIMARY KEY (name, version)
    ) WITHOUT ROWID;
    CREATE TABLE computes (
        name        TEXT PRIMARY KEY,
        attached_at REAL NOT NULL,
        record      BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE builds (
        number     INTEGER PRIMARY KEY AUTOINCREMENT,
        id         TEXT    NOT NULL UNIQUE,
        definition TEXT    NOT NULL,
        hash       TEXT    NOT NULL,
        compute    TEXT    NOT NULL,
        name       TEXT    NOT NULL,
        version    TEXT,
        state      TEXT    NOT NULL,
        record     BLOB    NOT NULL,
        identity   TEXT    NOT NULL DEFAULT '',
        lock       TEXT
    );
    CREATE INDEX builds_hash       ON builds (hash, compute, number);
    CREATE INDEX builds_definition ON builds (definition, compute, number);
    CREATE INDEX builds_name       ON builds (name, version, number);
    CREATE INDEX builds_state      ON builds (state, number);
    CREATE TABLE resolutions (
        definition  TEXT NOT NULL,
        compute     TEXT NOT NULL,
        identity    TEXT NOT NULL,
        resolved_at REAL NOT NULL,
        PRIMARY KEY (definition, compute)
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE datastores (
        name   TEXT PRIMARY KEY,
        record BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE datasets (
        name    TEXT    NOT NULL,
        version INTEGER NOT NULL,
        id      TEXT    NOT NULL UNIQUE,
        record  BLOB    NOT NULL,
        PRIMARY KEY (name, version)
    ) WITHOUT ROWID;
    CREATE TABLE models (
        name       TEXT    NOT NULL,
        version    INTEGER NOT NULL,
        request_id TEXT    UNIQUE,
        run_id     TEXT,
        created_at REAL    NOT NULL,
        record     BLOB    NOT NULL,
        PRIMARY KEY (name, version)
    ) WITHOUT ROWID;
    CREATE INDEX models_run ON models (run_id);
    CREATE TABLE clusters (
        name       TEXT PRIMARY KEY,
        created_at REAL NOT NULL,
        record     BLOB NOT NULL
    ) WITHOUT ROWID;
    """,
)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the schema up to date, each step in a transaction of its own.

    Raises
    ------
    WorkspaceError
        The database was written by a newer version; it is left untouched.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(STEPS):
        raise WorkspaceError(
            f"The workspace's database {path} was written by a newer jupyter_mltrain "
            f"(schema {version}, this one knows {len(STEPS)}). Upgrade jupyter_mltrain here."
        )
    for number in range(version, len(STEPS)):
        connection.executescript(
            f"BEGIN; {STEPS[number]}; PRAGMA user_version = {number + 1}; COMMIT;"
        )
