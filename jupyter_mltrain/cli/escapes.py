"""A stream made harmless for a terminal: what a run prints must not act on who looks at it."""

from __future__ import annotations

import re
from typing import Final

_SEQUENCE: Final = re.compile(
    r"(?P<kept>\x1b\[[0-9;:]*m|\x1b\[[0-2]?K)"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b[ -/]*[0-Z\\^-~]"
    r"|[\x00-\x07\x0b-\x0c\x0e-\x1f\x7f-\x9f]"
)
"""Sequences, strings and single controls; `kept` are colours, and erasing what is on the line.

References
----------
ECMA-48, 5th edition, sections 5.2 to 5.6; 8.3.117 SGR, 8.3.41 EL.
"""
_UNFINISHED: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -/]*)\Z")
_LONGEST: Final = 4_096
"""Characters of a sequence that is waited for; a longer one is none."""


class Stripper:
    """Takes text piece by piece, and gives it back without what moves, asks, names or rings.

    Newline, tab, carriage return and backspace stay, so progress bars move as they should.
    """

    def __init__(self) -> None:
        self._pending = ""

    def feed(self, text: str) -> str:
        """The next piece, which may end within a sequence."""
        text = self._pending + text
        self._pending = ""
        if "\x1b" in text[-_LONGEST:]:
            unfinished = _UNFINISHED.search(text, max(0, len(text) - _LONGEST))
            if unfinished is not None:
                self._pending = unfinished[0]
                text = text[: unfinished.start()]
        return _SEQUENCE.sub(lambda found: found["kept"] or "", text)
