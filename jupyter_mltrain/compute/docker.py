"""Runs as containers of a Docker Engine, of this machine or of another."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from jupyter_mltrain.compute import copying, ending
from jupyter_mltrain.compute import handle as handles
from jupyter_mltrain.compute.base import Exited, Launch, Observation, Running, Unreachable
from jupyter_mltrain.compute.container_config import WORKSPACE_LABEL
from jupyter_mltrain.compute.containers import Containers
from jupyter_mltrain.compute.handle import Handle
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.engine import Engine, containers
from jupyter_mltrain.engine.deaths import Deaths
from jupyter_mltrain.errors import ComputeUnavailable, MltrainError
from jupyter_mltrain.spec import Capacity

_log = logging.getLogger(__name__)

_OVER_TIME, _CANCELED = "SIGUSR1", "SIGUSR2"
"""What the wrapper takes for what; see ``container.sh``."""

_AGAIN_S: Final = 0.5
"""Between two requests to stop: one that comes before the wrapper listens is lost."""

_SLACK_S: Final = 5.0
"""Beyond the grace, after which the engine itself kills the container."""

_LATE_S: Final = 2.0
"""By this much a run may outlast its limit before somebody else than its wrapper ends it."""

_LAST_WORDS_S: Final = 10.0
"""For output that the engine still has when a container has ended."""

_REMOVE_S: Final = 0.2
"""From a run's end to the removal of its container, which nobody waits for."""


class DockerCompute:
    """A compute target whose runs are containers."""

    kind = "docker"

    def __init__(
        self,
        name: str,
        engine: Engine,
        capacity: Capacity,
        watcher: Watcher,
        *,
        workspace_id: str,
        folder: Path,
        shared: bool | None = None,
    ) -> None:
        """Start runs on an engine; asks nothing of it yet.

        Parameters
        ----------
        workspace_id
            For the labels, by which any later service finds the containers again.
        folder
            Of the workspace, for this compute target alone: has a file for each container until
            that is removed, so that no engine has to be asked where there never was one.
        shared
            Whether the engine sees our files; `None`: find out.
        """
        self.name = name
        self._engine = engine
        self._capacity = capacity
        self._watcher = watcher
        self._folder = folder
        self._containers = Containers(name, engine, workspace_id, folder, shared)
        self._deaths = Deaths(engine, f"{WORKSPACE_LABEL}={workspace_id}")
        self._starting: dict[str, asyncio.Future[str]] = {}
        self._just_started: set[str] = set()
        self._cancelling: dict[str, asyncio.Task[None]] = {}
        self._removing: dict[str, asyncio.Task[None]] = {}
        self._hurry = asyncio.Event()

    def capacity(self) -> Capacity:
        return self._capacity

    def plan(self, launch: Launch) -> tuple[str, ...]:
        return launch.argv

    # Starting

    async def start(self, launch: Launch) -> str:
        under_way = self._starting.get(launch.run_dir)
        if under_way is None:
            under_way = asyncio.ensure_future(self._start(launch))
            self._starting[launch.run_dir] = under_way
            under_way.add_done_callback(partial(self._has_started, launch.run_dir))
        return await asyncio.shield(under_way)

    def _has_started(self, run_dir: str, done: asyncio.Future[str]) -> None:
        del self._starting[run_dir]
        if not done.cancelled() and (error := done.exception()) is not None:
            _log.info("%s is not started: %s", run_dir, error)  # whoever asked may have left

    async def _start(self, launch: Launch) -> str:
        marker = launch.control / "reaper.json"
        try:
            return marker.read_text()
        except FileNotFoundError:
            pass  # not started yet
        await self._deaths.begin()
        handle = await self._engine.in_thread(self._containers.start, launch, marker)
        self._just_started.add(handle.container)
        return handles.encode(handle)

    def _own(self, handle: str, control: Path) -> Handle:
        """The handle, if it is this run's.

        Between a start and the service's note of it only the run's folder has it, where the script
        can write: it must not lead to another container, or to files elsewhere.
        """
        known = handles.decode(handle)
        run_dir = control.parent
        inside = Path(os.path.realpath(known.log)).is_relative_to(os.path.realpath(run_dir))
        if inside and self._containers.is_of(known.container, run_dir.name):
            return known
        return handles.unknown()

    # Looking

    async def observe(self, handle: str, control: Path) -> Observation:
        known = self._own(handle, control)
        try:
            seen = await self._see(known, control)
        except ComputeUnavailable as error:
            return Unreachable(reason=error.message.rstrip("."))
        if not isinstance(seen, Running | Unreachable):
            self._remove_soon(known.container, control)
        return seen

    async def _see(self, known: Handle, control: Path) -> Observation:
        record = ending.read(control, known.limited)
        if record is not None:
            return Exited(record=record)
        return await self._engine.in_thread(self._containers.look, known, control)

    # Waiting

    async def ended(self, handle: str, control: Path) -> None:
        known = self._own(handle, control)
        # One that was started just now is not asked after: its start needs the processor.
        look = known.container not in self._just_started
        self._just_started.discard(known.container)
        changed = asyncio.Event()
        deadline = known.until + _LATE_S

        def died() -> None:
            nonlocal look
            look = True
            changed.set()

        await self._deaths.begin()
        async with self._following(known, control):
            with self._deaths.listening(known.container, died), self._watching(control, changed):
                while ending.read(control, known.limited) is None:
                    if look:
                        look = False
                        if not await self._executes(known):
                            return
                    try:
                        await asyncio.wait_for(changed.wait(), max(0.0, deadline - time.time()))
                    except asyncio.TimeoutError:
                        # Its own clock, which is the image's sleep, has failed.
                        await self._send(known, _OVER_TIME)
                        deadline = time.time() + known.grace_s + _SLACK_S
                    changed.clear()

    @contextmanager
    def _watching(self, control: Path, changed: asyncio.Event) -> Iterator[None]:
        """Be told of files in the run's control folder, as long as there is one."""
        try:
            unwatch = self._watcher.watch(control, changed.set)
        except FileNotFoundError:
            yield  # the script deleted it; the engine tells of the end all the same
            return
        try:
            yield
        finally:
            unwatch()

    @asynccontextmanager
    async def _following(self, known: Handle, control: Path) -> AsyncIterator[None]:
        """Where the output goes to the engine, have it in its file, live."""
        if known.shared:
            yield
            return
        following = _Following(known, control)
        reading = self._engine.in_thread(self._engine.do, following.read)
        try:
            yield
            await asyncio.wait([reading], timeout=_LAST_WORDS_S)
        finally:
            following.close()
            try:
                await reading
            except (MltrainError, OSError) as error:
                # Whatever is missing is fetched at the end.
                _log.info("%s: output cannot be followed: %s", known.container, error)

    async def _executes(self, known: Handle) -> bool:
        """Whether there is still something to wait for; not where the engine cannot be asked."""
        try:
            state = await self._engine.call(
                lambda client: containers.state(client, known.container)
            )
        except MltrainError:
            return False
        return state is not None and state["Status"] not in ("created", "exited", "dead")

    # Carrying files

    async def bring(self, handle: str, control: Path, paths: tuple[Path, ...]) -> None:
        """Have files of the run's directory in its container, if that does not see ours."""
        known = self._own(handle, control)
        if not known.shared:
            await self._engine.in_thread(self._containers.bring, known, control.parent, paths)

    async def take_back(self, handle: str, control: Path) -> None:
        """Have here what the run has written so far."""
        known = self._own(handle, control)
        if not known.shared:
            await self._engine.in_thread(self._containers.take_back, known, control.parent)

    # Ending

    async def cancel(self, handle: str, control: Path) -> None:
        known = self._own(handle, control)
        if known.container in self._cancelling or ending.read(control, known.limited) is not None:
            return
        handles.cancel(control)
        task = asyncio.create_task(self._make_end(known, control))
        self._cancelling[known.container] = task
        task.add_done_callback(lambda _: self._cancelling.pop(known.container, None))

    async def _make_end(self, known: Handle, control: Path) -> None:
        """Ask until it has heard, then have it killed."""
        patience = time.monotonic() + known.grace_s + _SLACK_S
        while ending.read(control, known.limited) is None:
            late = time.monotonic() > patience
            if await self._send(known, "SIGKILL" if late else _CANCELED) is False:
                break
            await asyncio.sleep(_AGAIN_S)
        try:
            await self._engine.in_thread(self._containers.cancel_unstarted, known, control)
        except (MltrainError, OSError) as error:
            _log.error("%s cannot be cancelled: %s", known.container, error)

    async def _send(self, known: Handle, signal: str) -> bool | None:
        """Signal a container; false when it does not execute, `None` when nobody can tell."""
        try:
            return await self._engine.call(
                lambda client: containers.send(client, known.container, signal)
            )
        except MltrainError as error:
            _log.info("%s: %s cannot be sent: %s", known.container, signal, error)
            return None

    # Removing

    def _remove_soon(self, name: str, control: Path) -> None:
        """Delete the container of a run whose ending is written down."""
        if name in self._removing or not (self._folder / name).exists():
            return
        task = asyncio.create_task(self._remove_later(name, control.parent))
        self._removing[name] = task
        task.add_done_callback(lambda _: self._removing.pop(name, None))

    async def _remove_later(self, name: str, run_dir: Path) -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), _REMOVE_S)
        await self._engine.in_thread(self._containers.remove, name, run_dir)

    async def sweep(self, active: Collection[str]) -> None:
        """Delete the containers that a killed service left of runs that have ended.

        Parameters
        ----------
        active
            Ids of the runs that have not.
        """
        for name, run_dir in self._containers.left(active):
            if name not in self._removing:
                await self._engine.in_thread(self._containers.remove, name, run_dir)

    async def close(self) -> None:
        for task in self._cancelling.values():
            task.cancel()
        self._hurry.set()
        await asyncio.gather(*self._removing.values(), return_exceptions=True)
        self._deaths.close()


class _Following:
    """The output of one container on its way to the run's files."""

    def __init__(self, known: Handle, control: Path) -> None:
        self._known = known
        self._journal = control.parent / "journal.jsonl"
        self._output: containers.Output | None = None
        self._closed = False

    def read(self, client: Any) -> None:
        """Write until the container ends, or `close`; in a thread."""
        self._output = containers.Output(client, self._known.container, follow=True)
        if self._closed:
            self._output.close()
        copying.follow(self._output, Path(self._known.log), self._journal)

    def close(self) -> None:
        self._closed = True
        if self._output is not None:
            self._output.close()
