"""`ComputeTarget`: a place where runs execute, by its name."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jupyter_mltrain import units
from jupyter_mltrain.core.words import parse_size
from jupyter_mltrain.errors import ComputeTargetError, UserError
from jupyter_mltrain.spec import ClusterSpec, ComputeStatus, RunState
from jupyter_mltrain.wire import AttachRequest, ClusterRequest

if TYPE_CHECKING:
    from jupyter_mltrain.core.run import Run
    from jupyter_mltrain.core.workspace import Workspace

ComputeTargetException = ComputeTargetError
"""Under Azure's name."""


class ComputeTargetStatus:
    """How a compute target stands, at the moment when it was asked."""

    def __init__(self, record: ComputeStatus) -> None:
        self._record = record

    def serialize(self) -> dict[str, Any]:
        """All of it as plain data."""
        record = self._record
        leases = record.leases.values()
        return {
            "name": record.name,
            "kind": record.kind,
            "url": record.url,
            "state": "Unreachable" if record.unreachable else "Succeeded",
            "errors": record.unreachable,
            "cpus": record.capacity.cpus,
            "memoryBytes": record.capacity.memory_bytes,
            "gpus": len(record.capacity.gpus),
            "cpusInUse": sum(lease.cpus for lease in leases),
            "gpusInUse": sum(len(lease.gpus) for lease in leases),
            "running": len(record.leases),
            "queued": record.queued,
        }

    def __repr__(self) -> str:
        return f"ComputeTargetStatus({self.serialize()!r})"


class ComputeTargetProvisioningConfiguration:
    """What `ComputeTarget.create` is given."""

    def __init__(self, type: type[ComputeTarget], location: str | None) -> None:
        self._type = type
        self.location = location

    def validate_configuration(self) -> None:
        """Raise `ComputeTargetException` when nothing can be created from it."""

    def _spec(self) -> ClusterSpec:
        raise ComputeTargetError(
            "Only clusters are created. AmlCompute.provisioning_configuration describes one."
        )


class ComputeTargetAttachConfiguration:
    """What `ComputeTarget.attach` is given."""

    def __init__(self, type: type[ComputeTarget]) -> None:
        self._type = type

    def validate_configuration(self) -> None:
        """Raise `ComputeTargetException` when nothing can be attached by it."""


class ComputeTarget:
    """A named place with CPUs, memory and GPUs. ``local``, this machine, is always there."""

    _kind = "compute target"
    """What a sentence calls one."""

    workspace: Workspace
    name: str
    type: str
    _record: ComputeStatus
    _is_new = False
    """Whether it was created by this object, and nobody has waited for that yet."""

    def __new__(cls, workspace: Workspace, name: str) -> ComputeTarget:
        record = _find(workspace, name)
        if not issubclass(_class_of(record), cls):
            raise ComputeTargetError(
                f"{name!r} is not an {cls._kind}. ComputeTarget(workspace, {name!r}) is whatever "
                "it is."
            )
        return cls._from(workspace, record)

    def __init__(self, workspace: Workspace, name: str) -> None:
        """The compute target of that name, as an object of the class for its kind.

        Raises
        ------
        ComputeTargetException
            There is none, or it is of another kind than this class.
        """

    def __copy__(self) -> ComputeTarget:
        return ComputeTarget._from(self.workspace, self._record)

    def __deepcopy__(self, memo: object) -> ComputeTarget:
        return self.__copy__()

    def _of(self, workspace: Workspace, record: ComputeStatus) -> None:
        self.workspace = workspace
        self.name = record.name
        self.type = record.kind
        self._record = record

    @staticmethod
    def _from(workspace: Workspace, record: ComputeStatus) -> ComputeTarget:
        target = object.__new__(_class_of(record))
        target._of(workspace, record)
        return target

    # Making them

    @staticmethod
    def create(
        workspace: Workspace,
        name: str,
        provisioning_configuration: ComputeTargetProvisioningConfiguration,
    ) -> ComputeTarget:
        """Create a cluster on this machine; the same again gives the one that is there.

        Raises
        ------
        ComputeTargetException
            What is asked for cannot be, or there is another compute target of that name.
        """
        provisioning_configuration.validate_configuration()
        request = ClusterRequest(name=name, spec=provisioning_configuration._spec())
        try:
            record = workspace.client.create_cluster(request)
        except UserError as error:
            raise ComputeTargetError(error.message) from error
        if record.cluster is not None and record.cluster.note:
            print(record.cluster.note)
        target = ComputeTarget._from(workspace, record)
        target._is_new = True
        return target

    @classmethod
    def attach(
        cls,
        workspace: Workspace,
        name: str,
        attach_configuration: str | ComputeTargetAttachConfiguration,
        *,
        cpus: int | None = None,
        memory: str | int | None = None,
        gpus: int = 0,
    ) -> ComputeTarget:
        """Make a Docker Engine a compute target; runs execute there in containers.

        Parameters
        ----------
        attach_configuration
            Where the engine is: ``ssh://user@host``, ``tcp://host:port`` or ``unix:///…``, or what
            `RemoteCompute.attach_configuration` gives.
        cpus, memory
            What runs may hold there together, as in 8 and "32GB"; by default all that it has.
        gpus
            How many GPUs runs may hold there: an engine cannot say how many it has.

        Raises
        ------
        ComputeTargetException
            The engine does not answer, or the name is taken.
        """
        if isinstance(attach_configuration, ComputeTargetAttachConfiguration):
            attach_configuration.validate_configuration()
        request = AttachRequest(
            name=name,
            url=str(attach_configuration),
            cpus=cpus,
            memory_bytes=None if memory is None else parse_size(str(memory)),
            gpus=gpus,
        )
        try:
            return cls._from(workspace, workspace.client.attach(request))
        except UserError as error:
            raise ComputeTargetError(error.message) from error

    @staticmethod
    def list(workspace: Workspace) -> builtins.list[ComputeTarget]:
        """Every compute target of the workspace, each as an object of the class for its kind."""
        return [ComputeTarget._from(workspace, record) for record in workspace.client.computes()]

    @staticmethod
    def deserialize(workspace: Workspace, object_dict: Mapping[str, Any]) -> ComputeTarget:
        """The compute target that `serialize` was asked of, as it stands now."""
        if "name" not in object_dict:
            raise ComputeTargetError("This is no compute target: it has no name.")
        return ComputeTarget(workspace, str(object_dict["name"]))

    # Looking

    @property
    def id(self) -> str:
        """The name: it is unique in its workspace."""
        return self.name

    @property
    def is_attached(self) -> bool:
        """Whether it was attached, which is what can be detached."""
        return self._record.url is not None

    @property
    def location(self) -> str:
        """Where Azure names a region; here the directory of the workspace."""
        return self.workspace.location

    cluster_location = location

    @property
    def cluster_resource_id(self) -> str | None:
        """Where the engine is that was attached; None for what this machine has by itself."""
        return self._record.url

    @property
    def description(self) -> str | None:
        """What it is for, where somebody said so."""
        return self._record.cluster.spec.description if self._record.cluster else None

    @property
    def tags(self) -> dict[str, str]:
        """Labels that it was created with."""
        return dict(self._record.cluster.spec.tags) if self._record.cluster else {}

    @property
    def created_on(self) -> datetime | None:
        """When it was created, where that is known."""
        return self._record.cluster.created_at if self._record.cluster else None

    @property
    def modified_on(self) -> datetime | None:
        """When its limits were last changed, where that is known."""
        return self._record.cluster.modified_at if self._record.cluster else None

    @property
    def provisioning_state(self) -> str:
        """Succeeded, or Unreachable, as it was last asked."""
        return "Unreachable" if self._record.unreachable else "Succeeded"

    @property
    def provisioning_errors(self) -> Any:
        """Why it cannot be reached; None when nothing is wrong."""
        return self._record.unreachable

    def refresh_state(self) -> None:
        """Ask anew how it stands."""
        self._record = _find(self.workspace, self.name)

    def get_status(self) -> Any:
        """How it stands now."""
        self.refresh_state()
        return ComputeTargetStatus(self._record)

    def get_active_runs(
        self,
        type: str | None = None,
        tags: str | Mapping[str, str] | None = None,
        properties: str | Mapping[str, str] | None = None,
        status: str | None = None,
    ) -> Iterator[Run]:
        """The runs here that have not ended, newest first; filters as in `Experiment.get_runs`."""
        from jupyter_mltrain.core.run import Run

        states = [str(state) for state in RunState if not state.final]
        active = self.workspace.client.iterate(compute=self.name, state=states)
        ids = {record.id for record in active}
        if ids:
            for run in Run.list_by_compute(self, type, tags, properties, status):
                if run.id in ids:
                    yield run

    def serialize(self) -> dict[str, Any]:
        """What is known of it as plain data."""
        return ComputeTargetStatus(self._record).serialize()

    def wait_for_completion(
        self, show_output: bool = False, is_delete_operation: bool = False
    ) -> None:
        """Return at once: a compute target that is there can be used."""
        if show_output:
            print(self.get_status().serialize()["state"])

    # Removing them

    def detach(self) -> None:
        """Forget the engine, which itself stays as it is.

        Raises
        ------
        ComputeTargetException
            It is this machine, or was detached before.
        """
        try:
            self.workspace.client.detach(self.name)
        except UserError as error:
            raise ComputeTargetError(error.message) from error

    def delete(self) -> None:
        """As `detach`: an engine that was attached is not ours to delete."""
        self.detach()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(workspace={self.workspace!r}, name={self.name!r})"


def _class_of(record: ComputeStatus) -> type[ComputeTarget]:
    """The class for a compute target of this kind."""
    if record.cluster is not None:
        from jupyter_mltrain.core.aml_compute import AmlCompute
        from jupyter_mltrain.core.compute_instance import ComputeInstance

        return ComputeInstance if record.cluster.spec.instance else AmlCompute
    if record.url is not None and record.url.startswith("ssh:"):
        from jupyter_mltrain.core.remote_compute import RemoteCompute

        return RemoteCompute
    return ComputeTarget


def _find(workspace: Workspace, name: str) -> ComputeStatus:
    records = workspace.client.computes()
    for record in records:
        if record.name == name:
            return record
    known = units.listed([repr(record.name) for record in records])
    raise ComputeTargetError(
        f"No compute target {name!r} in this workspace, which has {known}. ComputeTarget.create "
        "makes a cluster of this machine, ComputeTarget.attach adds a Docker Engine."
    )
