"""What all compute targets with nodes of this machine share."""

from __future__ import annotations

from jupyter_mltrain.core.compute_target import ComputeTarget
from jupyter_mltrain.errors import ComputeTargetError, UserError
from jupyter_mltrain.spec import Cluster
from jupyter_mltrain.wire import ClusterChange


class Clustered(ComputeTarget):
    """A compute target that was created here."""

    @property
    def _cluster(self) -> Cluster:
        """As it was last asked."""
        if self._record.cluster is None:
            raise ComputeTargetError(f"{self.name!r} is not the cluster any more that it was.")
        return self._record.cluster

    def _cluster_now(self) -> Cluster:
        self.refresh_state()
        return self._cluster

    @property
    def provisioning_state(self) -> str:
        """Succeeded: a cluster that is there can be used."""
        return self._cluster.provisioning_state

    @property
    def vm_size(self) -> str:
        """Azure's name for what a node has."""
        return self._cluster.spec.vm_size

    def _change(self, change: ClusterChange) -> None:
        try:
            self._record = self.workspace.client.change_cluster(self.name, change)
        except UserError as error:
            raise ComputeTargetError(error.message) from error

    def delete(self) -> None:
        """Delete it with its nodes.

        Raises
        ------
        ComputeTargetException
            A run there has not ended, or it was deleted before.
        """
        self.workspace.client.delete_cluster(self.name)

    def detach(self) -> None:
        """Raise `ComputeTargetException`: a cluster of this machine is deleted instead."""
        raise ComputeTargetError(
            f"{self.name!r} was created here and cannot be detached. Use delete()."
        )
