"""What can be typed after ``jupyter mltrain``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from jupyter_mltrain import __version__
from jupyter_mltrain.cli import compute_parser, data_parser, environment_parser, model_parser
from jupyter_mltrain.cli.describing import (
    WORKSPACE,
    Parser,
    add_command,
    add_json,
    add_yes,
    count,
    duration,
    named_input,
    size,
)


def make_parser() -> Parser:
    """The parser of the whole command line; `module` in what it gives names who does it."""
    parser = Parser(
        prog="jupyter mltrain",
        description="Training runs: submit a script, watch it, keep what it made.",
        epilog="`jupyter mltrain COMMAND --help` tells more. A first run: jupyter mltrain demo",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"jupyter_mltrain {__version__}")
    parser.add_argument("--workspace", metavar="DIR", help=WORKSPACE)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (
        *(_submit, _ls, _show, _logs, _cancel, _get, _rm, _gc),
        *(environment_parser.environments, compute_parser.computes, model_parser.models),
        data_parser.datasets,
        *(_status, _demo),
    ):
        add(commands)
    return parser


_RUN = "a number as in 42, a name, or the start of an id"


def _submit(commands: Any) -> None:
    parser = add_command(
        commands,
        "submit",
        "run a script or a notebook",
        "submit --wait train.py --epochs 20",
        "submit --name night --gpus 1 --memory 8GB --timeout 6h train.py -- --lr 0.01",
        "submit --wait explore.ipynb --lr 0.01",
        'submit --pip "torch pandas" train.py',
        "submit --image python:3.11-slim --env LEVEL=debug train.py",
        "submit --input mnist=mnist:2 train.py",
        more=(
            "\n\nThe folder that the script lies in travels with it. What the script writes to "
            "./outputs and\n./logs is kept. Everything after SCRIPT is passed to it; a notebook "
            "gets it as parameters, and is\nkept in ./outputs as it was executed."
            "\n\nIt runs in this Python, unless an environment is named or described. With an "
            "image or a\nDockerfile it runs in a container, and --pip and --conda install into "
            "that; without one they make\na Python environment on this machine."
            "\n\nWith --wait the exit status is the run's: 0 when it completed, else the script's "
            "own status,\n128 + the signal that ended it, 124 over its time limit, 130 cancelled, "
            "1 for any other failure."
        ),
    )
    parser.add_argument("script", metavar="SCRIPT", help="a Python file, or a notebook")
    parser.add_argument(
        "arguments", metavar="ARGS", nargs=argparse.REMAINDER, help="for the script"
    )
    parser.add_argument("--source", metavar="DIR", help="the folder to ship, if not the script's")
    parser.add_argument("--name", help="what the run is called in lists")
    parser.add_argument("--experiment", metavar="NAME", help="by default the folder's name")
    parser.add_argument(
        "--compute", metavar="NAME", default="local", help="where; local if not set"
    )
    parser.add_argument("--python", metavar="PATH", help="the interpreter, if not this one")
    environment_parser.add_options(parser)
    parser.add_argument(
        "--input",
        metavar="NAME=DATASET[:VERSION]",
        type=named_input,
        action="append",
        default=[],
        help="data that it takes: its path is in the variable NAME. Also a URL. Repeatable",
    )
    parser.add_argument("--cpus", metavar="N", type=int)
    parser.add_argument("--gpus", metavar="N", type=int, default=0)
    parser.add_argument("--memory", metavar="SIZE", type=size, help="as in 512MB, 4GB")
    _tag(parser, "a tag. Repeatable")
    parser.add_argument("--timeout", metavar="TIME", type=duration, help="as in 90s, 10m, 2h, 1d")
    parser.add_argument("--priority", metavar="N", type=int, default=0, help="higher starts first")
    parser.add_argument(
        "--retries", metavar="N", type=count, default=0, help="starts again if it fails, so often"
    )
    parser.add_argument("--force", action="store_true", help="skip the checks before queueing")
    parser.add_argument("--wait", action="store_true", help="show its output, exit with its status")
    parser.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        help="print only the run's number; with --wait, only what the script prints",
    )
    add_json(parser, "the run, with --wait as it ended and without its output,")


def _ls(commands: Any) -> None:
    parser = add_command(
        commands,
        "ls",
        "list runs, newest first",
        "ls --state running --state queued",
        "ls --experiment digits --tag kept -n 50",
        module="listing",
    )
    parser.add_argument("--experiment", metavar="NAME", help="only runs of this experiment")
    parser.add_argument("--state", action="append", default=[], help="only these. Repeatable")
    _tag(parser, "only runs with this tag. Repeatable")
    parser.add_argument("--text", help="only runs with this in their name or experiment")
    most = parser.add_mutually_exclusive_group()
    most.add_argument("-n", "--limit", metavar="N", type=count, default=20, help="20 if not set")
    most.add_argument("--all", action="store_true", help="every run")
    add_json(parser, "a list of runs")


def _show(commands: Any) -> None:
    parser = add_command(commands, "show", "tell everything about a run", "show 42")
    parser.add_argument("name", metavar="RUN", help=_RUN)
    add_json(parser, "run, history, metrics and files")


def _logs(commands: Any) -> None:
    parser = add_command(
        commands,
        "logs",
        "print what a run has printed",
        "logs -f 42",
        "logs --tail 100 42",
        "logs --file logs/loss.txt 42",
    )
    parser.add_argument("name", metavar="RUN", help=_RUN)
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the run ends")
    parser.add_argument("--file", metavar="NAME", help="another file of the run, as in logs/a.txt")
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--tail", metavar="N", type=count, help="only the last N lines")
    start.add_argument("--offset", metavar="BYTES", type=count, default=0, help="start there")


def _cancel(commands: Any) -> None:
    parser = add_command(
        commands, "cancel", "end runs; their outputs are kept", "cancel 42 43", module="cancelling"
    )
    parser.add_argument("names", metavar="RUN", nargs="+", help=_RUN)
    add_json(parser, "the runs")


def _get(commands: Any) -> None:
    parser = add_command(
        commands,
        "get",
        "fetch files of a run",
        "get 42",
        "get 42 model.joblib -o best",
        "get 42 outputs/checkpoints logs",
        module="fetching",
        more=(
            "\n\nWithout NAMES everything in its outputs/. Files keep their names below DIR, so "
            "outputs/model.pt\nbecomes DIR/outputs/model.pt."
        ),
    )
    parser.add_argument("name", metavar="RUN", help=_RUN)
    parser.add_argument("wanted", metavar="NAMES", nargs="*", help="files or folders of the run")
    parser.add_argument(
        "-o", "--output", metavar="DIR", default=".", help="the current folder if not set"
    )
    parser.add_argument("--force", action="store_true", help="overwrite files that are there")
    add_json(parser, "what was written")


def _rm(commands: Any) -> None:
    parser = add_command(
        commands,
        "rm",
        "delete ended runs with everything they kept",
        "rm 40 41",
        module="removing",
    )
    parser.add_argument("names", metavar="RUN", nargs="+", help=_RUN)
    add_yes(parser)
    add_json(parser, "the runs that were deleted")


def _gc(commands: Any) -> None:
    parser = add_command(
        commands,
        "gc",
        "delete the oldest ended runs, by age or until a size is kept",
        "gc --older-than 30d",
        "gc --keep 10GB --yes",
        module="reclaiming",
        more="\n\nIt says what it would take before it does.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--older-than", metavar="TIME", type=duration, help="as in 12h, 30d")
    what.add_argument("--keep", metavar="SIZE", type=size, help="as in 500MB, 10GB")
    parser.add_argument("--dry-run", action="store_true", help="say what it would take, no more")
    add_yes(parser)
    add_json(parser, "what is, or would be, taken")


def _status(commands: Any) -> None:
    parser = add_command(
        commands,
        "status",
        "tell how the workspace is: what it can give, who holds it, who waits and why",
        "status",
        "status --all",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--all", action="store_true", help="list every workspace of yours instead")
    what.add_argument("--stop", action="store_true", help="end the service; runs go on")
    add_json(parser, "the same")


def _demo(commands: Any) -> None:
    add_command(commands, "demo", "train a small classifier, to see how it goes", "demo")


def _tag(parser: Parser, what: str) -> None:
    parser.add_argument("--tag", metavar="KEY[=VALUE]", action="append", default=[], help=what)


def tags(pairs: Sequence[str]) -> dict[str, str | None]:
    """Tags as they were typed: ``key`` or ``key=value``."""
    found: dict[str, str | None] = {}
    for pair in pairs:
        key, given, value = pair.partition("=")
        found[key] = value if given else None
    return found
