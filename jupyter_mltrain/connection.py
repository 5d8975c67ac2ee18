"""Reaching a workspace's service over its socket, starting it when nobody has."""

from __future__ import annotations

import http.client
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from jupyter_mltrain import __version__, errors, wire, workspaces

_START_S: Final = 30.0
"""Longest wait for a service to start; a cold disk can be slow."""

_NOT_FOR_SERVICES: Final = (
    "MPLBACKEND",
    "PYTHONSTARTUP",
    "JPY_PARENT_PID",
    "JPY_SESSION_NAME",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "CONDA_DEFAULT_ENV",
)
"""Variables that mean nothing, or mislead, in a run; what a run does need its submitter gives."""


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.connect(self._path)
        except BaseException:
            self.sock.close()
            self.sock = None
            raise


class Connector:
    """Connections to one workspace's service. Thread-safe."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._idle: list[_UnixConnection] = []
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._greeted = False

    @contextmanager
    def connected(self) -> Iterator[http.client.HTTPConnection]:
        """A connection for one request; kept for the next one unless the block raises."""
        connection = self._take() or self._open()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._idle.append(connection)

    def _take(self) -> _UnixConnection | None:
        with self._lock:
            if self._pid != os.getpid():
                # Forked: the parent goes on talking on its connections.
                self._idle, self._pid = [], os.getpid()
            while self._idle:
                connection = self._idle.pop()
                if _is_open(connection):
                    return connection
                connection.close()
        return None

    def _open(self) -> _UnixConnection:
        connection = self._connect() or self._start()
        if not self._greeted:
            connection = self._greet(connection)
            self._greeted = True
        return connection

    def close(self) -> None:
        """Close what is kept open."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    def __del__(self) -> None:
        self.close()

    def _connect(self) -> _UnixConnection | None:
        endpoint = workspaces.endpoint(self.directory)
        if endpoint is None:
            return None
        connection = _UnixConnection(endpoint.socket)
        try:
            connection.connect()
        except (FileNotFoundError, ConnectionRefusedError, ConnectionResetError):
            return None
        except PermissionError:
            raise errors.ServiceUnavailable(
                f"The service of {self.directory} belongs to another user. Use a workspace of "
                f"your own ({workspaces.VARIABLE})."
            ) from None
        return connection

    def _start(self) -> _UnixConnection:
        """Start the service, or wait for the one that somebody else is just starting."""
        deadline = time.monotonic() + _START_S
        while True:
            answer, _, text = start_service(self.directory).partition(" ")
            connection = self._connect()
            if connection is not None:
                return connection
            if answer == "error":
                code, _, sentence = text.partition(" ")
                raise wire.ERRORS.get(code, errors.ServiceUnavailable)(sentence)
            if answer != "taken" or time.monotonic() > deadline or " on the host " in text:
                raise (
                    errors.WorkspaceLocked(text) if answer == "taken" else _no_start(self.directory)
                )
            time.sleep(0.02)  # it has the lock, but does not listen yet

    def _greet(self, connection: _UnixConnection) -> _UnixConnection:
        """Shake hands: a newer client replaces an older service, whose runs go on meanwhile."""
        connection.request("GET", "/v1/status")
        response = connection.getresponse()
        status = wire.decode_reply(response.read(), wire.ServiceStatus)
        if status.protocol > wire.PROTOCOL:
            raise errors.ServiceUnavailable(
                f"The service of {self.directory} is jupyter_mltrain {status.version}, too new "
                f"for this {__version__}. Upgrade jupyter_mltrain here."
            )
        if status.protocol == wire.PROTOCOL and _key(status.version) >= _key(__version__):
            return connection
        connection.request("POST", "/v1/shutdown")
        connection.getresponse().read()
        connection.close()
        return self._start()


def _is_open(connection: _UnixConnection) -> bool:
    """Whether the service has not closed this idle connection."""
    if connection.sock is None:
        return False
    readable, _, _ = select.select([connection.sock], [], [], 0)
    return not readable  # nothing is due on it, so anything to read is its end


def _key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def start_service(directory: Path) -> str:
    """Start a service process; returns what it says when it is ready, or why it is not."""
    ours, theirs = os.pipe()
    environment = {
        name: value for name, value in os.environ.items() if name not in _NOT_FOR_SERVICES
    }
    try:
        with subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jupyter_mltrain.service",
                "--workspace",
                str(directory),
                "--ready-fd",
                str(theirs),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[theirs],
            env=environment,
            cwd="/",
            start_new_session=True,
        ) as process:
            os.close(theirs)
            theirs = -1
            line = _read_line(ours)
            if line:
                return line
            assert process.stderr is not None
            words = process.stderr.read().decode("utf-8", "replace").strip().splitlines()
            return f"error service_unavailable {words[-1]}" if words else ""
    finally:
        os.close(ours)
        if theirs >= 0:
            os.close(theirs)


def _read_line(fd: int) -> str:
    deadline = time.monotonic() + _START_S
    data = b""
    while not data.endswith(b"\n"):
        ready, _, _ = select.select([fd], [], [], max(0.0, deadline - time.monotonic()))
        chunk = os.read(fd, 4096) if ready else b""
        if not chunk:
            break
        data += chunk
    return data.decode("utf-8", "replace").strip()


def _no_start(directory: Path) -> errors.ServiceUnavailable:
    return errors.ServiceUnavailable(
        f"The service of {directory} does not start. The end of {directory / 'service.log'} says "
        "why."
    )
