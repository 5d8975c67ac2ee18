"""`Run`: one execution, to watch, to ask and to fetch from."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

from jupyter_mltrain import client as clients
from jupyter_mltrain import runtime, spec, wire
from jupyter_mltrain.core import (
    addresses,
    details,
    html,
    interactive,
    matching,
    watching,
)
from jupyter_mltrain.core.keeping import Keeping
from jupyter_mltrain.core.labels import Labelled
from jupyter_mltrain.core.recording import Recording
from jupyter_mltrain.core.registering import Registering
from jupyter_mltrain.errors import NotInARun
from jupyter_mltrain.spec import DRIVER_LOG, RunKind

if TYPE_CHECKING:
    from typing_extensions import Self

    from jupyter_mltrain.core.compute_target import ComputeTarget
    from jupyter_mltrain.core.environment import Environment
    from jupyter_mltrain.core.experiment import Experiment
    from jupyter_mltrain.core.script_run_config import ScriptRunConfig
    from jupyter_mltrain.core.workspace import Workspace

_SCRIPT_RUN: Final = "azureml.scriptrun"
_WITHOUT_SCRIPT: Final = frozenset({RunKind.CHILD, RunKind.INTERACTIVE})

Factory = Callable[["Experiment", dict[str, Any]], "Run"]
_factories: dict[str, Factory] = {}


def type_of(record: spec.Run) -> str | None:
    """Azure's word for what made a run; children and interactive runs have none."""
    return None if record.spec.kind in _WITHOUT_SCRIPT else _SCRIPT_RUN


class Run(Recording, Keeping, Labelled, Registering, addresses.Addressed):
    """A run of an experiment. The object holds its id alone: what it says is asked for."""

    def __init__(
        self, experiment: Experiment, run_id: str, outputs: str | None = None, **kwargs: Any
    ) -> None:
        """The existing run with this id, number or name; raises `NoSuchRun`.

        Parameters
        ----------
        outputs
            A folder: what is written to it from now on is kept when the run is ended here.
        """
        self.experiment = experiment
        self._client = experiment.workspace.client
        self.id = self._client.get(run_id).id
        self._keep_from_now(outputs)

    @staticmethod
    def get(workspace: Workspace, run_id: str) -> Run:
        """The run with this id, number or name, whatever its experiment."""
        from jupyter_mltrain.core.experiment import Experiment

        record = workspace.client.get(run_id)
        return Run._made(Experiment(workspace, record.spec.experiment), record)

    @staticmethod
    def _made(experiment: Experiment, record: spec.Run) -> Run:
        """The run of a record, as an object of the class that its type has."""
        kind = type_of(record)
        factory = _factories.get(kind or "")
        if factory is not None:
            return factory(experiment, details.of(experiment.workspace.client, record))
        return (Run if kind is None else ScriptRun)._of(experiment, record)

    @staticmethod
    def add_type_provider(runtype: str, run_factory: Factory) -> None:
        """Let `run_factory` make the objects of all runs of a type, of experiment and details."""
        _factories[runtype] = run_factory

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

    @classmethod
    def get_submitted_run(cls, **kwargs: Any) -> Any:
        """The older name of `get_context`."""
        return cls.get_context(**kwargs)

    # What it is

    @property
    def identity(self) -> str:
        """Its id."""
        return self.id

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
        """The name; without one, the experiment's with the run's number."""
        record = self.record
        return record.spec.name or record.label

    @display_name.setter
    def display_name(self, name: str) -> None:
        self._client.change(self.id, wire.RunChange(name=name))

    @property
    def description(self) -> str | None:
        """What somebody wrote about it."""
        return self.record.description

    @description.setter
    def description(self, text: str | None) -> None:
        self._client.change(self.id, wire.RunChange(description=text or ""))

    @property
    def type(self) -> str | None:
        """Azure's word for what made it; children and interactive runs have none."""
        return type_of(self.record)

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

    def get_details(self) -> details.Details:
        """What Azure's `get_details` gives: see `core.details`."""
        return details.of(self._client, self.record)

    def get_details_with_logs(self) -> details.Details:
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

    def get_portal_url(self) -> str:
        """Its page in JupyterLab; from where there is none, the folder of its files."""
        return addresses.of_run(self._client, self.id)

    # Waiting, watching, ending

    def wait_for_completion(
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,
        raise_on_error: bool = True,
    ) -> details.Details:
        """Wait until it has ended; returns `get_details`.

        Interrupting stops the waiting, not the run. A run that this process has opened, and has not
        ended yet, is not waited for: nobody else would end it.

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
        if not interactive.opened_here(self.id) or self.record.state.final:
            watching.wait(
                self._client, self.id, show_output=show_output, raise_on_error=raise_on_error
            )
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

    def clean(self) -> builtins.list[str]:
        """Do nothing, and say so: a working copy is deleted when its run has ended."""
        return []

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
        run_type
            With `recursive`: only of runs of this type.
        """
        if not recursive:
            return self._client.metrics(self.id, name)
        family = [self, *self.get_children(recursive=True)]
        return {run.id: run.get_metrics(name) for run in family if run_type in (None, run.type)}

    # Family

    @property
    def parent(self) -> Run | None:
        """The run that opened it as a child, or submitted it as one."""
        record = self.record
        parent_id = record.parent_id or record.properties.get(matching.PARENT)
        return Run._made(self.experiment, self._client.get(parent_id)) if parent_id else None

    def get_children(
        self,
        recursive: bool = False,
        tags: str | Mapping[str, str] | None = None,
        properties: str | Mapping[str, str] | None = None,
        type: str | None = None,
        status: str | None = None,
    ) -> Iterator[Run]:
        """The runs opened in it, or submitted as its children, newest first.

        Parameters
        ----------
        recursive
            Also those below them, each after the run that it belongs to.
        tags, properties
            Only runs that have this key, or these keys with these values.
        """
        wanted = matching.Wanted(tags=tags, properties=properties, type=type, status=status)
        for record in matching.below(self._client, self.record, recursive=recursive):
            if wanted.has(record, type_of(record)):
                yield Run._made(self.experiment, record)

    def submit_child(
        self, config: ScriptRunConfig, tags: Mapping[str, str | None] | None = None, **kwargs: Any
    ) -> ScriptRun:
        """Submit a run of the same experiment that counts as a child of this one.

        It goes on by itself, unlike one of `child_run`, which ends with its parent.
        """
        return self.experiment.submit(config, tags, parent=self, **kwargs)

    @staticmethod
    def list(
        experiment: Experiment,
        type: str | None = None,
        tags: str | Mapping[str, str] | None = None,
        properties: str | Mapping[str, str] | None = None,
        status: str | None = None,
        include_children: bool = False,
    ) -> Iterator[Run]:
        """The experiment's runs, newest first; the filters are those of `get_children`."""
        wanted = matching.Wanted(tags=tags, properties=properties, type=type, status=status)
        return _found(experiment.workspace, wanted, include_children, experiment=experiment)

    @staticmethod
    def list_by_compute(
        compute: ComputeTarget,
        type: str | None = None,
        tags: str | Mapping[str, str] | None = None,
        properties: str | Mapping[str, str] | None = None,
        status: str | None = None,
    ) -> Iterator[Run]:
        """The runs of a compute target, newest first; the filters are those of `get_children`."""
        wanted = matching.Wanted(tags=tags, properties=properties, type=type, status=status)
        return _found(compute.workspace, wanted, compute=compute.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        record = self.record
        return (
            f"Run(Experiment: {record.spec.experiment},\nId: {self.id},\n"
            f"Type: {type_of(record)},\nStatus: {record.state})"
        )

    def _repr_html_(self) -> str:
        record = self.record
        return html.row(
            {
                "Experiment": escape(record.spec.experiment),
                "Id": escape(self.id),
                "Type": escape(type_of(record) or ""),
                "Status": f'<span title="{escape(record.reason)}">{record.state}</span>',
                "Details Page": html.link(self.get_portal_url(), "Link to the run"),
                "Docs Page": html.link(self.get_docs_url(), "Link to Documentation"),
            }
        )


def _found(
    workspace: Workspace, wanted: matching.Wanted, include_children: bool = False, **where: Any
) -> Iterator[Run]:
    """Runs of a workspace, newest first."""
    from jupyter_mltrain.core.experiment import Experiment

    of = where.pop("experiment", None)
    if of is not None:
        where["experiment"] = of.name
    if include_children:
        where["children"] = "1"
    for record in workspace.client.iterate(**where, **wanted.query):
        if wanted.has(record, type_of(record)):
            yield Run._made(of or Experiment(workspace, record.spec.experiment), record)


class ScriptRun(Run):
    """A run of a script, a cell or a notebook."""

    RUN_TYPE = _SCRIPT_RUN

    def __init__(
        self, experiment: Experiment, run_id: str, directory: str | None = None, **kwargs: Any
    ) -> None:
        """The existing run with this id, number or name; raises `NoSuchRun`."""
        super().__init__(experiment, run_id, **kwargs)
