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
from jupyter_mltrain.compute.process import ProcessCompute
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.environments.base import InterpreterEnvironments
from jupyter_mltrain.service import api, recovery, settings
from jupyter_mltrain.service.api.base import Parts
from jupyter_mltrain.service.browsing import Browser
from jupyter_mltrain.service.durability import Durability
from jupyter_mltrain.service.events import Events
from jupyter_mltrain.service.follow import Follower
from jupyter_mltrain.service.gc import Collector
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.intake import Intake
from jupyter_mltrain.service.lock import WorkspaceLock
from jupyter_mltrain.service.run_dirs import RunDirs
from jupyter_mltrain.service.submitting import Acceptor
from jupyter_mltrain.service.supervisor import Supervisor
from jupyter_mltrain.service.verbs import Verbs
from jupyter_mltrain.spec import Capacity
from jupyter_mltrain.store.database import Database
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
        self._compute = ProcessCompute(self._capacity(), to_launcher, self._watcher, launcher.spawn)
        environments = InterpreterEnvironments()
        self._run_dirs = RunDirs(directory)
        self._supervisor = Supervisor(
            store=self._store,
            snapshots=self._snapshots,
            run_dirs=self._run_dirs,
            durability=self._durability,
            computes={self._compute.name: self._compute},
            environments=environments,
            hub=self._hub,
            watcher=self._watcher,
            clock=now,
            threads=self._threads,
            runs_dir=directory / "runs",
            workspace_name=self.identity.name,
            disk_floor_bytes=self._settings.disk_floor_bytes,
            cancel_grace_s=self._settings.cancel_grace_s,
        )
        self._intake = Intake(
            workspace_id=self.identity.id,
            directory=directory,
            store=self._store,
            acceptor=Acceptor(self._snapshots, self._run_dirs, directory / "staging"),
            supervisor=self._supervisor,
            environments=environments,
            durability=self._durability,
            clock=now,
            threads=self._threads,
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
        collector = Collector(self.verbs, self._snapshots, now)
        follower = Follower(self.verbs, self._hub, self._watcher)
        parts = Parts(
            verbs=self.verbs,
            follower=follower,
            events=Events(self.verbs, self._feed, self._hub),
            collector=collector,
            browser=Browser(self.verbs, self._snapshots),
            leave=self._leaving.set,
        )
        server = HTTPServer(
            api.make_app(parts),
            max_body_size=api.MAX_BODY_BYTES,
            max_buffer_size=api.MAX_BODY_BYTES + 1_000_000,
        )
        path = workspaces.socket_path(self.identity)
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
        try:
            await self._until_idle()
        finally:
            server.stop()
            path.unlink(missing_ok=True)
            await server.close_all_connections()
            await asyncio.gather(compiling, cleaning)
            if not self._supervisor.roster.active:
                self._leave_nothing_behind()
            await self._close()

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
        await self._compute.close()
        self._watcher.close()
        self._threads.shutdown()
        self._durability.close()
        self._database.close()
        self._lock.release()
