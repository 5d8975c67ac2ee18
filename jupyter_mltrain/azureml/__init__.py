"""Azure ML's module names for what is here, so that code written for its SDK v1 runs.

``%load_ext jupyter_mltrain.azureml``, or `install`, makes ``from azureml.core import Workspace``
work as it stands; ``from jupyter_mltrain.azureml.core import Workspace`` works without. These are
names and nothing else: a class is the same one under all of its names.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from jupyter_mltrain.azureml import modules, names

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["install", "uninstall"]

_finder: Final = modules.Finder(modules.AZURE)

if not any(isinstance(each, modules.Finder) for each in sys.meta_path):
    sys.meta_path.append(modules.Finder(modules.OURS))


def install(force: bool = False) -> None:
    """Let ``import azureml.core`` and the rest find the names that are here.

    Where the real azureml is installed it stays what it was, and that is said.

    Parameters
    ----------
    force
        Take its place, also where it is imported already.
    """
    if _finder in sys.meta_path and not force:
        return
    real = None if force else _installed()
    if real is not None:
        print(
            f"The azureml that is installed here ({real}) keeps its name. "
            "`import jupyter_mltrain.azureml as a; a.install(force=True)` takes its place, and "
            "`from jupyter_mltrain.azureml.core import …` works in any case."
        )
        return
    uninstall()
    if force:
        _forget(lambda module: not isinstance(module, modules.Names))
        sys.meta_path.insert(0, _finder)
    else:
        _forget(_is_offered)
        sys.meta_path.insert(_place(), _finder)


def uninstall() -> None:
    """Take the names away again. What was imported goes on working."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    _forget(lambda module: isinstance(module, modules.Names))


def load_ipython_extension(shell: InteractiveShell) -> None:
    """``%load_ext jupyter_mltrain.azureml``."""
    install()


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """``%unload_ext jupyter_mltrain.azureml``."""
    uninstall()


def _installed() -> str | None:
    """Where the real azureml is, without importing it; `None` when it is not there.

    Only one that has `azureml.core` counts: some other packages of Azure's put a part of theirs
    below that name, and those go along with ours.
    """
    from importlib.machinery import PathFinder

    root = PathFinder.find_spec(modules.AZURE)
    if root is None or root.submodule_search_locations is None:
        return None
    core = PathFinder.find_spec(f"{modules.AZURE}.core", root.submodule_search_locations)
    if core is None:
        return None
    return core.origin or str(next(iter(core.submodule_search_locations or ())))


def _place() -> int:
    """Last of all, so that what is installed wins; but before what a run offers to every script.

    A notebook that is itself a run loads this to have all the names, not only those of a run.
    """
    for index, finder in enumerate(sys.meta_path):
        if getattr(finder, "__module__", None) == "sitecustomize":
            return index
    return len(sys.meta_path)


def _is_offered(module: ModuleType) -> bool:
    """Whether the module is one that a run offers to every script."""
    return type(module).__module__ == "_mltrain_run.offers"


def _forget(which: Callable[[ModuleType], bool]) -> None:
    """Let the next import of a module of Azure's name look for it anew."""
    start = f"{modules.AZURE}."
    for name, module in list(sys.modules.items()):
        if (name == modules.AZURE or name.startswith(start)) and which(module):
            del sys.modules[name]


def __getattr__(name: str) -> Any:
    """``jupyter_mltrain.azureml.core`` and the others, without an import of their own."""
    if name in names.children(""):
        return import_module(f"{__name__}.{name}")
    raise AttributeError(modules.unknown(__name__, name))


def __dir__() -> list[str]:
    return sorted({*globals(), *names.children("")})
