"""The extension's life within the Jupyter server: its settings, its start, its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, Final

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.utils import url_path_join
from traitlets import Bool

from jupyter_mltrain.server import activity, handlers, routes, sockets
from jupyter_mltrain.server.downloads import (
    BuildLogDownload,
    FileDownload,
    ModelDownload,
    ModelFileDownload,
    ZipDownload,
)
from jupyter_mltrain.server.forwarding import handler_of
from jupyter_mltrain.server.handlers import Parts
from jupyter_mltrain.server.places import Places
from jupyter_mltrain.server.pythons import Pythons
from jupyter_mltrain.server.routes.base import Route

_OWN: Final = {
    "workspaces": handlers.WorkspacesHandler,
    "pythons": handlers.PythonsHandler,
    "submit": handlers.SubmitHandler,
    "preview": handlers.PreviewHandler,
    "describe": handlers.DescribeHandler,
    "arguments": handlers.ArgumentsHandler,
    "{run}/zip": ZipDownload,
    "{version}/files/{name}": ModelFileDownload,
    "{version}/download": ModelDownload,
    "files/{name}": FileDownload,
    "snapshot/{name}": FileDownload,
    "{build}/log": BuildLogDownload,
    "events": sockets.EventsSocket,
    "{run}/follow": sockets.FollowSocket,
    "{build}/follow": sockets.BuildSocket,
}
"""End of a path -> its handler, of those that are not just forwarded."""


def table() -> list[tuple[str, type[Any]]]:
    """Every pattern, below the server's base URL, with its handler; the last one takes the rest."""
    forwarded: dict[str, dict[str, Route]] = {}
    for route in routes.FORWARDED:
        forwarded.setdefault(route.pattern, {})[route.method] = route
    own = routes.OWN + routes.DOWNLOADS + routes.SOCKETS
    found: list[tuple[str, type[Any]]] = [
        *((pattern, handler_of(methods)) for pattern, methods in forwarded.items()),
        *((route.pattern, _handler_of(route.path)) for route in own),
        (".*", handlers.NowhereHandler),
    ]
    return [(url_path_join("/", routes.BASE, pattern), handler) for pattern, handler in found]


def _handler_of(path: str) -> type[Any]:
    return next(handler for end, handler in _OWN.items() if f"/{path}".endswith(f"/{end}"))


class MltrainApp(ExtensionApp):
    """Training runs: the door to the services of the user's workspaces."""

    name = "jupyter_mltrain"
    load_other_extensions = True

    keep_alive = Bool(
        True,
        help="A running run counts as activity, so that the server is not culled under it.",
    ).tag(config=True)

    def initialize_handlers(self) -> None:
        """Register what the table lists, and begin once the event loop runs."""
        self._places = Places()
        self._open_ends: set[Callable[[], None]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        serverapp = self.serverapp
        assert serverapp is not None
        settings = serverapp.web_app.settings
        kernels = settings["kernel_manager"]
        parts = Parts(
            places=self._places,
            pythons=Pythons(settings["kernel_spec_manager"], kernels.default_kernel_name),
            open_ends=self._open_ends,
        )
        self.handlers.extend((pattern, handler, {"parts": parts}) for pattern, handler in table())
        self._times: dict[str, datetime] = settings["last_activity_times"]
        serverapp.io_loop.add_callback(self._begin)

    async def stop_extension(self) -> None:
        """Close the connections; services and runs go on."""
        for end in tuple(self._open_ends):
            end()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._places.close()

    def _begin(self) -> None:
        self._go(activity.resume(self._places))
        if self.keep_alive:
            self._go(activity.watch(self._active))

    def _active(self, at: datetime) -> None:
        self._times[self.name] = at

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
