"""Compute targets: engines and clusters."""

from __future__ import annotations

from typing import Final

from jupyter_mltrain import wire
from jupyter_mltrain.server.routes.base import WORKSPACE, Route
from jupyter_mltrain.spec import ComputeStatus, VmSize

FORWARDED: Final = (
    Route(
        method="GET",
        path=WORKSPACE + "computes",
        about="Compute targets with who holds what.",
        reply=tuple[ComputeStatus, ...],
    ),
    Route(
        method="POST",
        path=WORKSPACE + "computes",
        about="Attach a Docker Engine as a compute target.",
        request=wire.AttachRequest,
        reply=ComputeStatus,
        status=201,
        action="execute",
    ),
    Route(
        method="DELETE",
        path=WORKSPACE + "computes/{compute}",
        about="Forget an engine, which itself stays as it is; answers with what it was.",
        reply=ComputeStatus,
        action="execute",
    ),
    Route(
        method="GET",
        path=WORKSPACE + "vm-sizes",
        about="Sizes of machines by Azure's names, and what each comes to on this machine.",
        reply=tuple[VmSize, ...],
    ),
    Route(
        method="POST",
        path=WORKSPACE + "clusters",
        about="Create a cluster, whose nodes are shares of this machine.",
        request=wire.ClusterRequest,
        reply=ComputeStatus,
        status=201,
        action="execute",
    ),
    Route(
        method="POST",
        path=WORKSPACE + "clusters/{cluster}",
        about="Give a cluster other limits.",
        request=wire.ClusterChange,
        reply=ComputeStatus,
        action="execute",
    ),
    Route(
        method="DELETE",
        path=WORKSPACE + "clusters/{cluster}",
        about="Delete a cluster with its nodes; answers with what it was.",
        reply=ComputeStatus,
        action="execute",
    ),
)
