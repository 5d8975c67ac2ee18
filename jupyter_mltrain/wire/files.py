"""A run's files, what was shipped with it, and what its script asks for."""

from __future__ import annotations

from datetime import datetime

from jupyter_mltrain.spec import Frozen, RunFile


class FilePage(Frozen, frozen=True, kw_only=True):
    """`GET /v1/runs/<id>/files`: ordered by name."""

    files: tuple[RunFile, ...]
    total: int = 0
    """How many there are, on this page or not."""
    total_bytes: int = 0
    next_after: str | None = None
    """Pass as `after` for the next page; `None` after the last."""


class FolderEntry(Frozen, frozen=True, kw_only=True):
    """A file or a folder of a run, as one level of a tree shows it."""

    name: str
    """Last part of the path."""
    path: str
    """From the run's files on, as in ``outputs/plots``."""
    is_folder: bool
    size_bytes: int | None = None
    """Of a file; `None` for a folder."""
    modified_at: datetime | None = None


class FolderPage(Frozen, frozen=True, kw_only=True):
    """`GET /v1/runs/<id>/folder`: one level, folders first, then by name."""

    entries: tuple[FolderEntry, ...]
    total: int
    next_after: str | None = None
    """Pass as `after` for the next page; `None` after the last."""


class SnapshotFile(Frozen, frozen=True, kw_only=True):
    """One file that was shipped with a run."""

    name: str
    size_bytes: int


class SnapshotPage(Frozen, frozen=True, kw_only=True):
    """`GET /v1/runs/<id>/snapshot`: what was shipped, ordered by name."""

    files: tuple[SnapshotFile, ...]
    total: int
    total_bytes: int
    next_after: str | None = None


class LogMatch(Frozen, frozen=True, kw_only=True):
    """`GET /v1/runs/<id>/search`: where the next match is; all `None` when there is none."""

    offset: int | None = None
    """Of the first byte of the match."""
    size_bytes: int | None = None
    line_offset: int | None = None
    """Of the first byte of the line that it is in."""


class ArgumentsRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/arguments`: a script or notebook in a folder, or its text."""

    directory: str | None = None
    script: str | None = None
    text: str | None = None


class ArgumentChoice(Frozen, frozen=True, kw_only=True):
    """One argument of a script, as its argparse defines it."""

    name: str
    """``--rate``, or ``data`` for a positional one."""
    positional: bool
    required: bool
    type: str
    """"int", "float", "text" or "flag"."""
    default: str | None = None
    choices: tuple[str, ...] = ()
    help: str | None = None
    repeated: bool = False
    """Takes several values."""


class ScriptArguments(Frozen, frozen=True, kw_only=True):
    """`POST /v1/arguments`: what a script asks for; empty when it uses no argparse, or several."""

    arguments: tuple[ArgumentChoice, ...]


class Preview(Frozen, frozen=True, kw_only=True):
    """`POST /v1/preview`: what a submit would ship, and what the checks say. Nothing is changed."""

    files: tuple[SnapshotFile, ...]
    """The largest first, at most 100."""
    total: int
    total_bytes: int
    ignored: tuple[str, ...] = ()
    """Paths that are left out, at most 100; a folder stands for all in it."""
    ignored_total: int = 0
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    """Why a submit would be refused."""
