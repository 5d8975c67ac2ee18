"""Workspaces to break: a service in a folder of its own, with the processes that belong to it."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jupyter_mltrain.client import Client, LogChunk
from jupyter_mltrain.core.workspace import Workspace
from jupyter_mltrain.spec import DRIVER_LOG, Run, RunSpec, RunState, Source
from jupyter_mltrain.wire import SubmitRequest

PATIENCE_S = 30.0
"""Far longer than anything here takes; a test that waits so long has failed."""


class Gate:
    """A named pipe that a script waits at until the test opens it, or until it says something."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)
        path.chmod(0o666)

    def __str__(self) -> str:
        return str(self.path)

    def open(self) -> None:
        """Let whoever reads the pipe go on; waits until somebody does."""
        with open(self.path, "wb"):
            pass

    def heard(self) -> str:
        """Wait for somebody to write to the pipe; returns what."""
        return self.path.read_text()


class Place:
    """One workspace whose service can be killed, in a folder that also holds its user's data."""

    def __init__(self, root: Path, directory: Path | None = None, **settings: Any) -> None:
        self.root = root
        self.directory = directory or root / "workspace"
        settings = {"disk_floor_bytes": 0, "cancel_grace_s": 0.3, **settings}
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "settings.json").write_text(json.dumps(settings))
        self.workspace = Workspace.at(self.directory)

    @property
    def client(self) -> Client:
        return self.workspace.client

    def gate(self, name: str = "gate") -> Gate:
        return Gate(self.root / name)

    # Runs

    def request(self, text: str, /, *arguments: object, **more: Any) -> SubmitRequest:
        """A request to run a text; `more` is for the spec, but what a request has itself."""
        own = {key: more.pop(key) for key in ("source", "force", "tags", "inputs") if key in more}
        spec = {"experiment": "faults", "script": "train.py", **more}
        source = own.pop("source", None) or Source(inline={spec["script"]: text})
        return SubmitRequest(
            spec=RunSpec(arguments=tuple(map(str, arguments)), **spec), source=source, **own
        )

    def submit(self, text: str, /, *arguments: object, **more: Any) -> Run:
        return self.client.submit(self.request(text, *arguments, **more))

    def lines(self, run: Run) -> Iterator[bytes]:
        """What the run prints, line by line as it comes, until it has ended."""
        rest = b""
        for item in self.client.follow(run.id, {DRIVER_LOG: 0}):
            if isinstance(item, LogChunk):
                *whole, rest = (rest + item.data).split(b"\n")
                yield from (line + b"\n" for line in whole)
        if rest:
            yield rest

    def running(self, run: Run) -> Run:
        """Wait until it runs."""
        return self._until(run, lambda now: now.state is RunState.RUNNING)

    def ended(self, run: Run) -> Run:
        """Wait until it has ended."""
        return self._until(run, lambda now: now.state.final)

    def _until(self, run: Run, reached: Any) -> Run:
        for item in self.client.follow(run.id):
            assert isinstance(item, Run)
            if reached(item):
                return item
            assert not item.state.final, item
        raise AssertionError("the stream ended without an ending")

    def completed(self, run: Run) -> Run:
        now = self.ended(run)
        assert now.state is RunState.COMPLETED, (now.reason, self.output(run))
        return now

    def output(self, run: Run, name: str = DRIVER_LOG) -> bytes:
        return b"".join(self.client.read_file(run.id, name))

    def run_dir(self, run: Run) -> Path:
        return self.directory / "runs" / run.id

    def run_dirs(self) -> set[str]:
        return {path.name for path in (self.directory / "runs").iterdir()}

    def log(self) -> str:
        return (self.directory / "service.log").read_text()

    # Processes

    @property
    def service_pid(self) -> int:
        """Of the service that serves now, or did last."""
        pid = json.loads((self.directory / "service.json").read_bytes())["pid"]
        assert isinstance(pid, int)
        return pid

    def reaper_pid(self, run: Run) -> int:
        pid = json.loads((self.run_dir(run) / "control" / "reaper.json").read_bytes())["pid"]
        assert isinstance(pid, int)
        return pid

    def kill_service(self) -> None:
        """`kill -9`, and wait until it is gone."""
        kill(self.service_pid)

    def machinery(self) -> list[int]:
        """Service, launcher, reapers in reserve and at work."""
        return with_argument(str(self.directory))

    def of_run(self, run: Run) -> list[int]:
        """Every process with the run's cookie."""
        wanted = f"MLTRAIN_COOKIE={self.run_dir(run)}".encode()
        return [pid for pid in _pids() if wanted in _proc(pid, "environ").split(b"\0")]

    def everything(self) -> list[int]:
        """The machinery and every process of any run."""
        start = f"MLTRAIN_COOKIE={self.directory}/".encode()
        runs = [pid for pid in _pids() if b"\0" + start in b"\0" + _proc(pid, "environ")]
        return sorted({*self.machinery(), *runs})

    def close(self) -> None:
        """End the service in good order, then whatever a test has left; verifies that all went."""
        if "client" in self.workspace.__dict__:
            self.client.close()
        try:
            pid = self.service_pid
        except FileNotFoundError:
            pid = 0
        if pid in self.machinery():
            gone = Watched(pid)
            os.kill(pid, signal.SIGTERM)
            gone.wait()
        left = [Watched(pid) for pid in self.everything()]
        kept = [each for each in left if not each.ends_within(1.0)]
        for each in kept:
            each.kill()
        for each in kept:
            each.wait()
        assert self.everything() == []


MakePlace = Callable[..., Place]
"""Takes what `Place` does, but the root."""


def fill(disk: Path) -> Path:
    """Take all that is left; returns the file that does."""
    path = disk / "ballast"
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return path


class Watched:
    """A process that somebody else is the parent of."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        try:
            self._fd = os.pidfd_open(pid)
        except ProcessLookupError:
            self._fd = -1

    def kill(self, signum: int = signal.SIGKILL) -> None:
        if self._fd >= 0:
            try:
                signal.pidfd_send_signal(self._fd, signum)
            except ProcessLookupError:
                return

    def ends_within(self, seconds: float) -> bool:
        if self._fd < 0:
            return True
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        ended = bool(poll.poll(seconds * 1000))
        if ended:
            os.close(self._fd)
            self._fd = -1
        return ended

    def wait(self) -> None:
        assert self.ends_within(PATIENCE_S), f"process {self.pid} does not end"


def kill(*pids: int) -> None:
    """`kill -9` all of them at one moment, as far as they can tell; wait until all are gone."""
    all_of_them = [Watched(pid) for pid in pids]
    for each in all_of_them:
        each.kill(signal.SIGSTOP)
    for each in all_of_them:
        each.kill()
    for each in all_of_them:
        each.wait()


def with_argument(text: str) -> list[int]:
    """Every process that has this among its arguments."""
    wanted = text.encode()
    return [
        pid
        for pid in _pids()
        if wanted in _proc(pid, "cmdline").split(b"\0") and _state(pid) not in b"ZX"
    ]


def is_gone(pid: int) -> bool:
    """Whether no process of this pid executes any more."""
    return _state(pid) in b"ZX"


def rss_bytes(pid: int) -> int:
    for line in _proc(pid, "status").splitlines():
        if line.startswith(b"VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"process {pid} has no memory")


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _proc(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except (OSError, ProcessLookupError):
        return b""  # gone meanwhile


def _state(pid: int) -> bytes:
    stat = _proc(pid, "stat")
    return stat.rpartition(b")")[2].split()[0] if stat else b"X"


def answer(socket_path: str, request: bytes) -> tuple[int, bytes]:
    """Send raw bytes to a service; returns the status and the body of what it answers."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE_S)
        connection.connect(socket_path)
        connection.sendall(request)
        reply = b""
        while piece := connection.recv(65_536):
            reply += piece
    head, _, body = reply.partition(b"\r\n\r\n")
    return int(head.split()[1]), body
