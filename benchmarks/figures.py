"""A figure, the table of figures, and the file they are kept in."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

_HEADS: Final = ("figure", "bare", "ours", "ratio", "target", "")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measurement, in one unit."""

    name: str
    ours: float
    unit: str
    bare: float | None = None
    """The same done with the bare tool; `None` where there is none."""
    target: float | None = None
    """Most that `ours` may be: as a multiple of `bare` where there is one, else in `unit`."""

    @property
    def ratio(self) -> float | None:
        return self.ours / self.bare if self.bare else None

    @property
    def met(self) -> bool | None:
        """`None` for a figure that only informs."""
        if self.target is None:
            return None
        return (self.ours if self.ratio is None else self.ratio) <= self.target

    def row(self) -> tuple[str, ...]:
        relative = self.bare is not None
        target = "" if self.target is None else f"≤ {self.target:g}"
        return (
            self.name,
            _with_unit(self.bare, self.unit),
            _with_unit(self.ours, self.unit),
            "" if self.ratio is None else f"{self.ratio:.2f}×",
            target and (f"{target}×" if relative else f"{target} {self.unit}"),
            {True: "ok", False: "MISSED", None: ""}[self.met],
        )


def _with_unit(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2
    return f"{value:,.{digits}f} {unit}"


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median_ms(seconds: Iterable[float]) -> float:
    """The median, in milliseconds."""
    return statistics.median(seconds) * 1e3


def table(figures: Sequence[Figure]) -> str:
    """Text with a line for each figure."""
    rows = [_HEADS, *(figure.row() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1], strict=True)]
        lines.append("  ".join((*cells, row[-1])).rstrip())
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines)


def write(figures: Sequence[Figure], path: Path) -> None:
    """Keep the figures as JSON, with what they were measured on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {
        "at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "load_average": os.getloadavg(),
        "figures": [{**asdict(f), "ratio": f.ratio, "met": f.met} for f in figures],
    }
    path.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
