"""The parts of one workspace's service, made and joined here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from jupyter_mltrain.compute.base import Compute
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.data.cache import Cache
from jupyter_mltrain.engine import Engine
from jupyter_mltrain.environments import curated
from jupyter_mltrain.environments.base import Builder, Environments
from jupyter_mltrain.environments.credentials import Credentials
from jupyter_mltrain.service.answers import Answers
from jupyter_mltrain.service.asking import Asking
from jupyter_mltrain.service.attached import Attached
from jupyter_mltrain.service.browsing import Browser
from jupyter_mltrain.service.builds import Builds
from jupyter_mltrain.service.carrying import ByCompute
from jupyter_mltrain.service.catalog import Catalog
from jupyter_mltrain.service.clusters import Clusters
from jupyter_mltrain.service.datasets import Datasets
from jupyter_mltrain.service.datastores import Datastores
from jupyter_mltrain.service.delivering import Deliverer
from jupyter_mltrain.service.durability import Durability
from jupyter_mltrain.service.events import Events
from jupyter_mltrain.service.follow import Follower
from jupyter_mltrain.service.following import BuildFollower
from jupyter_mltrain.service.gate import Gate
from jupyter_mltrain.service.gc import Collector
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.intake import Intake
from jupyter_mltrain.service.interactive import Opened
from jupyter_mltrain.service.models import Models
from jupyter_mltrain.service.outgoing import Outgoing
from jupyter_mltrain.service.preparing import Preparer
from jupyter_mltrain.service.roster import Clock
from jupyter_mltrain.service.run_dirs import RunDirs
from jupyter_mltrain.service.settings import Settings
from jupyter_mltrain.service.submitting import Acceptor
from jupyter_mltrain.service.supervisor import Supervisor
from jupyter_mltrain.service.verbs import Verbs
from jupyter_mltrain.spec import Capacity
from jupyter_mltrain.store.builds import BuildStore
from jupyter_mltrain.store.clusters import ClusterStore
from jupyter_mltrain.store.computes import ComputeStore
from jupyter_mltrain.store.database import Database
from jupyter_mltrain.store.datasets import DatasetStore
from jupyter_mltrain.store.datastores import DatastoreStore
from jupyter_mltrain.store.environments import EnvironmentStore
from jupyter_mltrain.store.feed import Feed
from jupyter_mltrain.store.model_files import ModelFiles
from jupyter_mltrain.store.models import ModelStore
from jupyter_mltrain.store.runs import RunStore
from jupyter_mltrain.store.snapshots import Snapshots
from jupyter_mltrain.workspaces import Identity


class Parts:
    """What the service consists of: the API's handlers, and tests, take what they need of it."""

    def __init__(
        self,
        *,
        directory: Path,
        identity: Identity,
        settings: Settings,
        database: Database,
        machine: Compute,
        engines: dict[str, Engine],
        connect: Callable[[str, Engine, Capacity], Compute],
        processes: Callable[[], Builder],
        images: Callable[[], Builder],
        credentials: Credentials,
        watcher: Watcher,
        clock: Clock,
        threads: Executor,
        leave: Callable[[], None],
        environments: Environments | None = None,
        keyring: bool = True,
    ) -> None:
        """Make them; nothing of what they work on is looked at before `restore`.

        Parameters
        ----------
        machine
            The compute target that always exists.
        engines
            Those that there are without being attached, by the name of the compute target.
        connect
            Makes the compute target of an attached engine; asks nothing.
        processes, images
            Make the builder of environments for processes, and that for containers.
        leave
            Ends the service.
        environments
            In place of those that are built.
        keyring
            Whether secrets may lie in the system's keyring.
        """
        self.credentials = credentials
        self.leave = leave
        self.hub = hub = Hub()
        self.store = store = RunStore(database)
        self.feed = Feed(database)
        self.snapshots = snapshots = Snapshots(directory)
        self.durability = durability = Durability(database)
        self.build_store = BuildStore(database)
        self.run_dirs = RunDirs(directory)
        computes: dict[str, Compute] = {machine.name: machine}
        self.computes = computes
        gate = Gate()
        self.preparer = Preparer(
            directory=directory / "environments",
            workspace_id=identity.id,
            store=self.build_store,
            snapshots=snapshots,
            processes=processes,
            images=images,
            resolved=partial(curated.resolved, base_image=settings.base_image),
            hub=hub,
            clock=clock,
            threads=threads,
            timeout_s=settings.build_timeout_s,
        )
        environments = environments or self.preparer
        self.datastores = Datastores(
            store=DatastoreStore(database),
            directory=directory,
            workspace_id=identity.id,
            hub=hub,
            durability=durability,
            clock=clock,
        )
        self.datasets = Datasets(
            store=DatasetStore(database),
            datastores=self.datastores,
            hub=hub,
            durability=durability,
            clock=clock,
            threads=threads,
        )
        cache = Cache(directory / "cache")
        self.deliverer = Deliverer(datastores=self.datastores, cache=cache, clock=clock)
        self.outgoing = Outgoing(datastores=self.datastores, datasets=self.datasets, clock=clock)
        self.supervisor = Supervisor(
            store=store,
            snapshots=snapshots,
            run_dirs=self.run_dirs,
            durability=durability,
            computes=computes,
            environments=environments,
            data=self.deliverer,
            outgoing=self.outgoing,
            hub=hub,
            watcher=watcher,
            clock=clock,
            threads=threads,
            runs_dir=directory / "runs",
            workspace_name=identity.name,
            disk_floor_bytes=settings.disk_floor_bytes,
            cancel_grace_s=settings.cancel_grace_s,
        )
        roster = self.supervisor.roster
        self.attached = Attached(
            store=ComputeStore(database),
            builds=self.build_store,
            supervisor=self.supervisor,
            computes=computes,
            engines=engines,
            connect=connect,
            hub=hub,
            durability=durability,
            clock=clock,
        )
        self.clusters = Clusters(
            store=ClusterStore(database),
            supervisor=self.supervisor,
            computes=computes,
            machine=machine.name,
            hub=hub,
            durability=durability,
            clock=clock,
        )
        self.catalog = Catalog(
            store=EnvironmentStore(database),
            builds=self.build_store,
            hub=hub,
            durability=durability,
            clock=clock,
            snapshots=snapshots,
            gate=gate,
            threads=threads,
            base_image=settings.base_image,
        )
        acceptor = Acceptor(snapshots, self.run_dirs, directory / "staging", environments)
        self.builds = Builds(
            store=self.build_store,
            preparer=self.preparer,
            catalog=self.catalog,
            computes=computes,
            roster=roster,
            acceptor=acceptor,
            gate=gate,
            hub=hub,
            durability=durability,
            clock=clock,
            threads=threads,
        )
        self.intake = Intake(
            workspace_id=identity.id,
            directory=directory,
            store=store,
            acceptor=acceptor,
            supervisor=self.supervisor,
            catalog=self.catalog,
            datasets=self.datasets,
            durability=durability,
            clock=clock,
            threads=threads,
            gate=gate,
        )
        self.opened = Opened(
            directory=directory,
            workspace_id=identity.id,
            store=store,
            intake=self.intake,
            supervisor=self.supervisor,
            snapshots=snapshots,
            run_dirs=self.run_dirs,
            gate=gate,
            hub=hub,
            watcher=watcher,
            durability=durability,
            clock=clock,
            threads=threads,
        )
        self.verbs = Verbs(
            identity=identity,
            directory=directory,
            store=store,
            intake=self.intake,
            opened=self.opened,
            supervisor=self.supervisor,
            hub=hub,
            durability=durability,
            clock=clock,
            threads=threads,
        )
        self.models = Models(
            files=ModelFiles(directory / "models"),
            store=ModelStore(database),
            verbs=self.verbs,
            hub=hub,
            durability=durability,
            clock=clock,
            user=self.intake.user,
        )
        carrier = ByCompute(roster, computes, store.handle)
        answers = Answers(
            verbs=self.verbs,
            models=self.models,
            datasets=self.datasets,
            deliverer=self.deliverer,
            carrier=carrier,
            keyring=keyring,
        )
        self._asking = roster.asking = Asking(roster, answers.table, carrier, threads)
        self.events = Events(self.verbs, self.feed, hub)
        self.follower = Follower(self.verbs, hub, watcher)
        self.build_follower = BuildFollower(self.builds, self.verbs, hub, watcher)
        self.collector = Collector(self.verbs, self.build_store, snapshots, self.deliverer, clock)
        self.browser = Browser(self.verbs, snapshots)

    async def restore(self) -> None:
        """Take over what a service before left: its compute targets, models and runs."""
        self.attached.restore()
        self.clusters.restore()
        self.models.restore()
        await self.supervisor.recover()
        self.clusters.warm()
        self.opened.recover()

    async def close(self) -> None:
        """Stop working; runs go on. What was given is not closed."""
        await self.intake.close()
        await self.opened.close()
        await self._asking.close()
        await self.supervisor.close()
        self.clusters.close()
        self.deliverer.close()
        self.outgoing.close()
        self.datastores.close()
        await self.preparer.close()
        await self.builds.close()
        await self.attached.close()
