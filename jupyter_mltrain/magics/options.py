"""The options of ``%%train`` and ``%train``, and what their words mean."""

from __future__ import annotations

import argparse
import ast
import difflib
import keyword
import re
import shlex
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from IPython.core.error import UsageError
from IPython.core.magic_arguments import argument

from jupyter_mltrain.core import environment_flags, named_inputs, words
from jupyter_mltrain.errors import InvalidSpec

_LISTS: Final = ("-i", "--input", "-o", "--output")

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

_ARGUMENT: Final = re.compile(r"-{0,2}([^\W\d][\w.-]*)(?:=(.*))?\Z", re.DOTALL)


def _of(read: Callable[[str], T]) -> Callable[[str], T]:
    """Make a reader's sentence argparse's."""

    def read_option(text: str) -> T:
        try:
            return read(text)
        except InvalidSpec as error:
            raise argparse.ArgumentTypeError(error.message) from None

    return read_option


def _argument(text: str) -> tuple[str, str | None]:
    found = _ARGUMENT.match(text)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no argument. Write NAME=VALUE, or NAME alone for a flag."
        )
    return found[1], found[2]


def _tag(text: str) -> tuple[str, str | None]:
    key, given, value = text.partition("=")
    if not key:
        raise argparse.ArgumentTypeError(f"{text!r} is no tag. Write KEY or KEY=VALUE.")
    return key, value if given else None


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if not name.isidentifier() or keyword.iskeyword(name):
            raise argparse.ArgumentTypeError(f"{name!r} is not the name of a variable.")
    return names


def _carried(text: str) -> list[str | tuple[str, str]]:
    """Variables, or with ``=`` a dataset."""
    return [_of(named_inputs.parse)(text)] if "=" in text else [*_names(text)]


def whole(text: str) -> int:
    """A whole number, for argparse."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number.") from None


_RUN: Final = (
    argument("--name", metavar="NAME", help="What the run is called in lists."),
    argument(
        "--experiment",
        metavar="NAME",
        help="The series it belongs to; by default the notebook's name.",
    ),
    argument(
        "--compute", metavar="NAME", default="local", help="Where it runs; by default %(default)s."
    ),
    *(argument(*flags, **settings) for flags, settings in environment_flags.OPTIONS),
    argument("--python", metavar="PATH", help="Another Python: of this machine, or of the image."),
    argument("--cpus", metavar="N", type=whole, help="CPUs it gets."),
    argument("--gpus", metavar="N", type=whole, default=0, help="GPUs it gets."),
    argument("--memory", metavar="SIZE", type=_of(words.parse_size), help="4GB, 512MB …"),
    argument(
        "--arg",
        metavar="NAME=VALUE",
        type=_argument,
        action="append",
        default=[],
        help="An argument of the script, '--NAME VALUE', or '--NAME' alone for a flag. Repeatable.",
    ),
    argument(
        "--tag",
        metavar="KEY[=VALUE]",
        type=_tag,
        action="append",
        default=[],
        help="A tag of the run. Repeatable.",
    ),
    argument("--source", metavar="DIR", help="The folder that travels with it."),
    argument(
        "--timeout",
        metavar="TIME",
        type=_of(words.parse_duration),
        help="Cancel it after 90, 90s, 10m, 2h or 1d.",
    ),
    argument(
        "--priority", metavar="N", type=whole, default=0, help="Higher leaves the queue first."
    ),
    argument(
        "--retries",
        metavar="N",
        type=whole,
        default=0,
        help="Start it again if it fails, at most so often.",
    ),
    argument("--background", action="store_true", help="Submit it and go on at once."),
    argument("--quiet", action="store_true", help="Show how it ends, not what it prints."),
    argument("--force", action="store_true", help="Skip the checks before it is queued."),
)

_CELL: Final = (
    argument(
        "-i",
        "--input",
        metavar="NAMES",
        type=_carried,
        action="append",
        default=[],
        help="Notebook variables the cell finds defined: -i df or -i X,y. Or data, "
        "NAME=DATASET[:VERSION]: its path is in the variable NAME of the environment. Repeatable.",
    ),
    argument(
        "-o",
        "--output",
        metavar="NAMES",
        type=_names,
        action="append",
        default=[],
        help="Variables of the cell that the notebook gets when it completes. Repeatable.",
    ),
)


_FILE: Final = (
    argument(
        "--input",
        metavar="NAME=DATASET[:VERSION]",
        type=lambda text: [_of(named_inputs.parse)(text)],
        action="append",
        default=[],
        help="Data that it takes: its path is in the environment variable NAME. Repeatable.",
    ),
)


def run_options(method: F) -> F:
    """Give a magic the options of every run."""
    for option in reversed(_RUN):
        method = option(method)
    return method


def file_options(method: F) -> F:
    """Give a magic the options of every run, and those of a script's."""
    for option in reversed(_FILE):
        method = option(method)
    return run_options(method)


def cell_options(method: F) -> F:
    """Give a magic the options of every run, and those about variables."""
    for option in reversed(_CELL):
        method = option(method)
    return run_options(method)


def parse(magic: Any, line: str) -> argparse.Namespace:
    """Read a magic's line; `rest` holds what stands after ``--``.

    Raises
    ------
    UsageError
        One sentence saying which option is wrong, and how.
    """
    parser: argparse.ArgumentParser = magic.parser
    try:
        given = shlex.split(line)
    except ValueError:
        raise UsageError("A quote is not closed in the line. Close it.") from None
    rest: list[str] = []
    if "--" in given:
        at = given.index("--")
        given, rest = given[:at], given[at + 1 :]
    try:
        options, unknown = parser.parse_known_args(_joined(given))
    except UsageError as error:
        raise UsageError(_sentence(str(error), parser.prog)) from None
    if unknown:
        raise UsageError(_unknown(unknown[0], parser))
    options.rest = rest
    return options


def _joined(given: list[str]) -> list[str]:
    """The words with ``-o a, b`` put together as ``-o a,b``."""
    joined: list[str] = []
    for word in given:
        listed = len(joined) > 1 and joined[-2] in _LISTS
        if listed and joined[-1].endswith(","):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _sentence(message: str, name: str) -> str:
    """argparse's words as one of our sentences."""
    found = re.match(r"argument (\S+?)(?:/\S+)?: (.*)\Z", message, re.DOTALL)
    if found is None:
        missing = re.match(r"the following arguments are required: (.*)", message)
        if missing:
            return f"%{name} needs {missing[1]}. `%{name}?` shows how it is used."
        return f"{message[:1].upper()}{message[1:].rstrip('.')}."
    option, problem = found[1], found[2]
    if problem.startswith("expected one argument"):
        return f"{option} needs a value. `%{name}?` shows how it is used."
    if problem.startswith("ignored explicit argument"):
        return f"{option} takes no value."
    return f"{option}: {problem}"


def _unknown(word: str, parser: argparse.ArgumentParser) -> str:
    name = parser.prog
    if not word.startswith("-"):
        return f"{word!r} is no option of %{name}. `%{name}?` lists them."
    option = word.partition("=")[0]
    known = [each for each in parser._option_string_actions if each.startswith("--")]
    close = difflib.get_close_matches(option, known, n=1)
    hint = f"Did you mean {close[0]}?" if close else f"`%{name}?` lists the options."
    return f"%{name} has no option {option}. {hint}"


def flat(groups: Sequence[Sequence[object]]) -> tuple[str, ...]:
    """The names of a repeatable option in order, each once."""
    return tuple(dict.fromkeys(name for group in groups for name in group if isinstance(name, str)))


def data(groups: Sequence[Sequence[object]]) -> tuple[tuple[str, str], ...]:
    """What ``--input`` names of data: the input's name, and what it is."""
    return tuple(each for group in groups for each in group if isinstance(each, tuple))


def script_arguments(options: argparse.Namespace) -> tuple[str, ...]:
    """What the script finds in `sys.argv`: those given by ``--arg``, then those after ``--``."""
    given = []
    for name, value in options.arg:
        given += [f"--{name}"] if value is None else [f"--{name}", value]
    return (*given, *options.rest)


def argument_values(options: argparse.Namespace) -> dict[str, Any]:
    """What ``--arg`` gives as variables of a cell: each a Python literal, else a string.

    A flag is True; a dash becomes an underscore, as argparse has it. A name that cannot be a
    variable's is left out.
    """
    values = {}
    for name, text in options.arg:
        variable = re.sub(r"[-.]", "_", name)
        if variable.isidentifier() and not keyword.iskeyword(variable):
            values[variable] = True if text is None else _literal(text)
    return values


def _literal(text: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of backslashes in what is a path, say
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
