"""`Experiment`: a named series of runs."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec

from jupyter_mltrain.core import addresses, html, interactive, matching
from jupyter_mltrain.core.environment import Environment
from jupyter_mltrain.core.labels import tag_texts
from jupyter_mltrain.core.run import Run, ScriptRun
from jupyter_mltrain.core.script_run_config import ScriptRunConfig
from jupyter_mltrain.core.workspace import Workspace
from jupyter_mltrain.errors import ChecksFailed, UserError
from jupyter_mltrain.spec import is_experiment_name
from jupyter_mltrain.wire import SubmitRequest


class Experiment(addresses.Addressed):
    """A named series of runs. It is there as soon as it has a run, and as long as it has one."""

    def __init__(self, workspace: Workspace, name: str, **kwargs: Any) -> None:
        """Name the series; raises `UserError` for what cannot be a name."""
        if not is_experiment_name(name):
            raise UserError(
                f"{name!r} cannot name an experiment. Use up to 255 letters, digits, '_', '-' "
                "and '.', the first a letter or digit."
            )
        self.workspace = workspace
        self.name = name

    @property
    def id(self) -> str:
        """The name: it is unique in its workspace."""
        return self.name

    @property
    def identity(self) -> str:
        """The name, too."""
        return self.name

    @property
    def workspace_object(self) -> Workspace:
        """The workspace, under its older name."""
        return self.workspace

    def get_portal_url(self) -> str:
        """JupyterLab; from where there is none, the workspace's folder."""
        return addresses.of_experiment(self.workspace.client)

    def submit(
        self,
        config: ScriptRunConfig,
        tags: Mapping[str, str | None] | None = None,
        *,
        force: bool = False,
        parent: Run | None = None,
        **kwargs: Any,
    ) -> ScriptRun:
        """Submit a run, and return at once; it is on disk then.

        Parameters
        ----------
        force
            Skip the checks before queueing.
        parent
            A run that this one is a part of: its id is kept as a property.

        Raises
        ------
        ChecksFailed
            The run could not work: the sentence says why and what to do.
        SnapshotError
            The source folder cannot be taken.
        """
        if kwargs:
            raise UserError(f"submit does not know {', '.join(map(repr, kwargs))}.")
        request = self._request(config, tag_texts(tags), force)
        if parent is not None:
            properties = {**request.properties, matching.PARENT: parent.id}
            request = msgspec.structs.replace(request, properties=properties)
        try:
            record = self.workspace.client.submit(request)
        except ChecksFailed as error:
            raise error.forced_by("Pass force=True") from None
        for warning in record.warnings:
            print(f"Warning: {warning}")
        return ScriptRun._of(self, record)

    def _request(
        self, config: ScriptRunConfig, tags: dict[str, str | None], force: bool
    ) -> SubmitRequest:
        if not hasattr(config, "request"):
            raise UserError(
                f"submit takes a ScriptRunConfig or an Estimator, not {type(config).__name__}."
            )
        request = config.request(self.name)
        registered, environment = request.environment, config.run_config.environment
        if isinstance(environment, Environment):
            environment.keep_password(self.workspace)
            known = environment.registered_in(self.workspace)
            spec = request.spec.environment
            if spec.is_built and spec == environment.spec():
                registered = known  # exactly this version, though a later one may be there
        return msgspec.structs.replace(request, environment=registered, tags=tags, force=force)

    def start_logging(self, *args: Any, **kwargs: Any) -> Run:
        """Open a run that this very process logs to, until it says that it is complete.

        It is Running from now on. When the process, the notebook's kernel say, is gone without
        having ended it, it has failed. As the block of a ``with`` it ends with the block.

        Parameters
        ----------
        display_name
            What the run is called in lists; `name` means the same.
        run_id
            Letters, digits, ``_ . -``; by default a random UUID.
        outputs
            A folder, ``outputs`` by default: what is written to it from now on is kept with the
            run when it is ended here. False for none.
        snapshot_directory
            A folder, or one file, to keep a copy of, by default the current directory; `None` for
            no copy.
        tags
            Key -> value.

        Raises
        ------
        SnapshotError
            The folder that was named cannot be taken.
        """
        given = {**dict(zip(_LOGGING, args, strict=False)), **kwargs}
        unknown = [repr(name) for name in given if name not in _LOGGING]
        if unknown or len(args) > len(_LOGGING):
            what = ", ".join(unknown) or f"{len(args)} arguments"
            raise UserError(f"start_logging does not know {what}. It takes {', '.join(_LOGGING)}.")
        if "snapshot_directory" not in given:
            source = interactive.source_here()
        else:
            folder = given["snapshot_directory"]
            source = None if folder is None else interactive.source_of(folder)
        record = interactive.start(
            self.workspace.client,
            self.name,
            name=given.get("display_name") or given.get("name"),
            run_id=given.get("run_id"),
            tags=tag_texts(given.get("tags")),
            source=source,
        )
        for warning in record.warnings:
            print(f"Warning: {warning}")
        run = Run._of(self, record)
        outputs = given.get("outputs")
        run._keep_from_now(None if outputs is False else str(outputs or "outputs"))
        return run

    def get_runs(
        self,
        type: str | None = None,
        tags: str | Mapping[str, str] | None = None,
        properties: str | Mapping[str, str] | None = None,
        include_children: bool = False,
    ) -> Iterator[Run]:
        """The runs, newest first; children only on request.

        Parameters
        ----------
        type
            "azureml.scriptrun", say.
        tags, properties
            Only runs that have this key, or these keys with these values.
        """
        return Run.list(self, type, tags, properties, include_children=include_children)

    @staticmethod
    def list(
        workspace: Workspace,
        experiment_name: str | None = None,
        view_type: str = "ActiveOnly",
        tags: str | Mapping[str, str] | None = None,
    ) -> builtins.list[Experiment]:
        """The workspace's experiments, by name; none of them is archived, and none has a tag."""
        if tags or view_type == "ArchivedOnly":
            return []
        names = workspace.client.experiments()
        return [Experiment(workspace, n) for n in names if experiment_name in (None, n)]

    @staticmethod
    def delete(workspace: Workspace, experiment_id: str) -> None:
        """Delete an experiment, which it is without that as soon as it has no run left.

        Raises
        ------
        UserError
            It has runs.
        """
        count = workspace.client.experiments().get(experiment_id, 0)
        if count:
            runs = "a run" if count == 1 else f"{count} runs"
            raise UserError(
                f"Experiment {experiment_id!r} has {runs}, which go with it. Delete them first, "
                "each with Run.delete(), or old ones with `jupyter mltrain gc`."
            )

    @staticmethod
    def from_directory(path: str | Path, auth: object = None) -> Experiment:
        """The experiment that is called as a folder, in the workspace that is configured there."""
        folder = Path(path).expanduser().absolute()
        return Experiment(Workspace.from_config(folder), folder.name)

    # What only Azure's experiments have

    @property
    def archived_time(self) -> str | None:
        """Always `None`: experiments are not archived here."""
        return None

    def archive(self) -> NoReturn:
        """Raise: experiments are not archived here."""
        raise UserError(
            "Experiments are not archived here. `jupyter mltrain gc` removes old runs, and an "
            "experiment without runs is in no list."
        )

    def reactivate(self, new_name: str | None = None) -> None:
        """Do nothing, since every experiment is active; raises when it is to be renamed."""
        if new_name not in (None, self.name):
            raise UserError(
                f"An experiment keeps its name. Submit to Experiment(ws, {new_name!r}) instead."
            )

    def refresh(self) -> None:
        """Do nothing: whatever an experiment says is asked for."""

    @property
    def tags(self) -> dict[str, str]:
        """Always empty: runs have tags."""
        return {}

    def tag(self, key: str, value: str | None = None) -> NoReturn:
        """Raise: runs have tags, experiments have none."""
        raise UserError(
            "Experiments have no tags here. Tag the runs: Run.tag, or tags=… when they are "
            "submitted."
        )

    def set_tags(self, tags: Mapping[str, Any]) -> NoReturn:
        """Raise: runs have tags, experiments have none."""
        self.tag(next(iter(tags), ""))

    def remove_tags(self, tags: object) -> None:
        """Do nothing: there are none."""

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Experiment)
            and other.name == self.name
            and other.workspace.directory == self.workspace.directory
        )

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"Experiment(Name: {self.name},\nWorkspace: {self.workspace.name})"

    def _repr_html_(self) -> str:
        return html.row(
            {
                "Name": escape(self.name),
                "Workspace": escape(self.workspace.name),
                "Report Page": html.link(self.get_portal_url(), "Link to the workspace"),
                "Docs Page": html.link(self.get_docs_url(), "Link to Documentation"),
            }
        )


_LOGGING: Final = (
    "name",
    "run_id",
    "outputs",
    "snapshot_directory",
    "display_name",
    "tags",
)
"""What `Experiment.start_logging` takes, in the order in which Azure's does."""
