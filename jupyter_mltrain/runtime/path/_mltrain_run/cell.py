"""Runs a `%%train` cell or a notebook, in the working copy.

``python …/_mltrain_run/cell.py cell.py ARGS…`` or ``… cell.py notebook.ipynb --name value …``.
"""

import os
import sys
from importlib import import_module


def _leave_the_path(script: str) -> None:
    """Put the cell's folder where Python put this file's: none of ours may shadow a module.

    A notebook's own modules are its kernel's alone: what executes it must not find them.
    """
    here = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0]) == here:
        sys.path[:1] = [] if _is_notebook(script) else [os.path.dirname(os.path.abspath(script))]
    home = os.path.dirname(here)
    if home not in sys.path:  # the run's environment set a PYTHONPATH of its own
        sys.path.append(home)


def _is_notebook(script: str) -> bool:
    return script.endswith(".ipynb")


if __name__ == "__main__":
    _leave_the_path(sys.argv[1])
    module = "notebook" if _is_notebook(sys.argv[1]) else "execution"
    import_module("_mltrain_run." + module).main(sys.argv[1:])
