"""`Run.get_details`: a run's record in the keys that Azure ML's SDK gives."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from jupyter_mltrain.client import Client
from jupyter_mltrain.core import addresses, run_data, run_definition
from jupyter_mltrain.spec import Run, RunState

LOGS: Final = ("azureml-logs/", "logs/", "user_logs/", "system_logs/")
"""Folders whose files are logs."""


class Details(dict[str, Any]):
    """The details of a run; a key can be asked for as an attribute, too: ``details.status``."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(
                f"The details of a run have no {name!r}. There are {', '.join(self)}."
            ) from None

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]


def of(client: Client, run: Run) -> Details:
    """The details of a run.

    Returns
    -------
    Details
        `runId`, `target`, `status`, `startTimeUtc` (once it has started), `endTimeUtc` (from its
        end on), `services`, `properties`, `inputDatasets`, `outputDatasets`, `runDefinition`,
        `logFiles` (name -> address), `submittedBy`; `warnings` and `error` where there are any.
    """
    found = Details(runId=run.id, target=run.spec.compute, status=run.state.value)
    if run.started_at is not None:
        found["startTimeUtc"] = _instant(run.started_at)
    if run.ended_at is not None:
        found["endTimeUtc"] = _instant(run.ended_at)
    found |= {
        "services": {},
        "properties": {**_generated_properties(run), **run.properties},
        "inputDatasets": run_data.inputs(client, run),
        "outputDatasets": run_data.outputs(run),
        "runDefinition": run_definition.of(run),
        "logFiles": {
            file.name: f"{addresses.of_files(client, run.id)}/{file.name}"
            for file in client.files(run.id)
            if file.name.startswith(LOGS)
        },
        "submittedBy": run.submitted_by,
    }
    if run.warnings:
        found["warnings"] = [{"source": "Run", "message": warning} for warning in run.warnings]
    if run.state is RunState.FAILED:
        found["error"] = {"error": {"code": "UserError", "message": run.reason}}
    return found


def _generated_properties(run: Run) -> dict[str, str]:
    properties = {
        "_azureml.ComputeTargetType": run.spec.compute,
        "ContentSnapshotId": run.snapshot_id or "",
        "ProcessInfoFile": "azureml-logs/process_info.json",
        "ProcessStatusFile": "azureml-logs/process_status.json",
    }
    git = run.git
    if git is not None:
        for name, azure, mlflow in (
            (git.repository, "repository_uri", "repoURL"),
            (git.branch, "branch", "branch"),
            (git.commit, "commit", "commit"),
        ):
            if name is not None:
                properties[f"azureml.git.{azure}"] = name
                properties[f"mlflow.source.git.{mlflow}"] = name
        properties["azureml.git.dirty"] = str(git.dirty)
    return properties


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
