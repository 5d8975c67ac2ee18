"""What a Python interpreter on this machine is and which modules it can import."""

from __future__ import annotations

import ast
import json
import os
import site
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jupyter_mltrain.errors import InvalidSpec

OLDEST: Final = (3, 6)
"""The first Python that runs can use: what travels into a run is written for it."""

_LIMIT_S: Final = 10
_RACY_NS: Final = 2_000_000_000
"""A folder changed within this time may change again without its time of change moving."""

_MARK: Final = "mltrain-answer:"
"""Starts the line with the answer; a sitecustomize may print lines of its own before it."""

# Runs on whatever interpreter it is given, so it has to parse on Python 2 too. It drops the
# current folder from the path before it imports anything.
_PREAMBLE: Final = "import sys\nsys.path[:] = [p for p in sys.path if p]\nimport json, os\n"

_PROBE: Final = f"""{_PREAMBLE}
home = os.path.dirname(os.__file__)
names = getattr(sys, "stdlib_module_names", None) or [
    n.split(".")[0] for n in os.listdir(home) if n.endswith(".py") or "." not in n]
print("{_MARK}" + json.dumps([list(sys.version_info[:3]), sys.prefix, sys.path,
                              sorted(names), sorted(sys.builtin_module_names)]))
"""

_FIND: Final = f"""{_PREAMBLE}
import importlib.util
def lacks(name):
    try:
        return importlib.util.find_spec(name) is None
    except Exception:
        return False
print("{_MARK}" + json.dumps([[n for n in sys.argv[1:] if lacks(n)], sys.path]))
"""

_COMPILE: Final = f"""{_PREAMBLE}
import ast, warnings
warnings.simplefilter("ignore")
flags = getattr(ast, "PyCF_ALLOW_TOP_LEVEL_AWAIT", 0) if sys.argv[1] == "cell" else 0
try:
    compile(sys.stdin.buffer.read(), "<script>", "exec", flags, True)
    answer = None
except SyntaxError as error:
    answer = [error.msg, error.lineno, error.text]
except Exception:
    answer = None
print("{_MARK}" + json.dumps(answer))
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class PythonInfo:
    """The facts of one interpreter."""

    executable: str
    """Absolute, symbolic links kept: they are what tells virtual environments apart."""
    version: tuple[int, int, int]
    prefix: str
    path: tuple[str, ...]
    """Where a fresh process looks for modules, without the script's own folder."""
    stdlib: frozenset[str]
    builtins: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class SyntaxProblem:
    """Why a source text is no Python."""

    message: str
    line: int | None
    text: str | None


_filters = threading.Lock()

_Stamps = tuple[tuple[str, int], ...]

# Memories of facts that the disk can be asked for again. Single reads and writes of a dict are
# atomic; two threads that miss at once only do the same work twice.
_probed: dict[tuple[object, ...], PythonInfo] = {}
_listed: dict[str, tuple[int, frozenset[str]]] = {}
_lacked: dict[tuple[str, str], _Stamps] = {}


def probe(interpreter: str | None) -> PythonInfo:
    """Ask an interpreter what it is; remembered until the file or its `pyvenv.cfg` changes.

    None is this process's own.

    Raises
    ------
    InvalidSpec
        There is no such file, it cannot be executed, it is no Python, or it is too old.
    """
    interpreter = sys.executable if interpreter is None else interpreter
    if not Path(interpreter).is_absolute():
        raise InvalidSpec(
            f"The interpreter {interpreter!r} is not an absolute path. "
            f"Give one such as {sys.executable}."
        )
    path = os.path.abspath(interpreter)  # noqa: PTH100  (keeps symbolic links)
    real = os.path.realpath(path)
    changed = _changed(real)
    if changed is None:
        raise InvalidSpec(f"There is no interpreter {interpreter}. Check the path.")
    if not os.access(real, os.X_OK) or Path(real).is_dir():
        raise InvalidSpec(
            f"{interpreter} cannot be executed. Name a Python executable, "
            "for example the bin/python of a virtual environment."
        )
    settings = Path(path).parent.parent / "pyvenv.cfg"
    key = (path, real, changed, _changed(str(settings)))
    known = _probed.get(key)
    if known is None:
        known = _this_process(path) if _is_this_process(path) else _asked(path)
        _probed[key] = known
    return known


def lacking(
    info: PythonInfo, names: Iterable[str], extra_path: tuple[str, ...] = ()
) -> frozenset[str]:
    """Those of `names` (their first parts) that the interpreter certainly cannot import."""
    tops = {name.partition(".")[0] for name in names}
    unseen = {top for top in tops if not _in_sight(info, top, extra_path)}
    doubtful = {top for top in unseen if not _still_lacks(info, top)}
    if doubtful:
        # Editable installs come with finders of their own, which only the interpreter runs.
        unseen -= doubtful - _ask_for(info, sorted(doubtful))
    return frozenset(unseen)


def parse_here(source: bytes | str, *, cell: bool = False) -> ast.Module:
    """Parse and compile with this process's Python, as running the text would.

    Raises
    ------
    SyntaxError
        It is no Python of this version.
    ValueError, RecursionError, MemoryError
        It cannot be compiled here; whether it can elsewhere is not known.
    """
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if cell else 0
    # The filters of warnings belong to the whole process; one at a time may change them.
    with _filters, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
        compile(tree, "<script>", "exec", flags, dont_inherit=True)
    return tree


def syntax_problem(info: PythonInfo, source: bytes, *, cell: bool = False) -> SyntaxProblem | None:
    """Let the interpreter itself compile `source`; None where nothing is certainly wrong.

    In a cell, `await` may stand outside of functions.
    """
    try:
        found = _ask(info.executable, _COMPILE, "cell" if cell else "script", stdin=source)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    if found is None:
        return None
    message, line, text = found
    return SyntaxProblem(message=str(message), line=line or None, text=text)


def _ask(executable: str, code: str, *arguments: str, stdin: bytes = b"") -> Any:
    """Run `code` in a fresh process of the interpreter and decode its answer.

    Raises
    ------
    OSError, subprocess.SubprocessError, ValueError
        It does not start; fails or takes too long; gives no answer.
    """
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [executable, "-c", code, *arguments],
        input=stdin,
        capture_output=True,
        timeout=_LIMIT_S,
        check=True,
        env=environ,
        cwd="/",
    )
    answer = done.stdout.decode("utf-8", "replace").rpartition(_MARK)
    if not answer[1]:
        raise ValueError("no answer")
    return json.loads(answer[2])


def _asked(path: str) -> PythonInfo:
    try:
        version, prefix, where, stdlib, builtins = _ask(path, _PROBE)
    except subprocess.TimeoutExpired:
        raise InvalidSpec(
            f"{path} does not answer within {_LIMIT_S} s. Check that it starts as `python -c 1`."
        ) from None
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        raise InvalidSpec(
            f"{path} does not behave as a Python interpreter. Try `{path} -c 'import json'`."
        ) from None
    major, minor, micro = version
    if (major, minor) < OLDEST:
        raise InvalidSpec(
            f"{path} is Python {major}.{minor}; runs need Python {OLDEST[0]}.{OLDEST[1]} or newer."
        )
    return PythonInfo(
        executable=path,
        version=(major, minor, micro),
        prefix=prefix,
        path=tuple(where),
        stdlib=frozenset(stdlib),
        builtins=frozenset(builtins),
    )


def _is_this_process(path: str) -> bool:
    """Whether this process's own facts are those of a fresh one: same file, no -I, -S, -s."""
    flags = sys.flags
    return (
        bool(sys.executable)
        and os.path.abspath(sys.executable) == path  # noqa: PTH100
        and not (flags.isolated or flags.no_site or flags.no_user_site or flags.ignore_environment)
    )


def _this_process(path: str) -> PythonInfo:
    """Facts of this process, less what was put on its path after or beside the start."""
    stdlib = str(Path(os.__file__).parent)
    where = [stdlib, str(Path(stdlib, "lib-dynload"))]
    folders = site.getsitepackages()
    if site.ENABLE_USER_SITE:
        folders = [site.getusersitepackages(), *folders]
    for folder in folders:
        where += [folder, *_pth_folders(Path(folder))]
    return PythonInfo(
        executable=path,
        version=sys.version_info[:3],
        prefix=sys.prefix,
        path=tuple(where),
        stdlib=sys.stdlib_module_names,
        builtins=frozenset(sys.builtin_module_names),
    )


def _pth_folders(folder: Path) -> list[str]:
    """Folders that the .pth files of a site folder put on the path."""
    found = []
    for file in sorted(folder.glob("*.pth")):
        for line in file.read_text("utf-8", "replace").splitlines():
            if line.strip() and not line.startswith(("#", "import ", "import\t")):
                found.append(str(folder / line.strip()))
    return found


def _in_sight(info: PythonInfo, top: str, extra_path: tuple[str, ...]) -> bool:
    if top in info.stdlib or top in info.builtins or top == "__main__":
        return True
    # Site folders come last in the path and hold most of what is asked for.
    return any(top in _names_in(folder) for folder in (*reversed(info.path), *extra_path))


def _names_in(folder: str) -> frozenset[str]:
    """Top-level modules that lie in a folder; empty when it is none."""
    changed = _changed(folder)
    if changed is None:
        return frozenset()
    known = _listed.get(folder)
    if known is not None and known[0] == changed:
        return known[1]
    try:
        with os.scandir(folder) as entries:
            names = frozenset(
                entry.name.partition(".")[0]
                for entry in entries
                if entry.name.endswith((".py", ".pyc", ".so", ".pyd"))
                or ("." not in entry.name and entry.is_dir())
            )
    except OSError:
        return frozenset()
    if time.time_ns() - changed > _RACY_NS:
        _listed[folder] = (changed, names)
    return names


def _ask_for(info: PythonInfo, tops: list[str]) -> frozenset[str]:
    """Those of `tops` that the interpreter itself says it lacks; none when it does not say."""
    try:
        lacks, where = _ask(info.executable, _FIND, *tops)
    except (OSError, subprocess.SubprocessError, ValueError):
        return frozenset()
    stamps = _stamps(where)
    if all(time.time_ns() - changed > _RACY_NS for _, changed in stamps):
        for top in lacks:
            _lacked[(info.executable, top)] = stamps
    return frozenset(lacks)


def _still_lacks(info: PythonInfo, top: str) -> bool:
    stamps = _lacked.get((info.executable, top))
    if stamps is None:
        return False
    return _stamps([path for path, _ in stamps if not path.endswith(".pth")]) == stamps


def _stamps(folders: Iterable[str]) -> _Stamps:
    """Times of change of folders and of the .pth files in them, 0 for what is not there."""
    found = []
    for folder in dict.fromkeys(folders):
        found.append((folder, _changed(folder) or 0))
        for file in sorted(Path(folder).glob("*.pth")):
            found.append((str(file), _changed(str(file)) or 0))
    return tuple(found)


def _changed(path: str) -> int | None:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116  (asked on every submit)
    except OSError:
        return None
