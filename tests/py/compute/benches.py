"""Each compute with what a test needs to drive it: one bench for processes, one for the fake."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import msgspec
from clock import FakeClock
from compute.fake import CAPACITY, FakeCompute, World

from jupyter_mltrain.compute import processes
from jupyter_mltrain.compute.base import Compute, Launch
from jupyter_mltrain.compute.process import ProcessCompute
from jupyter_mltrain.compute.watch import Watcher

_JOB = """
[ -z "$STUBBORN" ] || trap '' TERM
read word < "$ORDERS"
case $word in
memory) exec "$PYTHON" -c "import time; taken = b'x' * $USE_BYTES; time.sleep(60)" ;;
*) exit "$word" ;;
esac
"""


def a_launch(run_dir: Path, argv: tuple[str, ...], **changes: Any) -> Launch:
    """What to execute in a run directory, which is made if it is not there."""
    for name in ("control", "work"):
        (run_dir / name).mkdir(parents=True, exist_ok=True)
    variables = {processes.COOKIE: str(run_dir), **changes.pop("variables", {})}
    launch = Launch(
        run_id=run_dir.name,
        run_dir=str(run_dir),
        argv=argv,
        cwd=str(run_dir / "work"),
        log=str(run_dir / "log.txt"),
        variables=variables,
        timeout_s=60.0,
        grace_s=5.0,
    )
    return msgspec.structs.replace(launch, **changes)


def reaper_of(handle: str) -> int:
    """Pid of the process that a handle of `ProcessCompute` names."""
    return int(json.loads(handle)["pid"])


class Bench(Protocol):
    """A compute, and jobs in it that do what they are told."""

    async def __aenter__(self) -> Compute: ...
    async def __aexit__(self, *error: Any) -> None: ...

    def launch(self, *, stubborn: bool = False, **changes: Any) -> Launch:
        """A job that executes until it is told something; a stubborn one ignores SIGTERM."""

    def other(self) -> Compute:
        """The compute as another process has it, which started nothing."""

    def unknown_handle(self) -> str:
        """A handle behind which nothing is."""

    def exit(self, launch: Launch, status: int) -> None:
        """Let the job end by itself."""

    def lose(self, launch: Launch, handle: str) -> None:
        """Let the job disappear without anybody seeing how."""

    def use_memory(self, launch: Launch, size_bytes: int) -> None:
        """Let the job use this much."""

    def pass_time(self, seconds: float) -> None:
        """Let time pass, where it does not pass by itself."""

    def executes(self, launch: Launch) -> bool:
        """Whether anything of the job is left."""


class ProcessBench:
    """Real processes, through a real launcher."""

    def __init__(self, root: Path, to_launcher: socket.socket) -> None:
        self._root = root
        self._to_launcher = to_launcher
        self._orders: dict[str, int] = {}
        self._computes: list[ProcessCompute] = []
        self._watchers: list[Watcher] = []

    async def __aenter__(self) -> ProcessCompute:
        return self.other()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for compute in self._computes:
            await compute.close()
        for watcher in self._watchers:
            watcher.close()
        for fd in self._orders.values():
            os.close(fd)
        for run_dir in self._root.glob("run-*"):
            # Nothing outlives a test, however it went.
            processes.send(processes.with_cookie(str(run_dir)), signal.SIGKILL)

    def other(self) -> ProcessCompute:
        self._watchers.append(Watcher())
        compute = ProcessCompute(CAPACITY, self._to_launcher.dup(), self._watchers[-1])
        self._computes.append(compute)
        return compute

    def run_dir(self) -> Path:
        """A new run directory."""
        return self._root / f"run-{len(list(self._root.glob('run-*')))}"

    def python(self, code: str, *arguments: str, **changes: Any) -> Launch:
        """A launch of Python code."""
        return a_launch(self.run_dir(), (sys.executable, "-S", "-c", code, *arguments), **changes)

    def shell(self, code: str, **changes: Any) -> Launch:
        """A launch of shell code."""
        return a_launch(self.run_dir(), ("/bin/sh", "-c", code), **changes)

    def launch(self, *, stubborn: bool = False, **changes: Any) -> Launch:
        run_dir = self.run_dir()
        orders = run_dir / "orders"
        variables = {
            "ORDERS": str(orders),
            "STUBBORN": "yes" if stubborn else "",
            "PYTHON": sys.executable,
            "USE_BYTES": "200000000",
        }
        launch = a_launch(run_dir, ("/bin/sh", "-c", _JOB), variables=variables, **changes)
        os.mkfifo(orders)
        # Open for reading too: the job never waits for somebody to open the other end.
        self._orders[str(run_dir)] = os.open(orders, os.O_RDWR)
        return launch

    def unknown_handle(self) -> str:
        return json.dumps({"pid": 2**22 - 1, "ticks": 1, "boot": processes.boot_id()})

    def exit(self, launch: Launch, status: int) -> None:
        os.write(self._orders[launch.run_dir], f"{status}\n".encode())

    def lose(self, launch: Launch, handle: str) -> None:
        os.kill(reaper_of(handle), signal.SIGKILL)

    def use_memory(self, launch: Launch, size_bytes: int) -> None:
        assert size_bytes == 200_000_000, "what the job's variable says"
        os.write(self._orders[launch.run_dir], b"memory\n")

    def pass_time(self, seconds: float) -> None:
        return

    def executes(self, launch: Launch) -> bool:
        return bool(processes.with_cookie(launch.run_dir))


class FakeBench:
    """The fake compute, with its clock."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.clock = FakeClock()
        self.compute = FakeCompute(World(self.clock))

    async def __aenter__(self) -> FakeCompute:
        return self.compute

    async def __aexit__(self, *error: Any) -> None:
        await self.compute.close()

    def other(self) -> FakeCompute:
        return FakeCompute(self.compute.world)

    def launch(self, *, stubborn: bool = False, **changes: Any) -> Launch:
        self.compute.world.stubborn = stubborn
        run_dir = self._root / f"run-{len(list(self._root.glob('run-*')))}"
        return a_launch(run_dir, ("/bin/true",), **changes)

    def unknown_handle(self) -> str:
        return str(self._root / "nothing")

    def exit(self, launch: Launch, status: int) -> None:
        self.compute.exit(launch.run_id, status)

    def lose(self, launch: Launch, handle: str) -> None:
        self.compute.lose(launch.run_id)

    def use_memory(self, launch: Launch, size_bytes: int) -> None:
        self.compute.use_memory(launch.run_id, size_bytes)

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def executes(self, launch: Launch) -> bool:
        return self.compute.executes(launch.run_id)
