"""What a form asks for: the arguments of a script or notebook, in words a page knows."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.service import notebooks
from jupyter_mltrain.service.arguments import Argument, arguments_of
from jupyter_mltrain.wire import ArgumentChoice, ArgumentsRequest, ScriptArguments

_LARGEST_BYTES: Final = 5_000_000
_FLAGS: Final = frozenset({"append_const", "count", "store_const", "store_false", "store_true"})
_NO_VALUE: Final = frozenset({"help", "version"})
_MANY: Final = frozenset({"*", "+", "..."})


def read(request: ArgumentsRequest) -> ScriptArguments:
    """What the script asks for; raises `InvalidSpec` when it cannot be read. For a thread."""
    if request.text is not None:
        name, text = request.script or "", request.text
    elif request.directory is None or request.script is None:
        raise InvalidSpec("Give a folder and a script in it, or the script's text.")
    else:
        name = request.script
        path = Path(request.directory, name)
        try:
            with open(path, "rb") as file:
                text = file.read(_LARGEST_BYTES).decode("utf-8", "replace")
        except (OSError, ValueError) as error:
            problem = getattr(error, "strerror", None) or str(error)
            raise InvalidSpec(f"{path} cannot be read: {problem}. Check its name.") from None
    if name.endswith(".ipynb") or text.lstrip().startswith("{"):
        return ScriptArguments(arguments=tuple(_of_notebook(text)))
    return ScriptArguments(arguments=tuple(_of_script(text, name)))


def _of_script(text: str, name: str) -> Iterator[ArgumentChoice]:
    for argument in arguments_of(text):
        action = argument.action.rpartition(".")[2]
        if action in _NO_VALUE or argument.help == "==SUPPRESS==":
            continue
        flag = action in _FLAGS or action == "BooleanOptionalAction"
        names = argument.names
        yield ArgumentChoice(
            name=next((each for each in names if each.startswith("--")), names[0]),
            positional=argument.positional,
            required=argument.required,
            type="flag" if flag else _WORDS.get(argument.type_name or "", "text"),
            default=_text(argument.default),
            choices=tuple(map(str, argument.choices or ())),
            help=_help(argument, name),
            repeated=_repeated(argument, action),
        )


_WORDS: Final = {"int": "int", "float": "float"}


def _repeated(argument: Argument, action: str) -> bool:
    nargs = argument.nargs
    several = nargs in _MANY or (isinstance(nargs, int) and nargs > 1)
    return several or action in {"append", "extend"}


def _text(value: object) -> str | None:
    """A value as one types it in a shell, `None` for none."""
    if value is None:
        return None
    if isinstance(value, list | tuple | set):
        return shlex.join(map(str, value))
    return str(value)


def _help(argument: Argument, script: str) -> str | None:
    """The text that ``--help`` shows."""
    if argument.help is None or "%" not in argument.help:
        return argument.help
    known = {
        "default": argument.default,
        "dest": argument.dest or argument.names[0].lstrip("-").replace("-", "_"),
        "type": argument.type_name,
        "choices": ", ".join(map(str, argument.choices or ())),
        "prog": script,
        "nargs": argument.nargs,
        "metavar": None,
        "const": None,
    }
    try:
        return argument.help % known
    except (KeyError, TypeError, ValueError):
        return argument.help


def _of_notebook(text: str) -> Iterator[ArgumentChoice]:
    """The assignments of the cell with the defaults, each a literal, the last of a name."""
    try:
        source = notebooks.read(text).parameters or ""
        tree = ast.parse(source)
    except (notebooks.NoNotebook, SyntaxError, ValueError, RecursionError, MemoryError):
        return
    lines = source.split("\n")
    found: dict[str, ArgumentChoice] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, value = statement.targets[0], statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            target, value = statement.target, statement.value
        else:
            continue
        if not isinstance(target, ast.Name):
            continue
        try:
            default = ast.literal_eval(value)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            continue  # computed from others, or no value that can be typed
        line = lines[(statement.end_lineno or statement.lineno) - 1].encode()
        comment = line[statement.end_col_offset or 0 :].decode("utf-8", "replace").strip()
        help_text = comment.lstrip("# ") if comment.startswith("#") else None
        found[target.id] = _parameter(target.id, default, help_text or None)
    yield from found.values()


def _parameter(name: str, default: Any, help_text: str | None) -> ArgumentChoice:
    word = "text"
    choices: tuple[str, ...] = ()
    if default is False:
        word = "flag"  # its name alone makes it true
    elif default is True:
        choices = ("True", "False")
    elif isinstance(default, int | float):
        word = type(default).__name__
    return ArgumentChoice(
        name=f"--{name}",
        positional=False,
        required=False,
        type=word,
        default=default if isinstance(default, str) else repr(default),
        choices=choices,
        help=help_text,
    )
