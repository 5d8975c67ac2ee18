"""Runs a `%%train` cell: ``python …/_mltrain_run/cell.py cell.py ARGS…``, in the working copy."""

import os
import sys
from importlib import import_module


def _leave_the_path() -> None:
    """Put the cell's folder where Python put this file's: none of ours may shadow a module."""
    here = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0]) == here:
        sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[1]))
    home = os.path.dirname(here)
    if home not in sys.path:  # the run's environment set a PYTHONPATH of its own
        sys.path.append(home)


if __name__ == "__main__":
    _leave_the_path()
    import_module("_mltrain_run.execution").main(sys.argv[1:])
