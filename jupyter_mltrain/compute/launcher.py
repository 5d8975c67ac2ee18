"""A small single-threaded process that keeps reapers ready: a start is then one message.

It is forked from the service before the service has threads, a database or much memory. It
leaves when the service does; reapers that have a run stay.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
from typing import Final

from jupyter_mltrain.compute import reaper

MESSAGE_BYTES: Final = reaper.MESSAGE_BYTES
"""Longest message."""

_SPARES: Final = 2
"""Reapers kept ready. Each costs about a megabyte of its own."""

_HOLD_BACK_S: Final = 0.03


def fork() -> tuple[socket.socket, int]:
    """Start the launcher; returns this side's socket and the launcher's pid.

    One message is one datagram. To the reapers: the path of a control directory, a NUL, and what
    to launch (nothing: it is in ``launch.json`` there), received by whichever of them is free.
    Back: that path, a NUL, and the reaper's pid and start time, or ``!`` when another has the run.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        ours.close()
        try:
            _keep_only(theirs)
            _serve(theirs)
        finally:
            os._exit(0)
    theirs.close()
    return ours, pid


def _keep_only(service: socket.socket) -> None:
    """Close what was inherited: a copy of a lock or a pipe would live on in every reaper."""
    os.closerange(3, service.fileno())
    os.closerange(service.fileno() + 1, 1 << 20)


def _serve(service: socket.socket) -> None:
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Reapers that end are collected by the kernel: nobody asks for their status.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.collect()
    gc.freeze()  # shared pages stay shared in every reaper
    spares: list[int] = []
    while True:
        while len(spares) < _SPARES:
            spares.append(_fork_spare(service))
        # A spare's pipe closes when it takes a run, when the service has left, and also when
        # somebody kills it.
        taken, _, _ = select.select(spares, [], [])
        while taken:
            for fd in taken:
                spares.remove(fd)
                os.close(fd)
            if _has_left(service):
                return
            # Another spare is left: the run that just starts needs the processor more than we.
            taken, _, _ = select.select(spares, [], [], _HOLD_BACK_S) if spares else ([], [], [])


def _has_left(service: socket.socket) -> bool:
    """Whether the service is gone, in contrast to a message that a spare is about to take."""
    try:
        return not service.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False


def _fork_spare(service: socket.socket) -> int:
    """Make a reaper that waits for a run; returns the pipe that closes when it waits no more."""
    until, alive = os.pipe()
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.close(until)
        reaper.main(service, alive)
    os.close(alive)
    return until
