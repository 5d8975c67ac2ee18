"""What can be typed after ``jupyter mltrain compute``."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from jupyter_mltrain.cli.describing import add_action, add_group, count, duration, size

_action: Final = partial(add_action, module="computes")


def computes(commands: Any) -> None:
    """``compute``: where runs execute."""
    actions = add_group(commands, "compute", "list, create, attach and remove places to run on")
    _action(actions, "compute", "ls", "list compute targets", json="a list of them")
    parser = _action(
        actions, "compute", "show", "tell how one stands", "gpu-cluster", json="the same"
    )
    parser.add_argument("name", metavar="NAME")
    _create(actions)
    _update(actions)
    _add(actions)
    parser = _action(
        actions,
        "compute",
        "rm",
        "delete a cluster, or remove an engine from the list, which itself stays as it is",
        "gpu-box",
        json="what it was",
    )
    parser.add_argument("name", metavar="NAME")


def _create(actions: Any) -> None:
    parser = _action(
        actions,
        "compute",
        "create",
        "create a cluster on this machine",
        "gpu-cluster --vm-size STANDARD_NC6 --max-nodes 4",
        "small --vm-size STANDARD_D1_V2 --min-nodes 1 --max-nodes 2 --idle 10m",
        json="the compute target",
        more=(
            "\n\nNodes come when runs need them, and go when they are idle. A node has what the VM "
            "size says, as\nfar as this machine has it. Runs execute there with --compute NAME."
        ),
    )
    parser.add_argument("name", metavar="NAME", help="what you call it")
    parser.add_argument(
        "--vm-size", metavar="SIZE", default="", help="Azure's name; STANDARD_NC6 if not set"
    )
    parser.add_argument("--min-nodes", metavar="N", type=count, default=0, help="that stay")
    parser.add_argument(
        "--max-nodes", metavar="N", type=count, required=True, help="that there may be"
    )
    parser.add_argument(
        "--idle", metavar="TIME", type=duration, default=1800.0, help="until a node goes; 30m"
    )
    parser.add_argument("--description", metavar="TEXT", help="what it is for")


def _update(actions: Any) -> None:
    parser = _action(
        actions,
        "compute",
        "update",
        "give a cluster other limits, whatever runs there",
        "gpu-cluster --max-nodes 2",
        json="the compute target",
    )
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--min-nodes", metavar="N", type=count, help="that stay")
    parser.add_argument("--max-nodes", metavar="N", type=count, help="that there may be")
    parser.add_argument("--idle", metavar="TIME", type=duration, help="until a node goes")


def _add(actions: Any) -> None:
    parser = _action(
        actions,
        "compute",
        "add",
        "attach a Docker Engine",
        "gpu-box ssh://me@gpu-box --gpus 2",
        "small unix:///var/run/docker.sock --cpus 2 --memory 4GB",
        json="the compute target",
        more="\n\nRuns in images execute there with --compute NAME.",
    )
    parser.add_argument("name", metavar="NAME", help="what you call it")
    parser.add_argument(
        "url", metavar="URL", help="ssh://user@host, tcp://host:port or unix:///path"
    )
    parser.add_argument(
        "--cpus", metavar="N", type=int, help="for all runs together; all if not set"
    )
    parser.add_argument("--memory", metavar="SIZE", type=size, help="likewise, as in 512MB, 4GB")
    parser.add_argument(
        "--gpus", metavar="N", type=int, default=0, help="how many it has; engines cannot tell"
    )
