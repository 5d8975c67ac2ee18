"""`Experiment`: a named series of runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import msgspec

from jupyter_mltrain.core.environment import Environment
from jupyter_mltrain.core.run import Run, ScriptRun
from jupyter_mltrain.core.script_run_config import ScriptRunConfig
from jupyter_mltrain.core.workspace import Workspace
from jupyter_mltrain.errors import ChecksFailed, UserError
from jupyter_mltrain.spec import is_experiment_name
from jupyter_mltrain.wire import SubmitRequest


class Experiment:
    """A named series of runs. It is there as soon as it has a run."""

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

    def submit(
        self,
        config: ScriptRunConfig,
        tags: Mapping[str, str | None] | None = None,
        *,
        force: bool = False,
        **kwargs: Any,
    ) -> ScriptRun:
        """Submit a run, and return at once; it is on disk then.

        Parameters
        ----------
        force
            Skip the checks before queueing.

        Raises
        ------
        ChecksFailed
            The run could not work: the sentence says why and what to do.
        SnapshotError
            The source folder cannot be taken.
        """
        if kwargs:
            raise UserError(f"submit does not know {', '.join(map(repr, kwargs))}.")
        request = self._request(config, dict(tags or {}), force)
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
        request = config.request(self.name)
        registered, environment = request.environment, config.run_config.environment
        if isinstance(environment, Environment):
            environment.keep_password(self.workspace)
            known = environment.registered_in(self.workspace)
            spec = request.spec.environment
            if spec.is_built and spec == environment.spec():
                registered = known  # exactly this version, though a later one may be there
        return msgspec.structs.replace(request, environment=registered, tags=tags, force=force)

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
        tags, properties
            Only runs that have this key, or these keys with these values.
        """
        query = [tags] if isinstance(tags, str) else [f"{k}={v}" for k, v in (tags or {}).items()]
        wanted = {properties: None} if isinstance(properties, str) else dict(properties or {})
        for record in self.workspace.client.iterate(
            experiment=self.name, tag=tuple(query), children="1" if include_children else None
        ):
            run = Run._of(self, record)
            matches = all(
                key in record.properties and value in (None, record.properties[key])
                for key, value in wanted.items()
            )
            if matches and type in (None, run.type):
                yield run

    @staticmethod
    def list(workspace: Workspace, experiment_name: str | None = None) -> list[Experiment]:
        """The workspace's experiments, by name."""
        names = workspace.client.experiments()
        return [Experiment(workspace, n) for n in names if experiment_name in (None, n)]

    def __repr__(self) -> str:
        return f"Experiment(Name: {self.name},\nWorkspace: {self.workspace.name})"

    def _repr_html_(self) -> str:
        return (
            "<table><tr><th>Name</th><th>Workspace</th></tr>"
            f"<tr><td>{escape(self.name)}</td><td>{escape(self.workspace.name)}</td></tr></table>"
        )
