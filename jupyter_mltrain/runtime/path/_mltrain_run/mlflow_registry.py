"""MLflow's registry of models: those of the workspace."""

from urllib.parse import unquote, urlparse

from mlflow.entities.model_registry import (
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelTag,
)
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INVALID_PARAMETER_VALUE,
    RESOURCE_ALREADY_EXISTS,
    RESOURCE_DOES_NOT_EXIST,
)
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.model_registry.abstract_store import AbstractStore
from mlflow.utils.search_utils import SearchModelUtils, SearchModelVersionUtils, SearchUtils

from .errors import AzureMLException, UserErrorException
from .mlflow_plugin import run_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

_MODEL_ID = "mlflow.modelId"


class Registry(AbstractStore):  # type: ignore[misc]
    """A version of a registered model is one of the workspace's, and never changes here."""

    def __init__(self, place: "Any") -> None:
        super().__init__("", "")
        self._place = place

    def create_registered_model(
        self, name: str, tags: "Any" = None, description: "Optional[str]" = None, *more: "Any"
    ) -> "Any":
        """Say that there is one: it comes into being with its first version."""
        if self._versions(name):
            # What MLflow's client expects of a name that is taken, and goes on.
            raise MlflowException(
                "Registered Model (name={}) already exists.".format(name),
                RESOURCE_ALREADY_EXISTS,
            )
        labels = [RegisteredModelTag(tag.key, tag.value) for tag in tags or ()]
        return RegisteredModel(name, description=description, latest_versions=[], tags=labels)

    def get_registered_model(self, name: str) -> "Any":
        return _registered(name, self._some(name))

    def search_registered_models(
        self,
        filter_string: "Optional[str]" = None,
        max_results: "Optional[int]" = None,
        order_by: "Optional[List[str]]" = None,
        page_token: "Optional[str]" = None,
    ) -> "Any":
        by_name: "Dict[str, List[Any]]" = {}
        for record in self._ask("models"):
            by_name.setdefault(record["name"], []).append(record)
        found = [_registered(name, records) for name, records in by_name.items()]
        found = SearchModelUtils.filter(found, filter_string)
        found = SearchModelUtils.sort(found, order_by or [])
        return PagedList(*SearchUtils.paginate(found, page_token, max_results or 100))

    def get_latest_versions(self, name: str, stages: "Any" = None) -> "List[Any]":
        return [_version(_newest(self._some(name)))]

    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: "Optional[str]" = None,
        tags: "Any" = None,
        run_link: "Optional[str]" = None,
        description: "Optional[str]" = None,
        local_model_path: "Optional[str]" = None,
        model_id: "Optional[str]" = None,
    ) -> "Any":
        labels = {tag.key: tag.value for tag in tags or ()}
        child, path = self._located(source)
        record = self._ask(
            "register_model",
            name=name,
            path=path,
            child=child,
            description=description,
            tags=labels,
            properties={} if model_id is None else {_MODEL_ID: model_id},
        )
        return _version(record)

    def _located(self, source: str) -> "Any":
        """The run and the name there of what MLflow calls the source of a model."""
        parsed = urlparse(source)
        if parsed.scheme == "models":
            from mlflow.tracking import MlflowClient

            parsed = urlparse(MlflowClient().get_logged_model(parsed.path[1:]).artifact_location)
        try:
            if parsed.scheme not in ("", "file"):
                raise UserErrorException(
                    "{} can't be registered: log the model to a run first.".format(source)
                )
            return self._place.located(unquote(parsed.path))
        except AzureMLException as error:
            raise MlflowException(error.message, INVALID_PARAMETER_VALUE) from None

    def get_model_version(self, name: str, version: "Any") -> "Any":
        return _version(self._ask("model", name=name, version=int(version)))

    def get_model_version_download_uri(self, name: str, version: "Any") -> str:
        from pathlib import Path

        return Path(self._ask("model_path", name=name, version=int(version))).as_uri()

    def search_model_versions(
        self,
        filter_string: "Optional[str]" = None,
        max_results: "Optional[int]" = None,
        order_by: "Optional[List[str]]" = None,
        page_token: "Optional[str]" = None,
    ) -> "Any":
        found = [_version(record) for record in self._ask("models")]
        found = SearchModelVersionUtils.filter(found, filter_string)
        found = SearchModelVersionUtils.sort(found, order_by or [])
        return PagedList(*SearchUtils.paginate(found, page_token, max_results or 100))

    def _versions(self, name: str) -> "List[Any]":
        records: "List[Any]" = self._ask("models", name=name)
        return records

    def _some(self, name: str) -> "List[Any]":
        return self._versions(name) or [self._ask("model", name=name)]

    def _ask(self, verb: str, **args: "Any") -> "Any":
        try:
            return self._place.ask(verb, **args)
        except AzureMLException as error:
            raise MlflowException(error.message, RESOURCE_DOES_NOT_EXIST) from None

    def __getattribute__(self, name: str) -> "Any":
        if name in _LACKING:
            raise MlflowException(
                "{} is not offered: models are changed and deleted with Model(ws, name) in a "
                "notebook.".format(name),
                INVALID_PARAMETER_VALUE,
            )
        return super().__getattribute__(name)


_LACKING = frozenset(
    {
        "update_registered_model",
        "rename_registered_model",
        "delete_registered_model",
        "set_registered_model_tag",
        "delete_registered_model_tag",
        "update_model_version",
        "transition_model_version_stage",
        "delete_model_version",
        "set_model_version_tag",
        "delete_model_version_tag",
        "set_registered_model_alias",
        "delete_registered_model_alias",
        "get_model_version_by_alias",
    }
)


def _newest(records: "List[Any]") -> "Any":
    return max(records, key=lambda record: record["version"])


def _registered(name: str, records: "List[Any]") -> "Any":
    newest = _version(_newest(records))
    return RegisteredModel(
        name,
        creation_timestamp=min(_version(record).creation_timestamp for record in records),
        last_updated_timestamp=newest.creation_timestamp,
        description=newest.description,
        latest_versions=[newest],
    )


def _version(record: "Dict[str, Any]") -> "Any":
    at = _ms(record["created_at"])
    run_id = record.get("run_id")
    tags = record.get("tags") or {}
    return ModelVersion(
        name=record["name"],
        version=str(record["version"]),
        creation_timestamp=at,
        last_updated_timestamp=at,
        description=record.get("description") or "",
        source="models:/{}/{}".format(record["name"], record["version"]),
        run_id=None if run_id is None else run_key(run_id),
        tags=[ModelVersionTag(key, value or "") for key, value in tags.items()],
    )


def _ms(text: str) -> int:
    """Unix milliseconds of an instant in UTC, as JSON has it."""
    from datetime import datetime, timezone

    seconds, _, rest = text.rstrip("Z").partition(".")
    at = datetime.strptime(seconds[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return int(at.timestamp() * 1000) + int((rest[:3] or "0").ljust(3, "0"))
