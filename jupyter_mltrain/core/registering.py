"""The part of `Run` that stands on the workspace: models made of its files, secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_mltrain.core import model_words, run_data
from jupyter_mltrain.core.labels import property_texts, tag_texts
from jupyter_mltrain.errors import UserError
from jupyter_mltrain.wire import ModelRequest

if TYPE_CHECKING:
    from jupyter_mltrain.core.experiment import Experiment
    from jupyter_mltrain.core.model import Model


class Registering:
    """What a run asks of its workspace."""

    id: str
    experiment: Experiment

    def register_model(
        self,
        model_name: str,
        model_path: str | None = None,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        description: str | None = None,
        datasets: Sequence[Any] | None = None,
        sample_input_dataset: Any = None,
        sample_output_dataset: Any = None,
        resource_configuration: Any = None,
        **kwargs: Any,
    ) -> Model:
        """Keep a copy of a file or folder of the run as the next version of a model.

        Parameters
        ----------
        model_path
            Of the run, as in ``outputs/model.pkl``; by default the model's name.
        datasets
            Pairs of a label, as in "training", and a registered dataset.
        resource_configuration
            Azure's: what a deployed model would get. Nothing is deployed here.

        Raises
        ------
        NoSuchFile
            The run has nothing there; the sentence lists what it has.
        InvalidSpec
            The name cannot be one.
        """
        from jupyter_mltrain.core.model import Model

        if kwargs:
            raise UserError(f"register_model does not know {', '.join(map(repr, kwargs))}.")
        workspace = self.experiment.workspace
        request = ModelRequest(
            name=model_name,
            run=self.id,
            path=None if model_path is None else str(model_path),
            description=description,
            tags=tag_texts(tags),
            properties=property_texts(properties),
            framework=model_framework,
            framework_version=model_framework_version,
            datasets=model_words.datasets(datasets, sample_input_dataset, sample_output_dataset),
        )
        return Model._of(workspace, workspace.client.register_model(request))

    @property
    def input_datasets(self) -> dict[str, Any]:
        """Name of an input -> the dataset that it was."""
        client = self.experiment.workspace.client
        given = run_data.inputs(client, client.get(self.id))
        return {each["consumptionDetails"]["inputName"]: each["dataset"] for each in given}

    def get_secret(self, name: str) -> str | None:
        """A secret of the workspace's key vault."""
        return self.experiment.workspace.get_default_keyvault().get_secret(name)

    def get_secrets(self, secrets: Sequence[str]) -> dict[str, str | None]:
        """Several secrets of the workspace's key vault: name -> value."""
        return self.experiment.workspace.get_default_keyvault().get_secrets(secrets)
