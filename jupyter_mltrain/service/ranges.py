"""Which bytes of a file a request asks for: HTTP's `Range`, `If-Range` and `ETag`.

References
----------
RFC 9110, sections 8.8.3 (ETag), 13.1.5 (If-Range) and 14 (Range).
"""

from __future__ import annotations

import os
import re
from typing import Final, NamedTuple

_RANGE: Final = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*\Z", re.ASCII | re.IGNORECASE)


class Part(NamedTuple):
    """Bytes from `start` up to, not including, `end`."""

    start: int
    end: int


class Unsatisfiable(Exception):
    """The range begins after the end, or is empty."""


def asked(header: str | None, if_range: str | None, etag: str, size: int) -> Part | None:
    """The part that is asked for; `None` when all of it has to be sent.

    A range that is malformed, in another unit or several at once is answered with the whole, as
    is one of a content that has changed since the client got the rest.

    Raises
    ------
    Unsatisfiable
        Nothing of the range is there.
    """
    found = _RANGE.match(header or "")
    if found is None or (if_range is not None and if_range.strip() != etag):
        return None
    first, last = found[1], found[2]
    if first:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    elif last:
        start, end = max(0, size - int(last)), size
    else:
        return None
    if start >= end:
        raise Unsatisfiable
    return Part(start, end)


def etag_of(info: os.stat_result) -> str:
    """An ETag that changes with every write to a file that its time of change shows."""
    return f'"{info.st_ino:x}-{info.st_size:x}-{info.st_mtime_ns:x}"'
