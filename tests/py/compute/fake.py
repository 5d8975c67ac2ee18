"""A compute without processes: it keeps the contract, and does what a test tells it."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from clock import FakeClock

from jupyter_mltrain.compute.base import (
    Exited,
    Gone,
    Launch,
    Observation,
    Running,
    Unreachable,
)
from jupyter_mltrain.errors import ComputeTargetError, EnvironmentGone
from jupyter_mltrain.spec import Capacity, Device, ExitRecord

CAPACITY = Capacity(
    cpus=4,
    memory_bytes=16_000_000_000,
    gpus=(
        Device(index=0, name="Fake", memory_bytes=8_000_000_000),
        Device(index=1, name="Fake", memory_bytes=8_000_000_000),
    ),
)


@dataclass
class _Job:
    """One thing that executes, or did."""

    launch: Launch
    started_at: datetime
    asked_to_end_at: datetime | None = None
    record: ExitRecord | None = None
    lost: bool = False

    @property
    def over(self) -> bool:
        return self.record is not None or self.lost


@dataclass
class World:
    """What goes on whether or not a service is there: the jobs, and the way to them."""

    clock: FakeClock
    jobs: dict[str, _Job] = field(default_factory=dict)
    """By run directory."""
    cut_off: bool = False
    stubborn: bool = False
    """Whether jobs ignore being asked to end."""
    waiters: set[asyncio.Event] = field(default_factory=set)

    def job(self, run_id: str) -> _Job:
        return next(job for job in self.jobs.values() if job.launch.run_id == run_id)

    def changed(self) -> None:
        for waiter in self.waiters:
            waiter.set()


class FakeCompute:
    """The compute target ``local`` of tests. Several can look at one world, one after another."""

    name = "local"
    kind = "fake"

    def __init__(self, world: World, capacity: Capacity = CAPACITY) -> None:
        self.world = world
        self.started: list[str] = []
        """Ids of runs, in the order this object started them."""
        self.refusal: str | None = None
        """Why nothing can be started, when it is so."""
        self.gone_once: EnvironmentGone | None = None
        """What the next start raises, and no other."""
        self.gone: EnvironmentGone | None = None
        """What every start raises, when it is so."""
        self.may_start = asyncio.Event()
        """Starts wait for it."""
        self.may_start.set()
        self.asked_to_end = asyncio.Event()
        """Set by the first cancel."""
        self._capacity = capacity
        world.clock.when_moved(self._time_passed)

    # What a test says

    def exit(self, run_id: str, status: int = 0, signum: int | None = None) -> None:
        """Let the run end by itself."""
        self._end(self.world.job(run_id), None if signum else status, signum, None)

    def lose(self, run_id: str) -> None:
        """Let the run disappear without anybody seeing how."""
        self.world.job(run_id).lost = True
        self.world.changed()

    def unreachable(self, cut_off: bool) -> None:
        """Cut the way to all runs, or open it again; they go on meanwhile."""
        self.world.cut_off = cut_off
        self.world.changed()

    def use_memory(self, run_id: str, size_bytes: int) -> None:
        """Let the run use this much."""
        job = self.world.job(run_id)
        limit = job.launch.memory_bytes
        if limit is not None and size_bytes > limit:
            self._end(job, None, signal.SIGKILL, "memory")

    def executes(self, run_id: str) -> bool:
        """Whether anything of the run is left."""
        return not self.world.job(run_id).over

    # The contract

    def capacity(self) -> Capacity:
        return self._capacity

    def plan(self, launch: Launch) -> tuple[str, ...]:
        return launch.argv

    async def start(self, launch: Launch) -> str:
        await self.may_start.wait()
        if self.refusal is not None:
            raise ComputeTargetError(self.refusal)
        gone, self.gone_once = self.gone_once or self.gone, None
        if gone is not None:
            raise gone
        before = self.world.jobs.get(launch.run_dir)
        if before is None or before.launch.attempt != launch.attempt:
            self.world.jobs[launch.run_dir] = _Job(launch, self.world.clock())
            self.started.append(launch.run_id)
        return launch.run_dir

    async def observe(self, handle: str, control: Path) -> Observation:
        if self.world.cut_off:
            return Unreachable(reason="the way to the fake compute is cut")
        job = self.world.jobs.get(handle)
        if job is None:
            return Gone(reason="the fake compute knows nothing of it")
        if job.lost:
            return Gone(reason="it disappeared from the fake compute")
        return Running() if job.record is None else Exited(record=job.record)

    async def ended(self, handle: str, control: Path) -> None:
        changed = asyncio.Event()
        self.world.waiters.add(changed)
        try:
            while not self.world.cut_off:
                job = self.world.jobs.get(handle)
                if job is None or job.over:
                    return
                changed.clear()
                await changed.wait()
        finally:
            self.world.waiters.discard(changed)

    async def cancel(self, handle: str, control: Path) -> None:
        job = self.world.jobs.get(handle)
        if job is None or job.asked_to_end_at is not None:
            return
        job.asked_to_end_at = self.world.clock()
        self.asked_to_end.set()
        if not self.world.stubborn:
            self._end(job, None, signal.SIGTERM, "cancel")

    async def close(self) -> None:
        return None

    def _time_passed(self) -> None:
        now = self.world.clock()
        for job in self.world.jobs.values():
            asked, launch = job.asked_to_end_at, job.launch
            if asked is not None and now - asked >= timedelta(seconds=launch.grace_s):
                self._end(job, None, signal.SIGKILL, "cancel")
            elif now - job.started_at >= timedelta(seconds=launch.timeout_s):
                self._end(job, None, signal.SIGTERM, "timeout")

    def _end(self, job: _Job, status: int | None, signum: int | None, cause: str | None) -> None:
        if job.over:
            return
        job.record = ExitRecord(
            status=status,
            signal=None if signum is None else int(signum),
            cause=cause,
            ended_at=self.world.clock(),
        )
        self.world.changed()
