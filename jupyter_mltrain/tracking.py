"""MLflow in a notebook: a workspace as its tracking store and as its registry of models.

``mlflow.set_tracking_uri(ws.get_mlflow_tracking_uri())`` names the workspace by its id. What
MLflow's client logs goes into runs of that workspace, as in `Experiment.start_logging`. Inside a
run the scheme is another one, and the same store is over the run itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from jupyter_mltrain import runtime, workspaces
from jupyter_mltrain.client import Client
from jupyter_mltrain.core import interactive, model_files
from jupyter_mltrain.core.workspace import Workspace
from jupyter_mltrain.errors import MltrainError, NoSuchRun, UserError
from jupyter_mltrain.spec import Run, RunKind, RunState, is_experiment_name
from jupyter_mltrain.wire import EndRequest, ModelRequest, OpenRequest

_STATUSES: Final = {
    RunState.COMPLETED: "FINISHED",
    RunState.FAILED: "FAILED",
    RunState.CANCELED: "KILLED",
}
_STATES: Final = {status: state for state, status in _STATUSES.items()}


def store(store_uri: str | None = None, artifact_uri: str | None = None) -> Any:
    """The tracking store behind ``mltrain://<workspace id>``."""
    return runtime.load("mlflow_store").Store(_place(store_uri))


def registry(store_uri: str | None = None, tracking_uri: str | None = None) -> Any:
    """The registry of models behind the same."""
    return runtime.load("mlflow_registry").Registry(_place(store_uri))


def _place(uri: str | None) -> WorkspacePlace:
    workspace_id = (uri or "").partition(":")[2].strip("/")
    directory = workspaces.registered().get(workspace_id)
    if directory is None:
        raise UserError(
            f"You have no workspace {workspace_id!r} here. `mlflow.set_tracking_uri` takes what "
            "`ws.get_mlflow_tracking_uri()` gives."
        )
    return WorkspacePlace(Workspace.at(directory).client)


class WorkspacePlace:
    """All runs of a workspace; see ``_mltrain_run/mlflow_run.py`` for what a place offers."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._mlflow = runtime.load("mlflow_run")
        self._user_error = runtime.errors.UserErrorException
        self._named: list[str] = []
        self._pens: dict[str, Any] = {}

    # Experiments, by name

    def experiments(self) -> list[str]:
        """Those with runs, and those that were named here."""
        return list(dict.fromkeys((*self._do(self._client.experiments), *self._named)))

    def experiment(self, name: str) -> str:
        """The same name: an experiment is there with its first run."""
        if not is_experiment_name(name):
            raise self._user_error(
                f"{name[:260]!r} cannot name an experiment. Use up to 255 letters, digits, '_', "
                "'-' and '.', the first a letter or digit."
            )
        if name not in self._named:
            self._named.append(name)
        return name

    def experiment_tags(self, name: str) -> dict[str, str]:
        """None: experiments are names here."""
        return {}

    def tag_experiment(self, name: str, key: str, value: str | None) -> None:
        """Refuse it."""
        raise self._user_error("Experiments have no tags here: tag the run, mlflow.set_tag.")

    # Runs, by MLflow's ids

    def run(self, key: str) -> Any:
        """The object to log to."""
        if key not in self._pens:
            self._keep(self._record(key))
        return self._pens[key]

    def known(self, key: str) -> Any:
        """What is known of it now."""
        return self._known(self._record(key))

    def all(self, experiments: Sequence[str]) -> list[Any]:
        """The runs of these experiments, newest first."""
        found = [
            record
            for name in dict.fromkeys(experiments)
            for record in self._do(list, self._client.iterate(experiment=name, children="1"))
        ]
        found.sort(key=lambda record: -record.number)
        return [self._known(record) for record in found]

    def open(self, experiment: str, name: str | None, parent: str | None) -> Any:
        """Begin a run of this process, or below the one with that key."""
        if parent is None:
            record = self._do(interactive.start, self._client, experiment, name=name)
        else:
            above = self._record(parent)
            request = OpenRequest(
                experiment=above.spec.experiment,
                name=name,
                run_id=os.urandom(16).hex(),
                parent=above.id,
            )
            record = self._do(self._client.open, request)
        return self._known(record)

    def end(self, key: str, status: str) -> None:
        """End a run as MLflow says; what has a script, the script's end ends."""
        record = self._record(key)
        state = _STATES.get(status)
        if state is None or record.state.final:
            return
        has_script = record.parent_id is None and record.spec.kind is not RunKind.INTERACTIVE
        if has_script and state is RunState.COMPLETED:
            return
        self._do(self._client.end, record.id, EndRequest(state=state))

    def home(self) -> Any:
        """No run takes what is logged to none."""
        raise self._user_error(
            "Start a run first, with mlflow.start_run(), and log the model in it."
        )

    def keepers(self) -> Iterator[Any]:
        """The runs whose journals may tell of models: those of here first, then all the others."""
        yield from self._pens.values()
        for record in self._do(list, self._client.iterate(children="1")):
            if self._mlflow.run_key(record.id) not in self._pens:
                yield interactive.pen(self._client, record)

    # Registered models

    def ask(self, verb: str, **args: Any) -> Any:
        """Ask for models of the workspace; the answers are those that a run gets."""
        if verb == "register_model":
            request = ModelRequest(run=args.pop("child"), **args)
            return msgspec.to_builtins(self._do(self._client.register_model, request))
        if verb == "models":
            found = self._do(self._client.models, args.get("name"))
            return [msgspec.to_builtins(model) for model in found]
        model = self._do(self._client.model, args["name"], args.get("version"))
        if verb == "model":
            return msgspec.to_builtins(model)
        folder = Path(self._client.directory, "models", model.name, str(model.version))
        return str(model_files.top(folder, [file.name for file in model.files]))

    def located(self, path: str) -> tuple[str, str]:
        """The run whose file or folder a path is, and its name there."""
        runs = Path(self._client.directory, "runs").resolve()
        found = Path(path).resolve()
        if found.is_relative_to(runs):
            parts = found.relative_to(runs).parts
            if len(parts) > 2 and parts[1] in ("files", "work"):
                return parts[0], "/".join(parts[2:])
            if len(parts) > 4 and (parts[1], parts[3]) == ("children", "files"):
                return parts[2], "/".join(parts[4:])
        raise self._user_error(
            f"{path} can't be registered: it is not among the files of a run. Log the model to a "
            "run first."
        )

    # How

    def _record(self, key: str) -> Run:
        """The run with that key: its id, with dashes for dots."""
        try:
            record: Run = self._client.get(key)
            if self._mlflow.run_key(record.id) == key:
                return record
        except NoSuchRun:
            pass  # its id has dots, or there is none
        except MltrainError as error:
            raise self._user_error(error.message) from None
        every: list[Run] = self._do(list, self._client.iterate(children="1"))
        for each in every:
            if self._mlflow.run_key(each.id) == key:
                return each
        raise self._user_error(f"No run {key!r} in this workspace. mlflow.search_runs lists them.")

    def _keep(self, record: Run) -> Any:
        key = self._mlflow.run_key(record.id)
        if key not in self._pens:
            self._pens[key] = self._do(interactive.pen, self._client, record)
        return self._pens[key]

    def _known(self, record: Run) -> Any:
        pen = self._keep(record)
        began = record.started_at or record.created_at
        works = record.spec.kind is not RunKind.INTERACTIVE and record.parent_id is None
        files = "work" if works and not record.state.final else "files"
        return self._mlflow.Known(
            run=pen,
            experiment=record.spec.experiment,
            user=record.submitted_by,
            status=_STATUSES.get(record.state, "RUNNING"),
            started_ms=int(began.timestamp() * 1000),
            ended_ms=None if record.ended_at is None else int(record.ended_at.timestamp() * 1000),
            artifacts=str(Path(pen._path, files, "outputs")),
        )

    def _do(self, work: Any, *arguments: Any, **more: Any) -> Any:
        """Have our errors raised as those that the store puts into MLflow's."""
        try:
            return work(*arguments, **more)
        except MltrainError as error:
            raise self._user_error(error.message) from None
