"""Training runs from notebooks: submit a cell, a script or a command, watch it, keep it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_mltrain._version import __version__

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_mltrain.core.compute_target import ComputeTarget
    from jupyter_mltrain.core.conda_dependencies import CondaDependencies
    from jupyter_mltrain.core.container_registry import ContainerRegistry
    from jupyter_mltrain.core.dataset import Dataset
    from jupyter_mltrain.core.datastore import Datastore
    from jupyter_mltrain.core.docker_section import DockerConfiguration
    from jupyter_mltrain.core.environment import Environment
    from jupyter_mltrain.core.experiment import Experiment
    from jupyter_mltrain.core.model import Model
    from jupyter_mltrain.core.output_dataset import OutputFileDatasetConfig
    from jupyter_mltrain.core.run import Run
    from jupyter_mltrain.core.script_run_config import ScriptRunConfig
    from jupyter_mltrain.core.workspace import Workspace
    from jupyter_mltrain.widgets.details import RunDetails
    from jupyter_mltrain.widgets.form import TrainForm

__all__ = [
    "ComputeTarget",
    "CondaDependencies",
    "ContainerRegistry",
    "Dataset",
    "Datastore",
    "DockerConfiguration",
    "Environment",
    "Experiment",
    "Model",
    "OutputFileDatasetConfig",
    "Run",
    "RunDetails",
    "ScriptRunConfig",
    "TrainForm",
    "Workspace",
    "__version__",
]

_HOMES = {
    "ComputeTarget": "core.compute_target",
    "CondaDependencies": "core.conda_dependencies",
    "ContainerRegistry": "core.container_registry",
    "Dataset": "core.dataset",
    "Datastore": "core.datastore",
    "DockerConfiguration": "core.docker_section",
    "Environment": "core.environment",
    "Experiment": "core.experiment",
    "Model": "core.model",
    "OutputFileDatasetConfig": "core.output_dataset",
    "Run": "core.run",
    "RunDetails": "widgets",
    "ScriptRunConfig": "core.script_run_config",
    "TrainForm": "widgets",
    "Workspace": "core.workspace",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that importing the package stays cheap."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"jupyter_mltrain.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])


def load_ipython_extension(shell: InteractiveShell) -> None:
    """``%load_ext jupyter_mltrain``: register ``%%train`` and the line magics."""
    from jupyter_mltrain.magics import extension as magics
    from jupyter_mltrain.widgets import extension as widgets

    magics.load(shell)
    widgets.load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """``%unload_ext jupyter_mltrain``: take the magics away again."""
    from jupyter_mltrain.magics import extension as magics
    from jupyter_mltrain.widgets import extension as widgets

    widgets.unload(shell)
    magics.unload(shell)


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Where Jupyter Server finds the extension."""
    from jupyter_mltrain.server.extension import MltrainApp

    return [{"module": "jupyter_mltrain.server.extension", "app": MltrainApp}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where JupyterLab finds the front end."""
    return [{"src": "labextension", "dest": "jupyter-mltrain"}]
