"""A real Docker Engine for tests, a base image in it, and a way to it over ssh.

An engine that runs already is used, and left alone. Otherwise the first test that asks starts one;
the last pytest process to end, whichever of several that is, ends it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, NoReturn

import docker
import pytest
from waiting import wait_until_gone

from jupyter_mltrain.compute import processes
from jupyter_mltrain.engine import Engine
from jupyter_mltrain.errors import ComputeUnavailable

BASE: Final = "mltrain-test/python:3.11"
"""Debian with its Python 3 at /usr/bin/python3, no pip, no conda."""

PYTHON: Final = "/usr/bin/python3"

_SHARED: Final = Path(tempfile.gettempdir()) / f"mltrain-test-engine-{os.getuid()}"
"""What all pytest processes of this user have in common."""

_START_S: Final = 60

_started: list[subprocess.Popen[bytes]] = []
"""The engine, in the process that started it."""


@pytest.fixture(scope="session")
def running_engine() -> Iterator[None]:
    """An engine of this machine runs as long as any test process needs it."""
    _SHARED.mkdir(mode=0o700, exist_ok=True)
    with open(_SHARED / "users", "w") as users:
        with _locked("start"):
            fcntl.flock(users, fcntl.LOCK_SH)
            if not _answers():
                _start()
        try:
            yield
        finally:
            with _locked("start"):
                _end_if_last(users)


@pytest.fixture(scope="session")
def base_image(running_engine: None) -> str:
    """Name of an image with Python, made once for each machine."""
    with _locked("image"):
        client = docker.APIClient(version="auto")
        try:
            if not client.images(BASE):
                _make_base()
        finally:
            client.close()
    return BASE


@pytest.fixture
def engine(base_image: str) -> Iterator[Engine]:
    """This machine's engine, which has the base image."""
    with the_engine() as engine:
        yield engine


@contextmanager
def the_engine(url: str | None = None) -> Iterator[Engine]:
    """An engine, let go of in the end."""
    engine = Engine(url)
    try:
        yield engine
    finally:
        engine.close()


@pytest.fixture(scope="session")
def ssh_engine(base_image: str) -> Iterator[str]:
    """URL under which this machine's engine is reached over ssh.

    As long as the fixture lives, the `ssh` command of this process and its children knows the way
    by itself, whatever the user's own settings are.
    """
    with an_sshd() as sshd, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{sshd.commands}{os.pathsep}{os.environ['PATH']}")
        yield "ssh://localhost"


@dataclass(frozen=True)
class Sshd:
    """A server on loopback that lets the current user in with a key."""

    port: int
    commands: Path
    """A folder whose `ssh` knows port, key and host key."""


@contextmanager
def an_sshd() -> Iterator[Sshd]:
    """Start one; it ends with the block."""
    server = tool("sshd", "openssh-server")
    ssh = tool("ssh", "openssh-client")
    with tempfile.TemporaryDirectory(prefix="mltrain-sshd-") as name:
        folder = Path(name)
        for key in ("host", "user"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True
            )
        port = _free_port()
        known = (folder / "host.pub").read_text().split()
        (folder / "known").write_text(f"[localhost]:{port} {known[0]} {known[1]}\n")
        (folder / "sshd_config").write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nUsePAM no\n"
            f"AuthorizedKeysFile {folder}/user.pub\nStrictModes no\nPidFile {folder}/pid\n"
            "PasswordAuthentication no\nPermitRootLogin prohibit-password\n"
        )
        (folder / "ssh_config").write_text(
            f"Host localhost\n  HostName 127.0.0.1\n  HostKeyAlias [localhost]:{port}\n"
            f"  Port {port}\n  IdentityFile {folder}/user\n  IdentitiesOnly yes\n"
            f"  UserKnownHostsFile {folder}/known\n"
        )
        commands = folder / "bin"
        commands.mkdir()
        (commands / "ssh").write_text(f'#!/bin/sh\nexec {ssh} -F {folder}/ssh_config "$@"\n')
        (commands / "ssh").chmod(0o755)
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it gives up its rights
        with open(folder / "log", "w") as log:
            process = subprocess.Popen(
                [server, "-D", "-e", "-f", folder / "sshd_config"], stderr=log
            )
        try:
            _until(lambda: _listens(port), f"sshd does not start: {folder / 'log'}")
            yield Sshd(port, commands)
        finally:
            process.terminate()
            process.wait()


_HIDE: Final = '[ -z "$1" ] || mount -t tmpfs none "$1"; shift; exec "$@"'


class OwnEngine:
    """An engine for one test alone, which may do with it what it likes."""

    def __init__(self, folder: Path, *options: str, hidden: Path | None = None) -> None:
        """Start it; it sees an empty folder where the hidden one is."""
        self._folder = folder
        self._options = options
        self._hidden = hidden
        self.url = f"unix://{folder}/docker.sock"
        self.start()

    def start(self) -> None:
        """Start it, and return when it answers."""
        folder = self._folder
        places = {"data-root": "data", "exec-root": "exec", "pidfile": "pid"}
        with open(folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [
                    # One without a bridge deletes that of the machine's own engine otherwise.
                    *("unshare", "--net", "--mount", "sh", "-c", _HIDE, "hide"),
                    *(str(self._hidden or ""), tool("dockerd", "docker.io iptables")),
                    *("--host", self.url),
                    *(f"--{option}={folder}/{name}" for option, name in places.items()),
                    *("--bridge=none", "--iptables=false", "--ip6tables=false"),
                    *self._options,
                ],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _until(lambda: _answers(self.url), f"dockerd does not start: {folder / 'log'}")

    def stop(self) -> None:
        """End it, as an administrator does."""
        self._process.terminate()
        self._process.wait()

    def restart(self) -> None:
        self.stop()
        self.start()


@contextmanager
def own_engine(*options: str, hidden: Path | None = None) -> Iterator[OwnEngine]:
    """Start one with options of ``dockerd``; it ends with the block."""
    with tempfile.TemporaryDirectory(prefix="mltrain-engine-", ignore_cleanup_errors=True) as name:
        engine = OwnEngine(Path(name), *options, hidden=hidden)
        try:
            yield engine
        finally:
            engine.stop()
            mounted = [
                line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()
            ]
            for place in reversed([place for place in mounted if place.startswith(f"{name}/")]):
                subprocess.run(["umount", "--lazy", place], check=True)


def tool(name: str, package: str) -> str:
    """Where a command is."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None:
        _missing(f"There is no {name} here. On Debian and Ubuntu: apt-get install {package}")
    return found


def _missing(what: str) -> NoReturn:
    """A failure in CI, and elsewhere a reason to skip."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@contextmanager
def _locked(name: str) -> Iterator[None]:
    """Only one pytest process at a time is in here."""
    with open(_SHARED / name, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _answers(url: str | None = None) -> bool:
    with the_engine(url) as engine:
        try:
            engine.connected()
        except ComputeUnavailable:
            return False
    return True


def _start() -> None:
    """Start an engine, which needs root, and note who it is."""
    daemon = tool("dockerd", "docker.io iptables")
    if os.geteuid() != 0:
        _missing("No Docker Engine runs here. Start it: sudo systemctl start docker")
    with open(_SHARED / "dockerd.log", "ab") as log:
        process = subprocess.Popen(
            [daemon, "--host", "unix:///var/run/docker.sock"],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _started.append(process)
    ticks = processes.start_ticks(process.pid)
    (_SHARED / "dockerd").write_text(f"{process.pid} {ticks}")
    _until(
        lambda: _answers() or process.poll() is not None,
        f"dockerd does not start: {_SHARED / 'dockerd.log'}",
    )
    if process.poll() is not None:
        tail = (_SHARED / "dockerd.log").read_text(errors="replace").splitlines()[-3:]
        pytest.fail("dockerd does not start here: " + " ".join(tail))


def _end_if_last(users: IO[str]) -> None:
    """End the engine that a test process started, unless another one still needs it."""
    with suppress(BlockingIOError):
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        note = _SHARED / "dockerd"
        if not note.exists():
            return
        pid, ticks = map(int, note.read_text().split())
        note.unlink()
        if processes.is_alive(pid, ticks):
            os.kill(pid, signal.SIGTERM)
            for process in _started:
                process.wait()
            wait_until_gone(pid)


def _make_base() -> None:
    """Debian's own minimal system as an image; takes about a minute."""
    debootstrap = tool("debootstrap", "debootstrap")
    with tempfile.TemporaryDirectory(prefix="mltrain-base-") as name:
        system = Path(name) / "system"
        include = "--include=python3,ca-certificates"
        subprocess.run(
            [debootstrap, "--variant=minbase", include, "bookworm", system],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        with subprocess.Popen(["tar", "-C", system, "-c", "."], stdout=subprocess.PIPE) as packing:
            subprocess.run(
                ["docker", "import", "-", BASE],
                stdin=packing.stdout,
                stdout=subprocess.DEVNULL,
                check=True,
            )
        assert packing.returncode == 0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _until(ready: Callable[[], bool], otherwise: str) -> None:
    """Wait for another program to be there, which tells nobody when it is."""
    deadline = time.monotonic() + _START_S
    while not ready():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)
