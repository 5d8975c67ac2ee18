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

    One message is one datagram. There: the path of a control directory, a NUL, and what to launch
    (nothing: it is in ``launch.json`` there); one of the reapers that wait receives it. Back: that
    path, a NUL, and the reaper's pid and start time, or ``!`` and why it does not have the run
    (nothing: another reaper has it already).
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


def _keep_only(*sockets: socket.socket) -> None:
    """Close what was inherited: a copy of a lock or a pipe would live on in every reaper."""
    start = 3
    for fd in sorted(each.fileno() for each in sockets):
        os.closerange(start, fd)
        start = fd + 1
    os.closerange(start, 1 << 20)


class _Launcher:
    """Sees to it that somebody waits on the service's socket; reads nothing from it itself."""

    def __init__(self, service: socket.socket) -> None:
        self._service = service
        self._poll = select.poll()
        self._reapers: dict[int, socket.socket] = {}
        self._idle: list[int] = []
        """File descriptors of those that wait for a run."""

    def serve(self) -> None:
        """Keep reapers ready until the service has left."""
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # Reapers that end are collected by the kernel: nobody asks for their status.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        gc.collect()
        gc.freeze()  # shared pages stay shared in every reaper
        self._poll.register(self._service, 0)
        while len(self._idle) < SPARES:
            self._fork_reaper()
        while True:
            # Where nobody waits, a run that comes cannot wait for a good moment either.
            self._poll.modify(self._service, 0 if self._idle else select.POLLIN)
            events = self._poll.poll(self._patience_ms())
            if not events:
                self._adjust()
            for fd, event in events:
                if fd != self._service.fileno():
                    self._on_reaper(fd)
                elif event & (select.POLLHUP | select.POLLERR):
                    return
                elif not self._idle:
                    self._fork_reaper()

    def _patience_ms(self) -> int | None:
        if len(self._idle) < SPARES:
            return _REFILL_MS
        return _TRIM_MS if len(self._idle) > SPARES else None

    def _adjust(self) -> None:
        """Nothing happens: a good moment to have as many spares as there should be."""
        if len(self._idle) < SPARES:
            self._fork_reaper()
        else:
            self._drop(self._idle[0])

    def _on_reaper(self, fd: int) -> None:
        channel = self._reapers.get(fd)
        if channel is None:
            return
        try:
            message = channel.recv(MESSAGE_BYTES)
            if message == reaper.IDLE:
                socket.send_fds(channel, [b"wait"], [self._service.fileno()])
        except OSError:
            message = b""
        if not message:
            self._drop(fd)
        elif message == reaper.IDLE:
            self._idle.append(fd)
        elif fd in self._idle:
            self._idle.remove(fd)

    def _fork_reaper(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _keep_only(self._service, theirs)
            reaper.main(self._service, theirs)
        theirs.close()
        self._reapers[ours.fileno()] = ours
        self._idle.append(ours.fileno())
        self._poll.register(ours, select.POLLIN)

    def _drop(self, fd: int) -> None:
        """Let go of a reaper that has ended, or end one that waits."""
        self._poll.unregister(fd)
        self._reapers.pop(fd).close()
        if fd in self._idle:
            self._idle.remove(fd)


if __name__ == "__main__":
    os.set_inheritable(int(sys.argv[1]), False)
    _Launcher(socket.socket(fileno=int(sys.argv[1]))).serve()
