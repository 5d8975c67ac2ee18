"""What is encoded in steps is what one step makes of it."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from jupyter_mltrain import wire
from jupyter_mltrain.service import encoding
from jupyter_mltrain.spec import RunFile

_AT = datetime(2026, 3, 1, tzinfo=timezone.utc)


def a_page(count: int) -> wire.FilePage:
    files = (RunFile(name=f"f{n}", size_bytes=n, modified_at=_AT) for n in range(count))
    return wire.FilePage(files=tuple(files), total=count, total_bytes=7)


@pytest.mark.parametrize(
    "value",
    [
        *(a_page(count) for count in (0, 1, 1_000, 1_001, 2_500)),
        wire.MetricsFrame(offset=0, next_offset=1, points=()),
        {},
        {"loss": [float(n) for n in range(3_000)], 'a "b"\n': {"x": [None] * 1_001}, "one": 0.5},
        "text",
    ],
)
def test_the_text_is_the_one_that_is_made_in_one_step(value: object) -> None:
    assert encoding.encode(value) == wire.encode(value)


def test_what_is_dropped_is_empty() -> None:
    column: list[float] = [0.5] * 2_500
    rows = {"column": column, "one": 1.0}
    found: dict[str, object] = {"rows": rows, "list": [1], "text": "x"}
    encoding.drop(found)
    assert (found, rows, column) == ({}, {}, [])
