"""The data of a run, in its details: what it took and what it gave."""

from __future__ import annotations

from typing import Any

from jupyter_mltrain.client import Client
from jupyter_mltrain.errors import NoSuchDataset
from jupyter_mltrain.spec import DataInput, Run


class TakenDataset(dict[str, Any]):
    """Id, name and version of a dataset that a run took; it answers as the dataset, too.

    Azure's code does both: it prints the details, and asks ``["dataset"].to_path()``.
    """

    def __init__(self, client: Client, given: DataInput) -> None:
        super().__init__(id=given.dataset_id, name=given.dataset, version=given.version)
        self._client = client
        self._given = given

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._dataset(), name)

    def _dataset(self) -> Any:
        """The dataset as the run took it, whatever became of its registration since."""
        from jupyter_mltrain.core.abstract_dataset import registered, unregistered
        from jupyter_mltrain.core.workspace import Workspace

        workspace = Workspace.at(self._client.directory)
        given = self._given
        if given.dataset_id is None:
            return unregistered(workspace, given.spec)
        try:
            return registered(workspace, self._client.dataset_by_id(given.dataset_id))
        except NoSuchDataset:
            return unregistered(workspace, given.spec)


def inputs(client: Client, run: Run) -> list[dict[str, Any]]:
    """``inputDatasets``: for each input its dataset, and how the run got at it.

    Data references are none: they are in the run's definition, as ``dataReferences``.
    """
    return [
        {
            "dataset": TakenDataset(client, given),
            "consumptionDetails": {
                "type": "RunInput",
                "inputName": given.name,
                "mechanism": given.mode.value.capitalize(),
                "pathOnCompute": given.path_on_compute,
            },
        }
        for given in run.spec.inputs
        if not given.reference
    ]


def outputs(run: Run) -> list[dict[str, Any]]:
    """``outputDatasets``: for each output the dataset that it becomes, if it does."""
    return [
        {
            "identifier": {"savedId": None, "registeredId": None},
            "dataset": {"name": given.register_as},
            "outputType": "RunOutput",
            "outputDetails": {"outputName": given.name},
        }
        for given in run.spec.outputs
    ]
