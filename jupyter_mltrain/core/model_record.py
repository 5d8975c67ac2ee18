"""What one version of a registered model says."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jupyter_mltrain import spec, units
from jupyter_mltrain.core.model_words import SAMPLES

if TYPE_CHECKING:
    from jupyter_mltrain.core.run import Run
    from jupyter_mltrain.core.workspace import Workspace


class ModelRecord:
    """The attributes of a `Model`, as of the moment it was got, and what it is from."""

    workspace: Workspace

    def _take(self, record: spec.Model) -> None:
        self.record = record
        self.name = record.name
        self.version = record.version
        self.id = record.id
        self.description = record.description
        self.tags = dict(record.tags)
        self.properties = dict(record.properties)
        self.model_framework = record.framework
        self.model_framework_version = record.framework_version
        self.run_id = record.run_id
        self.experiment_name = record.experiment
        self.created_time: datetime = record.created_at
        self.created_by = record.created_by
        self.mime_type: str | None = None
        self.unpack = False
        self.parent_id: str | None = None
        self.derived_model_ids: list[str] = []
        self.resource_configuration: Any = None

    @property
    def url(self) -> str:
        """Where its files lie, as a URL."""
        return (self.workspace.directory / "models" / self.name / str(self.version)).as_uri()

    @property
    def run(self) -> Run | None:
        """The run that it is from; `None` if it is from none, or if that was deleted."""
        from jupyter_mltrain.core.run import Run
        from jupyter_mltrain.errors import NoSuchRun

        if self.run_id is None:
            return None
        try:
            return Run.get(self.workspace, self.run_id)
        except NoSuchRun:
            return None

    @property
    def datasets(self) -> dict[str, list[Any]]:
        """Label -> the registered datasets it was made with; those deleted since are left out."""
        found: dict[str, list[Any]] = {}
        for each in self.record.datasets:
            dataset = None if each.label in SAMPLES else self._dataset(each.dataset_id)
            if dataset is not None:
                found.setdefault(each.label, []).append(dataset)
        return found

    @property
    def sample_input_dataset(self) -> Any:
        """What its input looks like, if a dataset was given for that."""
        return self._sample(SAMPLES[0])

    @property
    def sample_output_dataset(self) -> Any:
        """What it gives, if a dataset was given for that."""
        return self._sample(SAMPLES[1])

    def _sample(self, label: str) -> Any:
        ids = [each.dataset_id for each in self.record.datasets if each.label == label]
        return self._dataset(ids[-1]) if ids else None

    def _dataset(self, dataset_id: str) -> Any:
        from jupyter_mltrain.core.dataset import Dataset
        from jupyter_mltrain.errors import NoSuchDataset

        try:
            return Dataset.get_by_id(self.workspace, dataset_id)
        except NoSuchDataset:
            return None

    def get_sas_urls(self) -> dict[str, str]:
        """Name -> URL of each of its files; there is no need for a signature here."""
        return {file.name: f"{self.url}/{quote(file.name)}" for file in self.record.files}

    def serialize(self) -> dict[str, Any]:
        """What it says, in the keys of Azure's SDK."""
        return {
            "createdTime": self.created_time.isoformat(),
            "createdBy": self.created_by,
            "description": self.description,
            "id": self.id,
            "mimeType": self.mime_type,
            "name": self.name,
            "framework": self.model_framework,
            "frameworkVersion": self.model_framework_version,
            "tags": dict(self.tags),
            "properties": dict(self.properties),
            "unpack": self.unpack,
            "url": self.url,
            "version": self.version,
            "runId": self.run_id,
            "experimentName": self.experiment_name,
            "parentId": self.parent_id,
            "derivedModelIds": list(self.derived_model_ids),
            "datasets": [
                {"name": each.label, "id": each.dataset_id} for each in self.record.datasets
            ],
            "resourceConfiguration": None,
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ModelRecord):
            return False
        return (other.workspace, other.id) == (self.workspace, self.id)

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return (
            f"Model(workspace={self.workspace!r}, name={self.name}, id={self.id}, "
            f"version={self.version}, tags={self.tags}, properties={self.properties})"
        )

    def _repr_html_(self) -> str:
        cells = {
            "Name": self.name,
            "Version": str(self.version),
            "Framework": self.model_framework or "",
            "Size": units.size(self.record.size_bytes),
            "Run": self.run_id or "",
            "Description": self.description or "",
        }
        head = "".join(f"<th>{name}</th>" for name in cells)
        row = "".join(f"<td>{escape(value)}</td>" for value in cells.values())
        return f"<table><tr>{head}</tr><tr>{row}</tr></table>"
