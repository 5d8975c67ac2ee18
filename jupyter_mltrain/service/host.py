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
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_unix_socket

from jupyter_mltrain import __version__, runtime, workspaces
from jupyter_mltrain.compute import inventory, launcher, processes
from jupyter_mltrain.compute.base import Compute
from jupyter_mltrain.compute.docker import DockerCompute
from jupyter_mltrain.compute.machine import Machine
from jupyter_mltrain.compute.process import ProcessCompute
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.engine import Engine
from jupyter_mltrain.environments import curated
from jupyter_mltrain.environments.base import Builder
from jupyter_mltrain.environments.credentials import Credentials
from jupyter_mltrain.errors import MltrainError
from jupyter_mltrain.service import api, recovery, settings
from jupyter_mltrain.service.api.base import Parts
from jupyter_mltrain.service.attached import Attached
from jupyter_mltrain.service.browsing import Browser
from jupyter_mltrain.service.builds import Builds
from jupyter_mltrain.service.catalog import Catalog
from jupyter_mltrain.service.durability import Durability
from jupyter_mltrain.service.events import Events
from jupyter_mltrain.service.follow import Follower
from jupyter_mltrain.service.following import BuildFollower
from jupyter_mltrain.service.gate import Gate
from jupyter_mltrain.service.gc import Collector
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.intake import Intake
from jupyter_mltrain.service.lock import WorkspaceLock
from jupyter_mltrain.service.preparing import Preparer
from jupyter_mltrain.service.run_dirs import RunDirs
from jupyter_mltrain.service.submitting import Acceptor
from jupyter_mltrain.service.supervisor import Supervisor
from jupyter_mltrain.service.verbs import Verbs
from jupyter_mltrain.spec import Capacity
from jupyter_mltrain.store.builds import BuildStore
from jupyter_mltrain.store.computes import ComputeStore
from jupyter_mltrain.store.database import Database
from jupyter_mltrain.store.environments import EnvironmentStore
from jupyter_mltrain.store.feed import Feed
from jupyter_mltrain.store.runs import RunStore
from jupyter_mltrain.store.snapshots import Snapshots

_TICK_S: Final = 1.0
_STAGING_S: Final = 86_400
"""Age from which a staged file that no submit took is deleted."""

_log = logging.getLogger(__name__)


def now() -> datetime:
    """The real clock."""
    return datetime.now(timezone.utc)


class Service:
    """One workspace, open. Everything is wired here and nowhere else."""

    def __init__(self, directory: Path, lock: WorkspaceLock, to_launcher: socket.socket) -> None:
        self.directory = directory
        self.identity = workspaces.identify(directory)
        self._settings = settings.load(directory)
        self._lock = lock
        for name in ("runs", "staging"):
            (directory / name).mkdir(exist_ok=True, mode=0o700)
        self._database = Database(directory / "store.sqlite", suspect=lock.was_left_open)
        self._store = RunStore(self._database)
        self._feed = Feed(self._database)
        self._feed.begin(processes.boot_id(), left_open=lock.was_left_open)
        self._snapshots = Snapshots(directory)
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="work")
        self._durability = Durability(self._database)
        self._hub = Hub()
        self._watcher = Watcher()
        self._leaving = asyncio.Event()
        runs = ProcessCompute(self._capacity(), to_launcher, self._watcher, launcher.spawn)
        self._engines = {runs.name: Engine(self._settings.engine_url)}
        containers = self._connected(runs.name, self._engines[runs.name], runs.capacity())
        self._compute = Machine(runs, containers)
        self._computes: dict[str, Compute] = {runs.name: self._compute}
        gate = Gate()
        # Not in a workspace, which may be copied, shared or given away.
        self._credentials = Credentials(workspaces.home() / "credentials" / "registries.json")
        builds = self._build_store = BuildStore(self._database)
        self._preparer = Preparer(
            directory=directory / "environments",
            workspace_id=self.identity.id,
            store=builds,
            snapshots=self._snapshots,
            processes=_process_builder,
            images=self._image_builder,
            resolved=partial(curated.resolved, base_image=self._settings.base_image),
            hub=self._hub,
            clock=now,
            threads=self._threads,
            timeout_s=self._settings.build_timeout_s,
        )
        self._run_dirs = RunDirs(directory)
        self._supervisor = Supervisor(
            store=self._store,
            snapshots=self._snapshots,
            run_dirs=self._run_dirs,
            durability=self._durability,
            computes=self._computes,
            environments=self._preparer,
            hub=self._hub,
            watcher=self._watcher,
            clock=now,
            threads=self._threads,
            runs_dir=directory / "runs",
            workspace_name=self.identity.name,
            disk_floor_bytes=self._settings.disk_floor_bytes,
            cancel_grace_s=self._settings.cancel_grace_s,
        )
        self._attached = Attached(
            store=ComputeStore(self._database),
            builds=builds,
            supervisor=self._supervisor,
            computes=self._computes,
            engines=self._engines,
            connect=self._connected,
            hub=self._hub,
            durability=self._durability,
            clock=now,
        )
        self._catalog = Catalog(
            store=EnvironmentStore(self._database),
            builds=builds,
            hub=self._hub,
            durability=self._durability,
            clock=now,
            snapshots=self._snapshots,
            gate=gate,
            threads=self._threads,
            base_image=self._settings.base_image,
        )
        acceptor = Acceptor(self._snapshots, self._run_dirs, directory / "staging", self._preparer)
        self._intake = Intake(
            workspace_id=self.identity.id,
            directory=directory,
            store=self._store,
            acceptor=acceptor,
            supervisor=self._supervisor,
            catalog=self._catalog,
            durability=self._durability,
            clock=now,
            threads=self._threads,
            gate=gate,
        )
        self.verbs = Verbs(
            identity=self.identity,
            directory=directory,
            store=self._store,
            intake=self._intake,
            supervisor=self._supervisor,
            hub=self._hub,
            durability=self._durability,
            clock=now,
            threads=self._threads,
        )

        self._builds = Builds(
            store=builds,
            preparer=self._preparer,
            catalog=self._catalog,
            computes=self._computes,
            roster=self._supervisor.roster,
            acceptor=acceptor,
            gate=gate,
            hub=self._hub,
            durability=self._durability,
            clock=now,
            threads=self._threads,
        )

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
        runs_dir = self.directory / "runs"
        leftovers = self._find_again(runs_dir)
        self._clear_staging()
        collector = Collector(self.verbs, self._build_store, self._snapshots, now)
        follower = Follower(self.verbs, self._hub, self._watcher)
        parts = Parts(
            verbs=self.verbs,
            follower=follower,
            events=Events(self.verbs, self._feed, self._hub),
            collector=collector,
            browser=Browser(self.verbs, self._snapshots),
            catalog=self._catalog,
            attached=self._attached,
            builds=self._builds,
            build_follower=BuildFollower(self._builds, self.verbs, self._hub, self._watcher),
            credentials=self._credentials,
            leave=self._leaving.set,
        )
        server = HTTPServer(
            api.make_app(parts),
            max_body_size=api.MAX_BODY_BYTES,
            max_buffer_size=api.MAX_BODY_BYTES + 1_000_000,
        )
        path = workspaces.socket_path(self.identity)
        self._attached.restore()
        await self._supervisor.recover()
        # The lock is ours, so whatever lies there belongs to a service that is gone.
        server.add_socket(bind_unix_socket(str(path), mode=0o600))
        endpoint = workspaces.Endpoint(socket=str(path), pid=os.getpid(), version=__version__)
        workspaces.replace(self.directory / "service.json", msgspec.json.encode(endpoint))
        workspaces.register(self.identity, self.directory)
        self._leave_on_signals()
        gc.freeze()  # what is there by now stays; looking through it again costs a run 5 ms
        ready(str(path))
        compiling = self.verbs.in_thread(runtime.compile_all)
        self.verbs.in_thread(self._run_dirs.keep_ready)
        cleaning = self.verbs.in_thread(recovery.clear, leftovers)
        clearing = self.verbs.in_thread(self._preparer.clear)
        sweeping = asyncio.create_task(self._sweep())
        try:
            await self._until_idle()
        finally:
            server.stop()
            path.unlink(missing_ok=True)
            await server.close_all_connections()
            sweeping.cancel()
            await asyncio.gather(compiling, cleaning, clearing)
            await asyncio.gather(sweeping, return_exceptions=True)
            if not self._supervisor.roster.active:
                self._leave_nothing_behind()
            await self._close()

    async def _sweep(self) -> None:
        """Delete the containers that a killed service left, of runs that ended and of builds."""
        for name, compute in tuple(self._computes.items()):
            try:
                if isinstance(compute, Machine | DockerCompute):
                    await compute.sweep(self._supervisor.roster.active)
            except MltrainError as error:
                _log.error("containers that were left on %s are still there: %s", name, error)
        await self._preparer.clean()

    def _leave_nothing_behind(self) -> None:
        """Take ``service.json`` along: no run waits for another service to come."""
        try:
            (self.directory / "service.json").unlink(missing_ok=True)
        except OSError as error:
            _log.error("service.json stays, so a service may be started for nothing: %s", error)

    def _find_again(self, runs_dir: Path) -> recovery.Leftovers:
        """Fill a database that lost its runs from what lies beside their files."""
        aside = self._database.kept_aside
        if aside is None and self._store.next_number() > 1:
            return recovery.find_leftovers(self._store, runs_dir)
        count = recovery.rebuild(self._store, runs_dir)
        if aside is not None:
            _log.error(
                "the database was damaged; it is kept as %s, and %d runs were found again",
                aside,
                count,
            )
        elif count:
            _log.error("the database was gone; %d runs were found again", count)
        leftovers = recovery.find_leftovers(self._store, runs_dir)
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
        while not self._leaving.is_set():
            await self._supervisor.tick()
            if (
                self._supervisor.roster.active
                or self._preparer.busy
                or len(self._hub)
                or self.verbs.seen_since(idle_since)
            ):
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since > self._settings.idle_timeout_s:
                _log.info("idle for %g s; leaving", self._settings.idle_timeout_s)
                return
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), _TICK_S)

    async def _close(self) -> None:
        await self._intake.close()
        await self._supervisor.close()
        await self._preparer.close()
        await self._builds.close()
        await self._attached.close()
        await self._compute.close()
        self._engines[self._compute.name].close()
        self._watcher.close()
        self._threads.shutdown()
        self._durability.close()
        self._database.close()
        self._lock.release()


def _process_builder() -> Builder:
    from jupyter_mltrain.environments.process_builder import ProcessBuilder

    return ProcessBuilder()
