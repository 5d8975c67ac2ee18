"""Runs as MLflow's entities, read from their journals.

A note is what MLflow alone reads: ``{"k": "note", "n": key, "v": value}``, the latest of a key
counts, and `None` removes it.
"""

import inspect
import time

from mlflow.entities import (
    Dataset,
    DatasetInput,
    Experiment,
    ExperimentTag,
    InputTag,
    LifecycleStage,
    Metric,
    Param,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunStatus,
    RunTag,
)

from .metrics import read
from .mlflow_run import experiment_key
from .values import value_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional

_CLOCKS_DIFFER_S = 2.0


def note(run: "Any", key: str, value: "Any") -> None:
    """Keep what MLflow alone reads."""
    run._journal.append({"k": "note", "n": key, "v": value})


def notes(run: "Any") -> "Dict[str, Any]":
    """All notes of a run."""
    found: "Dict[str, Any]" = {}
    for record in read(run._journal.path, 0, ("note",))[0]:
        if record["v"] is None:
            found.pop(record["n"], None)
        else:
            found[record["n"]] = record["v"]
    return found


def stamp(record: "Dict[str, Any]", timestamp_ms: "Optional[int]") -> None:
    """Note another time than that of writing."""
    if timestamp_ms is not None and abs(timestamp_ms / 1000 - time.time()) > _CLOCKS_DIFFER_S:
        record["at"] = timestamp_ms


def metric(record: "Dict[str, Any]") -> "Any":
    """One value; `None` for what is no number, which MLflow can't have."""
    value = value_of(record)
    if not isinstance(value, (int, float)):
        return None
    at = record.get("at", int(record["t"] * 1000))
    return Metric(record["n"], float(value), at, int(record.get("s", 0)))


def status_name(status: "Any") -> str:
    """MLflow's word for a run's status, given as its number or as the word."""
    return status if isinstance(status, str) else str(RunStatus.to_string(status))


def experiment(name: str, tags: "Dict[str, str]") -> "Any":
    """An experiment; all are active, and artifacts are with the runs."""
    labels = [ExperimentTag(key, value) for key, value in tags.items()]
    return Experiment(experiment_key(name), name, "", LifecycleStage.ACTIVE, labels)


def run(known: "Any", noted: "Dict[str, Any]") -> "Any":
    """A run with everything that it has logged; of a metric the value of its latest step."""
    latest: "Dict[str, Any]" = {}
    parameters: "Dict[str, Any]" = {}
    for record in read(known.run._journal.path, 0, ("metric", "property"))[0]:
        if record["k"] == "property":
            if record.get("p"):
                parameters.setdefault(record["n"], Param(record["n"], record["v"]))
            continue
        each = metric(record)
        if each is not None:
            there = latest.get(each.key)
            if there is None or _order(each) >= _order(there):
                latest[each.key] = each
    labels = {key: value for key, value in noted.items() if key.startswith("mlflow.")}
    labels.update((key, value or "") for key, value in known.run.get_tags().items())
    name = labels.get("mlflow.runName") or known.run._name
    if name:
        labels["mlflow.runName"] = name
    if known.run._parent is not None:
        labels.setdefault("mlflow.parentRunId", known.parent_key)
    data = RunData(
        list(latest.values()),
        list(parameters.values()),
        [RunTag(key, value) for key, value in labels.items()],
    )
    parts = [_info(known, noted, name), data]
    if "run_inputs" in inspect.signature(Run.__init__).parameters:
        parts.append(RunInputs([_dataset(v) for k, v in noted.items() if k.startswith("dataset.")]))
    if "run_outputs" in inspect.signature(Run.__init__).parameters:
        from .mlflow_models import outputs

        parts.append(outputs(noted))
    return Run(*parts)


def _order(each: "Any") -> "Any":
    return each.step, each.timestamp


def _info(known: "Any", noted: "Dict[str, Any]", name: "Optional[str]") -> "Any":
    said = noted.get("status") or {}
    status, ended = known.status, known.ended_ms
    if status == "RUNNING" and said.get("name") in ("FINISHED", "FAILED", "KILLED"):
        status, ended = said["name"], said.get("at")
    given = {
        "run_id": known.key,
        "experiment_id": experiment_key(known.experiment),
        "user_id": known.user,
        "status": status,
        "start_time": known.started_ms,
        "end_time": ended,
        "lifecycle_stage": LifecycleStage.ACTIVE,
        "artifact_uri": known.artifact_uri,
        "run_name": name,
    }
    taken = inspect.signature(RunInfo.__init__).parameters
    if "run_uuid" in taken:
        given["run_uuid"] = known.key
    return RunInfo(**{key: value for key, value in given.items() if key in taken})


def dataset_note(given: "Any") -> "Dict[str, Any]":
    """What is noted of data that a run was given."""
    data = given.dataset
    return {
        "name": data.name,
        "digest": data.digest,
        "source_type": data.source_type,
        "source": data.source,
        "schema": data.schema,
        "profile": data.profile,
        "tags": {tag.key: tag.value for tag in given.tags or ()},
    }


def _dataset(noted: "Dict[str, Any]") -> "Any":
    fields = {key: value for key, value in noted.items() if key != "tags"}
    tags = [InputTag(key, value) for key, value in noted["tags"].items()]
    return DatasetInput(dataset=Dataset(**fields), tags=tags)
