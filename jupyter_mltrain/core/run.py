"""`Run`: one execution, to watch, to ask and to fetch from."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_mltrain import client as clients
from jupyter_mltrain import runtime, spec, wire
from jupyter_mltrain.core import details, downloading, watching
from jupyter_mltrain.errors import NotInARun
from jupyter_mltrain.spec import DRIVER_LOG, RunKind

if TYPE_CHECKING:
    from typing_extensions import Self

    from jupyter_mltrain.core.environment import Environment
    from jupyter_mltrain.core.experiment import Experiment
    from jupyter_mltrain.core.workspace import Workspace

_TYPES = {
    RunKind.SCRIPT: "azureml.scriptrun",
    RunKind.CELL: "azureml.scriptrun",
    RunKind.NOTEBOOK: "azureml.scriptrun",
    RunKind.CHILD: None,
}


class Run:
    """A run of an experiment. The object holds its id alone: what it says is asked for."""

    def __init__(
        self, experiment: Experiment, run_id: str, outputs: str | None = None, **kwargs: Any
    ) -> None:
        """The existing run with this id, number or name; raises `NoSuchRun`."""
        self.experiment = experiment
        self._client = experiment.workspace.client
        self.id = self._client.get(run_id).id

    @classmethod
    def _of(cls, experiment: Experiment, record: spec.Run) -> Self:
        """The run of a record that is at hand: nothing has to be asked."""
        run = cls.__new__(cls)
        run.experiment, run._client, run.id = experiment, experiment.workspace.client, record.id
        return run

    @staticmethod
    def get(workspace: Workspace, run_id: str) -> Run:
        """The run with this id, number or name, whatever its experiment."""
        from jupyter_mltrain.core.experiment import Experiment

        record = workspace.client.get(run_id)
        experiment = Experiment(workspace, record.spec.experiment)
        return (Run if record.parent_id else ScriptRun)(experiment, record.id)

    @classmethod
    def get_context(
        cls, allow_offline: bool = True, used_for_context_manager: bool = False, **kwargs: Any
    ) -> Any:
        """Inside a run, that run, to log to; outside one, an offline run that prints.

        Raises
        ------
        NotInARun
            This is no run, and `allow_offline` is false.
        """
        context = runtime.run_class()
        try:
            return context.get_context(allow_offline, used_for_context_manager, **kwargs)
        except runtime.errors.RunEnvironmentException as error:
            raise NotInARun(str(error)) from None

    # What it is

    @property
    def record(self) -> spec.Run:
        """Everything the service knows about it, as of now."""
        return self._client.get(self.id)

    @property
    def number(self) -> int:
        """What people call it, as in ``#42``."""
        return self.record.number

    @property
    def name(self) -> str | None:
        """The name given at submit."""
        return self.record.spec.name

    @property
    def display_name(self) -> str:
        """The name, else the experiment's, with the number."""
        return self.record.label

    @property
    def type(self) -> str | None:
        """Azure's word for what made it; children have none."""
        return _TYPES[self.record.spec.kind]

    @property
    def status(self) -> str:
        """The state's name, as `get_status` gives it."""
        return self.get_status()

    @property
    def reason(self) -> str:
        """Why it is in its state, in words."""
        return self.record.reason

    def get_status(self) -> str:
        """The state's name: "Queued", "Running", "Completed" …"""
        return self.record.state.value

    def get_details(self) -> dict[str, Any]:
        """What Azure's `get_details` gives: see `core.details`."""
        return details.of(self._client, self.record)

    def get_details_with_logs(self) -> dict[str, Any]:
        """`get_details`, with the text of each log instead of its address."""
        found = self.get_details()
        found["logFiles"] = {
            name: b"".join(self._client.read_file(self.id, name)).decode("utf-8", "replace")
            for name in found["logFiles"]
        }
        return found

    def get_detailed_status(self) -> dict[str, str]:
        """State and reason."""
        record = self.record
        return {"status": record.state.value, "details": record.reason}

    def get_snapshot_id(self) -> str | None:
        """Id of the copy of the source folder that it runs from."""
        return self.record.snapshot_id

    def get_portal_url(self) -> str:
        """Where its files lie."""
        return details.portal_url(self._client, self.id)

    # Waiting, watching, ending

    def wait_for_completion(
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,
        raise_on_error: bool = True,
    ) -> dict[str, Any]:
        """Wait until it has ended; returns `get_details`.

        Interrupting stops the waiting, not the run.

        Parameters
        ----------
        show_output
            Print what it prints, as it comes.
        wait_post_processing
            Kept for Azure's code: outputs are there as soon as it has ended.

        Raises
        ------
        RunFailed
            It did not complete, and `raise_on_error` is true.
        """
        watching.wait(self._client, self.id, show_output=show_output, raise_on_error=raise_on_error)
        return self.get_details()

    def follow(
        self, logs: Mapping[str, int] | None = None
    ) -> Iterator[spec.Run | clients.LogChunk]:
        """The run as it goes; see `Client.follow`. By default with what it prints."""
        return self._client.follow(self.id, {DRIVER_LOG: 0} if logs is None else logs)

    def get_environment(self) -> Environment:
        """What it runs in, as it was described when it was submitted."""
        from jupyter_mltrain.core.environment import Environment

        return Environment.from_spec(self.record.spec.environment)

    def cancel(self) -> None:
        """Ask it to end; does not wait for it."""
        self._client.cancel(self.id)

    def again(
        self,
        *,
        name: str | None = None,
        arguments: Sequence[Any] | None = None,
        resources: spec.Resources | None = None,
    ) -> Self:
        """Submit it once more: the same snapshot, inputs and settings, but for what is given."""
        request = wire.AgainRequest(
            name=name,
            arguments=None if arguments is None else tuple(str(each) for each in arguments),
            resources=resources,
        )
        return self._of(self.experiment, self._client.again(self.id, request))

    def delete(self) -> None:
        """Delete it with everything it kept, once it has ended. There is no way back."""
        self._client.delete(self.id)

    # What it says and keeps

    def get_metrics(
        self,
        name: str | None = None,
        recursive: bool = False,
        run_type: str | None = None,
        populate: bool = False,
    ) -> dict[str, Any]:
        """What it has logged: name -> value, list of values, or columns.

        Parameters
        ----------
        recursive
            Run id -> metrics, of it and all its children.
        """
        found = self._client.metrics(self.id, name)
        if not recursive:
            return found
        children = self.get_children(recursive=True)
        return {self.id: found} | {run.id: run.get_metrics(name) for run in children}

    def get_file_names(self) -> builtins.list[str]:
        """Names of its files, ordered: logs, outputs, uploads. Also while it runs."""
        return [file.name for file in self._client.files(self.id)]

    def download_file(self, name: str, output_file_path: str | Path | None = None) -> None:
        """Fetch one file.

        Parameters
        ----------
        output_file_path
            Where to; a folder, or one that ends in a slash, takes the file under its own name.
            By default the current directory.

        Raises
        ------
        NoSuchFile
            It has no file of that name.
        """
        downloading.one(self._client, self.id, name, output_file_path)

    def download_files(
        self,
        prefix: str | None = None,
        output_directory: str | Path | None = None,
        output_paths: Sequence[str] | None = None,
        batch_size: int = 100,
        append_prefix: bool = True,
        timeout_seconds: float | None = None,
    ) -> None:
        """Fetch all files, or those below a folder.

        Parameters
        ----------
        prefix
            Only files whose names start with it.
        output_paths
            Names to give them instead, as many as there are files.
        append_prefix
            Keep the prefix in the names.
        """
        downloading.many(
            self._client, self.id, prefix, output_directory, output_paths, append_prefix
        )

    def get_all_logs(self, destination: str | Path | None = None) -> builtins.list[str]:
        """Fetch all logs; returns the paths they got."""
        return downloading.logs(self._client, self.id, destination)

    def variables(self) -> dict[str, Any]:
        """The variables that a `%%train` cell was asked to bring back (``-o``).

        Waits until the run has ended.

        Raises
        ------
        VariableError
            A variable was never set, or cannot be loaded in this Python.
        RunFailed
            The run did not complete and kept none.
        """
        from jupyter_mltrain.core import variables

        return variables.fetch(self._client, self.id)

    # Tags and properties

    @property
    def tags(self) -> dict[str, str | None]:
        """Key -> value; `None` for a key alone."""
        return dict(self.record.tags)

    def get_tags(self) -> dict[str, str | None]:
        """Key -> value; `None` for a key alone."""
        return self.tags

    def tag(self, key: str, value: str | None = None) -> None:
        """Set one tag."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Set tags; others stay."""
        self._client.tag(self.id, {str(k): None if v is None else str(v) for k, v in tags.items()})

    def remove_tags(self, tags: str | Sequence[str]) -> None:
        """Remove tags by key; one that is not there is no error."""
        self._client.tag(self.id, remove=[tags] if isinstance(tags, str) else tags)

    @property
    def properties(self) -> dict[str, str]:
        """Key -> value."""
        return dict(self.record.properties)

    def get_properties(self) -> dict[str, str]:
        """Key -> value."""
        return self.properties

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Add properties; raises `WrongState` for a key that is there: they never change."""
        self._client.add_properties(self.id, {str(k): str(v) for k, v in properties.items()})

    # Family

    @property
    def parent(self) -> Run | None:
        """The run that opened it as a child."""
        parent_id = self.record.parent_id
        return Run(self.experiment, parent_id) if parent_id else None

    def get_children(
        self,
        recursive: bool = False,
        tags: str | Mapping[str, str] | None = None,
        properties: str | Mapping[str, str] | None = None,
        type: str | None = None,
        status: str | None = None,
    ) -> Iterator[Run]:
        """The runs it opened within itself, newest first."""
        query = [tags] if isinstance(tags, str) else [f"{k}={v}" for k, v in (tags or {}).items()]
        wanted = {properties: None} if isinstance(properties, str) else dict(properties or {})
        for record in self._client.iterate(parent=self.id, tag=tuple(query), state=status):
            child = Run(self.experiment, record.id)
            if all(
                k in record.properties and v in (None, record.properties[k])
                for k, v in wanted.items()
            ):
                yield child
            if recursive:
                yield from child.get_children(True, tags, properties, type, status)

    @staticmethod
    def list(experiment: Experiment, **filters: Any) -> Iterator[Run]:
        """The experiment's runs; see `Experiment.get_runs`."""
        return experiment.get_runs(**filters)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        record = self.record
        return (
            f"Run(Experiment: {record.spec.experiment},\nId: {self.id},\n"
            f"Type: {_TYPES[record.spec.kind]},\nStatus: {record.state})"
        )

    def _repr_html_(self) -> str:
        record = self.record
        cells = {
            "Experiment": record.spec.experiment,
            "Id": self.id,
            "Type": str(_TYPES[record.spec.kind]),
            "Status": f"{record.state}: {record.reason}",
        }
        head = "".join(f"<th>{name}</th>" for name in cells)
        row = "".join(f"<td>{escape(value)}</td>" for value in cells.values())
        return f"<table><tr>{head}</tr><tr>{row}</tr></table>"


class ScriptRun(Run):
    """A run of a script, a cell or a notebook."""

    RUN_TYPE = "azureml.scriptrun"
