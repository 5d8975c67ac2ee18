"""What every command starts from: the workspace it is about, and how it names runs."""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import shlex
import shutil
import sys
from json import JSONDecodeError
from pathlib import Path

from jupyter_mltrain import wire
from jupyter_mltrain.cli.terminal import say
from jupyter_mltrain.client import Client
from jupyter_mltrain.core.workspace import Workspace
from jupyter_mltrain.errors import NoSuchRun, UserError

_LABEL = re.compile(r".*#(\d+)\s*\Z", re.DOTALL)


def client_of(arguments: argparse.Namespace) -> Client:
    """The workspace's service, which the first request starts."""
    return workspace_of(arguments).client


def workspace_of(arguments: argparse.Namespace) -> Workspace:
    """The workspace that a command is about."""
    if arguments.workspace is not None:
        return Workspace.at(arguments.workspace)
    try:
        # It says on standard output which one it takes; here only the answer belongs there.
        with contextlib.redirect_stdout(io.StringIO()):
            return Workspace.from_config()
    except (UserError, JSONDecodeError) as error:
        # config.json is the name of many things, and of most it is not ours to say they are wrong.
        workspace = Workspace.default()
        say(f"{error} The workspace {workspace.directory} is used.")
        return workspace


def named(text: str) -> str:
    """What to ask the service for, when a person has typed this; ``digits #42`` is run 42."""
    if not text.strip():
        raise NoSuchRun.named(text)
    label = _LABEL.match(text)
    return label[1] if label else text


def command(arguments: argparse.Namespace, rest: str) -> str:
    """A command line that a person can type next, as this one was typed."""
    words = _program()
    if arguments.workspace is not None:
        words += f" --workspace {shlex.quote(arguments.workspace)}"
    return f"{words} {rest}"


def _program() -> str:
    """``jupyter mltrain``, unless that would be another installation or none."""
    given = Path(sys.argv[0])
    found = shutil.which("jupyter-mltrain")
    if given.name != "jupyter-mltrain" or (found and Path(found).samefile(given)):
        return "jupyter mltrain"
    with contextlib.suppress(ValueError):  # not below the current folder
        given = given.absolute().relative_to(Path.cwd())
    return shlex.quote(str(given))


def print_json(value: object) -> None:
    """One JSON document, in the shapes that the service's API has."""
    sys.stdout.write(wire.encode(value).decode() + "\n")
