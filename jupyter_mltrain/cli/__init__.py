"""The command line, ``jupyter mltrain …``: the service's verbs for people with a terminal.

Nothing heavy is imported before it is known what was asked for, so that ``--help`` is quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from jupyter_mltrain.errors import MltrainError

INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""
_PIPE_CLOSED = 141
"""128 + SIGPIPE."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    int
        The exit status: 0; 1 after a sentence on stderr; 2 for a command line that is not
        understood; 130 when interrupted; the run's own with ``submit --wait``.
    """
    from jupyter_mltrain.cli.parser import make_parser

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal that knows no ✓, or a file name that is no UTF-8, is no reason to fail.
            stream.reconfigure(errors="replace")
    try:
        arguments = make_parser().parse_args(argv)
        module = import_module(f"jupyter_mltrain.cli.{arguments.module}")
        status: int = module.run(arguments)
        sys.stdout.flush()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 1
    except MltrainError as error:
        print(error.message, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)  # the cursor stands behind ^C
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read has gone. What the interpreter still flushes at its end goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    return status
