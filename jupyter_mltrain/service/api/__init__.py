"""The service's HTTP API on its unix socket: decode, call a verb, encode.

Who can open the socket is its owner: it lies in a folder of mode 0700 and has mode 0600 itself.
The routes are described in ``docs/api.md``.
"""

from __future__ import annotations

from typing import Final

from tornado import web

from jupyter_mltrain.service.api import (
    builds,
    computes,
    data,
    environments,
    looking,
    models,
    runs,
    streams,
    workspace,
)
from jupyter_mltrain.service.api.base import NowhereHandler
from jupyter_mltrain.service.parts import Parts

MAX_BODY_BYTES: Final = 64_000_000
"""Largest request: scripts travel in it, data does not. `client` refuses what is larger."""

ROUTES: Final = (
    *workspace.ROUTES,
    *computes.ROUTES,
    *environments.ROUTES,
    *builds.ROUTES,
    *runs.ROUTES,
    *looking.ROUTES,
    *data.ROUTES,
    *models.ROUTES,
    *streams.ROUTES,
)
"""Every route with its handler; ``docs/api.md`` has a section for each."""


def make_app(parts: Parts) -> web.Application:
    """The application that answers on the socket."""
    given = {"parts": parts}
    return web.Application(
        [(path, handler, given) for path, handler in ROUTES],
        default_handler_class=NowhereHandler,
        default_handler_args=given,
        log_function=lambda handler: None,
    )
