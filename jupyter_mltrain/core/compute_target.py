"""`ComputeTarget`: a place where runs execute, by its name."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

from jupyter_mltrain import units
from jupyter_mltrain.core.words import parse_size
from jupyter_mltrain.errors import ComputeTargetError
from jupyter_mltrain.spec import ComputeStatus
from jupyter_mltrain.wire import AttachRequest

if TYPE_CHECKING:
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


class ComputeTarget:
    """A named place with CPUs, memory and GPUs. ``local``, this machine, is always there."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        """The compute target of that name; raises `ComputeTargetException` if there is none."""
        self._of(workspace, _find(workspace, name))

    def _of(self, workspace: Workspace, record: ComputeStatus) -> None:
        self.workspace = workspace
        self.name = record.name
        self.type = record.kind
        self._record = record

    @classmethod
    def _from(cls, workspace: Workspace, record: ComputeStatus) -> ComputeTarget:
        target = cls.__new__(cls)
        target._of(workspace, record)
        return target

    @classmethod
    def attach(
        cls,
        workspace: Workspace,
        name: str,
        attach_configuration: str,
        *,
        cpus: int | None = None,
        memory: str | int | None = None,
        gpus: int = 0,
    ) -> ComputeTarget:
        """Make a Docker Engine a compute target; runs execute there in containers.

        Parameters
        ----------
        attach_configuration
            Where the engine is: ``ssh://user@host``, ``tcp://host:port`` or ``unix:///…``.
        cpus, memory
            What runs may hold there together, as in 8 and "32GB"; by default all that it has.
        gpus
            How many GPUs runs may hold there: an engine cannot say how many it has.

        Raises
        ------
        ComputeTargetException
            The engine does not answer, or the name is taken.
        """
        request = AttachRequest(
            name=name,
            url=attach_configuration,
            cpus=cpus,
            memory_bytes=None if memory is None else parse_size(str(memory)),
            gpus=gpus,
        )
        return cls._from(workspace, workspace.client.attach(request))

    @classmethod
    def list(cls, workspace: Workspace) -> builtins.list[ComputeTarget]:
        """Every compute target of the workspace."""
        return [cls._from(workspace, record) for record in workspace.client.computes()]

    @property
    def id(self) -> str:
        """The name: it is unique in its workspace."""
        return self.name

    @property
    def is_attached(self) -> bool:
        """Whether it was attached, which is what can be detached."""
        return self._record.url is not None

    @property
    def provisioning_state(self) -> str:
        """Succeeded, or Unreachable, as it was last asked."""
        return "Unreachable" if self._record.unreachable else "Succeeded"

    @property
    def provisioning_errors(self) -> str | None:
        """Why it cannot be reached."""
        return self._record.unreachable

    def refresh_state(self) -> None:
        """Ask anew how it stands."""
        self._record = _find(self.workspace, self.name)

    def get_status(self) -> ComputeTargetStatus:
        """How it stands now."""
        self.refresh_state()
        return ComputeTargetStatus(self._record)

    def serialize(self) -> dict[str, Any]:
        """What is known of it as plain data."""
        return ComputeTargetStatus(self._record).serialize()

    def wait_for_completion(
        self, show_output: bool = False, is_delete_operation: bool = False
    ) -> None:
        """Return at once: a compute target that is there can be used."""
        if show_output:
            print(self.get_status().serialize()["state"])

    def detach(self) -> None:
        """Forget the engine, which itself stays as it is.

        Raises
        ------
        ComputeTargetException
            It is this machine, or was detached before.
        """
        self.workspace.client.detach(self.name)

    def delete(self) -> None:
        """As `detach`: an engine that was attached is not ours to delete."""
        self.detach()

    def __repr__(self) -> str:
        return f"ComputeTarget(workspace={self.workspace!r}, name={self.name!r})"


def _find(workspace: Workspace, name: str) -> ComputeStatus:
    records = workspace.client.computes()
    for record in records:
        if record.name == name:
            return record
    known = units.listed([repr(record.name) for record in records])
    raise ComputeTargetError(
        f"No compute target {name!r} in this workspace, which has {known}. ComputeTarget.attach "
        "adds one."
    )
