"""Runs that a run submits, and what it says of them."""

import os
import time

from .asking import ask
from .errors import AzureMLException, UserErrorException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional

_LOOK_AGAIN_S = 0.5
_FINAL = frozenset({"Completed", "Failed", "Canceled"})


class ScriptRunConfig:
    """A script with its arguments; the rest is that of the run that submits it."""

    def __init__(
        self,
        source_directory: "Optional[str]" = None,
        script: "Optional[str]" = None,
        arguments: "Any" = None,
        run_config: "Any" = None,
        _telemetry_values: "Any" = None,
        compute_target: "Any" = None,
        environment: "Any" = None,
        distributed_job_config: "Any" = None,
        resume_from: "Any" = None,
        max_run_duration_seconds: "Any" = None,
        command: "Any" = None,
        docker_runtime_config: "Any" = None,
    ) -> None:
        self.source_directory = source_directory
        self.script = script
        self.arguments = list(arguments or ())
        self.run_config = run_config


class Submitted:
    """A run that goes on by itself; the object asks the service what it says."""

    def __init__(self, run: "Any", record: "Dict[str, Any]") -> None:
        self._run = run
        self.id = record["id"]
        self.number = record["number"]

    def get_status(self) -> str:
        """The state's name: "Queued", "Running", "Completed" …"""
        state: str = self._ask()["state"]
        return state

    @property
    def status(self) -> str:
        return self.get_status()

    def get_tags(self) -> "Dict[str, Optional[str]]":
        tags: "Dict[str, Optional[str]]" = self._ask()["tags"]
        return tags

    def get_properties(self) -> "Dict[str, str]":
        properties: "Dict[str, str]" = self._ask()["properties"]
        return properties

    def get_metrics(self, name: "Optional[str]" = None) -> "Dict[str, Any]":
        """What it has logged so far: name -> value, in the shapes of `Run.get_metrics`."""
        from .metrics import aggregate

        records = ask(self._run, "metrics", id=self.id)
        if name is not None:
            records = [record for record in records if record["n"] == name]
        return aggregate(records, self.id)

    def wait_for_completion(
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,
        raise_on_error: bool = True,
    ) -> "Dict[str, Any]":
        """Wait until it has ended. What this run holds meanwhile, the other can't have."""
        while True:
            found = self._ask()
            if found["state"] in _FINAL:
                break
            time.sleep(_LOOK_AGAIN_S)
        if raise_on_error and found["state"] != "Completed":
            raise AzureMLException("{} is {}: {}".format(self.id, found["state"], found["reason"]))
        return {"runId": self.id, "status": found["state"], "properties": found["properties"]}

    def _ask(self) -> "Dict[str, Any]":
        found: "Dict[str, Any]" = ask(self._run, "run", id=self.id)
        return found

    def __repr__(self) -> str:
        return "Run(Id: {},\nStatus: {})".format(self.id, self.get_status())


def submit(run: "Any", config: "Any", tags: "Any" = None) -> Submitted:
    """Submit a script of the run's own files."""
    script = getattr(config, "script", None)
    if not script:
        raise UserErrorException(
            "submit_child takes a ScriptRunConfig with a script of this run's own files."
        )
    work = os.path.realpath(os.path.join(run._root._path, "work"))
    folder = os.path.realpath(getattr(config, "source_directory", None) or ".")
    path = os.path.relpath(os.path.join(folder, script), work)
    if path.startswith(os.pardir):
        raise UserErrorException(
            "{} is not among this run's own files in {}: only they can be submitted from inside "
            "it.".format(os.path.join(folder, script), work)
        )
    record = ask(
        run,
        "submit_child",
        script=path.replace(os.sep, "/"),
        arguments=[str(each) for each in config.arguments or ()],
        tags={str(k): None if v is None else str(v) for k, v in (tags or {}).items()},
    )
    return Submitted(run, record)
