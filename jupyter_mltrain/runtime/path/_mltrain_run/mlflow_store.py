"""MLflow's tracking store over runs and their journals.

What MLflow calls a metric is one, with its step. Parameters are properties, since neither ever
changes; tags are tags. MLflow's own tags (``mlflow.…``), its descriptions of data sets and of
models are notes of the journal, which MLflow alone reads. Artifacts are files below ``outputs``.

References
----------
`mlflow.store.tracking.abstract_store.AbstractStore` of MLflow 2.10 to 3.
"""

import json
import threading

from mlflow.entities import RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST
from mlflow.store.tracking.abstract_store import AbstractStore
from mlflow.utils.search_utils import SearchExperimentsUtils, SearchUtils

from . import mlflow_entities as entities
from .errors import UserErrorException
from .metrics import read
from .mlflow_models import LoggedModels
from .mlflow_run import experiment_key
from .values import not_finite, scalar

try:
    from mlflow.store.entities import PagedList
except ImportError:
    from mlflow.store.entities.paged_list import PagedList

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Optional, Set, Tuple

_OWN = "mlflow."
_NAME = "mlflow.runName"
_PARENT = "mlflow.parentRunId"
_MODELS = "mlflow.log-model.history"
_STATUS = "status"


class Store(LoggedModels, AbstractStore):  # type: ignore[misc]
    """A store for MLflow's client.

    Parameters
    ----------
    place
        Where the runs are, as `mlflow_run.RunPlace` says.
    """

    def __init__(self, place: "Any") -> None:
        super().__init__()
        self._place = place
        self._parameters: "Dict[str, Tuple[int, Dict[str, str]]]" = {}
        self._stepped: "Dict[str, Set[str]]" = {}
        self._points: "Dict[str, Tuple[int, Set[Any]]]" = {}
        self._lock = threading.RLock()

    # Experiments

    def search_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        filter_string: "Optional[str]" = None,
        order_by: "Optional[List[str]]" = None,
        page_token: "Optional[str]" = None,
    ) -> "Any":
        found = [] if view_type == ViewType.DELETED_ONLY else self._experiments()
        found = SearchExperimentsUtils.filter(found, filter_string)
        found = SearchExperimentsUtils.sort(found, order_by or [])
        return PagedList(*SearchUtils.paginate(found, page_token, max_results))

    def _experiments(self) -> "List[Any]":
        return [self._experiment(name) for name in self._place.experiments()]

    def _experiment(self, name: str) -> "Any":
        return entities.experiment(name, self._place.experiment_tags(name))

    def create_experiment(
        self, name: str, artifact_location: "Any" = None, tags: "Any" = None
    ) -> str:
        own = self._place.experiment(name)
        for tag in tags or ():
            self.set_experiment_tag(experiment_key(own), tag)
        return experiment_key(own)

    def get_experiment(self, experiment_id: str) -> "Any":
        for name in self._place.experiments():
            if experiment_key(name) == str(experiment_id):
                return self._experiment(name)
        if str(experiment_id) == "0":
            return self._experiment(self._place.experiment("Default"))
        raise MlflowException(
            "No experiment with id {!r} here. mlflow.set_experiment takes its name.".format(
                experiment_id
            ),
            RESOURCE_DOES_NOT_EXIST,
        )

    def get_experiment_by_name(self, experiment_name: str) -> "Any":
        return self._experiment(self._place.experiment(experiment_name))

    def set_experiment_tag(self, experiment_id: str, tag: "Any") -> None:
        name = self.get_experiment(experiment_id).name
        self._place.tag_experiment(name, tag.key, tag.value)

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        self._place.tag_experiment(self.get_experiment(experiment_id).name, key, None)

    def delete_experiment(self, experiment_id: str) -> None:
        raise _not_here("Experiments can't be deleted")

    def restore_experiment(self, experiment_id: str) -> None:
        raise _not_here("Experiments can't be restored")

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        raise _not_here("Experiments can't be renamed")

    # Runs

    def create_run(
        self, experiment_id: str, user_id: str, start_time: int, tags: "Any", run_name: str
    ) -> "Any":
        labels = {tag.key: tag.value for tag in tags or ()}
        name = run_name or labels.get(_NAME)
        experiment = self.get_experiment(experiment_id).name
        known = self._do(self._place.open, experiment, name, labels.get(_PARENT))
        self.log_batch(known.key, (), (), tags or ())
        return self.get_run(known.key)

    def get_run(self, run_id: str) -> "Any":
        return self._entity(self._do(self._place.known, run_id))

    def _entity(self, known: "Any") -> "Any":
        return entities.run(known, entities.notes(known.run))

    def update_run_info(
        self, run_id: str, run_status: int, end_time: "Optional[int]", run_name: "Optional[str]"
    ) -> "Any":
        run = self._run(run_id)
        if run_name:
            entities.note(run, _NAME, run_name)
        if run_status is not None:
            status = entities.status_name(run_status)
            entities.note(run, _STATUS, {"name": status, "at": end_time})
            self._do(self._place.end, run_id, status)
        return self.get_run(run_id).info

    def delete_run(self, run_id: str) -> None:
        raise _not_here("Runs can't be deleted by MLflow's client")

    def restore_run(self, run_id: str) -> None:
        raise _not_here("Runs can't be restored")

    def _search_runs(
        self,
        experiment_ids: "Iterable[str]",
        filter_string: "Optional[str]",
        run_view_type: int,
        max_results: int,
        order_by: "Optional[List[str]]",
        page_token: "Optional[str]",
    ) -> "Tuple[List[Any], Any]":
        if run_view_type == ViewType.DELETED_ONLY:
            return [], None
        wanted = set(map(str, experiment_ids))
        names = [each for each in self._place.experiments() if experiment_key(each) in wanted]
        if "0" in wanted:
            names.append(self._place.experiment("Default"))
        found = [self._entity(known) for known in self._place.all(names)]
        found = SearchUtils.sort(SearchUtils.filter(found, filter_string), order_by)
        page: "Tuple[List[Any], Any]" = SearchUtils.paginate(found, page_token, max_results)
        return page

    # What a run logs

    def log_batch(self, run_id: str, metrics: "Any", params: "Any", tags: "Any") -> None:
        run = self._run(run_id)
        with self._lock:
            # Parameters first: one that is refused keeps the rest of the batch out as well.
            self._log_parameters(run, params)
            for metric in self._new(run, metrics):
                self._log_metric(run, metric)
            for tag in tags:
                self._tag(run, tag.key, tag.value)

    def _new(self, run: "Any", metrics: "Any") -> "List[Any]":
        """Those that the run does not have: `log_model` gives the run's metrics once more, for
        the model."""
        if not any(getattr(metric, "model_id", None) for metric in metrics):
            return list(metrics)
        offset, there = self._points.get(run.id, (0, set()))
        records, offset = read(run._journal.path, offset, ("metric",))
        there.update(map(_point, filter(None, map(entities.metric, records))))
        self._points[run.id] = offset, there
        return [each for each in metrics if not each.model_id or _point(each) not in there]

    def _log_metric(self, run: "Any", metric: "Any") -> None:
        value = scalar(metric.value)
        record = {"k": "metric", "n": str(metric.key), "v": value}
        lacking = not_finite(value)
        if lacking is not None:
            record["v"] = lacking
            record["f"] = 1
        # Its client gives 0 where the script gives no step: such a metric has none.
        stepped = self._stepped.setdefault(run.id, set())
        if metric.step:
            stepped.add(metric.key)
        if metric.step or metric.key in stepped:
            record["s"] = metric.step
        entities.stamp(record, metric.timestamp)
        run._journal.append(record)

    def _log_parameters(self, run: "Any", parameters: "Any") -> None:
        if not parameters:
            return
        known = self._known_parameters(run)
        new: "Dict[str, str]" = {}
        for parameter in parameters:
            key, value = str(parameter.key), str(parameter.value)
            there = new.get(key, known.get(key))
            if there is not None and there != value:
                raise MlflowException(
                    "Parameter {!r} of run {} is already {!r}: parameters never change. Log what "
                    "changes as a metric or a tag.".format(key, run.id, there),
                    INVALID_PARAMETER_VALUE,
                )
            if there is None:
                new[key] = value
        for key, value in new.items():
            run._journal.append({"k": "property", "n": key, "v": value, "p": 1})

    def _known_parameters(self, run: "Any") -> "Dict[str, str]":
        offset, known = self._parameters.get(run.id, (0, {}))
        records, offset = read(run._journal.path, offset, ("property",))
        for record in records:
            known.setdefault(record["n"], record["v"])
        self._parameters[run.id] = offset, known
        return known

    def _tag(self, run: "Any", key: str, value: "Any") -> None:
        if key.startswith(_OWN):
            entities.note(run, key, None if value is None else str(value))
        else:
            run.tag(key, value)

    def delete_tag(self, run_id: str, key: str) -> None:
        run = self._run(run_id)
        if key.startswith(_OWN):
            entities.note(run, key, None)
        else:
            run.remove_tags([key])

    def get_metric_history(
        self,
        run_id: str,
        metric_key: str,
        max_results: "Optional[int]" = None,
        page_token: "Optional[str]" = None,
    ) -> "Any":
        records = read(self._run(run_id)._journal.path, 0, ("metric",))[0]
        found = [each for each in records if each["n"] == metric_key]
        metrics = [each for each in map(entities.metric, found) if each is not None]
        if max_results is None:
            return PagedList(metrics, None)
        return PagedList(*SearchUtils.paginate(metrics, page_token, max_results))

    def log_inputs(self, run_id: str, datasets: "Any" = None, models: "Any" = None) -> None:
        run = self._run(run_id)
        for each in datasets or ():
            key = "dataset.{}.{}".format(each.dataset.name, each.dataset.digest)
            entities.note(run, key, entities.dataset_note(each))
        for model in models or ():
            entities.note(run, "input.{}".format(model.model_id), {})

    def record_logged_model(self, run_id: str, mlflow_model: "Any") -> None:
        run = self._run(run_id)
        earlier = json.loads(entities.notes(run).get(_MODELS) or "[]")
        history = json.dumps(earlier + [mlflow_model.get_tags_dict()])
        self._tag(run, _MODELS, RunTag(_MODELS, history).value)

    def link_traces_to_run(self, trace_ids: "List[str]", run_id: str) -> None:
        raise _not_here("Traces are not kept")

    def _run(self, run_id: str) -> "Any":
        return self._do(self._place.run, run_id)

    def _do(self, work: "Any", *arguments: "Any") -> "Any":
        try:
            return work(*arguments)
        except UserErrorException as error:
            raise MlflowException(error.message, RESOURCE_DOES_NOT_EXIST) from None


def _point(metric: "Any") -> "Tuple[Any, ...]":
    # As text, in which NaN is equal to itself.
    return metric.key, str(float(metric.value)), metric.timestamp, metric.step


def _not_here(what: str) -> "Any":
    return MlflowException(
        "{} here: that is done with jupyter_mltrain's own commands.".format(what),
        INVALID_PARAMETER_VALUE,
    )
