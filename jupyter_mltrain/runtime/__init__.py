"""What travels into a run: standard library only, valid from Python 3.6.

The folder `path` is what a run gets on its `PYTHONPATH`, and all that it gets. This module lets
the installed package use the same code, under the same names, so that a process never holds two
copies of a class::

    from jupyter_mltrain.runtime import metrics
    metrics.aggregate(records)
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jupyter_mltrain.runtime.path._mltrain_run import context as context
    from jupyter_mltrain.runtime.path._mltrain_run import errors as errors
    from jupyter_mltrain.runtime.path._mltrain_run import metrics as metrics
    from jupyter_mltrain.runtime.path._mltrain_run import parameters as parameters
    from jupyter_mltrain.runtime.path._mltrain_run import values as values

PATH: Final = Path(__file__).parent / "path"
"""The one folder that belongs on a run's `PYTHONPATH`, first."""

_PACKAGE: Final = "_mltrain_run"
_SHARED: Final = frozenset({"context", "errors", "metrics", "parameters", "values"})


def load(name: str) -> ModuleType:
    """Import one module of the private package, `context` say, as `_mltrain_run.context`.

    Inside a run that is the copy which the service put on the path; elsewhere it is this
    package's own, found without any change to `sys.path`.
    """
    if _PACKAGE not in sys.modules and importlib.util.find_spec(_PACKAGE) is None:
        folder = PATH / _PACKAGE
        spec = importlib.util.spec_from_file_location(
            _PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        if spec is None or spec.loader is None:
            raise ImportError(f"{folder} is missing. Install jupyter_mltrain again.")
        package = importlib.util.module_from_spec(spec)
        sys.modules[_PACKAGE] = package
        spec.loader.exec_module(package)
    return importlib.import_module(f"{_PACKAGE}.{name}")


def compile_all() -> None:
    """Write the byte code of what travels, where it is missing and may be written.

    Each run of this Python starts up to 2 ms sooner for it.
    """
    import compileall

    compileall.compile_dir(PATH, quiet=2)


def run_class() -> Any:
    """The class `Run` as a script finds it inside a run."""
    return load("context").Run


def __getattr__(name: str) -> ModuleType:
    if name in _SHARED:
        return load(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
