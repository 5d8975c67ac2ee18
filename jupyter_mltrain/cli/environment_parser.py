"""What can be typed after ``jupyter mltrain environments``."""

from __future__ import annotations

from typing import Any, Final

from jupyter_mltrain.cli.describing import (
    Parser,
    add_action,
    add_group,
    add_yes,
    duration,
)
from jupyter_mltrain.core.environment_flags import OPTIONS

_ENVIRONMENT: Final = "NAME[:VERSION]"
_NAMED: Final = "its name, maybe with a version as in sklearn:1; without, the latest is meant"


_NAMING: Final = ("--env", "--environment")


def add_options(parser: Parser, *, naming: bool = True) -> None:
    """Add what says in which environment a run executes: by a description, or by a name."""
    for flags, keywords in OPTIONS:
        if flags[0] in _NAMING and not naming:
            continue
        parser.add_argument(*flags, **{**keywords, "help": _lowered(keywords["help"])})


def environments(commands: Any) -> None:
    """``environments``: what runs execute in."""
    actions = add_group(commands, "environments", "list, build and delete what runs execute in")
    _action(actions, "environments", "ls", "list environments", json="a list of them")

    parser = _action(
        actions, "environments", "show", "tell everything about one", "sklearn", json="the same"
    )
    parser.add_argument("name", metavar=_ENVIRONMENT, help=_NAMED)

    parser = _action(
        actions,
        "environments",
        "build",
        "make one ready now, and show how that goes",
        "sklearn",
        "--fresh mine",
        'mine --pip "torch pandas"',
        "mine --dockerfile docker/Dockerfile",
        json="the build as it ended, without its log,",
        more=(
            "\n\nWith options that describe it, that becomes a new version of NAME first. "
            "Interrupting stops only\nthe watching. The exit status is 0 once it is built, 1 if "
            "it fails, 130 if it is cancelled."
        ),
    )
    parser.add_argument("name", metavar=_ENVIRONMENT, help=_NAMED)
    add_options(parser, naming=False)
    parser.set_defaults(env=[], environment=None, python=None)
    parser.add_argument(
        "--compute", metavar="NAME", default="local", help="where; local if not set"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="look up the tag and unpinned versions anew"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="do not show the log")
    parser.add_argument("--no-wait", action="store_true", help="begin, and do not watch")

    parser = _action(
        actions,
        "environments",
        "rm",
        "delete environments; runs keep what they ran in",
        "mine:2",
        json="what was deleted",
    )
    parser.add_argument("names", metavar=_ENVIRONMENT, nargs="+", help="without a version, all")
    add_yes(parser)

    parser = _action(
        actions,
        "environments",
        "reclaim",
        "delete what was built and no run needs now",
        "--unused-for 30d",
        json="what is, or would be, deleted",
        more="\n\nIt says what it would take first. What a run needs later is built again.",
    )
    parser.add_argument(
        "--unused-for", metavar="TIME", type=duration, default=0.0, help="as in 12h, 30d"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what it would take, no more")
    add_yes(parser)

    parser = _action(
        actions,
        "environments",
        "why",
        "tell why one had to be built: what differs from the nearest that was there",
        "mine",
        json="the same",
    )
    parser.add_argument("name", metavar=_ENVIRONMENT, help=_NAMED)


def _action(
    actions: Any, group: str, name: str, does: str, *examples: str, json: str, more: str = ""
) -> Parser:
    module = _MODULES[group]
    return add_action(actions, group, name, does, *examples, json=json, module=module, more=more)


_MODULES: Final = {"environments": "environments", "compute": "computes"}


def _lowered(sentence: Any) -> str:
    """A sentence as a help text of this command line."""
    return f"{sentence[0].lower()}{sentence[1:].removesuffix('.')}"
