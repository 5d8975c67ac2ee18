"""Watching a run in a terminal: its output, why it waits, how it ended."""

from __future__ import annotations

import argparse
import codecs
import sys
from typing import Final, TextIO

from jupyter_mltrain.cli import INTERRUPTED, escapes
from jupyter_mltrain.cli.session import command
from jupyter_mltrain.cli.terminal import colored, plain, say
from jupyter_mltrain.client import Client
from jupyter_mltrain.core import words
from jupyter_mltrain.spec import DRIVER_LOG, Run, RunState

_TIMED_OUT: Final = 124
"""As `timeout` of the GNU coreutils has it."""


class Output:
    """Where a run's output goes: byte for byte, except what would act on a terminal."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stripper = escapes.Stripper() if sys.stdout.isatty() else None
        self._last = b""

    def write(self, data: bytes) -> None:
        """Write a piece, at once."""
        if self._stripper is None:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            sys.stdout.write(self._stripper.feed(self._decoder.decode(data)))
            sys.stdout.flush()
        self._last = data[-1:] or self._last

    def end(self) -> None:
        """Leave a terminal as what follows expects it: at the start of a line, in no colour."""
        if self._stripper is not None and self._last not in (b"", b"\n"):
            sys.stdout.write("\n")
        if self._stripper is not None and colored(sys.stdout):
            sys.stdout.write("\x1b[0m")
        sys.stdout.flush()


def watch(
    arguments: argparse.Namespace,
    client: Client,
    run: Run,
    *,
    log: str = DRIVER_LOG,
    offset: int = 0,
    show_output: bool = True,
    quiet: bool = False,
) -> Run:
    """Follow a run to its end.

    Parameters
    ----------
    quiet
        Do not say on stderr why it waits.

    Raises
    ------
    SystemExit
        Interrupted: the watching has ended, the run goes on.
    """
    output = Output()
    said, attempt = "", run.attempt
    try:
        for item in client.follow(run.id, {log: offset} if show_output else {}):
            if not isinstance(item, Run):
                output.write(item.data)
                continue
            run = item
            if run.attempt > attempt and not quiet:
                attempt = run.attempt
                say(words.begun_again(run))
            if run.state.waiting and run.reason != said and not quiet:
                said = run.reason
                say(f"{words.state_title(run.state, colored=colored(sys.stderr))}  {plain(said)}")
    except KeyboardInterrupt:
        output.end()
        number = run.number
        say(
            f"Stopped watching {plain(run.label)}; it goes on. "
            f"`{command(arguments, f'logs -f {number}')}` shows it again, "
            f"`{command(arguments, f'cancel {number}')}` ends it."
        )
        raise SystemExit(INTERRUPTED) from None
    output.end()
    return run


def ending(client: Client, run: Run, stream: TextIO) -> str:
    """How it ended, what it measured and kept, and what to do next, as lines for that stream."""
    metrics, files = client.metrics(run.id), client.files(run.id)
    text = words.summary(run, metrics, files, colored=colored(stream))
    return escapes.Stripper().feed(text)


def exit_status(run: Run) -> int:
    """What a run's ending is to a shell.

    Returns
    -------
    int
        0 when it completed; the script's own status; 128 + the signal that ended it; 124 when it
        was over its time limit; 130 when it was cancelled; 1 otherwise.
    """
    record = run.exit
    if run.state is RunState.COMPLETED:
        return 0
    if record is not None and record.cause == "timeout":
        return _TIMED_OUT
    if run.state is RunState.CANCELED:
        return INTERRUPTED
    if record is not None and record.signal is not None:
        return 128 + record.signal
    return (record.status if record is not None else None) or 1
