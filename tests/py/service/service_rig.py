"""A service without HTTP and without processes: real store, real files, fake compute and clock."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

from clock import FakeClock
from compute.fake import CAPACITY, FakeCompute, World
from fake_builder import FakeBuilder
from service_builders import a_request

from jupyter_mltrain import runtime
from jupyter_mltrain.compute.base import Compute
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.engine import Engine
from jupyter_mltrain.environments import curated
from jupyter_mltrain.environments.base import Audience, Environments, InterpreterEnvironments
from jupyter_mltrain.environments.credentials import Credentials
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
from jupyter_mltrain.service.preparing import Preparer
from jupyter_mltrain.service.run_dirs import RunDirs
from jupyter_mltrain.service.submitting import Acceptor
from jupyter_mltrain.service.supervisor import Supervisor
from jupyter_mltrain.service.verbs import Verbs
from jupyter_mltrain.spec import DRIVER_LOG, Built, Capacity, EnvironmentSpec, Run, RunState
from jupyter_mltrain.store.builds import BuildStore
from jupyter_mltrain.store.computes import ComputeStore
from jupyter_mltrain.store.database import Database
from jupyter_mltrain.store.environments import EnvironmentStore
from jupyter_mltrain.store.feed import Feed
from jupyter_mltrain.store.runs import RunStore
from jupyter_mltrain.store.snapshots import Snapshots
from jupyter_mltrain.workspaces import Identity

_LIMIT_S = 10


class Rig:
    """One service's life: ``async with`` opens the workspace and takes over what it finds.

    A second one over the same directory and world is the next service.
    """

    def __init__(
        self,
        directory: Path,
        world: World | None = None,
        *,
        capacity: Capacity = CAPACITY,
        environments: Environments | None = None,
        builder: FakeBuilder | None = None,
        build_timeout_s: float = 60.0,
        disk_floor_bytes: int = 0,
    ) -> None:
        self.directory = directory
        self.world = world or World(FakeClock())
        self.clock = self.world.clock
        self._capacity = capacity
        self._environments = environments
        self.builder = builder or FakeBuilder()
        self._build_timeout_s = build_timeout_s
        self._disk_floor_bytes = disk_floor_bytes

    async def __aenter__(self) -> Rig:
        for name in ("runs", "staging"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        self.compute = FakeCompute(self.world, self._capacity)
        self.hub = Hub()
        self.watcher = Watcher()
        self._threads = ThreadPoolExecutor(2)
        self.database = Database(self.directory / "store.sqlite")
        self.store = RunStore(self.database)
        self.snapshots = Snapshots(self.directory)
        self._durability = Durability(self.database)
        self.builds = BuildStore(self.database)
        self.preparer = Preparer(
            directory=self.directory / "environments",
            workspace_id="0123456789ab",
            store=self.builds,
            snapshots=self.snapshots,
            processes=lambda: self.builder,
            images=lambda: self.builder,
            resolved=curated.resolved,
            hub=self.hub,
            clock=self.clock,
            threads=self._threads,
            timeout_s=self._build_timeout_s,
        )
        environments = self._environments or self.preparer
        computes: dict[str, Compute] = {"local": self.compute}
        gate = Gate()
        self.run_dirs = RunDirs(self.directory)
        self.supervisor = Supervisor(
            store=self.store,
            snapshots=self.snapshots,
            run_dirs=self.run_dirs,
            durability=self._durability,
            computes=computes,
            environments=environments,
            hub=self.hub,
            watcher=self.watcher,
            clock=self.clock,
            threads=self._threads,
            runs_dir=self.directory / "runs",
            workspace_name="rig",
            disk_floor_bytes=self._disk_floor_bytes,
            cancel_grace_s=10.0,
        )
        self.catalog = Catalog(
            store=EnvironmentStore(self.database),
            builds=self.builds,
            hub=self.hub,
            durability=self._durability,
            clock=self.clock,
            snapshots=self.snapshots,
            gate=gate,
            threads=self._threads,
        )
        acceptor = Acceptor(self.snapshots, self.run_dirs, self.directory / "staging", environments)
        self.intake = Intake(
            workspace_id="0123456789ab",
            directory=self.directory,
            store=self.store,
            acceptor=acceptor,
            supervisor=self.supervisor,
            catalog=self.catalog,
            durability=self._durability,
            clock=self.clock,
            threads=self._threads,
            gate=gate,
        )
        self.build_verbs = Builds(
            store=self.builds,
            preparer=self.preparer,
            catalog=self.catalog,
            computes=computes,
            roster=self.supervisor.roster,
            acceptor=acceptor,
            gate=gate,
            hub=self.hub,
            durability=self._durability,
            clock=self.clock,
            threads=self._threads,
        )
        self.engines: dict[str, Engine] = {}
        self.attached = Attached(
            store=ComputeStore(self.database),
            builds=self.builds,
            supervisor=self.supervisor,
            computes=computes,
            engines=self.engines,
            connect=self._connected,
            hub=self.hub,
            durability=self._durability,
            clock=self.clock,
        )
        self.credentials = Credentials(self.directory.parent / "registries.json", keyring=False)
        self.verbs = Verbs(
            identity=Identity(id="0123456789ab", name="rig"),
            directory=self.directory,
            store=self.store,
            intake=self.intake,
            supervisor=self.supervisor,
            hub=self.hub,
            durability=self._durability,
            clock=self.clock,
            threads=self._threads,
        )
        self.feed = Feed(self.database)
        self.events = Events(self.verbs, self.feed, self.hub)
        self.follower = Follower(self.verbs, self.hub, self.watcher)
        self.build_follower = BuildFollower(self.build_verbs, self.verbs, self.hub, self.watcher)
        self.collector = Collector(self.verbs, self.builds, self.snapshots, self.clock)
        self.browser = Browser(self.verbs, self.snapshots)
        self.attached.restore()
        await self.supervisor.recover()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.intake.close()
        await self.supervisor.close()
        await self.preparer.close()
        await self.build_verbs.close()
        await self.attached.close()
        self.watcher.close()
        self._threads.shutdown()
        self._durability.close()
        self.database.close()

    def _connected(self, name: str, engine: Engine, capacity: Capacity) -> FakeCompute:
        compute = FakeCompute(self.world, capacity)
        compute.name = name
        return compute

    # What a test does

    async def submit(self, **given: Any) -> Run:
        """Submit a run; what is given goes into its request and spec."""
        return await self.verbs.submit(a_request(**given))

    async def running(self, **given: Any) -> Run:
        """Submit a run and wait until it runs."""
        return await self.until(await self.submit(**given), RunState.RUNNING)

    async def until(self, run: Run, *states: RunState) -> Run:
        """The run, once it is in one of these states."""
        return await self.once(lambda: self.verbs.get(run.id).state in states, run)

    async def once(self, true: Callable[[], bool], run: Run) -> Run:
        """The run, once something about it is true."""
        changed = asyncio.Event()
        with self.hub.listen(changed, Hub.ANY, Hub.QUEUE):
            while not true():
                changed.clear()
                try:
                    await asyncio.wait_for(changed.wait(), _LIMIT_S)
                except asyncio.TimeoutError:
                    raise AssertionError(f"it stays so: {self.verbs.get(run.id)}") from None
        return self.verbs.get(run.id)

    async def ended(self, run: Run) -> Run:
        """The run, once it has ended and all is tidied up after it."""
        run = await self.once(lambda: self.verbs.get(run.id).state.final, run)
        await self.supervisor.tidied(run.id)
        return run

    async def exit(self, run: Run, status: int = 0) -> Run:
        """Let the script end; the run's ending."""
        self.compute.exit(run.id, status)
        return await self.ended(run)

    # What a script does

    def run_dir(self, run: Run) -> Path:
        return self.supervisor.roster.run_dir(run)

    def says(self, run: Run, *records: dict[str, Any], child: str | None = None) -> None:
        """Append to the run's journal as its script does, or to that of one of its children."""
        folder = self.run_dir(run)
        if child is not None:
            folder = folder / "children" / child
            folder.mkdir(parents=True, exist_ok=True)
        with open(folder / "journal.jsonl", "a") as file:
            for record in records:
                file.write(json.dumps({**record, "t": self.clock().timestamp()}) + "\n")

    def prints(self, run: Run, text: str | bytes) -> None:
        """Write into the run's log as its script does."""
        data = text.encode() if isinstance(text, str) else text
        with open(self.run_dir(run) / "files" / DRIVER_LOG, "ab") as file:
            file.write(data)

    def writes(self, run: Run, name: str, text: str = "x") -> None:
        """Write a file in the run's working copy."""
        path = self.run_dir(run) / "work" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def metrics(self, run: Run) -> dict[str, Any]:
        records, _ = runtime.metrics.read(str(self.run_dir(run) / "journal.jsonl"))
        return runtime.metrics.aggregate(records)


_BUILT = Built(id="", kind="interpreter")


class SlowEnvironments(InterpreterEnvironments):
    """Environments that are ready when a test says so."""

    def __init__(self) -> None:
        self.done = asyncio.Event()
        self.error: Exception | None = None
        self.prepared = 0
        self.given_up = 0
        self.ready_for_all = False
        """Whether whatever is asked for from now on is ready."""

    def ready(self, definition: EnvironmentSpec, compute: str) -> Built | None:
        is_ready = self.ready_for_all or (self.done.is_set() and self.error is None)
        return _BUILT if is_ready else None

    async def prepare(self, definition: EnvironmentSpec, compute: str, audience: Audience) -> Built:
        self.prepared += 1
        try:
            await self.done.wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        if self.error is not None:
            raise self.error
        return _BUILT
