"""How a container's run ended: what its first process wrote, or else what the engine saw."""

from __future__ import annotations

import os
import re
import shutil
import signal
import stat
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

import msgspec

from jupyter_mltrain.spec import ExitRecord, Frozen

NAME: Final = "exit.json"
ROOM: Final = 256
"""Bytes that are kept for it, so that a full disk does not prevent it."""

_RAN_OVER: Final = 128
"""A shell's status for a signal is this and the signal's number."""


class Written(Frozen, frozen=True, kw_only=True):
    """What ``container.sh`` writes."""

    code: int
    cause: str = ""
    leftovers: int = 0
    cpu_ns: int = 0
    oom_kills: int = 0


_decode = msgspec.json.Decoder(Written).decode


def read(control: Path, memory_limited: bool) -> ExitRecord | None:
    """The record of a run that has ended; `None` as long as there is none that is whole."""
    try:
        # Whatever the script has put in its place is not followed and not waited for.
        descriptor = os.open(control / NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                return None
            written = _decode(file.read(ROOM))
            at = datetime.fromtimestamp(facts.st_mtime, timezone.utc)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        return None  # not there yet, or not whole: nobody saw how it ended
    return record_of(written, at, memory_limited)


def keep(control: Path, written: Written, at: datetime) -> None:
    """Write down what the engine saw where the run itself wrote nothing.

    In a plain folder and to a plain file: what the script has put in their place may lead to
    anything of the user's.
    """
    if control.is_symlink() or not control.is_dir():
        control.unlink(missing_ok=True)
        control.mkdir()
    path = control / NAME
    new = path.with_suffix(".new")
    for each in (path, new):
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
    new.unlink(missing_ok=True)
    new.write_bytes(msgspec.json.encode(written))
    os.utime(new, (at.timestamp(), at.timestamp()))
    new.replace(path)


def seen(state: dict[str, Any], *, canceled: bool) -> tuple[Written, datetime]:
    """What the engine saw of a container that has ended: its first process's status."""
    written = Written(
        code=int(state.get("ExitCode") or 0),
        cause="cancel" if canceled else "",
        oom_kills=int(bool(state.get("OOMKilled"))),
    )
    return written, _instant(str(state.get("FinishedAt") or ""))


def record_of(written: Written, at: datetime, memory_limited: bool) -> ExitRecord:
    """The same as the service keeps it."""
    signum = written.code - _RAN_OVER
    by_signal = 0 < signum < signal.NSIG
    cause = written.cause or None
    if cause is None and memory_limited and written.oom_kills and written.code:
        cause = "memory"
    never = cause == "start"
    return ExitRecord(
        status=None if by_signal or never else written.code,
        signal=signum if by_signal else None,
        cause=cause,
        message="the image does not have the program that it needs" if never else None,
        oom_killed=bool(written.oom_kills),
        leftovers=written.leftovers,
        cpu_s=written.cpu_ns / 1e9,
        ended_at=at,
    )


def _instant(text: str) -> datetime:
    """An instant as Go writes it, with up to nine digits of a second."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)", text)
    if found is None or text.startswith("0001"):
        return datetime.now(timezone.utc)
    fraction, offset = (found[2] or ".")[:7], found[3].replace("Z", "+00:00")
    return datetime.fromisoformat(f"{found[1]}{fraction:0<7}{offset}")
