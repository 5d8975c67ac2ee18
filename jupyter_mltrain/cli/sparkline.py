"""A series of numbers as a line of small bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

_BARS: Final = "▁▂▃▄▅▆▇█"


def of(values: Sequence[float], most: int = 24) -> str:
    """The series from its least to its greatest value, at most so many bars wide.

    Bars of a long series are its values at even distances, the first and the last among them.
    What is not finite is a gap.
    """
    if len(values) > most:
        step = (len(values) - 1) / (most - 1)
        values = [values[round(at * step)] for at in range(most)]
    finite = [value for value in values if math.isfinite(value)]
    if len(values) < 2 or not finite:
        return ""
    low, high = min(finite), max(finite)
    span = high - low
    return "".join(
        _BARS[round((value - low) / span * 7) if span and math.isfinite(span) else 3]
        if math.isfinite(value)
        else " "
        for value in values
    )
