"""Compute targets: what there is, clusters that are created, engines that are attached."""

from __future__ import annotations

from urllib.parse import quote

from jupyter_mltrain import errors, wire
from jupyter_mltrain.client.requests import Requests
from jupyter_mltrain.spec import ComputeStatus, VmSize


class ComputeVerbs(Requests):
    """What can be asked about compute targets."""

    def computes(self) -> tuple[ComputeStatus, ...]:
        """Every compute target with who holds what."""
        return self._ask("GET", "/v1/computes", tuple[ComputeStatus, ...])

    def attach(self, request: wire.AttachRequest) -> ComputeStatus:
        """Make a Docker Engine a compute target; the same again changes nothing.

        Raises
        ------
        ComputeUnavailable
            The engine does not answer.
        InvalidSpec
            The name or the URL cannot be one, or the engine has less than was given.
        WrongState
            The name is that of another compute target.
        """
        return self._ask("POST", "/v1/computes", ComputeStatus, request)

    def detach(self, name: str) -> ComputeStatus:
        """Forget an attached engine, which itself stays as it is; gives what it was.

        Raises
        ------
        ComputeTargetError
            There is none of that name, or it is this machine.
        WrongState
            Runs there have not ended.
        """
        return self._delete("/v1/computes", name)

    def vm_sizes(self) -> tuple[VmSize, ...]:
        """Sizes of machines by Azure's names, and what each comes to on this machine."""
        return self._ask("GET", "/v1/vm-sizes", tuple[VmSize, ...])

    def create_cluster(self, request: wire.ClusterRequest) -> ComputeStatus:
        """Create a cluster on this machine; the same again changes nothing.

        Raises
        ------
        ComputeTargetError
            The size or the limits cannot be, or there is another one of that name.
        InvalidSpec
            The name cannot be one.
        """
        return self._ask("POST", "/v1/clusters", ComputeStatus, request)

    def change_cluster(self, name: str, change: wire.ClusterChange) -> ComputeStatus:
        """Give a cluster other limits.

        Raises
        ------
        ComputeTargetError
            There is no such cluster, or it cannot have these limits.
        """
        return self._ask("POST", _below("/v1/clusters", name), ComputeStatus, change)

    def delete_cluster(self, name: str) -> ComputeStatus:
        """Delete a cluster with its nodes; gives what it was.

        Raises
        ------
        ComputeTargetError
            There is none of that name, or a run there has not ended.
        """
        return self._delete("/v1/clusters", name)

    def _delete(self, path: str, name: str) -> ComputeStatus:
        before = next((each for each in self.computes() if each.name == name), None)

        def done(refusal: errors.MltrainError) -> ComputeStatus | None:
            is_gone = all(each.name != name for each in self.computes())
            return before if is_gone else None

        return self._ask("DELETE", _below(path, name), ComputeStatus, None, done)


def _below(path: str, name: str) -> str:
    return f"{path}/{quote(name, safe='', errors='replace')}"
