"""What can be known to fail before a run is queued.

Errors are certainties, each one a sentence that says what to do; warnings are likely trouble.
"""

from __future__ import annotations

import ast
import difflib
import os
import posixpath
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, TypeVar

from jupyter_mltrain.environments.packages import package_of
from jupyter_mltrain.environments.python import SyntaxProblem, parse_here
from jupyter_mltrain.service.arguments import (
    FileUse,
    Parser,
    argument_problems,
    files_read,
    read_parser,
)
from jupyter_mltrain.service.imports import (
    ImportFacts,
    ModuleUse,
    Walk,
    executed,
    follow_imports,
    import_facts,
    local_folder_or_extension,
)
from jupyter_mltrain.service.launching import is_program
from jupyter_mltrain.service.notebooks import NoNotebook, Notebook
from jupyter_mltrain.service.notebooks import read as read_notebook
from jupyter_mltrain.service.pythons import Python
from jupyter_mltrain.service.trees import Tree
from jupyter_mltrain.spec import CELL_SCRIPT, CellSpec

_LARGEST_BYTES: Final = 5_000_000
"""Larger files are data that happens to be called .py; they are not read."""

_OURS: Final = frozenset({"_mltrain_run", "azureml", "jupyter_mltrain"})
"""Modules that every run finds, installed or not."""

_NOTEBOOK_NEEDS: Final = ("nbclient", "ipykernel")
"""What the interpreter of a notebook's run has to have."""

_MOVES_PATH: Final = frozenset(
    {"HOME", "PYTHONHOME", "PYTHONNOUSERSITE", "PYTHONPATH", "PYTHONSAFEPATH", "PYTHONUSERBASE"}
)
"""Variables that change where a run's Python looks for modules."""

_PUT_IT: Final = "Put it into the folder, or give an absolute path."
_REMEMBERED: Final = 256
_HEAD: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What the checks found, in whole sentences; all empty when nothing is wrong."""

    problems: tuple[tuple[str, str], ...] = ()
    """Certainties: a sentence, and one that says what to do."""
    warnings: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[str, ...]:
        """Certainties, each with what to do."""
        return tuple(f"{sentence} {advice}".rstrip() for sentence, advice in self.problems)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Examined:
    """Everything there is to know of one source text; nothing when `problem` says why."""

    unknown: bool = False
    """It could not be read here, which proves nothing."""
    problem: SyntaxProblem | None = None
    imports: ImportFacts | None = None
    parser: Parser | None = None
    reads: tuple[FileUse, ...] = ()
    keyboard_line: int | None = None


_Digest = bytes
K = TypeVar("K")
V = TypeVar("V")

# Memories of pure functions; losing an entry only costs time, so threads need no lock.
_examined: dict[tuple[_Digest, bool], _Examined] = {}
_judged: dict[tuple[_Digest, bool, str, tuple[int, int, int]], SyntaxProblem | None] = {}
_argued: dict[tuple[_Digest, str, tuple[str, ...]], tuple[str, ...]] = {}


def check(
    files: Tree,
    script: str,
    arguments: tuple[str, ...] = (),
    cell: CellSpec | None = None,
    python: Python | None = None,
    variables: Mapping[str, str] | None = None,
    *,
    lacks_python: str | None = None,
    force: bool = False,
) -> Report:
    """Look for what will go wrong with a run of `script`.

    Parameters
    ----------
    python
        The interpreter that runs it; None when it is not known, then imports are not checked.
    variables
        What the run's environment sets beyond this process's own.
    lacks_python
        What is wrong when the script needs a Python; `None` when there is one, or may be.
    force
        Certainties become warnings, except that there is a script at all.
    """
    names = files.names
    if script not in names:
        return Report(problems=((_no_script(files, names, script), ""),))
    if not script.endswith((".py", ".ipynb")) and is_program(script, files.read(script)[:_HEAD]):
        return Report()
    if lacks_python is not None and not force:
        return Report(problems=((lacks_python, ""),))
    checker = _Checker(files, names, script, cell, python, variables or {})
    try:
        checker.check(arguments)
    except (RecursionError, MemoryError):
        return Report()  # code that is too deep to look at is left to Python
    if force:
        plain = [sentence for sentence, _ in checker.errors]
        return Report(warnings=(*plain, *checker.warnings))
    return Report(problems=tuple(checker.errors), warnings=tuple(checker.warnings))


@dataclass(slots=True)
class _Checker:
    """One check of one script."""

    files: Tree
    names: Collection[str]
    script: str
    cell: CellSpec | None
    python: Python | None
    variables: Mapping[str, str]
    errors: list[tuple[str, str]] = field(default_factory=list)
    """Sentence and advice."""
    warnings: list[str] = field(default_factory=list)
    sources: dict[str, tuple[_Digest, bytes]] = field(default_factory=dict)
    notebook: Notebook | None = None

    def check(self, arguments: tuple[str, ...]) -> None:
        if self.script.endswith(".ipynb") and not self._open_notebook():
            return
        examined = self._examine(self.script)
        problem = self._syntax(self.script, examined)
        if problem is not None:
            self._not_python(self.script, problem)
            return
        if examined.imports is None:
            return
        if self.python is not None:
            self._imports(self.python)
        if examined.parser is not None and self.notebook is None:
            self.warnings += self._arguments(examined.parser, arguments)
        for use in examined.reads:
            self._file(use)
        if examined.keyboard_line is not None:
            self.warnings.append(
                f"{self._at(self.script, examined.keyboard_line)} calls input(), "
                "but a run has no keyboard. Pass the value as an argument."
            )

    def _open_notebook(self) -> bool:
        """Read the notebook, and look for what executes it; tells whether it is one."""
        try:
            self.notebook = read_notebook(self.files.read(self.script))
        except NoNotebook as problem:
            advice = "Open it in JupyterLab and save it again."
            self.errors.append((f"{self.script} {problem}.", advice))
            return False
        missing = self.python.lacking(_NOTEBOOK_NEEDS) if self.python is not None else ()
        if missing and self.python is not None:
            names = sorted(missing)
            sentence = (
                f"{self.script} is executed by {' and '.join(_NOTEBOOK_NEEDS)}, and "
                f"{self.python.label} does not have {' and '.join(names)}."
            )
            self.errors.append((sentence, self.python.remedy(names)))
        return True

    def _source(self, name: str) -> tuple[_Digest, bytes]:
        known = self.sources.get(name)
        if known is None:
            if self.notebook is not None and name == self.script:
                source = self.notebook.source.encode("utf-8", "replace")
            else:
                source = self.files.read(name)
            known = self.sources[name] = (blake2b(source, digest_size=16).digest(), source)
        return known

    def _is_cell(self, name: str) -> bool:
        return name == self.script and (self.cell is not None or name == CELL_SCRIPT)

    def _may_await(self, name: str) -> bool:
        """Whether `await` may stand outside of functions."""
        return self._is_cell(name) or (self.notebook is not None and name == self.script)

    def _examine(self, name: str) -> _Examined:
        digest, source = self._source(name)
        key = (digest, self._may_await(name))
        known = _examined.get(key)
        if known is None:
            known = _examine(source, cell=key[1])
            _remember(_examined, key, known)
        return known

    def _facts(self, name: str) -> ImportFacts | None:
        return self._examine(name).imports

    def _syntax(self, name: str, examined: _Examined) -> SyntaxProblem | None:
        """What the run's own interpreter will certainly refuse.

        A Python of the same minor version speaks for it. What a newer one does not like may be
        fine for ours and the other way round, so where they differ it is asked itself: always
        about the script when it is older, otherwise only when this process sees a problem.
        """
        if self.python is None or (examined.unknown and examined.problem is None):
            return None
        version = self.python.version
        if version[:2] == sys.version_info[:2]:
            return examined.problem
        older = version[:2] < sys.version_info[:2] and name == self.script
        if examined.problem is None and not older:
            return None
        digest, source = self._source(name)
        key = (digest, self._may_await(name), self.python.label, version)
        if key not in _judged:
            found = self.python.syntax_problem(source, cell=key[1])
            _remember(_judged, key, found)
            return found
        return _judged[key]

    def _not_python(self, name: str, problem: SyntaxProblem) -> None:
        text = (problem.text or "").strip()
        quoted = f" (`{text if len(text) <= 60 else text[:59] + '…'}`)" if text else ""
        where = name if problem.line is None else self._at(name, problem.line)
        self.errors.append((f"{where}: {problem.message}{quoted}.", "Correct it and submit again."))

    def _imports(self, python: Python) -> None:
        walk = follow_imports(self.names, self.script, self._facts, python.stdlib, python.builtins)
        self._broken(walk, python)
        certain = not any(self._moves_path(name) for name in self.variables)
        wanted = [use for name, use in walk.uses.items() if name not in _OURS]
        missing = python.lacking(use.module for use in wanted)
        for use in wanted:
            if use.module in missing and not local_folder_or_extension(
                self.names, self.script, use.module
            ):
                self._missing(use, python, certain=certain and _reached(use, python))

    def _moves_path(self, name: str) -> bool:
        """Whether a variable makes the run's Python look elsewhere than the probed one did."""
        probed = "" if name == "PYTHONPATH" else os.environ.get(name, "")
        return name in _MOVES_PATH and self.variables[name] != probed

    def _broken(self, walk: Walk, python: Python) -> None:
        """Report local modules that are certainly imported and certainly no Python."""
        for use in walk.unread:
            if _reached(use, python):
                problem = self._syntax(use.file, self._examine(use.file))
                if problem is not None:
                    self._not_python(use.file, problem)

    def _missing(self, use: ModuleUse, python: Python, *, certain: bool) -> None:
        where = f"{self._at(use.file, use.line)} imports {use.module}"
        stem = posixpath.join(posixpath.dirname(self.script), use.module)
        for file in (f"{stem}.py", f"{stem}/__init__.py"):
            reason = self.files.ignored(file)
            if reason is not None:
                sentence = f"{where}, but {file} is {reason}."
                advice = "Ship it."
                break
        else:
            if use.module in sys.stdlib_module_names:
                version = ".".join(map(str, python.version[:2]))
                sentence = f"{where}, which Python {version} ({python.label}) does not have."
                advice = "Use another Python version."
            else:
                sentence = f"{where}, which {python.label} does not have."
                advice = python.remedy([package_of(use.module)])
        if certain:
            self.errors.append((sentence, advice))
        else:
            self.warnings.append(sentence)

    def _arguments(self, parser: Parser, arguments: tuple[str, ...]) -> tuple[str, ...]:
        label = "The cell" if self._is_cell(self.script) else self.script
        key = (self._source(self.script)[0], label, arguments)
        known = _argued.get(key)
        if known is None:
            known = argument_problems(parser, arguments, label)
            _remember(_argued, key, known)
        return known

    def _file(self, use: FileUse) -> None:
        path = posixpath.normpath(use.name)
        if path in self.names:
            return
        where = f"{self._at(self.script, use.line)} reads {use.name}"
        reason = self.files.ignored(path)
        if reason is not None:
            self.warnings.append(f"{where}, which is {reason}. Take it out of there to ship it.")
        elif path.startswith("../"):
            self.warnings.append(
                f"{where}, which lies outside the source folder and stays behind. Name a folder "
                "that holds both with --source, or give an absolute path."
            )
        elif not any(name.startswith(f"{path}/") for name in self.names):
            ship = "Add --source . to ship this folder." if self.cell else _PUT_IT
            self.warnings.append(f"{where}, which is not among the run's files. {ship}")

    def _at(self, name: str, line: int) -> str:
        if self.notebook is not None and name == self.script:
            cell, line = self.notebook.place(line)
            return f"{name} cell {cell} line {line}"
        return f"{'Cell' if self._is_cell(name) else name} line {line}"


def _reached(use: ModuleUse, python: Python) -> bool:
    """Whether the import certainly runs, and through the run's own folders."""
    return use.certain and python.lacking(use.through) == use.through


def _examine(source: bytes, *, cell: bool) -> _Examined:
    if len(source) > _LARGEST_BYTES:
        return _Examined(unknown=True)
    if b"\0" in source:
        return _Examined(unknown=True)  # older releases of Python run such files
    try:
        tree = parse_here(source, cell=cell)
        return _Examined(
            imports=import_facts(tree),
            parser=read_parser(tree),
            reads=files_read(tree),
            keyboard_line=_keyboard_line(tree),
        )
    except SyntaxError as error:
        problem = SyntaxProblem(message=error.msg, line=error.lineno or None, text=error.text)
        return _Examined(problem=problem)
    except (ValueError, RecursionError, MemoryError):
        return _Examined(unknown=True)


def _keyboard_line(tree: ast.Module) -> int | None:
    """Line of the first `input()` that runs as soon as the script does."""
    lines = []
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "input":
            return None
        for node in executed(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                lines += [node.lineno] if node.func.id == "input" else []
    return min(lines, default=None)


def _no_script(files: Tree, paths: Collection[str], script: str) -> str:
    names = sorted(paths)
    inside = [name for name in names if name.startswith(f"{script.rstrip('/')}/")]
    if inside:
        example = next((name for name in inside if name.endswith(".py")), inside[0])
        return f"{script} is a folder. Name the script in it, for example {example}."
    reason = files.ignored(script)
    if reason is not None:
        return f"The script {script} is {reason}. Take that line out, or name another script."
    scripts = [name for name in names if name.endswith((".py", ".ipynb"))]
    base = posixpath.basename(script)
    close = [name for name in scripts if posixpath.basename(name) == base]
    if not close:
        stems = {posixpath.splitext(name)[0]: name for name in scripts}
        alike = difflib.get_close_matches(posixpath.splitext(script)[0], stems, n=1)
        close = [stems[stem] for stem in alike]
    if close:
        return f"There is no script {script} in the source folder. Did you mean {close[0]}?"
    listed = ", ".join(scripts[:5]) + (" …" if len(scripts) > 5 else "")
    has = f"It has {listed}." if scripts else "It has no .py file."
    return f"There is no script {script} in the source folder. {has}"


def _remember(memory: dict[K, V], key: K, value: V) -> None:
    if len(memory) >= _REMEMBERED:
        memory.clear()
    memory[key] = value
