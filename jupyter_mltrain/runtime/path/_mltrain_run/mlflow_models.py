"""The models that a run logs, which MLflow keeps as things of their own since its version 3.

Their files are among the run's outputs, under the model's name, as MLflow 2 has them.
"""

import os
import time
import uuid

from . import mlflow_entities as entities

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

_KEY = "model."
_OUTPUT = "output."


def outputs(noted: "Dict[str, Any]") -> "Any":
    """The models among a run's outputs."""
    from mlflow.entities import LoggedModelOutput, RunOutputs

    return RunOutputs(
        [
            LoggedModelOutput(key[len(_OUTPUT) :], value.get("step", 0))
            for key, value in noted.items()
            if key.startswith(_OUTPUT)
        ]
    )


class LoggedModels:
    """The part of the store that is about them."""

    _place: "Any"
    _do: "Any"

    def create_logged_model(
        self,
        experiment_id: str,
        name: "Optional[str]" = None,
        source_run_id: "Optional[str]" = None,
        tags: "Any" = None,
        params: "Any" = None,
        model_type: "Optional[str]" = None,
    ) -> "Any":
        model_id = "m-" + uuid.uuid4().hex
        known = self._do(self._place.known, source_run_id) if source_run_id else self._home()
        name = name or "model"
        folder = _free(known.artifacts, name, model_id)
        from pathlib import Path

        now = int(time.time() * 1000)
        noted = {
            "experiment_id": experiment_id,
            "name": name,
            "artifact_location": Path(folder).as_uri(),
            "creation_timestamp": now,
            "last_updated_timestamp": now,
            "source_run_id": source_run_id,
            "model_type": model_type,
            "status": "PENDING",
            "tags": {tag.key: tag.value for tag in tags or ()},
            "params": {param.key: param.value for param in params or ()},
        }
        entities.note(known.run, _KEY + model_id, noted)
        return _entity(model_id, noted)

    def _home(self) -> "Any":
        """The run that takes what is logged to none."""
        return self._do(self._place.home)

    def _noted(self, model_id: str) -> "Tuple[Any, Dict[str, Any]]":
        """The run that has the note of a model, and the note."""
        for keeper in self._place.keepers():
            found = entities.notes(keeper).get(_KEY + model_id)
            if found is not None:
                return keeper, found
        from mlflow.exceptions import MlflowException
        from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST

        raise MlflowException(
            "No model {} was logged here.".format(model_id), RESOURCE_DOES_NOT_EXIST
        )

    def get_logged_model(self, model_id: str, allow_deleted: bool = False) -> "Any":
        return _entity(model_id, self._noted(model_id)[1])

    def _change(self, model_id: str, **changes: "Any") -> "Any":
        keeper, before = self._noted(model_id)
        noted = dict(before, **changes)
        noted["last_updated_timestamp"] = int(time.time() * 1000)
        entities.note(keeper, _KEY + model_id, noted)
        return _entity(model_id, noted)

    def finalize_logged_model(self, model_id: str, status: "Any") -> "Any":
        return self._change(model_id, status=str(getattr(status, "value", status)))

    def set_logged_model_tags(self, model_id: str, tags: "List[Any]") -> None:
        there = self._noted(model_id)[1]["tags"]
        there.update((tag.key, tag.value) for tag in tags)
        self._change(model_id, tags=there)

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        there = self._noted(model_id)[1]["tags"]
        there.pop(key, None)
        self._change(model_id, tags=there)

    def log_logged_model_params(self, model_id: str, params: "List[Any]") -> None:
        there = self._noted(model_id)[1]["params"]
        there.update((param.key, param.value) for param in params)
        self._change(model_id, params=there)

    def delete_logged_model(self, model_id: str) -> None:
        entities.note(self._noted(model_id)[0], _KEY + model_id, None)

    def log_outputs(self, run_id: str, models: "List[Any]") -> None:
        run = self._do(self._place.run, run_id)
        for model in models or ():
            entities.note(run, _OUTPUT + model.model_id, {"step": model.step})

    def search_logged_models(
        self,
        experiment_ids: "List[str]",
        filter_string: "Optional[str]" = None,
        datasets: "Any" = None,
        max_results: "Optional[int]" = None,
        order_by: "Any" = None,
        page_token: "Optional[str]" = None,
    ) -> "Any":
        from mlflow.store.entities.paged_list import PagedList
        from mlflow.utils.search_utils import SearchLoggedModelsUtils as Utils

        found = [
            _entity(key[len(_KEY) :], value)
            for keeper in self._place.keepers()
            for key, value in entities.notes(keeper).items()
            if key.startswith(_KEY) and value["experiment_id"] in experiment_ids
        ]
        found = Utils.sort(Utils.filter_logged_models(found, filter_string, datasets), order_by)
        return PagedList(*Utils.paginate(found, page_token, max_results or 100))


def _entity(model_id: str, noted: "Dict[str, Any]") -> "Any":
    from mlflow.entities import LoggedModel, LoggedModelStatus

    given = dict(noted, status=LoggedModelStatus(noted["status"]))
    return LoggedModel(model_id=model_id, **given)


def _free(artifacts: str, name: str, model_id: str) -> str:
    """A folder for the model's files that nothing is in yet."""
    folder = os.path.join(artifacts, *[part for part in name.split("/") if part.strip(".")])
    try:
        os.makedirs(folder)
    except FileExistsError:
        folder = "{}-{}".format(folder, model_id[2:10])
        os.makedirs(folder)
    return folder
