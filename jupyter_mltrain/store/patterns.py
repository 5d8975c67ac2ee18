"""One line of an ignore file -> a regular expression, as git understands the line.

References
----------
gitignore(5), "PATTERN FORMAT"; details as in git's `wildmatch.c` with `WM_PATHNAME`.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Pattern(NamedTuple):
    """A line that says something; blank lines, comments and broken patterns say nothing."""

    regex: str
    """Matches a whole path, or a whole base name when `anchored` is false. No groups."""
    anchored: bool
    """The pattern is about the path from the root, not about a name at any depth."""
    negated: bool
    dir_only: bool
    literal_name: bool
    """Its last part has no wildcard: it names one thing."""


def parse(line: str) -> Pattern | None:
    """Parse one line without its newline; `None` when it matches nothing."""
    line = _without_trailing_spaces(line)
    if not line or line.startswith("#"):
        return None
    negated = line.startswith("!")
    core = line[1:] if negated else line
    dir_only = core.endswith("/")
    core = core[:-1] if dir_only else core
    anchored = "/" in core
    core = core[1:] if core.startswith("/") else core
    if not core:
        return None
    regex = _translate(core, anchored)
    if regex is None:
        return None
    literal_name = not re.search(r"[*?\[\\]", core.rpartition("/")[2])
    return Pattern(regex, anchored, negated, dir_only, literal_name)


def _without_trailing_spaces(line: str) -> str:
    r"""Drop trailing spaces, but not one that is escaped as ``\ ``."""
    kept = line.rstrip(" ")
    backslashes = len(kept) - len(kept.rstrip("\\"))
    return kept + " " if backslashes % 2 and len(kept) < len(line) else kept


def _translate(core: str, anchored: bool) -> str | None:
    out: list[str] = []
    at, end = 0, len(core)
    while at < end:
        char = core[at]
        if char == "*":
            after = at
            while after < end and core[after] == "*":
                after += 1
            alone = (at == 0 or core[at - 1] == "/") and (after == end or core[after] == "/")
            if anchored and after - at > 1 and alone:
                out.append(".+" if after == end else "(?:.*/)?")
                after += 1  # the slash is in the expression already
            else:
                out.append("[^/]*")
            at = after
        elif char == "?":
            out.append("[^/]")
            at += 1
        elif char == "[":
            found = _bracket(core, at + 1)
            if found is None:
                return None
            part, at = found
            out.append(part)
        elif char == "\\":
            if at + 1 == end:
                return None
            out.append(re.escape(core[at + 1]))
            at += 2
        else:
            out.append(re.escape(char))
            at += 1
    return "".join(out)


_CLASSES: Final = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "space": r" \t\n\r\f\v",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}


def _bracket(core: str, at: int) -> tuple[str, int] | None:
    """Translate what follows a ``[``; returns it and where it ends, or `None` if broken."""
    end = len(core)
    negated = at < end and core[at] in "!^"
    at += negated
    parts: list[str] = []
    previous: str | None = None
    first = True
    while True:
        if at >= end:
            return None
        char = core[at]
        if char == "]" and not first:
            break
        first = False
        if char == "-" and previous is not None and at + 1 < end and core[at + 1] != "]":
            at += 1
            high = core[at]
            if high == "\\":
                at += 1
                if at >= end:
                    return None
                high = core[at]
            # A range from high to low matches nothing, and its start was added before.
            if previous <= high:
                parts.append(f"{re.escape(previous)}-{re.escape(high)}")
            previous = None
        elif char == "[" and at + 1 < end and core[at + 1] == ":":
            close = core.find("]", at + 2)
            if close < 0:
                return None
            if close - 1 > at + 1 and core[close - 1] == ":":
                name = _CLASSES.get(core[at + 2 : close - 1])
                if name is None:
                    return None
                parts.append(name)
                at, previous = close, None
            else:
                parts.append(r"\[")
                previous = "["
        else:
            if char == "\\":
                at += 1
                if at >= end:
                    return None
                char = core[at]
            parts.append(re.escape(char))
            previous = char
        at += 1
    inside = "".join(parts)
    if negated:
        return f"[^/{inside}]", at + 1
    return f"(?!/)[{inside}]", at + 1
