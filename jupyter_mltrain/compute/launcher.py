"""A small single-threaded process that forks reapers: a fork costs less than a fresh Python.

It is forked from the service before the service has threads, a database or much memory. It
leaves when the service does; the reapers stay.
"""

from __future__ import annotations

import gc
import os
import signal
import socket

from jupyter_mltrain.compute import processes, reaper

MESSAGE_BYTES = 8192
"""Longest message; one is a path and a number."""


def fork() -> tuple[socket.socket, int]:
    """Start the launcher; returns this side's socket and the launcher's pid.

    One message is one datagram. To the launcher: the path of a control directory. Back: that
    path, a NUL, and the reaper's pid, or ``!`` and why there is none.
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
    while True:
        request = service.recv(MESSAGE_BYTES)
        if not request:
            return
        control = os.fsdecode(request)
        try:
            pid = os.fork()
        except OSError as error:
            service.send(request + b"\0!" + str(error).encode())
            continue
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            service.close()
            reaper.main(control)
        service.send(request + b"\0" + f"{pid} {processes.start_ticks(pid) or 0}".encode())
