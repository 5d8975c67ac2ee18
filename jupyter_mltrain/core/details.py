"""`Run.get_details`: a run's record in the keys that Azure ML's SDK gives."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from jupyter_mltrain.client import Client
from jupyter_mltrain.core import environment_files
from jupyter_mltrain.core.environment import Environment
from jupyter_mltrain.core.script_run_config import COMMAND_SCRIPT
from jupyter_mltrain.spec import Run, RunSpec


def of(client: Client, run: Run) -> dict[str, Any]:
    """The details of a run.

    Returns
    -------
    dict
        `runId`, `target`, `status`, `startTimeUtc`, `endTimeUtc` (from its end on), `properties`,
        `inputDatasets`, `outputDatasets`, `runDefinition`, `logFiles` (name -> address),
        `submittedBy`; `warnings` and `error` where there are any.
    """
    spec = run.spec
    found: dict[str, Any] = {
        "runId": run.id,
        "target": spec.compute,
        "status": run.state.value,
        "startTimeUtc": _instant(run.started_at),
        "services": {},
        "properties": {**_generated_properties(run), **run.properties},
        "inputDatasets": [],
        "outputDatasets": [],
        "runDefinition": {
            **_executed(spec),
            "framework": "Python",
            "communicator": "None",
            "target": spec.compute,
            "nodeCount": spec.node_count,
            "priority": spec.priority,
            "maxRunDurationSeconds": spec.timeout_s,
            "environment": _environment(spec),
            "history": {"outputCollection": True, "directoriesToWatch": ["logs"]},
        },
        "logFiles": {
            file.name: f"{portal_url(client, run.id)}/{file.name}"
            for file in client.files(run.id)
            if file.name.startswith(("azureml-logs/", "logs/"))
        },
        "submittedBy": run.submitted_by,
    }
    if run.ended_at is not None:
        found["endTimeUtc"] = _instant(run.ended_at)
    if run.warnings:
        found["warnings"] = [{"message": warning} for warning in run.warnings]
    if run.state.value == "Failed":
        found["error"] = {"error": {"code": "UserError", "message": run.reason}}
    return found


def portal_url(client: Client, run_id: str) -> str:
    """Address of the folder with the run's files."""
    return (Path(client.directory) / "runs" / run_id / "files").as_uri()


def _executed(spec: RunSpec) -> dict[str, Any]:
    """A script with its arguments, or the command that was given in place of them."""
    arguments = list(spec.arguments)
    if spec.script == COMMAND_SCRIPT:
        return {"script": None, "command": arguments, "arguments": []}
    return {"script": spec.script, "command": "", "arguments": arguments}


def _environment(spec: RunSpec) -> dict[str, Any]:
    found = environment_files.definition(Environment.from_spec(spec.environment))
    return {**found, "environmentVariables": {**spec.environment.variables, **spec.variables}}


def _generated_properties(run: Run) -> dict[str, str]:
    properties = {
        "_azureml.ComputeTargetType": run.spec.compute,
        "ContentSnapshotId": run.snapshot_id or "",
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


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")
