"""``python -m benchmarks [subject …]``: measure, print the table, keep it as JSON."""

from __future__ import annotations

import argparse
import importlib
import sys
import traceback
from pathlib import Path
from typing import Final

from benchmarks import figures, place

_PAGE: Final = ("page-start", "page-sidebar", "page-latency", "page-log", "page-memory")
_SUBJECTS: Final = (
    "latency",
    "throughput",
    "footprint",
    *_PAGE,
    "environments",
    "images",
    "docker",
    "metrics",
    "logs",
    "snapshots",
)
"""Those that write and delete much come last; see `place.disk`."""
_LONG: Final = ("page-memory",)
"""Those that have a shorter form."""
_KEPT: Final = Path(__file__).parents[1] / "build" / "benchmarks.json"


def main(arguments: list[str]) -> int:
    """Measure the subjects; returns 0, whatever the figures are."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "subjects", nargs="*", metavar="subject", help=f"page, {', '.join(_SUBJECTS)}"
    )
    parser.add_argument(
        "--quick", action="store_true", help=f"the shorter form of {', '.join(_LONG)}"
    )
    options = parser.parse_args(arguments)
    chosen = options.subjects or _SUBJECTS
    subjects = [each for name in chosen for each in (_PAGE if name == "page" else (name,))]
    unknown = sorted(set(subjects) - set(_SUBJECTS))
    if unknown:
        parser.error(f"no subject {unknown[0]!r}; there is page, {', '.join(_SUBJECTS)}")
    place.clear()
    measured: list[figures.Figure] = []
    with place.disk():
        for subject in subjects:
            print(f"{subject} …", file=sys.stderr, flush=True)
            try:
                module = importlib.import_module(f"benchmarks.{subject.replace('-', '.')}")
                short = options.quick and subject in _LONG
                measured += module.measure(quick=True) if short else module.measure()
            except Exception:
                # The other subjects still inform.
                traceback.print_exc()
                print(f"{subject} could not be measured.", file=sys.stderr)
    print(figures.table(measured))
    figures.write(measured, _KEPT)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
