"""``jupyter mltrain logs``: what a run has printed, or another file of it."""

from __future__ import annotations

import argparse
from typing import Final

from jupyter_mltrain.cli import watching
from jupyter_mltrain.cli.session import client_of, command, named
from jupyter_mltrain.cli.terminal import plain, say
from jupyter_mltrain.client import Client
from jupyter_mltrain.core import words
from jupyter_mltrain.errors import NoSuchFile
from jupyter_mltrain.spec import BUILD_LOG, DRIVER_LOG, Run

_BLOCK: Final = 65_536


def run(arguments: argparse.Namespace) -> int:
    """Print it; with ``-f`` until the run has ended."""
    client = client_of(arguments)
    found = client.get(named(arguments.name))
    log = arguments.file or DRIVER_LOG
    offset = arguments.offset
    if arguments.tail is not None:
        offset = _tail(client, found, log, arguments.tail)
    if arguments.follow:
        watching.watch(arguments, client, found, log=log, offset=offset)
        if log not in (DRIVER_LOG, *(file.name for file in client.files(found.id))):
            raise NoSuchFile(f"{plain(found.label)} has ended without a file {log!r}.")
        return 0
    output = watching.Output()
    try:
        for data in client.read_file(found.id, log, offset):
            output.write(data)
    except NoSuchFile:
        if log != DRIVER_LOG:
            raise
        state = words.state_word(found.state)
        reason = plain(found.reason).rstrip(".")
        said = f"{plain(found.label)} has printed nothing: {state}, {reason}."
        say(said + _built(arguments, found))
    output.end()
    return 0


def _built(arguments: argparse.Namespace, run: Run) -> str:
    """Where to read on how its environment was built, if it was built for it."""
    if BUILD_LOG not in (file.name for file in client_of(arguments).files(run.id)):
        return ""
    shown = command(arguments, f"logs {run.number} --file {BUILD_LOG}")
    return f" `{shown}` shows how its environment was built."


def _tail(client: Client, run: Run, log: str, lines: int) -> int:
    """Offset of the last `lines` lines as they are now; reads no more than it has to."""
    size = next((file.size_bytes for file in client.files(run.id) if file.name == log), 0)
    start, tail = size, b""
    while start > 0 and tail.count(b"\n") <= lines:
        block = min(start, max(_BLOCK, len(tail)))
        start -= block
        tail = _exactly(client, run, log, start, block) + tail
    at = len(tail) - tail.endswith(b"\n")
    for _ in range(lines):
        at = tail.rfind(b"\n", 0, at)
        if at < 0:
            break
    return start + at + 1 if lines else size


def _exactly(client: Client, run: Run, log: str, start: int, count: int) -> bytes:
    data = bytearray()
    for piece in client.read_file(run.id, log, start):
        data += piece
        if len(data) >= count:
            break
    return bytes(data[:count])
