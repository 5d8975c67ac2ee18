"""The names that a script may import inside a run although nothing installed provides them."""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional

OFFERS: "Dict[str, Dict[str, str]]" = {
    "azureml": {},
    "azureml.core": {"Run": "context"},
    "azureml.core.run": {"Run": "context", "_OfflineRun": "offline"},
    "azureml.exceptions": {
        "AzureMLException": "errors",
        "RunEnvironmentException": "errors",
        "UserErrorException": "errors",
    },
    "jupyter_mltrain": {"Run": "context"},
}
"""Module -> name in it -> the module of this package that defines it."""


def _refusal(name: str) -> str:
    root = name.partition(".")[0]
    home = root if OFFERS[root] else root + ".core"
    offered = ", ".join(sorted(each for each in OFFERS[home] if not each.startswith("_")))
    return (
        "{} is not offered inside a run, where {} has only {}: "
        "the rest works in the notebook or script that submits the run."
    ).format(name, home, offered)


class Offer(ModuleType):
    """A module made from the table."""

    def __getattr__(self, name: str) -> "Any":
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(_refusal(self.__name__ + "." + name))


class _Maker:
    """The loader of a module made from the table."""

    @staticmethod
    def create_module(spec: ModuleSpec) -> ModuleType:
        return Offer(spec.name)

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        names = OFFERS[module.__name__]
        for name, home in names.items():
            setattr(module, name, getattr(import_module("." + home, __package__), name))
        module.__all__ = [name for name in names if not name.startswith("_")]  # type: ignore[attr-defined]


def find_spec(name: str) -> "Optional[ModuleSpec]":
    """Find a module of the table.

    Raises
    ------
    ModuleNotFoundError
        Another name below a package of the table, with a sentence that says what there is. It
        carries the root's name, not the module's: `from azureml.core import Dataset` swallows an
        error about its own name and then says less.
    """
    if name in OFFERS:
        return ModuleSpec(name, _Maker, is_package=True)  # type: ignore[arg-type]
    if isinstance(sys.modules.get(name.rpartition(".")[0]), Offer):
        raise ModuleNotFoundError(_refusal(name), name=name.partition(".")[0])
    return None
