"""The tables of what the extension answers: its handlers and ``docs/openapi.json`` come from them.

A module a subject, as in `service.api`; each has its rows under the names that are joined here.
"""

from __future__ import annotations

from typing import Final

from jupyter_mltrain.server.routes import (
    computes,
    data,
    environments,
    models,
    runs,
    workspace,
)

BASE: Final = "mltrain/api/"
"""Under the Jupyter server's own base URL."""

FORWARDED: Final = (
    *workspace.FORWARDED,
    *runs.FORWARDED,
    *computes.FORWARDED,
    *environments.FORWARDED,
    *data.FORWARDED,
    *models.FORWARDED,
)
"""Answered by the workspace's service as they are: same bodies, query and status."""

DOWNLOADS: Final = (*runs.DOWNLOADS, *environments.DOWNLOADS, *models.DOWNLOADS)
"""Bytes of the service's, saved under a name. `HEAD` is answered as well."""

OWN: Final = (*workspace.OWN, *runs.OWN, *environments.OWN)
"""Answered by the Jupyter server, with the service's help."""

SOCKETS: Final = (*workspace.SOCKETS, *runs.SOCKETS, *environments.SOCKETS)
"""WebSockets."""

ALL: Final = OWN + FORWARDED + DOWNLOADS + SOCKETS
