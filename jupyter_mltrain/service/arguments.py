"""What a script asks of its surroundings: arguments and files.

Only literal code is read; what is computed is not known and never reported.
"""

from __future__ import annotations

import argparse
import ast
import posixpath
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from jupyter_mltrain.environments.python import parse_here

_PLAIN_ACTIONS: Final = frozenset(
    {"append", "append_const", "count", "extend", "store", "store_const"}
    | {"store_false", "store_true"}
)
_NARGS: Final = {"OPTIONAL": "?", "ZERO_OR_MORE": "*", "ONE_OR_MORE": "+", "REMAINDER": "..."}
_TYPES: Final[dict[str | None, type]] = {"int": int, "float": float, "str": str, None: str}
_PARSER_KEYWORDS: Final = frozenset(
    {"add_help", "allow_abbrev", "description", "epilog", "formatter_class", "prog", "usage"}
)
"""Keywords of `ArgumentParser` that change nothing, or that are read here."""

_PATH_READ: Final = "pathlib.Path.read"
_PANDAS: Final = ("csv", "excel", "feather", "fwf", "json", "orc", "parquet", "pickle", "table")
_READERS: Final = frozenset(
    {f"pandas.read_{what}" for what in _PANDAS}
    | {f"polars.read_{what}" for what in ("csv", "excel", "json", "ndjson", "parquet")}
    | {"numpy.fromfile", "numpy.genfromtxt", "numpy.load", "numpy.loadtxt"}
    | {"cv2.imread", "joblib.load", "torch.load", "xarray.open_dataset"}
    | {_PATH_READ}
)
"""Functions that read the file their first argument names."""

_OPENERS: Final = frozenset(
    {f"{module}.open" for module in ("PIL.Image", "bz2", "codecs", "gzip", "io", "lzma")} | {"open"}
)
"""Functions that read or write, as their second argument says."""

_KEPT: Final = ("outputs", "logs")
"""Folders that a run finds ready and writes to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Argument:
    """One `add_argument` call, as far as it is literal."""

    names: tuple[str, ...]
    """As written: ``("--rate", "-r")``, or one name without dashes for a positional one."""
    required: bool
    default: object | None = None
    choices: tuple[object, ...] | None = None
    type_name: str | None = None
    """"int", "float" …, or the source text of what converts the value."""
    help: str | None = None
    action: str = "store"
    """As written; source text for an action class."""
    nargs: str | int | None = None
    dest: str | None = None

    @property
    def positional(self) -> bool:
        """Whether its place, not its name, tells it from others."""
        return not self.names[0].startswith("-")


@dataclass(frozen=True, kw_only=True, slots=True)
class Parser:
    """A script's one `ArgumentParser`."""

    arguments: tuple[Argument, ...]
    """In the order they are added."""
    whole: bool
    """Every argument is known, and the parser reads the command line itself."""
    lenient: bool
    """`parse_known_args`: what it does not define is left to others."""
    abbreviations: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class FileUse:
    """A file that the script reads by a literal relative name."""

    name: str
    """As written."""
    line: int


def arguments_of(source: str) -> tuple[Argument, ...]:
    """Arguments that a script defines with argparse, in order.

    Empty when there are none, more than one parser or subcommands, or when the text is no Python.
    """
    try:
        parser = read_parser(parse_here(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return parser.arguments if parser is not None else ()


def read_parser(tree: ast.Module) -> Parser | None:
    """Find the module's argument parser; None unless there is exactly one, without subparsers."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    origins = _origins(tree)
    parsers = [call for call in calls if _dotted(call.func, origins) == "argparse.ArgumentParser"]
    methods = {id(call): call.func.attr for call in calls if isinstance(call.func, ast.Attribute)}
    if len(parsers) != 1 or "add_subparsers" in methods.values():
        return None
    keywords = {keyword.arg: keyword.value for keyword in parsers[0].keywords}
    whole = set(keywords) <= _PARSER_KEYWORDS and len(parsers[0].args) <= 3
    arguments, parses = [], []
    # ast.walk goes level by level; what people see is the order of the lines.
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        method = methods.get(id(call))
        if method == "add_argument":
            argument = _argument(call)
            whole = whole and argument is not None
            arguments += [argument] if argument is not None else []
        elif method in {"parse_args", "parse_known_args"}:
            parses.append(method)
            whole = whole and _takes_command_line(call)
    whole = whole and bool(parses) and not _shares_parser(tree, parsers[0], calls)
    abbreviations = _literal(keywords.get("allow_abbrev"))
    return Parser(
        arguments=tuple(arguments),
        whole=whole,
        lenient="parse_known_args" in parses,
        abbreviations=abbreviations is not False,
    )


def argument_problems(parser: Parser, arguments: Sequence[str], script: str) -> tuple[str, ...]:
    """Say, in sentences, why the script's parser would refuse `arguments`; mostly empty.

    The parser is built anew and asked, so that abbreviations, `--name=value` and counts are
    understood as argparse understands them.
    """
    if not parser.whole:
        return ()
    problems: list[str] = []
    for relaxed in (False, True):
        try:
            _rebuilt(parser, relaxed=relaxed).parse_args(list(arguments))
        except _Refused as refused:
            sentence = _sentence(str(refused), script, parser)
            problems += [sentence] if sentence is not None else []
            if not str(refused).startswith(_REQUIRED):
                break
        except (_Left, TypeError, ValueError, AttributeError, argparse.ArgumentError):
            break  # it prints its help and ends, or the definitions are beyond what is read here
        else:
            break
    return tuple(problems)


def files_read(tree: ast.Module) -> tuple[FileUse, ...]:
    """Files that the script seems to need from its source folder, by line.

    Left out: absolute names and URLs, `outputs/` and `logs/`, reads in a `try`, and files
    (or their folders) that the script also mentions elsewhere, where it may write or look for them.
    """
    origins = _origins(tree)
    texts, reads = Counter[str](), list[FileUse]()
    for node, guarded in _walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts[posixpath.normpath(node.value)] += 1
        elif isinstance(node, ast.Call):
            if _dotted(node.func, origins) == "os.chdir":
                return ()
            name = None if guarded else _reads(node, origins)
            if name is not None and _relative(name):
                reads.append(FileUse(name=name, line=node.lineno))
    times = Counter(posixpath.normpath(read.name) for read in reads)
    first: dict[str, FileUse] = {}
    for read in sorted(reads, key=lambda read: read.line):
        path = posixpath.normpath(read.name)
        folders = [part for part in _parents(path) if texts[part]]
        if texts[path] == times[path] and not folders:
            first.setdefault(path, read)
    return tuple(first.values())


def _argument(call: ast.Call) -> Argument | None:
    """Read one `add_argument` call; None when its names or keywords are computed."""
    names = [_literal(name) for name in call.args]
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if None in keywords or not names or not all(isinstance(n, str) and n for n in names):
        return None
    nargs = keywords.get("nargs")
    count = _NARGS.get(nargs.attr) if isinstance(nargs, ast.Attribute) else _literal(nargs)
    if nargs is not None and not isinstance(count, str | int):
        return None
    action, kind = keywords.get("action"), keywords.get("type")
    choices = _literal(keywords.get("choices"))
    text, dest = _literal(keywords.get("help")), _literal(keywords.get("dest"))
    if isinstance(names[0], str) and names[0].startswith("-"):
        required = _literal(keywords.get("required")) is True
    else:
        required = count not in {"?", "*", "...", 0} and "default" not in keywords
    written = _literal(action)
    return Argument(
        names=tuple(str(name) for name in names),
        required=required,
        default=_literal(keywords.get("default")),
        choices=tuple(choices) if isinstance(choices, list | tuple | set | range | str) else None,
        type_name=ast.unparse(kind) if kind is not None else None,
        help=text if isinstance(text, str) else None,
        action=written if isinstance(written, str) else ast.unparse(action) if action else "store",
        nargs=count if isinstance(count, str | int) else None,
        dest=dest if isinstance(dest, str) else None,
    )


def _literal(node: ast.expr | None) -> Any:
    """Value of a literal, None for everything else."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        bounds = [_literal(bound) for bound in node.args]
        if 1 <= len(bounds) <= 2 and all(isinstance(bound, int) for bound in bounds):
            return range(*bounds) if max(map(abs, bounds)) <= 1000 else None
        return None
    try:
        return ast.literal_eval(node) if node is not None else None
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _takes_command_line(call: ast.Call) -> bool:
    """Whether a parse call reads `sys.argv`, as it does without arguments."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return not given or [ast.unparse(value) for value in given] in (["sys.argv[1:]"], ["None"])


def _shares_parser(tree: ast.Module, parser: ast.Call, calls: list[ast.Call]) -> bool:
    """Whether code elsewhere may add arguments, or the command line is rewritten."""
    names: set[str] = set()
    functions: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            functions.add(node.name)
        elif isinstance(node, ast.Assign):
            if node.value is parser:
                names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
            if any("sys.argv" in ast.unparse(target) for target in node.targets):
                return True
    for call in calls:
        if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "sys.argv":
            return True
        if isinstance(call.func, ast.Name) and call.func.id in functions:
            continue
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if any(isinstance(value, ast.Name) and value.id in names for value in given):
            return True
    return False


_REQUIRED: Final = "the following arguments are required: "
_UNKNOWN: Final = "unrecognized arguments: "


class _Refused(Exception):
    """What argparse would print."""


class _Left(Exception):
    """The script prints its help or version and ends well."""


class _Rebuilt(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _Refused(message)


class _Leave(argparse.Action):
    def __call__(self, *_: object, **__: object) -> None:
        raise _Left


def _rebuilt(parser: Parser, *, relaxed: bool) -> _Rebuilt:
    """Build the script's parser again; `relaxed` makes nothing required."""
    rebuilt = _Rebuilt(add_help=False, allow_abbrev=parser.abbreviations)
    if not any({"-h", "--help"} & set(argument.names) for argument in parser.arguments):
        rebuilt.add_argument("-h", "--help", nargs=0, action=_Leave)
    for argument in parser.arguments:
        keywords: dict[str, Any] = {}
        if argument.action in {"help", "version"}:
            keywords |= {"action": _Leave, "nargs": 0}
        elif argument.action.rpartition(".")[2] == "BooleanOptionalAction":
            keywords["action"] = argparse.BooleanOptionalAction
        elif argument.action in _PLAIN_ACTIONS:
            keywords["action"] = argument.action
            if argument.action.endswith("_const"):
                keywords["const"] = None
        else:
            raise ValueError(argument.action)
        if argument.action in {"store", "append", "extend"}:
            nargs = argument.nargs
            if relaxed and argument.positional and argument.required:
                nargs = "?" if nargs is None else "*"
            keywords["nargs"] = nargs
            if argument.type_name in _TYPES:
                keywords |= {"type": _TYPES[argument.type_name], "choices": argument.choices}
        if not argument.positional:
            keywords |= {"required": argument.required and not relaxed}
            keywords |= {"dest": argument.dest} if argument.dest is not None else {}
        rebuilt.add_argument(*argument.names, **keywords)
    return rebuilt


def _sentence(refusal: str, script: str, parser: Parser) -> str | None:
    if refusal.startswith(_REQUIRED):
        # What may be empty is listed by argparse too.
        free = {a.names[0] for a in parser.arguments if a.positional and not a.required}
        missing = [name for name in refusal[len(_REQUIRED) :].split(", ") if name not in free]
        verb = "is" if len(missing) == 1 else "are"
        listed = " and ".join(filter(None, [", ".join(missing[:-1]), *missing[-1:]]))
        says = f"{script} requires {listed}, which {verb} not among the arguments."
        return says if missing else None
    if refusal.startswith(_UNKNOWN):
        if parser.lenient:
            return None
        return f"{script} does not define these arguments: {refusal[len(_UNKNOWN) :]}."
    return f"{script} does not accept its arguments: {refusal}."


def _origins(tree: ast.Module) -> dict[str, str]:
    """Imported name -> where it comes from, for the whole text."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                found[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.setdefault(node.name, f"__main__.{node.name}")
    return found


def _dotted(called: ast.expr, origins: dict[str, str]) -> str:
    """Full name of what is called; empty for what has none."""
    parts: list[str] = []
    while isinstance(called, ast.Attribute):
        parts.append(called.attr)
        called = called.value
    name = called.id if isinstance(called, ast.Name) else ""
    return ".".join([origins.get(name, name), *reversed(parts)])


def _walk(tree: ast.Module) -> Iterator[tuple[ast.AST, bool]]:
    """Every node, and whether it stands in a `try` that handles something."""
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, guarded = waiting.pop()
        yield node, guarded
        inner = guarded or (isinstance(node, ast.Try) and bool(node.handlers))
        waiting += [(child, inner) for child in ast.iter_child_nodes(node)]


def _reads(call: ast.Call, origins: dict[str, str]) -> str | None:
    """Literal name of the file that a call reads."""
    dotted = _dotted(call.func, origins)
    places = call.args
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Call):
        path = call.func.value
        if _dotted(path.func, origins) != "pathlib.Path" or len(path.args) != 1:
            return None
        dotted = {"open": "open", "read_bytes": _PATH_READ, "read_text": _PATH_READ}.get(
            call.func.attr, ""
        )
        places = [*path.args, *call.args]
    if not places or dotted not in _READERS | _OPENERS:
        return None
    if dotted in _OPENERS:
        modes = [*places[1:2], *(word.value for word in call.keywords if word.arg == "mode")]
        for mode in map(_literal, modes):
            if not isinstance(mode, str) or set(mode) & set("wax+"):
                return None
    name = _literal(places[0])
    return name if isinstance(name, str) else None


def _relative(name: str) -> bool:
    """Whether a name is one of a file that would have to be shipped."""
    path = posixpath.normpath(name)
    if not name.strip() or "://" in name or "\\" in name or "\0" in name:
        return False
    return path != "." and not path.startswith(("/", "~")) and path.split("/")[0] not in _KEPT


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
