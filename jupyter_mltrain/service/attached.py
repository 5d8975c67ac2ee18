"""Engines as compute targets: attached by users, found again by every service that comes."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from jupyter_mltrain import units
from jupyter_mltrain.compute.base import Compute
from jupyter_mltrain.compute.leases import Ledger
from jupyter_mltrain.engine import Engine
from jupyter_mltrain.errors import ComputeTargetError, InvalidSpec, MltrainError, WrongState
from jupyter_mltrain.service.durability import Durability
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.roster import Clock
from jupyter_mltrain.service.supervisor import Supervisor
from jupyter_mltrain.service.validation import check_compute_name, no_compute
from jupyter_mltrain.spec import (
    BuildState,
    Capacity,
    ComputeStatus,
    Device,
)
from jupyter_mltrain.store.builds import BuildStore
from jupyter_mltrain.store.computes import AttachedCompute, ComputeStore
from jupyter_mltrain.wire import AttachRequest

_log = logging.getLogger(__name__)

_FRESH: Final = timedelta(seconds=10)
"""So long nobody asks an engine again whether it is there."""

_SCHEMES: Final = ("unix", "ssh", "tcp")
_EXAMPLES: Final = "unix:///var/run/docker.sock, ssh://user@host or tcp://host:2376"


class Attached:
    """The engines that are compute targets beside this machine.

    One that does not answer stays what it is, with the capacity that it had last: its runs go on
    there, and are found again when it answers.
    """

    def __init__(
        self,
        *,
        store: ComputeStore,
        builds: BuildStore,
        supervisor: Supervisor,
        computes: dict[str, Compute],
        engines: dict[str, Engine],
        connect: Callable[[str, Engine, Capacity], Compute],
        hub: Hub,
        durability: Durability,
        clock: Clock,
    ) -> None:
        """Look after the engines of a store; `restore` makes them compute targets.

        Parameters
        ----------
        computes, engines
            By the name of the compute target; kept up to date here.
        connect
            Makes the compute target of a name, an engine and what it can give; asks nothing.
        """
        self._store = store
        self._builds = builds
        self._supervisor = supervisor
        self._computes = computes
        self._engines = engines
        self._connect = connect
        self._hub = hub
        self._durability = durability
        self._clock = clock
        self._attached: dict[str, AttachedCompute] = {}
        self._problems: dict[str, str] = {}
        self._one_changes = asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None
        self._looked_at: datetime | None = None

    def restore(self) -> None:
        """Make compute targets of all that were attached, without asking any engine."""
        for kept in self._store.all():
            engine = Engine(kept.url)
            self._add(kept, engine, self._connect(kept.name, engine, kept.capacity))

    def all(self, statuses: tuple[ComputeStatus, ...]) -> tuple[ComputeStatus, ...]:
        """What is known of compute targets, with what is known of their engines.

        Engines that were not asked lately are asked now, beside this; a change is told as one of
        `Hub.ENVIRONMENTS`.
        """
        self.look()
        return tuple(map(self._told, statuses))

    def _told(self, status: ComputeStatus) -> ComputeStatus:
        kept = self._attached.get(status.name)
        if kept is None:
            return status
        return replace(status, url=kept.url, unreachable=self._problems.get(status.name))

    # Attaching

    async def attach(self, request: AttachRequest) -> ComputeStatus:
        """Make an engine a compute target; on disk when this returns.

        Raises
        ------
        InvalidSpec
            The name or the URL cannot be one, or the engine has less than was asked for.
        WrongState
            The name is taken.
        ComputeUnavailable
            The engine does not answer.
        """
        check_compute_name(request.name)
        _check_url(request.url)
        _check_limits(request)
        async with self._one_changes:
            kept = self._attached.get(request.name)
            if kept is None:
                self._check_free(request.name)
                await self._attach(request)
            elif not _is_same(kept, request):
                raise WrongState(
                    f"There is a compute target {request.name!r} already, {kept.url} with "
                    f"{units.plural(kept.capacity.cpus, 'CPU')}. Choose another name, or remove it "
                    "first."
                )
            await self._durability.sync()
        return self._status(request.name)

    async def _attach(self, request: AttachRequest) -> None:
        engine = Engine(request.url)
        try:
            info = await _ask(engine)
            kept = AttachedCompute(
                name=request.name,
                url=request.url,
                cpus=request.cpus,
                memory_bytes=request.memory_bytes,
                gpus=request.gpus,
                capacity=_granted(request, info),
                attached_at=self._clock(),
            )
            self._check_free(request.name)  # a cluster of that name may have been created meanwhile
            compute = self._connect(kept.name, engine, kept.capacity)
            self._store.keep(kept)
        except BaseException:
            engine.close()
            raise
        self._add(kept, engine, compute)
        self._hub.changed(Hub.ENVIRONMENTS)

    def _add(self, kept: AttachedCompute, engine: Engine, compute: Compute) -> None:
        self._attached[kept.name] = kept
        self._engines[kept.name] = engine
        self._computes[kept.name] = compute
        self._supervisor.queue.ledgers[kept.name] = Ledger(kept.capacity)

    def _check_free(self, name: str) -> None:
        if name in self._computes:
            what = "the compute target of this machine"
            if self._computes[name].name != name:
                what = "a cluster of this machine"
            raise InvalidSpec(f"{name!r} is {what}. Use another name.")

    def _status(self, name: str) -> ComputeStatus:
        return self._told(self._supervisor.status(name))

    # Detaching

    async def detach(self, name: str) -> ComputeStatus:
        """Forget an engine, which itself stays as it is; gives what it was.

        Raises
        ------
        ComputeTargetError
            There is no compute target of that name, or it is this machine.
        WrongState
            A run or a build there has not ended.
        """
        async with self._one_changes:
            self._check_idle(name)
            status = self._status(name)
            self._store.forget(name)
            del self._attached[name], self._supervisor.queue.ledgers[name]
            compute, engine = self._computes.pop(name), self._engines.pop(name)
            self._problems.pop(name, None)
            self._hub.changed(Hub.ENVIRONMENTS)
            await self._durability.sync()
        await compute.close()
        engine.close()
        return status

    def _check_idle(self, name: str) -> None:
        if name not in self._attached:
            if name in self._computes:
                what = "this machine and cannot be removed"
                if self._computes[name].name != name:
                    what = "a cluster, and no engine: delete it as one"
                raise ComputeTargetError(f"{name!r} is {what}.")
            raise no_compute(name, self._computes)
        unended = self._supervisor.roster.unended(name)
        if unended is not None:
            raise WrongState(unended)
        under_way = self._builds.in_state(BuildState.WAITING, BuildState.BUILDING).values()
        builds = [build.name for _, build in under_way if build.compute == name]
        if builds:
            raise WrongState(
                f"The environment {builds[0]!r} is being built on {name!r}. Cancel that, or wait "
                "for its end."
            )

    # Looking whether they are there

    def look(self) -> None:
        """Ask the engines again, beside everything else, unless that was done just now."""
        now = self._clock()
        if not self._attached or (self._looked_at and now - self._looked_at < _FRESH):
            return
        if self._looking is None or self._looking.done():
            self._looked_at = now
            self._looking = asyncio.create_task(self._look())

    async def looked(self) -> None:
        """Return when the engines that are just being asked have answered."""
        if self._looking is not None:
            await asyncio.wait([self._looking])

    async def _look(self) -> None:
        await asyncio.gather(*map(self._look_at, tuple(self._attached.values())))

    async def _look_at(self, kept: AttachedCompute) -> None:
        problem: str | None = None
        capacity = kept.capacity
        try:
            capacity = _capacity(kept, await _ask(self._engines[kept.name]))
        except MltrainError as error:
            problem = error.message
        if self._attached.get(kept.name) is not kept:
            return  # detached meanwhile
        if problem != self._problems.get(kept.name):
            _log.info("%s: %s", kept.name, problem or "answers again")
            self._problems.pop(kept.name, None)
            if problem is not None:
                self._problems[kept.name] = problem
            self._hub.changed(Hub.ENVIRONMENTS)
        if capacity != kept.capacity:
            self._resize(kept, capacity)

    def _resize(self, kept: AttachedCompute, capacity: Capacity) -> None:
        """Take in that the engine's machine has become another one."""
        ledgers = self._supervisor.queue.ledgers
        resized = Ledger(capacity)
        for run_id, lease in ledgers[kept.name].leases.items():
            resized.hold(run_id, lease)
        ledgers[kept.name] = resized
        self._attached[kept.name] = replace(kept, capacity=capacity)
        try:
            self._store.keep(self._attached[kept.name])
        except MltrainError as error:
            _log.error("%s: %s", kept.name, error)  # it is asked again by the next service
        self._hub.changed(Hub.ENVIRONMENTS)
        self._supervisor.start_what_fits()

    async def close(self) -> None:
        """Let go of the engines; their runs go on."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        for name in self._attached:
            await self._computes[name].close()
            self._engines[name].close()


async def _ask(engine: Engine) -> dict[str, Any]:
    info: dict[str, Any] = await engine.call(lambda client: client.info())
    if info.get("OSType", "linux") != "linux":
        raise ComputeTargetError(
            f"The engine at {engine.url} runs {info['OSType']} containers. Switch it to Linux "
            "containers."
        )
    return info


def _capacity(limits: AttachedCompute | AttachRequest, info: dict[str, Any]) -> Capacity:
    """What runs may hold together: what the user said, else all that the engine has."""
    return Capacity(
        cpus=min(limits.cpus or info["NCPU"], info["NCPU"]),
        memory_bytes=min(limits.memory_bytes or info["MemTotal"], info["MemTotal"]),
        gpus=tuple(Device(index=at, name="GPU", memory_bytes=0) for at in range(limits.gpus)),
    )


def _granted(request: AttachRequest, info: dict[str, Any]) -> Capacity:
    """The same for an engine that is new; raises `InvalidSpec` when it has not so much."""
    cpus, memory_bytes = info["NCPU"], info["MemTotal"]
    there = None
    if request.cpus is not None and request.cpus > cpus:
        there = units.plural(cpus, "CPU")
    elif request.memory_bytes is not None and request.memory_bytes > memory_bytes:
        there = f"{units.size(memory_bytes)} of memory"
    if there is not None:
        raise InvalidSpec(f"The engine at {request.url} has {there}. Give at most that.")
    return _capacity(request, info)


def _is_same(kept: AttachedCompute, request: AttachRequest) -> bool:
    return (kept.url, kept.cpus, kept.memory_bytes, kept.gpus) == (
        request.url,
        request.cpus,
        request.memory_bytes,
        request.gpus,
    )


def _check_url(url: str) -> None:
    shown = re.sub(r"//[^/]*@", "//…@", url)  # what stands there may be a password
    try:
        parts = urlsplit(url)
        named = parts.path.startswith("/") if parts.scheme == "unix" else bool(parts.hostname)
        secret = parts.password is not None
        _ = parts.port  # raises for what is no number
    except ValueError:
        named = secret = False
    if secret:
        raise InvalidSpec(
            f"The URL {shown!r} has a password, which would be kept with it. Use a key or a "
            "certificate, and leave the password out."
        )
    if not named or parts.scheme not in _SCHEMES:
        raise InvalidSpec(f"{shown!r} is not the URL of an engine. It looks like {_EXAMPLES}.")


def _check_limits(request: AttachRequest) -> None:
    for asked, what in ((request.cpus, "CPUs"), (request.memory_bytes, "bytes of memory")):
        if asked is not None and asked < 1:
            raise InvalidSpec(
                f"Runs cannot share {asked} {what}. Leave it out for all that the engine has."
            )
    if request.gpus < 0:
        raise InvalidSpec(f"An engine cannot have {request.gpus} GPUs. Use 0 or more.")
