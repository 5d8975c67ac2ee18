"""A small single-threaded process that keeps reapers ready: a start is then one message.

It is forked from the service before the service has threads, a database or much memory. It
leaves when the service does; reapers that have a run stay until it has ended.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
from typing import Final

from jupyter_mltrain.compute import reaper

MESSAGE_BYTES: Final = reaper.MESSAGE_BYTES
"""Longest message."""

SPARES: Final = 2
"""Reapers kept ready. Each costs about a megabyte of its own."""

_REFILL_MS: Final = 30
"""The run that just starts needs the processor more than a new spare does."""

_TRIM_MS: Final = 1000
"""Reapers that a burst of runs has left wait this long for the next one."""


def fork() -> tuple[socket.socket, int]:
    """Start the launcher; returns this side's socket and the launcher's pid.

    One message is one datagram. To the launcher: the path of a control directory, a NUL, and what
    to launch (nothing: it is in ``launch.json`` there). Back: that path, a NUL, and the reaper's
    pid and start time, or ``!`` when another reaper has the run already.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        ours.close()
        try:
            _keep_only(theirs)
            _Launcher(theirs).serve()
        finally:
            os._exit(0)
    theirs.close()
    return ours, pid


def spawn() -> socket.socket:
    """Start another launcher, from a process that has threads by now; returns this side's socket.

    It takes the time that a Python takes to start.
    """
    import subprocess  # not for the reapers

    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        subprocess.Popen(
            [sys.executable, "-m", "jupyter_mltrain.compute.launcher", str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
    return ours


def _keep_only(service: socket.socket) -> None:
    """Close what was inherited: a copy of a lock or a pipe would live on in every reaper."""
    os.closerange(3, service.fileno())
    os.closerange(service.fileno() + 1, 1 << 20)


class _Launcher:
    def __init__(self, service: socket.socket) -> None:
        self._service = service
        self._poll = select.poll()
        self._reapers: dict[int, socket.socket] = {}
        self._idle: list[int] = []
        """File descriptors; the last one has rested least and has the warmest memory."""

    def serve(self) -> None:
        """Hand runs to reapers until the service has left."""
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # Reapers that end are collected by the kernel: nobody asks for their status.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        gc.collect()
        gc.freeze()  # shared pages stay shared in every reaper
        self._poll.register(self._service, select.POLLIN)
        while len(self._idle) < SPARES:
            self._idle.append(self._fork_reaper())
        while True:
            events = self._poll.poll(self._patience_ms())
            if not events:
                self._adjust()
            for fd, _ in events:
                if fd != self._service.fileno():
                    self._on_reaper(fd)
                elif not self._on_service():
                    return

    def _patience_ms(self) -> int | None:
        if len(self._idle) < SPARES:
            return _REFILL_MS
        return _TRIM_MS if len(self._idle) > SPARES else None

    def _adjust(self) -> None:
        """Nothing happens: a good moment to have as many spares as there should be."""
        if len(self._idle) < SPARES:
            self._idle.append(self._fork_reaper())
        else:
            self._drop(self._idle[0])

    def _on_service(self) -> bool:
        """Hand on a run; false when the service has left."""
        request = self._service.recv(MESSAGE_BYTES)
        if not request:
            return False
        while True:
            fd = self._idle.pop() if self._idle else self._fork_reaper()
            try:
                self._reapers[fd].send(request)
                return True
            except OSError:
                self._drop(fd)  # killed while it waited

    def _on_reaper(self, fd: int) -> None:
        channel = self._reapers.get(fd)
        if channel is None:
            return
        try:
            message = channel.recv(MESSAGE_BYTES)
        except OSError:
            message = b""
        if not message:
            self._drop(fd)
        elif message == reaper.IDLE:
            self._idle.append(fd)
        else:
            self._service.send(message)

    def _fork_reaper(self) -> int:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _keep_only(theirs)
            reaper.main(theirs)
        theirs.close()
        fd = ours.fileno()
        self._reapers[fd] = ours
        self._poll.register(fd, select.POLLIN)
        return fd

    def _drop(self, fd: int) -> None:
        self._poll.unregister(fd)
        self._reapers.pop(fd).close()  # an idle one ends when it finds its channel closed
        if fd in self._idle:
            self._idle.remove(fd)


if __name__ == "__main__":
    _Launcher(socket.socket(fileno=int(sys.argv[1]))).serve()
