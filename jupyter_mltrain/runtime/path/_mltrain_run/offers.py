"""The names that a script may import inside a run although nothing installed provides them."""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType

from .errors import UserErrorException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional

_CORE = {
    "Dataset": "registered",
    "Experiment": "workspace",
    "Keyvault": "keyvault",
    "Model": "models",
    "Run": "context",
    "ScriptRunConfig": "submitting",
    "Workspace": "workspace",
}
_ERRORS = dict.fromkeys(
    (
        "AzureMLException",
        "ModelNotFoundException",
        "RunEnvironmentException",
        "UserErrorException",
        "WebserviceException",
    ),
    "errors",
)

OFFERS: "Dict[str, Dict[str, str]]" = {
    "azureml": {},
    "azureml.core": _CORE,
    "azureml.core.dataset": {"Dataset": "registered"},
    "azureml.core.experiment": {"Experiment": "workspace"},
    "azureml.core.keyvault": {"Keyvault": "keyvault"},
    "azureml.core.model": {"Dataset": "registered", "Model": "models"},
    "azureml.core.run": {"Run": "context", "_OfflineRun": "offline"},
    "azureml.core.script_run_config": {"ScriptRunConfig": "submitting"},
    "azureml.core.workspace": {"Workspace": "workspace"},
    "azureml.data": {"FileDataset": "datasets", "TabularDataset": "datasets"},
    "azureml.exceptions": _ERRORS,
    "jupyter_mltrain": _CORE,
}
"""Module -> name in it -> the module of this package that defines it."""

ELSEWHERE: "Dict[str, str]" = {
    "azureml.core": "ComputeTarget ContainerRegistry Datastore Environment RunConfiguration",
    "azureml.core.authentication": (
        "AzureCliAuthentication InteractiveLoginAuthentication MsiAuthentication "
        "ServicePrincipalAuthentication TokenAuthentication"
    ),
    "azureml.core.compute": "AmlCompute ComputeInstance ComputeTarget",
    "azureml.core.compute_target": "ComputeTarget ComputeTargetException",
    "azureml.core.conda_dependencies": "CondaDependencies",
    "azureml.core.container_registry": "ContainerRegistry",
    "azureml.core.datastore": "Datastore",
    "azureml.core.environment": "CondaDependencies DockerSection Environment PythonSection",
    "azureml.core.runconfig": (
        "DockerConfiguration MpiConfiguration PyTorchConfiguration RunConfiguration "
        "TensorflowConfiguration"
    ),
    "azureml.data": "OutputFileDatasetConfig",
    "azureml.data.datapath": "DataPath",
    "azureml.data.dataset_factory": "FileDatasetFactory TabularDatasetFactory",
    "azureml.data.data_reference": "DataReference",
    "azureml.train.estimator": "Estimator",
    "azureml.widgets": "RunDetails",
}
"""Module -> names that scripts import for what only a notebook does; they say so when used."""

_OURS = "jupyter_mltrain"


_MODULES = frozenset(
    ".".join(parts[: count + 1])
    for parts in (name.split(".") for name in list(OFFERS) + list(ELSEWHERE))
    for count in range(len(parts))
)
"""Those and the packages they are in."""


def installed(name: str) -> "Optional[ModuleType]":
    """A module of the installed jupyter_mltrain; `None` where there is none, as in most images."""
    try:
        root = import_module(_OURS)
        return None if isinstance(root, Offer) else import_module(name)
    except ImportError:
        return None


def _whole(name: str) -> "Optional[ModuleType]":
    """All that a module of this name offers where jupyter_mltrain is installed."""
    if name == _OURS or name.startswith(_OURS + "."):
        return None
    return installed("{}.{}".format(_OURS, name))


def _refusal(name: str) -> str:
    root = name.partition(".")[0]
    home = root if OFFERS.get(root) else root + ".core"
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
        whole = _whole(self.__name__)
        if whole is not None:
            return getattr(whole, name)
        if name in ELSEWHERE.get(self.__name__, "").split():
            return _Elsewhere(name, (), {"__module__": self.__name__})
        raise AttributeError(_refusal(self.__name__ + "." + name))


class _Elsewhere(type):
    """A class that can be imported, and nothing more."""

    def __call__(cls, *args: "Any", **kwargs: "Any") -> "Any":
        raise UserErrorException(_refusal(cls.__module__ + "." + cls.__name__))

    def __getattr__(cls, name: str) -> "Any":
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(_refusal(cls.__module__ + "." + cls.__name__))


class _Maker:
    """The loader of a module made from the table."""

    @staticmethod
    def create_module(spec: ModuleSpec) -> ModuleType:
        return Offer(spec.name)

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        names = OFFERS.get(module.__name__, {})
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
    above = isinstance(sys.modules.get(name.rpartition(".")[0]), Offer)
    if name in OFFERS or (above and (name in _MODULES or _whole(name) is not None)):
        return ModuleSpec(name, _Maker, is_package=True)  # type: ignore[arg-type]
    if above:
        raise ModuleNotFoundError(_refusal(name), name=name.partition(".")[0])
    return None
