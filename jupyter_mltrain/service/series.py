"""What a run has logged, as points to draw: read from its journal, thinned where there are many.

The shapes of the journal's records are those of ``_mltrain_run/journal.py``.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import Any, Final

import msgspec

from jupyter_mltrain.store.confined import plain
from jupyter_mltrain.wire import MetricPoint, MetricsFrame

LIMIT: Final = 1_000
"""Most points of one series in one frame."""

_STRETCHES: Final = LIMIT // 2 - 2
"""An even number: they are joined by twos. With the first and the last point, `LIMIT` at most."""

_MOST_POINTS: Final = 50_000
"""Most points of all series together, as long as each can keep its first and last."""

_PIECE_BYTES: Final = 32_768
"""Some 400 records at a time. From 700 on the garbage collector would look again and again through
everything kept so far, 25 ms each time for a million values, in which no other thread gets on."""

_LONGEST_TEXT: Final = 1_000
_LONGEST_BYTES: Final = 1 << 26
"""Of a line. What is longer is given in pieces, none of which is a record."""
_KINDS: Final = frozenset({"metric", "list", "row", "table", "image"})


class _Record(msgspec.Struct):
    """One line of the journal, as far as it is about metrics."""

    k: str
    t: float
    n: str = ""
    v: Any = None
    s: float | None = None
    f: int | None = None


_decode_line = msgspec.json.Decoder(_Record).decode
_decode_any = msgspec.json.Decoder().decode_lines
_decode_lines = msgspec.json.Decoder(_Record).decode_lines


def read(path: Path, offset: int) -> MetricsFrame:
    """Everything that a journal holds from an offset to its last whole line. For a thread.

    Of each series at most `LIMIT` points are left: the first, the last, and the lowest and
    highest of equal stretches in between.

    Parameters
    ----------
    offset
        0, or the `next_offset` of an earlier frame.
    """
    series: dict[tuple[str, str | None], Series] = {}
    at = offset
    for lines in _whole_lines(path, offset):
        at += len(lines)
        for record in _records(lines):
            for point in points_of(record):
                key = (point.name, point.column)
                kept = series.get(key)
                if kept is None:
                    kept = series[key] = Series()
                kept.add(point)
    most = LIMIT
    if sum(len(kept) for kept in series.values()) > _MOST_POINTS:
        most = max(2, _MOST_POINTS // len(series))
    points = [point for kept in series.values() for point in kept.points(most)]
    return MetricsFrame(offset=offset, next_offset=at, points=tuple(points))


def records(path: Path) -> Iterator[dict[str, Any]]:
    """The records about metrics in a journal, as they were written; none when it is not there.

    They come while it is read, since a million of them at once hold up every other thread: the
    garbage collector looks through all of them in one step. For a thread.
    """
    try:
        for lines in _whole_lines(path, 0):
            try:
                found = _decode_any(lines)
            except (msgspec.DecodeError, RecursionError):
                found = [record for line in lines.split(b"\n") for record in _any_record(line)]
            for record in found:
                if isinstance(record, dict) and record.get("k") in _KINDS:
                    yield record
    except OSError:
        return  # there is none, or the script has put something else in its place


def _any_record(line: bytes) -> Iterator[Any]:
    try:
        yield json.loads(line)  # takes more than msgspec: half of a surrogate pair, say
    except (ValueError, RecursionError):
        return


def _whole_lines(path: Path, offset: int) -> Iterator[bytes]:
    """Some lines at a time, up to the last that has its end."""
    rest = bytearray()
    for data in _pieces(path, offset):
        lines, end, torn = data.rpartition(b"\n")
        if end or len(rest) > _LONGEST_BYTES:
            yield bytes(rest) + lines + end
            rest = bytearray()
        rest += torn


def _pieces(path: Path, offset: int) -> Iterator[bytes]:
    with open(path, "rb", buffering=0, opener=plain) as file:
        left = os.fstat(file.fileno()).st_size - file.seek(offset)
        while left > 0 and (data := file.read(min(_PIECE_BYTES, left))):
            left -= len(data)
            yield data


def _records(lines: bytes) -> Iterator[_Record]:
    try:
        found = _decode_lines(lines)
    except (msgspec.DecodeError, RecursionError):
        # A line is torn, by a full disk say, or not ours: it costs that line alone.
        found = [record for line in lines.split(b"\n") for record in _record(line)]
    return (record for record in found if record.k in _KINDS)


def _record(line: bytes) -> Iterator[_Record]:
    try:
        yield _decode_line(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return


def points_of(record: _Record) -> Iterator[MetricPoint]:
    """The points of one record; none when it has another shape than its kind says."""
    value = record.v
    if record.k == "metric":
        yield _point(record, value, None)
    elif record.k == "image":
        if isinstance(value, str):
            yield MetricPoint(name=record.n, text=value, image=True, step=record.s, at=record.t)
    elif record.k == "list":
        for each in value if isinstance(value, list) else ():
            yield _point(record, each, None)
    elif isinstance(value, dict):
        for column, cells in value.items():
            for cell in cells if record.k == "table" and isinstance(cells, list) else (cells,):
                yield _point(record, cell, column)


_NOT_FINITE: Final = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}


def _point(record: _Record, value: Any, column: str | None) -> MetricPoint:
    number: float | None = None
    text: str | None = None
    if isinstance(value, dict) and "$f" in value:
        text = _NOT_FINITE.get(str(value["$f"]), "nan")
    elif record.f and record.k == "metric":
        text = _NOT_FINITE.get(str(value), "nan")
    elif isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            number, text = None, str(number)  # JSON's own numbers are not limited
    elif value is not None:
        text = str(value)[:_LONGEST_TEXT]
    return MetricPoint(
        name=record.n, column=column, value=number, text=text, step=record.s, at=record.t
    )


class _Stretch:
    """Some points in a row: the lowest and the highest of them. What is no number is neither."""

    __slots__ = ("high", "low", "low_first")

    def __init__(self, point: MetricPoint) -> None:
        self.low = self.high = point
        self.low_first = True

    def add(self, point: MetricPoint) -> None:
        if point.value is None:
            return
        if self.low.value is None or self.high.value is None:
            self.low = self.high = point
        elif point.value < self.low.value:
            self.low, self.low_first = point, False
        elif point.value > self.high.value:
            self.high, self.low_first = point, True

    def join(self, other: _Stretch) -> None:
        """Add a stretch that comes right after this one."""
        for point in other.points():
            self.add(point)

    def points(self) -> tuple[MetricPoint, MetricPoint]:
        """In the order in which they came."""
        return (self.low, self.high) if self.low_first else (self.high, self.low)


class Series:
    """The points of one series: all of few, the telling ones of many. Bounded in memory.

    Many are kept as stretches of equal length. When there are too many stretches, each two become
    one.
    """

    def __init__(self) -> None:
        self._few: list[MetricPoint] = []
        self._last: MetricPoint | None = None
        """Of many; the first is the first of `_few` then."""
        self._stretches: list[_Stretch] = []
        self._length = 1
        """Points in each stretch but the last."""
        self._in_last = 1

    def __len__(self) -> int:
        return len(self._few) if self._last is None else 2 * len(self._stretches) + 2

    def add(self, point: MetricPoint) -> None:
        """Add the next point."""
        if self._last is None and len(self._few) < LIMIT:
            self._few.append(point)
            return
        if self._last is None:
            for early in self._few:
                self._add(early)
            del self._few[1:]
        self._add(point)
        self._last = point

    def _add(self, point: MetricPoint) -> None:
        if self._in_last < self._length:
            self._stretches[-1].add(point)
            self._in_last += 1
            return
        if len(self._stretches) == _STRETCHES:
            self._stretches = _halved(self._stretches)
            self._length *= 2
        self._stretches.append(_Stretch(point))
        self._in_last = 1

    def points(self, most: int = LIMIT) -> list[MetricPoint]:
        """At most so many points (two at least), in the order they were added."""
        if len(self) <= most and self._last is None:
            return self._few
        last = self._last or self._few[-1]
        stretches = self._stretches
        if self._last is None:
            stretches = [_Stretch(point) for point in self._few]
        while 2 * len(stretches) + 2 > most:
            stretches = _halved(stretches) if len(stretches) > 1 else []
        chosen = [self._few[0]]
        for point in (*(each for pair in stretches for each in pair.points()), last):
            # By identity: two points of equal values are two.
            if all(point is not known for known in chosen[-2:]):
                chosen.append(point)
        return chosen


def _halved(stretches: list[_Stretch]) -> list[_Stretch]:
    """Join each two; one that is left over stays as it is."""
    joined = [copy(stretch) for stretch in stretches[::2]]
    for one, other in zip(joined, stretches[1::2], strict=False):
        one.join(other)
    return joined
