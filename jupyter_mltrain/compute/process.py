"""Runs as processes on this machine: no Docker, no root, nothing to set up."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from jupyter_mltrain.compute import launcher, processes, reaper
from jupyter_mltrain.compute.base import Exited, Gone, Launch, Observation, Running
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.errors import ComputeTargetError
from jupyter_mltrain.spec import Capacity, ExitRecord

_log = logging.getLogger(__name__)

_LOOK_AGAIN_S: Final = 0.5
"""Between two looks at a process where the system has no pidfd."""

_ASK_AGAIN_S: Final = 2.0
"""After this long without an answer a start is asked for again."""

_NO_LAUNCHER: Final = (
    "No process can be started here: the service's launcher has ended. End the service, so that "
    "the next request starts it anew"
)


class _Handle(msgspec.Struct):
    """What a reaper writes into ``control/reaper.json``: enough to know it again."""

    pid: int
    ticks: int | None
    boot: str


class ProcessCompute:
    """The compute target ``local``: this machine, through a launcher and its reapers."""

    name = "local"
    kind = "process"

    def __init__(
        self,
        capacity: Capacity,
        to_launcher: socket.socket,
        watcher: Watcher,
        another_launcher: Callable[[], socket.socket] | None = None,
    ) -> None:
        """Start runs through a launcher.

        Parameters
        ----------
        another_launcher
            Gives the way to a new one when the first is killed. Without it starts fail then.
        """
        self._capacity = capacity
        self._another_launcher = another_launcher
        self._watcher = watcher
        self._socket = to_launcher
        self._socket.setblocking(False)
        self._starting: dict[str, asyncio.Future[str]] = {}
        self._reading = False

    def capacity(self) -> Capacity:
        return self._capacity

    def plan(self, launch: Launch) -> tuple[str, ...]:
        return launch.argv

    async def start(self, launch: Launch) -> str:
        if launch.container is not None:
            raise ComputeTargetError(
                f"The run is to execute in a container of {launch.container.image}, and "
                f"{self.name!r} has processes only. Choose a compute target with a Docker Engine."
            )
        control = launch.control
        if (control / "reaper.json").exists():
            return await self._found(control)
        under_way = self._starting.get(str(control))
        text = await (under_way or await self._ask(launch, control))
        if text == "!":
            return await self._found(control)  # another start of this run was a moment earlier
        if text.startswith("!"):
            raise ComputeTargetError(f"The run cannot be started in {control}: {text[1:]}.")
        if not text:
            if (control / "reaper.json").exists():
                return await self._found(control)
            raise ComputeTargetError(f"{_NO_LAUNCHER}.")
        pid, _, ticks = text.partition(" ")
        return _encode(_Handle(pid=int(pid), ticks=int(ticks) or None, boot=processes.boot_id()))

    async def _ask(self, launch: Launch, control: Path) -> asyncio.Future[str]:
        """Send the run to the reapers; the answer is the identity of the one that takes it."""
        message = os.fsencode(control) + b"\0" + msgspec.json.encode(launch)
        if len(message) > launcher.MESSAGE_BYTES:
            (control / "launch.json").write_bytes(msgspec.json.encode(launch))
            message = os.fsencode(control) + b"\0"
        loop = asyncio.get_running_loop()
        if not self._reading:
            self._reading = True
            loop.add_reader(self._socket.fileno(), self._on_reply)
        answer = self._starting[str(control)] = loop.create_future()
        try:
            await loop.sock_sendall(self._socket, message)
        except OSError as error:
            if not self._replace_launcher():
                self._starting.pop(str(control), None)
                raise ComputeTargetError(f"{_NO_LAUNCHER} ({error.strerror}).") from None
        self._insist(answer, message)
        return answer

    def _insist(self, answer: asyncio.Future[str], message: bytes) -> None:
        """Ask again as long as nobody answers: a reaper can be killed with the message in hand.

        Should two of them have it, the second finds the run claimed.
        """

        def again() -> None:
            try:
                self._socket.send(message)
            except OSError:
                pass  # the queue is full, or about to end: either is an answer soon
            self._insist(answer, message)

        timer = asyncio.get_running_loop().call_later(_ASK_AGAIN_S, again)
        answer.add_done_callback(lambda _: timer.cancel())

    async def _found(self, control: Path) -> str:
        """The handle of a reaper that was started before, by us or by an earlier service."""
        return (control / "reaper.json").read_text()

    def _on_reply(self) -> None:
        try:
            reply = self._socket.recv(launcher.MESSAGE_BYTES)
        except BlockingIOError:
            return
        except ConnectionResetError:
            reply = b""
        if not reply:
            if self._replace_launcher():
                return
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            for waiting in self._starting.values():
                waiting.set_result("")
            self._starting.clear()
            return
        control, _, text = reply.rpartition(b"\0")
        starting = self._starting.pop(os.fsdecode(control), None)
        if starting is not None and not starting.done():
            starting.set_result(text.decode())

    def _replace_launcher(self) -> bool:
        """Go on with another launcher; starts without an answer ask it again by themselves."""
        if self._another_launcher is None:
            return False
        _log.error("the launcher was killed; starting another")
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._socket = self._another_launcher()
        self._socket.setblocking(False)
        loop.add_reader(self._socket.fileno(), self._on_reply)
        return True

    async def observe(self, handle: str, control: Path) -> Observation:
        known = _decode(handle)
        record = _read_exit(control)
        if record is None:
            if _is_alive(known):
                return Running()
            # Written before the reaper ends: looked for after its end, it cannot be missed.
            record = _read_exit(control)
        if record is not None:
            return Exited(record=record)
        if known.boot != processes.boot_id():
            return Gone(reason="the machine went down while it ran, so how far it got is unknown")
        await self._sweep(control)
        return Gone(
            reason=f"the process that watched it (pid {known.pid}) was killed, so its exit "
            "status is unknown"
        )

    async def _sweep(self, control: Path) -> None:
        """End what a killed reaper could not end."""
        cookie = cookie_of(control)
        while left := await asyncio.to_thread(processes.with_cookie, cookie):
            processes.send(left, signal.SIGKILL)
            await asyncio.sleep(0.01)

    async def ended(self, handle: str, control: Path) -> None:
        known = _decode(handle)
        try:
            fd = os.pidfd_open(known.pid)
        except (AttributeError, ProcessLookupError, OSError):
            fd = -1  # macOS, an old kernel, or it has ended already
        try:
            if fd < 0:
                while _is_alive(known):  # noqa: ASYNC110 - there is nothing to await here
                    await asyncio.sleep(_LOOK_AGAIN_S)
            elif _is_alive(known):
                await self._until_recorded(fd, control)
        finally:
            if fd >= 0:
                os.close(fd)

    async def _until_recorded(self, pidfd: int, control: Path) -> None:
        """Wait for the exit record, which comes a moment before the reaper's own end."""
        loop = asyncio.get_running_loop()
        over: asyncio.Future[None] = loop.create_future()
        exit_record = f"{control}/exit.json"

        def look() -> None:
            if os.path.exists(exit_record):  # noqa: PTH110 - once for each run that ends
                _settle(over)

        loop.add_reader(pidfd, _settle, over)
        unwatch = self._watcher.watch(control, look)
        try:
            look()
            await over
        finally:
            unwatch()
            loop.remove_reader(pidfd)

    async def cancel(self, handle: str, control: Path) -> None:
        known = _decode(handle)
        if _read_exit(control) is not None:
            return
        if _is_alive(known):
            try:
                (control / "reaper.json").chmod(reaper.CANCELED_MODE)
            except FileNotFoundError:
                pass  # deleted by the script; the reaper then believes the signal
            processes.send([known.pid], signal.SIGTERM)
        elif _read_exit(control) is None:
            await self._sweep(control)

    async def close(self) -> None:
        if self._reading:
            self._reading = False
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def cookie_of(control: Path) -> str:
    """The run's cookie: its directory says it, so that nothing has to be stored."""
    return str(control.parent)


def _is_alive(known: _Handle) -> bool:
    if known.boot != processes.boot_id():
        return False
    ticks = processes.start_ticks(known.pid)
    return ticks is not None and (known.ticks is None or ticks == known.ticks)


def _encode(handle: _Handle) -> str:
    return msgspec.json.encode(handle).decode()


def _decode(text: str) -> _Handle:
    """A handle again; one torn by a power cut names a process of no boot that we know."""
    try:
        return msgspec.json.decode(text, type=_Handle)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return _Handle(pid=0, ticks=0, boot="unknown")


def _read_exit(control: Path) -> ExitRecord | None:
    """The reaper's record; a torn one (the power went) is none."""
    try:
        return msgspec.json.decode(
            (control / "exit.json").read_bytes(), type=ExitRecord, strict=False
        )
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        return None  # not there yet, or not whole: nobody saw how it ended
