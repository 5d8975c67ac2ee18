"""Workspaces themselves: the service of one, and its events."""

from __future__ import annotations

from typing import Final

from jupyter_mltrain import wire
from jupyter_mltrain.server.routes.base import WORKSPACE, Query, Route

OWN: Final = (
    Route(
        method="GET",
        path="workspaces",
        about="The user's workspaces, the default one first.",
        reply=wire.ServerInfo,
    ),
)

FORWARDED: Final = (
    Route(
        method="GET",
        path=WORKSPACE + "status",
        about="The service itself.",
        reply=wire.ServiceStatus,
    ),
)

SOCKETS: Final = (
    Route(
        method="GET",
        path=WORKSPACE + "events",
        about="WebSocket: every change of runs, queue and environments, and how the service is.",
        status=101,
        query=(Query(name="since", about="The last cursor; without it a `reset` comes first."),),
    ),
)
