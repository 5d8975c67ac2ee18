"""Modules made from the table when they are first imported, and the finder that makes them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

from jupyter_mltrain.azureml import refusals
from jupyter_mltrain.azureml.names import HOMES, MODULES, children, is_module

PACKAGE: Final = "jupyter_mltrain"
OURS: Final = f"{PACKAGE}.azureml"
"""The package below which the modules are always found."""

AZURE: Final = "azureml"
"""The package below which `install` lets them be found."""


class Names(ModuleType):
    """A module made from the table. A name is looked up in its home when it is first used."""

    def __getattr__(self, name: str) -> Any:
        """A name of the table, a module below, or a refusal.

        Raises
        ------
        AttributeError
            Azure's module does not have it either, or nothing here is known of it.
        """
        path = _path_of(self.__name__)
        if name in MODULES.get(path, ()):
            value = _named(name, path)
        elif name.startswith("_"):  # asked of every module by all kinds of tools
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        elif is_module(below := f"{path}.{name}".lstrip(".")):
            if below not in MODULES:
                return refusals.refused(name, _subject(path))
            value = import_module(f"{self.__name__}.{name}")
        else:
            raise AttributeError(unknown(self.__name__, name))
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        path = _path_of(self.__name__)
        return sorted({*self.__dict__, *MODULES.get(path, ()), *children(path)})


class _Maker(Loader):
    """The loader of a module of the table."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return Names(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        path = _path_of(module.__name__)
        names = MODULES.get(path, ())
        module.__all__ = [each for each in names if not each.startswith("_")]  # type: ignore[attr-defined]
        module.__doc__ = f"Names of Azure ML's {AZURE}.{path}; `help` on each says what it does."


class Finder(MetaPathFinder):
    """Finds the modules of the table below one package."""

    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A module of the table; `None` for what is none of its business.

        Raises
        ------
        ModuleNotFoundError
            Another name below a module of the table. It carries the package's name and not the
            module's: ``from azureml.core import Nothing`` swallows an error about its own name,
            and then says less.
        """
        if fullname != self._package and not fullname.startswith(f"{self._package}."):
            return None
        if is_module(_path_of(fullname)):
            return ModuleSpec(fullname, _Maker(), origin=OURS, is_package=True)
        parent, _, name = fullname.rpartition(".")
        if isinstance(sys.modules.get(parent), Names):
            raise ModuleNotFoundError(unknown(parent, name), name=self._package)
        return None


def unknown(module: str, name: str) -> str:
    """What is said of a name that no table has, with near ones."""
    import difflib

    path = _path_of(module)
    known = [*MODULES.get(path, ()), *children(path)]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"dir({module}) lists what there is."
    return f"{module} has no {name!r} in jupyter_mltrain. {hint}"


def _path_of(module: str) -> str:
    """``core.run`` for ``azureml.core.run`` and for ``jupyter_mltrain.azureml.core.run``."""
    package = OURS if module.startswith(OURS) else AZURE
    return module.removeprefix(package).removeprefix(".")


def _subject(path: str) -> str:
    subject = refusals.subject_of(path)
    assert subject is not None
    return subject


def _named(name: str, path: str) -> Any:
    """The object of a name in the table."""
    subject = refusals.subject_of(path)
    if subject is not None:
        return refusals.refused(name, subject)
    if name in HOMES:
        return getattr(import_module(f"{PACKAGE}.{HOMES[name]}"), name)
    return refusals.refused(name)
