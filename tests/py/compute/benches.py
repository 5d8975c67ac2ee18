"""Each compute with what a test needs to drive it: processes, containers, and the fake."""

from __future__ import annotations

import io
import json
import os
import secrets
import signal
import socket
import sys
import tarfile
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import msgspec
from clock import FakeClock
from compute.fake import CAPACITY, FakeCompute, World
from engines import BASE, PYTHON

from jupyter_mltrain.compute import processes
from jupyter_mltrain.compute.base import Compute, Container, Launch
from jupyter_mltrain.compute.container_config import WORKSPACE_LABEL
from jupyter_mltrain.compute.docker import DockerCompute
from jupyter_mltrain.compute.process import ProcessCompute
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.engine import Engine, containers
from jupyter_mltrain.spec import Lease

_JOB = """
[ -z "$STUBBORN" ] || trap '' TERM
read word < "$ORDERS"
case $word in
memory) exec "$PYTHON" -c "import time; taken = b'x' * $USE_BYTES; time.sleep(60)" ;;
*) exit "$word" ;;
esac
"""


_CONTAINED_JOB = """
[ -z "$STUBBORN" ] || trap '' TERM
until [ -s orders ]; do sleep 0.05; done
read word < orders
case $word in
memory) exec /usr/bin/python3 -S -c "import time; taken = b'x' * 200_000_000; time.sleep(60)" ;;
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


class DockerBench:
    """Real containers of a real engine."""

    def __init__(self, root: Path, engine: Engine, *, shared: bool | None = None) -> None:
        """Make containers in an engine that has the base image.

        Parameters
        ----------
        shared
            False: as if the engine did not see our files.
        """
        self._root = root
        self._engine = engine
        self._shared = shared
        self._workspace = secrets.token_hex(6)
        self._computes: list[DockerCompute] = []
        self._watchers: list[Watcher] = []
        self._image: str | None = None

    async def __aenter__(self) -> DockerCompute:
        return self.other()

    async def __aexit__(self, *error: Any) -> None:
        for compute in self._computes:
            await compute.close()
        for watcher in self._watchers:
            watcher.close()
        for name in self.containers():
            # Nothing outlives a test, however it went.
            self._engine.do(lambda client, name=name: containers.remove(client, name))

    def containers(self) -> list[str]:
        """Names of all that there are of this bench."""
        labels = {WORKSPACE_LABEL: self._workspace}
        return self._engine.do(lambda client: containers.names(client, labels))

    def other(self, **changes: Any) -> DockerCompute:
        self._watchers.append(Watcher())
        given = {"shared": self._shared, "workspace_id": self._workspace, **changes}
        folder = self._root / "containers"
        compute = DockerCompute(
            "local", self._engine, CAPACITY, self._watchers[-1], folder=folder, **given
        )
        self._computes.append(compute)
        return compute

    def image(self) -> str:
        """Id of the base image."""
        if self._image is None:
            self._image = str(self._engine.do(lambda client: client.inspect_image(BASE)["Id"]))
        return self._image

    def run_dir(self) -> Path:
        """A new run directory."""
        return self._root / f"{self._root.name}-{len(list(self._root.glob('*-*')))}"

    def shell(self, code: str, **changes: Any) -> Launch:
        """A launch of shell code."""
        return self.container(("/bin/sh", "-c", code), **changes)

    def python(self, code: str, *arguments: str, **changes: Any) -> Launch:
        """A launch of Python code."""
        return self.container((PYTHON, "-S", "-u", "-c", code, *arguments), **changes)

    def container(
        self,
        argv: tuple[str, ...],
        *,
        arguments: tuple[str, ...] = (),
        lease: Lease = Lease(cpus=1),  # noqa: B008 - frozen
        shm_bytes: int = 2**26,
        image: str | None = None,
        readonly: tuple[str, ...] = (),
        **changes: Any,
    ) -> Launch:
        """A launch in a container."""
        launch = a_launch(self.run_dir(), argv, **changes)
        (Path(launch.run_dir) / "journal.jsonl").touch()
        container = Container(
            image=image or self.image(),
            lease=lease,
            shm_bytes=shm_bytes,
            arguments=arguments,
            readonly=readonly,
        )
        return msgspec.structs.replace(launch, container=container)

    def launch(self, *, stubborn: bool = False, **changes: Any) -> Launch:
        variables = {"STUBBORN": "yes" if stubborn else ""}
        return self.shell(_CONTAINED_JOB, variables=variables, **changes)

    def unknown_handle(self) -> str:
        known = {
            "container": f"mltrain-{self._workspace}-none",
            "engine": self._engine.info()["ID"],
        }
        more = {"shared": True, "log": "", "grace_s": 1, "until": 2**33, "limited": False}
        return json.dumps(known | more)

    def exit(self, launch: Launch, status: int) -> None:
        self.tell(launch, str(status))

    def tell(self, launch: Launch, order: str) -> None:
        """Give the job its order."""
        where = Path(launch.cwd) / "orders"
        if self._shared is not False:
            where.with_suffix(".new").write_text(f"{order}\n")
            where.with_suffix(".new").rename(where)
            return
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            member = tarfile.TarInfo("orders")
            member.size = len(order) + 1
            member.uid, member.gid = os.getuid(), os.getgid()
            tar.addfile(member, io.BytesIO(f"{order}\n".encode()))
        self._engine.do(
            lambda client: client.put_archive(self.name(launch), launch.cwd, packed.getvalue())
        )

    def name(self, launch: Launch) -> str:
        """Of the container."""
        return f"mltrain-{self._workspace}-{launch.run_id}"

    def lose(self, launch: Launch, handle: str) -> None:
        self._engine.do(lambda client: containers.remove(client, self.name(launch)))

    def use_memory(self, launch: Launch, size_bytes: int) -> None:
        assert size_bytes == 200_000_000, "what the job takes"
        self.tell(launch, "memory")

    def pass_time(self, seconds: float) -> None:
        return

    def executes(self, launch: Launch) -> bool:
        def look(client: Any) -> bool:
            state = containers.state(client, self.name(launch))
            if state is None:
                return False
            # Its record is written by the last process of it, which is about to end.
            containers.ended(client, self.name(launch))
            return bool(state["Status"] == "created")

        return self._engine.do(look)


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
