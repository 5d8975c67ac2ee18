"""How lengths of time, sizes, counts and lists read, wherever a sentence has one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_UNITS: Final = ("kB", "MB", "GB", "TB")


def duration(seconds: float) -> str:
    """A length of time: ``0:12``, ``1:03:20``."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(count: int) -> str:
    """A number of bytes, in powers of 1000: ``812 bytes``, ``12 kB``, ``1.4 GB``."""
    if count < 1_000:
        return plural(count, "byte")
    value = float(count)
    for unit in _UNITS:
        value /= 1_000
        if value < 9.95:
            return f"{value:.1f}".removesuffix(".0") + f" {unit}"
        if value < 999.5:
            return f"{value:.0f} {unit}"
    return f"{value:.0f} TB"


def asked_size(count: int) -> str:
    """An amount of memory as it was asked for: ``4GB`` is read in powers of 1024, and so said."""
    for power, unit in reversed(tuple(enumerate(_UNITS, 1))):
        if count % 1024**power == 0 and 1024**power <= count < 10_000 * 1024**power:
            return f"{count // 1024**power} {unit}"
    return size(count)


def listed(words: Sequence[str], last: str = "and") -> str:
    """Words in a sentence: ``a``, ``a and b``, ``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def plural(count: int, noun: str) -> str:
    """A count with its noun: ``1 CPU``, ``2 CPUs``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
