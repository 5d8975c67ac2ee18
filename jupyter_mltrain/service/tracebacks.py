"""The exception that ended a script, found in the end of its output."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_FAR_LINES: Final = 30
"""An exception with more lines than this after it is not what ended the script."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Raised:
    """An exception as a traceback shows it."""

    kind: str
    """Class name without its module."""
    message: str
    """First line."""
    where: str
    """`` (train.py line 3)``, or empty when no frame is in the user's files."""
    lines_after: int


_ESCAPES: Final = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*\x1b\\|.)?"
)
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_HEADER: Final = re.compile(r"(?:Exception Group )?Traceback \(most recent call last\):")
_FRAME: Final = re.compile(r'  File "(.+)", line (\d+)(?:, in .+)?')
_RAISED: Final = re.compile(r"([A-Za-z_][\w.<>]*)(?:: ?(.*))?")
_USUAL: Final = re.compile(r"(?:Error|Exception|Exit|Group|Interrupt|Warning)\Z")
_INNER: Final = re.compile(r"    \| ([A-Za-z_][\w.<>]*(?:: .*)?)")
_CHAINED: Final = (
    "During handling of the above exception, another",
    "The above exception was the direct cause",
)
_ASIDE: Final = ("Exception ignored", "Exception in thread", "--- Logging error", "Error in atexit")
"""What stands before tracebacks of exceptions that do not end a script."""


def lines_of(tail: str) -> list[str]:
    """The lines of an output, without terminal escapes and other controls."""
    text = _CONTROLS.sub("", _ESCAPES.sub("", tail.replace("\r\n", "\n").replace("\r", "\n")))
    # torchrun names the rank before every line; groups of exceptions are drawn with bars.
    return [re.sub(r"^(?:\[rank\d+\]: ?)?(?:  [|+] )?", "", line) for line in text.split("\n")]


def last_raised(lines: list[str], script: str, cell: bool) -> Raised | None:
    """Find the last exception that can have ended the script, else the last of any."""
    main: Raised | None = None
    other: Raised | None = None
    aside, at = False, 0
    while at < len(lines):
        header = _HEADER.fullmatch(lines[at]) is not None
        if not header and not _FRAME.fullmatch(lines[at]):
            at += 1
            continue
        before = next((line for line in reversed(lines[:at]) if line.strip()), "")
        if not before.startswith(_CHAINED):
            aside = before.startswith(_ASIDE)
        at += header
        frames: list[tuple[str, int]] = []
        while at < len(lines) and lines[at].startswith(" "):
            frame = _FRAME.fullmatch(lines[at])
            frames += [(frame[1], int(frame[2]))] if frame else []
            at += 1
        raised = _raised(lines, at, script, cell, frames) if at < len(lines) else None
        if raised is not None and (header or _USUAL.search(raised.kind)):
            main, other = (main, raised) if aside else (raised, other)
    found = main or other
    return found if found is not None and found.lines_after <= _FAR_LINES else None


def _raised(
    lines: list[str], at: int, script: str, cell: bool, frames: list[tuple[str, int]]
) -> Raised | None:
    """Read the line below the frames, and what comes after it."""
    found = _RAISED.fullmatch(lines[at])
    if found is None:
        return None
    after = [line for line in lines[at + 1 :] if line.strip()]
    kind, message = found[1].rpartition(".")[2], (found[2] or "").strip()
    if not message and lines[at].rstrip().endswith(":") and after:
        message = after[0].strip()
    if kind.endswith("ExceptionGroup"):
        first = next(filter(None, map(_INNER.fullmatch, after)), None)
        message += f", first {first[1]}" if first else ""
        after = [line for line in after if not line.lstrip().startswith(("|", "+"))]
    return Raised(
        kind=kind, message=message, where=_where(frames, script, cell), lines_after=len(after)
    )


def _where(frames: list[tuple[str, int]], script: str, cell: bool) -> str:
    """The innermost frame in the files of the run, whose folder the script's own frame shows."""
    own = [
        (path, line)
        for path, line in frames
        if not path.startswith("<")
        and not re.search(
            r"/(?:site-packages|dist-packages|_mltrain_run|lib/python\d[.\d]*)/", path
        )
    ]
    roots = [path[: -len(script)] for path, _ in own if f"/{path}".endswith(f"/{script}")]
    for path, line in reversed(own):
        if roots and path.startswith(roots[0]):
            name = path[len(roots[0]) :]
        elif not path.startswith("/"):
            name = path
        else:
            continue
        return f" ({'cell' if cell and name == script else name} line {line})"
    return ""
