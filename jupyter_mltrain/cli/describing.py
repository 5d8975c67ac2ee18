"""What the parsers of all commands share: how a command is described, and how values are read."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, Final

from jupyter_mltrain.errors import InvalidSpec

Parser = argparse.ArgumentParser

WORKSPACE: Final = (
    "the workspace's directory; by default what a config.json here or above says, then "
    "$MLTRAIN_WORKSPACE, then the user's own"
)


def add_command(
    commands: Any, name: str, does: str, *examples: str, module: str | None = None, more: str = ""
) -> Parser:
    """Add a command that the module (of its own name by default) does, and return its parser."""
    shown = "".join(f"\n  jupyter mltrain {example}" for example in examples)
    parser: Parser = commands.add_parser(
        name,
        help=does,
        description=f"{does[0].upper()}{does[1:]}.{more}",
        epilog=f"{'example' if len(examples) == 1 else 'examples'}:{shown}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    # Also taken before the command: without a default here, that one is not overwritten.
    parser.add_argument("--workspace", metavar="DIR", default=argparse.SUPPRESS, help=WORKSPACE)
    parser.set_defaults(module=module or name)
    return parser


def add_group(commands: Any, name: str, does: str) -> Any:
    """Add a command that has actions of its own; gives what takes them."""
    parser = commands.add_parser(
        name,
        help=does,
        description=f"{does[0].upper()}{does[1:]}.",
        epilog=f"`jupyter mltrain {name} ACTION --help` tells more.",
        allow_abbrev=False,
    )
    return parser.add_subparsers(title="actions", metavar="ACTION", required=True)


def add_action(
    actions: Any,
    group: str,
    name: str,
    does: str,
    *examples: str,
    json: str,
    module: str | None = None,
    more: str = "",
) -> Parser:
    """Add one action of a group, which the module (of the group's name) does, with ``--json``."""
    shown = [f"{group} {name} {example}".rstrip() for example in examples or ("",)]
    parser = add_command(actions, name, does, *shown, module=module or group, more=more)
    parser.set_defaults(action=name)
    add_json(parser, json)
    return parser


def add_json(parser: Parser, what: str) -> None:
    """Add ``--json``."""
    parser.add_argument("--json", action="store_true", help=f"for programs: {what} as JSON")


def add_yes(parser: Parser) -> None:
    """Add ``--yes``."""
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


# Values


def _read(reader: Callable[[str], Any], text: str) -> Any:
    try:
        return reader(text)
    except InvalidSpec as error:
        raise argparse.ArgumentTypeError(error.message) from None


def size(text: str) -> int:
    """Bytes, as in ``4GB``."""
    from jupyter_mltrain.core import words

    return int(_read(words.parse_size, text))


def duration(text: str) -> float:
    """Seconds, as in ``10m``."""
    from jupyter_mltrain.core import words

    return float(_read(words.parse_duration, text))


def count(text: str) -> int:
    """A whole number, 0 or more."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def named_input(text: str) -> tuple[str, str]:
    """An input of a run, as in ``mnist=mnist:2``."""
    from jupyter_mltrain.core import named_inputs

    name, source = _read(named_inputs.parse, text)
    return name, source
