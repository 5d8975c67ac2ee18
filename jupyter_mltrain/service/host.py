"""The service's life: open the workspace, serve, leave when nobody needs it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

import msgspec
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_unix_socket

from jupyter_mltrain import __version__, runtime, workspaces
from jupyter_mltrain.compute import inventory, launcher, processes
from jupyter_mltrain.compute.docker import DockerCompute
from jupyter_mltrain.compute.machine import Machine
from jupyter_mltrain.compute.process import ProcessCompute
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.engine import Engine
from jupyter_mltrain.environments.base import Builder
from jupyter_mltrain.environments.credentials import Credentials
from jupyter_mltrain.errors import MltrainError
from jupyter_mltrain.service import api, recovery, settings
from jupyter_mltrain.service.lock import WorkspaceLock
from jupyter_mltrain.service.parts import Parts
from jupyter_mltrain.spec import Capacity
from jupyter_mltrain.store.database import Database

_TICK_S: Final = 1.0
_STAGING_S: Final = 86_400
"""Age from which a staged file that no submit took is deleted."""

_log = logging.getLogger(__name__)


def now() -> datetime:
    """The real clock."""
    return datetime.now(timezone.utc)


class Service:
    """One workspace, open: its parts, and what is asked of them from start to end."""

    def __init__(self, directory: Path, lock: WorkspaceLock, to_launcher: socket.socket) -> None:
        self.directory = directory
        self.identity = workspaces.identify(directory)
        self._settings = settings.load(directory)
        self._lock = lock
        for name in ("runs", "staging"):
            (directory / name).mkdir(exist_ok=True, mode=0o700)
        self._database = Database(directory / "store.sqlite", suspect=lock.was_left_open)
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="work")
        self._watcher = Watcher()
        self._leaving = asyncio.Event()
        runs = ProcessCompute(self._capacity(), to_launcher, self._watcher, launcher.spawn)
        self._engines = {runs.name: Engine(self._settings.engine_url)}
        containers = self._connected(runs.name, self._engines[runs.name], runs.capacity())
        self._machine = Machine(runs, containers)
        # Not in a workspace, which may be copied, shared or given away.
        self._credentials = Credentials(workspaces.home() / "credentials" / "registries.json")
        self._parts = Parts(
            directory=directory,
            identity=self.identity,
            settings=self._settings,
            database=self._database,
            machine=self._machine,
            engines=self._engines,
            connect=self._connected,
            processes=_process_builder,
            images=self._image_builder,
            credentials=self._credentials,
            watcher=self._watcher,
            clock=now,
            threads=self._threads,
            leave=self._leaving.set,
        )
        self._parts.feed.begin(processes.boot_id(), left_open=lock.was_left_open)

    def _image_builder(self) -> Builder:
        from jupyter_mltrain.environments.image import ImageBuilder

        return ImageBuilder(self._engines, self._credentials)

    def _connected(self, name: str, engine: Engine, capacity: Capacity) -> DockerCompute:
        """An engine, this machine's or an attached one, as a compute target."""
        return DockerCompute(
            name,
            engine,
            capacity,
            self._watcher,
            workspace_id=self.identity.id,
            folder=self.directory / "containers" / name,
        )

    def _capacity(self) -> Capacity:
        found = inventory.machine()
        return msgspec.structs.replace(
            found,
            cpus=self._settings.cpus or found.cpus,
            memory_bytes=self._settings.memory_bytes or found.memory_bytes,
        )

    async def serve(self, ready: Callable[[str], None]) -> None:
        """Take over what runs, answer until it is time to leave, close in good order."""
        parts = self._parts
        leftovers = self._find_again()
        self._clear_staging()
        server = HTTPServer(
            api.make_app(parts),
            max_body_size=api.MAX_BODY_BYTES,
            max_buffer_size=api.MAX_BODY_BYTES + 1_000_000,
        )
        path = workspaces.socket_path(self.identity)
        await parts.restore()
        # The lock is ours, so whatever lies there belongs to a service that is gone.
        server.add_socket(bind_unix_socket(str(path), mode=0o600))
        endpoint = workspaces.Endpoint(socket=str(path), pid=os.getpid(), version=__version__)
        workspaces.replace(self.directory / "service.json", msgspec.json.encode(endpoint))
        workspaces.register(self.identity, self.directory)
        self._leave_on_signals()
        gc.freeze()  # what is there by now stays; looking through it again costs a run 5 ms
        ready(str(path))
        in_thread = parts.verbs.in_thread
        compiling = in_thread(runtime.compile_all)
        in_thread(parts.run_dirs.keep_ready)
        cleaning = in_thread(recovery.clear, leftovers)
        clearing = in_thread(parts.preparer.clear)
        tidying = in_thread(parts.models.clear)
        sweeping = asyncio.create_task(self._sweep())
        try:
            await self._until_idle()
        finally:
            server.stop()
            path.unlink(missing_ok=True)
            await server.close_all_connections()
            sweeping.cancel()
            await asyncio.gather(compiling, cleaning, clearing, tidying)
            await asyncio.gather(sweeping, return_exceptions=True)
            if not parts.supervisor.roster.active:
                self._leave_nothing_behind()
            await self._close()

    async def _sweep(self) -> None:
        """Delete the containers that a killed service left, of runs that ended and of builds."""
        for name, compute in tuple(self._parts.computes.items()):
            try:
                if isinstance(compute, Machine | DockerCompute) and compute.name == name:
                    await compute.sweep(self._parts.supervisor.roster.active)
            except MltrainError as error:
                _log.error("containers that were left on %s are still there: %s", name, error)
        await self._parts.preparer.clean()

    def _leave_nothing_behind(self) -> None:
        """Take ``service.json`` along: no run waits for another service to come."""
        try:
            (self.directory / "service.json").unlink(missing_ok=True)
        except OSError as error:
            _log.error("service.json stays, so a service may be started for nothing: %s", error)

    def _find_again(self) -> recovery.Leftovers:
        """Fill a database that lost its runs from what lies beside their files."""
        store, runs_dir = self._parts.store, self.directory / "runs"
        aside = self._database.kept_aside
        if aside is None and store.next_number() > 1:
            return recovery.find_leftovers(store, runs_dir)
        count = recovery.rebuild(store, runs_dir)
        if aside is not None:
            _log.error(
                "the database was damaged; it is kept as %s, and %d runs were found again",
                aside,
                count,
            )
        elif count:
            _log.error("the database was gone; %d runs were found again", count)
        leftovers = recovery.find_leftovers(store, runs_dir)
        if aside is None and not count:
            return leftovers
        # What looks like a submit that was never finished may be a run that only the database knew.
        return msgspec.structs.replace(leftovers, strays=())

    def _leave_on_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, self._leaving.set)

    def _clear_staging(self) -> None:
        for path in (self.directory / "staging").iterdir():
            if time.time() - path.lstat().st_mtime > _STAGING_S:
                path.unlink()

    async def _until_idle(self) -> None:
        """Return when asked to leave, or after a while without runs, queue and followers."""
        idle_since = time.monotonic()
        parts = self._parts
        while not self._leaving.is_set():
            await parts.supervisor.tick()
            parts.clusters.tick()
            if (
                parts.supervisor.roster.active
                or parts.preparer.busy
                or len(parts.hub)
                or parts.verbs.seen_since(idle_since)
            ):
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since > self._settings.idle_timeout_s:
                _log.info("idle for %g s; leaving", self._settings.idle_timeout_s)
                return
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), _TICK_S)

    async def _close(self) -> None:
        await self._parts.close()
        await self._machine.close()
        self._engines[self._machine.name].close()
        self._watcher.close()
        self._threads.shutdown()
        self._parts.durability.close()
        self._database.close()
        self._lock.release()


def _process_builder() -> Builder:
    from jupyter_mltrain.environments.process_builder import ProcessBuilder

    return ProcessBuilder()
