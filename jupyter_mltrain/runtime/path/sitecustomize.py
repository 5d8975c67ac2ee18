"""Runs at the start of every Python inside a run: live output, and the names a script may import.

It costs a fraction of a millisecond: it imports nothing that is not loaded already, and whatever
can wait for the first use waits. The next `sitecustomize` on the path is run after it.
"""

import os
import sys
from _frozen_importlib import module_from_spec
from _frozen_importlib_external import PathFinder

TYPE_CHECKING = False  # what type checkers take for true; typing is slow to import
if TYPE_CHECKING:
    from typing import Any


class _Names:
    """The last finder asked: what is installed wins."""

    @staticmethod
    def find_spec(name: str, path: "Any" = None, target: "Any" = None) -> "Any":
        if name.partition(".")[0] not in ("azureml", "jupyter_mltrain"):
            return None
        return __import__("_mltrain_run.offers").offers.find_spec(name)


def _show_lines_at_once(name: str) -> None:
    """Write a standard stream line by line; without it output appears when a run ends."""
    stream = getattr(sys, name)
    try:
        if stream.line_buffering:
            return
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(line_buffering=True)
            return
        # Python 3.6 can't change a stream, so a new one takes over its buffer.
        encoding, errors = stream.encoding, stream.errors
        kind = type(stream)
        renewed = kind(stream.detach(), encoding, errors, line_buffering=True)
        renewed.mode = "w"
        setattr(sys, name, renewed)
        setattr(sys, "__" + name + "__", renewed)
    except (AttributeError, ValueError, OSError):
        pass  # no stream, a closed one, or another object in its place: theirs to keep


def _run_the_next_one() -> None:
    """Run the `sitecustomize` that this one hides; its errors go to `site`, as they would."""
    here = os.path.dirname(os.path.abspath(__file__))
    rest = sys.path[sys.path.index(here) + 1 :] if here in sys.path else sys.path
    spec = PathFinder.find_spec("sitecustomize", rest)
    if spec is None or spec.loader is None or spec.origin == __file__:
        return
    module = module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


if os.environ.get("MLTRAIN_RUN_DIR"):
    _show_lines_at_once("stdout")
    _show_lines_at_once("stderr")
    sys.meta_path.append(_Names)
_run_the_next_one()
