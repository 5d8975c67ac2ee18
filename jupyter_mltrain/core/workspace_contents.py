"""What a workspace has: the objects in it, by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from jupyter_mltrain import workspaces
from jupyter_mltrain.errors import UserError

if TYPE_CHECKING:
    from jupyter_mltrain.core.abstract_dataset import AbstractDataset
    from jupyter_mltrain.core.abstract_datastore import AbstractDatastore
    from jupyter_mltrain.core.compute_target import ComputeTarget
    from jupyter_mltrain.core.environment import Environment
    from jupyter_mltrain.core.experiment import Experiment
    from jupyter_mltrain.core.keyvault import Keyvault
    from jupyter_mltrain.core.model import Model
    from jupyter_mltrain.core.run import Run
    from jupyter_mltrain.core.workspace import Workspace


class Contents:
    """The part of `Workspace` that lists and finds; each asks the service anew."""

    DEFAULT_CPU_CLUSTER_NAME = "cpu-cluster"
    DEFAULT_GPU_CLUSTER_NAME = "gpu-cluster"

    @property
    def _own(self) -> Workspace:
        return cast("Workspace", self)

    @property
    def experiments(self) -> dict[str, Experiment]:
        """Name -> experiment, of every experiment that has runs."""
        from jupyter_mltrain.core.experiment import Experiment

        return {name: Experiment(self._own, name) for name in self._own.client.experiments()}

    @property
    def environments(self) -> dict[str, Environment]:
        """Name -> latest version, of every environment; also those that ship with the product."""
        from jupyter_mltrain.core.environment import Environment

        return Environment.list(self._own)

    @property
    def compute_targets(self) -> dict[str, ComputeTarget]:
        """Name -> compute target; ``local``, this machine, is always among them."""
        from jupyter_mltrain.core.compute_target import ComputeTarget

        return {target.name: target for target in ComputeTarget.list(self._own)}

    @property
    def datastores(self) -> dict[str, AbstractDatastore]:
        """Name -> datastore; the default one is always among them."""
        from jupyter_mltrain.core.abstract_datastore import datastore_of

        records = self._own.client.datastores()
        return {record.name: datastore_of(self._own, record) for record in records}

    @property
    def datasets(self) -> dict[str, AbstractDataset]:
        """Name -> latest version, of every registered dataset."""
        from jupyter_mltrain.core.dataset import Dataset

        return Dataset.get_all(self._own)

    @property
    def models(self) -> dict[str, Model]:
        """Name -> latest version, of every registered model."""
        from jupyter_mltrain.core.model import Model

        return {model.name: model for model in Model.list(self._own, latest=True)}

    def get_run(self, run_id: str) -> Run:
        """The run with this id, number or name."""
        from jupyter_mltrain.core.run import Run

        return Run.get(self._own, run_id)

    def get_default_datastore(self) -> AbstractDatastore:
        """The datastore that is meant where none is named."""
        from jupyter_mltrain.core.datastore import Datastore

        found: AbstractDatastore = Datastore.get_default(self._own)
        return found

    def set_default_datastore(self, name: str) -> None:
        """Let this datastore be the default one; raises `NoSuchDatastore` if there is none."""
        self._own.client.set_default_datastore(name)

    def get_default_keyvault(self) -> Keyvault:
        """The secrets that are kept for this workspace."""
        from jupyter_mltrain.core.keyvault import Keyvault

        return Keyvault(self._own)

    def get_default_compute_target(self, type: str) -> ComputeTarget | None:
        """``cpu-cluster`` for "CPU", ``gpu-cluster`` for "GPU"; `None` where there is none."""
        name = {
            "CPU": self.DEFAULT_CPU_CLUSTER_NAME,
            "GPU": self.DEFAULT_GPU_CLUSTER_NAME,
        }.get(type.upper())
        if name is None:
            raise UserError(f"A default compute target is of type 'CPU' or 'GPU', not {type!r}.")
        return self.compute_targets.get(name)

    def get_mlflow_tracking_uri(self) -> str:
        """What `mlflow.set_tracking_uri` takes, so that MLflow logs into this workspace."""
        identity = workspaces.identify(self._own.directory)
        workspaces.register(identity, self._own.directory)  # by its id it is found again
        return f"mltrain://{identity.id}"
