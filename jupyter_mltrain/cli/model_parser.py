"""What can be typed after ``jupyter mltrain models``."""

from __future__ import annotations

from typing import Any, Final

from jupyter_mltrain.cli.describing import Parser, add_command, add_json, add_yes

_MODEL: Final = "NAME[:VERSION]"
_NAMED: Final = "its name, maybe with a version as in digits:3; without, the latest is meant"


def models(commands: Any) -> None:
    """``models``: files that were registered under a name."""
    does = "list, register, fetch and delete models"
    parser = commands.add_parser(
        "models",
        help=does,
        description=f"{does[0].upper()}{does[1:]}.",
        epilog="`jupyter mltrain models ACTION --help` tells more.",
        allow_abbrev=False,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    parser = _action(
        actions, "ls", "list models, the one made last first", "", "--all", json="a list of them"
    )
    parser.add_argument("--name", help="only of this name, every version")
    parser.add_argument(
        "--tag", metavar="KEY[=VALUE]", action="append", default=[], help="only these. Repeatable"
    )
    parser.add_argument("--all", action="store_true", help="every version, not just the latest")

    parser = _action(actions, "show", "tell everything about one", "digits:3", json="the same")
    parser.add_argument("name", metavar=_MODEL, help=_NAMED)

    parser = _action(
        actions,
        "register",
        "keep a copy of files as the next version of a model",
        "digits outputs/model.joblib --run 42 --tag stage=test",
        "bert ./checkpoints/best --framework PyTorch",
        json="the model",
    )
    parser.add_argument("name", metavar="NAME", help="what it is called")
    parser.add_argument(
        "path", metavar="PATH", help="a file or folder: here, or with --run among the run's files"
    )
    parser.add_argument("--run", metavar="RUN", help="a number as in 42, a name, or an id")
    parser.add_argument("--description", metavar="TEXT")
    parser.add_argument(
        "--tag", metavar="KEY[=VALUE]", action="append", default=[], help="a tag. Repeatable"
    )
    parser.add_argument("--framework", metavar="NAME", help="as in PyTorch or ScikitLearn")
    parser.add_argument("--framework-version", metavar="VERSION")

    parser = _action(
        actions, "get", "fetch a model's files", "digits", "digits:3 -o best", json="where it is"
    )
    parser.add_argument("name", metavar=_MODEL, help=_NAMED)
    parser.add_argument(
        "-o", "--output", metavar="DIR", default=".", help="the current folder if not set"
    )
    parser.add_argument("--force", action="store_true", help="overwrite files that are there")

    parser = _action(
        actions,
        "rm",
        "delete models with their files; runs stay",
        "digits:2",
        json="what was deleted",
    )
    parser.add_argument("names", metavar=_MODEL, nargs="+", help="without a version, all of them")
    add_yes(parser)


def _action(actions: Any, name: str, does: str, *examples: str, json: str) -> Parser:
    shown = [f"models {name} {example}".rstrip() for example in examples]
    parser = add_command(actions, name, does, *shown, module="models")
    parser.set_defaults(action=name)
    add_json(parser, json)
    return parser
