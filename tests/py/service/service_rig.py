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
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.engine import Engine
from jupyter_mltrain.environments.base import Audience, Environments, InterpreterEnvironments
from jupyter_mltrain.environments.credentials import Credentials
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.parts import Parts
from jupyter_mltrain.service.settings import Settings
from jupyter_mltrain.spec import DRIVER_LOG, Built, Capacity, EnvironmentSpec, Run, RunState
from jupyter_mltrain.store.database import Database
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
        self.watcher = Watcher()
        self._threads = ThreadPoolExecutor(2)
        self.database = Database(self.directory / "store.sqlite")
        self.engines: dict[str, Engine] = {}
        self.credentials = Credentials(self.directory.parent / "registries.json", keyring=False)
        self.parts = parts = Parts(
            directory=self.directory,
            identity=Identity(id="0123456789ab", name="rig"),
            settings=Settings(
                build_timeout_s=self._build_timeout_s, disk_floor_bytes=self._disk_floor_bytes
            ),
            database=self.database,
            machine=self.compute,
            engines=self.engines,
            connect=self._connected,
            processes=lambda: self.builder,
            images=lambda: self.builder,
            credentials=self.credentials,
            watcher=self.watcher,
            clock=self.clock,
            threads=self._threads,
            leave=lambda: None,
            environments=self._environments,
            keyring=False,
        )
        self.hub = parts.hub
        self.store = parts.store
        self.feed = parts.feed
        self.snapshots = parts.snapshots
        self.builds = parts.build_store
        self.preparer = parts.preparer
        self.datastores = parts.datastores
        self.datasets = parts.datasets
        self.deliverer = parts.deliverer
        self.supervisor = parts.supervisor
        self.catalog = parts.catalog
        self.build_verbs = parts.builds
        self.attached = parts.attached
        self.clusters = parts.clusters
        self.opened = parts.opened
        self.verbs = parts.verbs
        self.models = parts.models
        self.events = parts.events
        self.follower = parts.follower
        self.build_follower = parts.build_follower
        self.collector = parts.collector
        self.browser = parts.browser
        await parts.restore()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.parts.close()
        self.watcher.close()
        self._threads.shutdown()
        self.parts.durability.close()
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
