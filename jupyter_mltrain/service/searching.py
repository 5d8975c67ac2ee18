"""Finds text, or the next line that looks like an error, in a file of any length.

Read in pieces that overlap, each step short: the search runs in a thread, and while one step
holds the interpreter nothing else gets on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from jupyter_mltrain.errors import InvalidSpec

_PIECE_BYTES: Final = 262_144
_LONGEST_BYTES: Final = 1_000
"""Longest text that can be searched for."""

_AROUND_BYTES: Final = 400
"""How much of a long line is looked at, on both sides of what may be an error."""


class Match(NamedTuple):
    """Where something was found, in bytes."""

    offset: int
    size: int


class GivenUp(Exception):
    """Nobody waits for the answer any more."""


class _Piece(NamedTuple):
    """Part of a file, with some of what lies around it."""

    data: bytes
    begin: int
    """Where in the file `data` begins."""
    low: int
    high: int
    """In `data`: something may be found from `low` up to, not including, `high`."""


class Search:
    """One search in one open file.

    Parameters
    ----------
    wanted
        Asked between pieces whether anybody still waits; `GivenUp` is raised when not.
    """

    def __init__(self, descriptor: int, wanted: Callable[[], bool] = lambda: True) -> None:
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size
        self._wanted = wanted

    def text(
        self, text: bytes, start: int | None = None, *, backwards: bool = False
    ) -> Match | None:
        """Find text; letters of ASCII match whatever their case.

        Parameters
        ----------
        start
            Forwards: the first match that begins here or later, by default from the beginning.
            Backwards: the last one that begins before, by default from the end.
        """
        if not text or len(text) > _LONGEST_BYTES:
            raise InvalidSpec(
                f"A text to search for has 1 to {_LONGEST_BYTES} bytes, not {len(text)}."
            )
        needle, size = text.lower(), len(text)
        has_letters = needle != text.upper()
        for piece in self._pieces(start, size - 1, 0, backwards=backwards):
            data = piece.data.lower() if has_letters else piece.data
            high = piece.high - 1 + size
            # From the end, whatever the direction: `rfind` is twice as fast as `find`.
            at = data.rfind(needle, piece.low, high)
            if at >= 0:
                at = at if backwards else data.find(needle, piece.low, high)
                return Match(piece.begin + at, size)
        return None

    def error(self, start: int | None = None, *, backwards: bool = False) -> Match | None:
        """Find what looks like an error: see `error_in`."""
        around = 2 * _AROUND_BYTES
        for piece in self._pieces(start, around, around, backwards=backwards):
            found = _error(piece, start or 0, backwards=backwards)
            if found is not None:
                return found
        return None

    def line_start(self, offset: int) -> int:
        """Where the line begins that a byte is in."""
        while offset > 0:
            begin = max(0, offset - _PIECE_BYTES)
            at = self._read(begin, offset).rfind(b"\n")
            if at >= 0:
                return begin + at + 1
            offset = begin
        return 0

    def _pieces(
        self, start: int | None, after: int, before: int, *, backwards: bool
    ) -> Iterator[_Piece]:
        """Piece after piece, each with so many bytes of what lies after and before it."""
        at = self._size if backwards else 0
        if start is not None:
            at = min(max(start, 0), self._size)
        while at > 0 if backwards else at < self._size:
            low = max(0, at - _PIECE_BYTES) if backwards else at
            high = at if backwards else min(self._size, at + _PIECE_BYTES)
            begin = max(0, low - before)
            data = self._read(begin, high + after)
            yield _Piece(data, begin, low - begin, high - begin)
            at = low if backwards else high

    def _read(self, begin: int, end: int) -> bytes:
        if not self._wanted():
            raise GivenUp
        return os.pread(self._descriptor, min(end, self._size) - begin, begin)


_ANSI: Final = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")

_BLANK: Final = rb"[^\S\r\n]*"
_LINE_END: Final = rb"(?:[\r\n]|\Z)"

_VALUE: Final = (
    _BLANK
    + rb"[-+]?(?:"
    + rb"(?:\d+\.\d*|\.\d+|\d+(?=e[-+]?\d|%))(?:e[-+]?\d+)?%?(?![\w.])"
    + (rb"|(?:\d+|nan|inf)" + _BLANK + rb"(?:" + _LINE_END)
    + (rb"|[,;|()\[\]/]|[^\S\r\n]\w+" + _BLANK + rb"[:=]))")
)
"""``error: 0.12 loss: 0.3`` is a metric, ``Error: 404 Not Found`` is none."""

_NO_VALUE: Final = rb"(?!" + _VALUE + rb")"

_ERRORS: Final = re.compile(
    b"|".join(
        (
            rb"Traceback \(most recent call last\)",
            # The last line of a traceback: torch.OutOfMemoryError: CUDA out of memory.
            rb"(?<![\w.])(?:[A-Za-z_]\w*\.)*\w*(?:Error|Exception):(?=\s|$)" + _NO_VALUE,
            # A name alone, which pytest sets off by an E.
            rb"\AE?\s*(?:[A-Za-z_]\w*\.)*\w+(?:Error|Exception)\s*\Z",
            # Compilers, shells, tools: train.c:3:5: error: expected ';'
            rb"(?<![\w/.-])error:(?=\s)" + _NO_VALUE,
            # Levels of loggers: ERROR:root:it failed, [ERROR] it failed, {"level": "ERROR"}
            rb"(?<![\w=.'\"-])(?:ERROR|FATAL|CRITICAL)(?![\w='\"(-]|\s+RATE|\s*[:=]"
            + _VALUE
            + b")",
            rb"\"(?:level|levelname|severity)\":\s*\"(?:ERROR|FATAL|CRITICAL)\"",
            rb"(?<!\w)(?:CUDA )?[Oo]ut of memory",
        )
    )
)

_DENIED: Final = re.compile(rb"(?:\A|\W)(?:0|no|not an?|without|level)\s*[:=]?\s*\Z", re.IGNORECASE)
"""What stands before: ``0 ERROR``, ``no error: ``, ``log level: ERROR``."""

_HINTS: Final = (
    # Patterns that begin with a literal are the fast ones, so what stands before is asked after.
    (b"Traceback (", re.compile(rb"Traceback \(")),
    (
        b"E",
        re.compile(
            rb"E(?:RROR|(?:rror|xception)(?::(?=[\s\x1b]|\Z)"
            + (_NO_VALUE + rb"|(?=" + _BLANK + rb"(?:\x1b|" + _LINE_END + rb"))))")
        ),
    ),
    (b"L", re.compile(rb"AL(?:(?<=FATAL)|(?<=CRITICAL))")),
    # The letters that may stand before end an escape sequence, such as those of colours.
    (
        b"error:",
        re.compile(rb"error:(?<![a-gi-kn-z0-9_/.-]error:)(?=[\s\x1b]|\Z)" + _NO_VALUE),
    ),
    (b"ut of memory", re.compile(rb"ut of memory")),
)
"""What every error has in it, after something that is soon found missing where it is.

Only where one is found is the line looked at, which takes a hundred times as long; so they have
to leave out what many lines of a log have, such as ``val_error: 0.12``.
"""


def error_in(line: bytes, at: int = 0) -> Match | None:
    """The beginning of an error that holds or follows a place in a line, if it looks like one.

    A traceback, the name of an exception with its message, a line of a compiler or a shell, a
    record of a logger at ERROR or above, memory that is used up. Values named error, such as
    ``val error: 0.12``, ``0 errors`` and ``no error`` are none.
    """
    plain = _ANSI.sub(lambda code: b" " * len(code[0]), line)
    for found in _ERRORS.finditer(plain):
        if found.end() > at and not _DENIED.search(plain, 0, found.start()):
            return Match(found.start(), found.end() - found.start())
    return None


def _error(piece: _Piece, start: int, *, backwards: bool) -> Match | None:
    best: Match | None = None
    high = piece.high
    for part, hint in _HINTS:
        places = _places(piece.data, part, hint, piece.low, high)
        for place in reversed(list(places)) if backwards else places:
            found = _looked_at(piece, place)
            if found is None or not (backwards or found.offset >= start):
                continue
            if best is None or (found.offset > best.offset) == backwards:
                best = found
            if not backwards:
                high = min(high, place)
            break
    return best


def _looked_at(piece: _Piece, place: int) -> Match | None:
    """The error that a hint is part of; what is far from it in its line is left out."""
    low, high = max(0, place - _AROUND_BYTES), place + _AROUND_BYTES
    data = piece.data
    begin = max(low, data.rfind(b"\n", low, place) + 1, data.rfind(b"\r", low, place) + 1)
    ends = [at for at in (data.find(b"\n", place, high), data.find(b"\r", place, high)) if at >= 0]
    found = error_in(data[begin : min(ends, default=high)], place - begin)
    if found is None or found.offset > place - begin:
        return None  # another hint leads to it
    return Match(piece.begin + begin + found.offset, found.size)


def _places(
    data: bytes, part: bytes, hint: re.Pattern[bytes], low: int, high: int
) -> Iterator[int]:
    end = min(len(data), high + _AROUND_BYTES)
    if data.rfind(part, low, end) < 0:  # twice as fast as `find`
        return
    for found in hint.finditer(data, low, end):
        if found.start() >= high:
            return
        yield found.start()
