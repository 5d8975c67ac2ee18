"""``python -m benchmarks [subject …]``: measure, print the table, keep it as JSON."""

from __future__ import annotations

import argparse
import importlib
import sys
import traceback
from pathlib import Path
from typing import Final

from benchmarks import figures, place

_SUBJECTS: Final = ("latency", "throughput", "footprint", "logs", "snapshots")
"""Those that write and delete much come last; see `place.disk`."""
_KEPT: Final = Path(__file__).parents[1] / "build" / "benchmarks.json"


def main(arguments: list[str]) -> int:
    """Measure the subjects; returns 0, whatever the figures are."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="subject", help=", ".join(_SUBJECTS))
    subjects = parser.parse_args(arguments).subjects or _SUBJECTS
    unknown = sorted(set(subjects) - set(_SUBJECTS))
    if unknown:
        parser.error(f"no subject {unknown[0]!r}; there is {', '.join(_SUBJECTS)}")
    place.clear()
    measured: list[figures.Figure] = []
    with place.disk():
        for subject in subjects:
            print(f"{subject} …", file=sys.stderr, flush=True)
            try:
                measured += importlib.import_module(f"benchmarks.{subject}").measure()
            except Exception:
                # The other subjects still inform.
                traceback.print_exc()
                print(f"{subject} could not be measured.", file=sys.stderr)
    print(figures.table(measured))
    figures.write(measured, _KEPT)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
