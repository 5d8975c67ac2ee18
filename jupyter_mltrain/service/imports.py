"""Which modules a script certainly imports, and through which of its own files.

*Certainly* means: the statement stands in the body of a module, and nothing runs before it that
could end the script or change where modules come from. Everything else is only likely.
"""

from __future__ import annotations

import ast
import builtins
import posixpath
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Set
from dataclasses import dataclass, field
from typing import Final

_CHANGES_IMPORTS: Final = frozenset(
    {"ensurepip", "findspark", "imp", "importlib", "pip", "pkg_resources", "pkgutil", "pyximport"}
    | {"runpy", "setuptools", "site", "zipimport"}
)
"""Modules whose use may make other modules importable."""

_HARMLESS_IMPORTLIB: Final = frozenset({"importlib.metadata", "importlib.resources"})

_SYS_IMPORT_STATE: Final = frozenset({"meta_path", "modules", "path", "path_hooks"})

_RISKY_BUILTINS: Final = frozenset({"__import__", "eval", "exec", "exit", "quit"})

_RISKY_CALLS: Final = frozenset(
    {"os._exit", "os.abort", "os.fork", "os.forkpty", "os.kill", "os.popen", "os.system"}
    | {"multiprocessing.Process", "sys.exit", "threading.Thread"}
)

_RISKY_STDLIB: Final = frozenset({"subprocess", "pty", "code", "ctypes", "unittest"})

_HARMLESS_PACKAGES: Final = frozenset(
    {"matplotlib", "numpy", "pandas", "seaborn", "sklearn", "tensorflow", "torch"}
)
"""Packages whose calls neither end a script nor change where modules come from."""

_BUILTINS: Final = frozenset(dir(builtins)) - _RISKY_BUILTINS


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportStep:
    """One import statement that runs when its module does."""

    line: int
    module: str
    """Dotted; empty in `from . import x`."""
    names: tuple[str, ...] = ()
    """What a `from` import takes."""
    level: int = 0
    """How many dots a relative import starts with."""
    certain: bool = True
    """Within its module, nothing before it could keep it from running as it stands."""
    conditional: bool = False
    """It stands under an `if`, `try`, `with` … and may not run at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportFacts:
    """What one source text says about imports."""

    steps: tuple[ImportStep, ...]
    """In order."""
    doubtful: bool
    """After this module has run, imports elsewhere are no certainty either."""
    bound: frozenset[str]
    """Names that the module's body defines or assigns."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModuleUse:
    """A module that is not among the run's files, where it is first imported."""

    file: str
    line: int
    module: str
    """First part of the dotted name."""
    certain: bool
    through: frozenset[str] = frozenset()
    """Local folders without `__init__.py` on the way: an installed package of that name wins."""


@dataclass(kw_only=True, slots=True)
class Walk:
    """What following the imports from a script finds."""

    uses: dict[str, ModuleUse] = field(default_factory=dict)
    """By module, in the order of the imports. Certain uses replace likely ones."""
    unread: list[ModuleUse] = field(default_factory=list)
    """Local files that are no Python here; their `line` says nothing."""
    certain: bool = True
    through: frozenset[str] = frozenset()
    seen: set[str] = field(default_factory=set)


def executed(statement: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs when the statement does: no bodies of functions, in no fixed order."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += [*node.decorator_list, *node.args.defaults]
            waiting += [default for default in node.args.kw_defaults if default is not None]
        elif isinstance(node, ast.Lambda):
            waiting += node.args.defaults
        elif isinstance(node, ast.If) and _is_type_checking(node.test):
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def import_facts(tree: ast.Module) -> ImportFacts:
    """Read a module's imports in order, with what could come between."""
    reader = _Reader(doubt=any(_touches_imports(node) for node in ast.walk(tree)))
    for statement in tree.body:
        reader.read(statement)
    return ImportFacts(
        steps=tuple(reader.steps), doubtful=reader.doubt, bound=frozenset(reader.bound)
    )


def follow_imports(
    names: Collection[str],
    script: str,
    facts_of: Callable[[str], ImportFacts | None],
    stdlib: Set[str],
    builtin: Set[str],
) -> Walk:
    """Follow imports from `script` through the run's own files, depth first as Python does.

    Parameters
    ----------
    names
        Paths of the run's files; the script's folder is where local modules are found first.
    facts_of
        Gives a file's facts; None where it cannot be read as Python.
    stdlib, builtin
        The interpreter's own modules. A local file may be hidden by one of these.
    """
    found = names if isinstance(names, Set) else frozenset(names)
    follower = _Follower(found, posixpath.dirname(script), facts_of, stdlib, builtin)
    follower.visit(script)
    return follower.walk


class _Reader:
    """Reads the statements of one module body, first to last."""

    def __init__(self, *, doubt: bool) -> None:
        self.doubt = doubt
        self.steps: list[ImportStep] = []
        self.bound: set[str] = set()
        self._modules: dict[str, str] = {}
        self._plain: set[str] = set()

    def read(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            self._import(statement, conditional=False)
            return
        risky = False
        for node in executed(statement):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._import(node, conditional=True)
            risky = risky or self._risky(node)
        self.doubt = self.doubt or risky
        self._bind(statement)

    def _import(self, node: ast.Import | ast.ImportFrom, *, conditional: bool) -> None:
        certain = not (self.doubt or conditional)
        if isinstance(node, ast.Import):
            for alias in node.names:
                self._modules[alias.asname or alias.name.partition(".")[0]] = alias.name
                step = ImportStep(
                    line=node.lineno, module=alias.name, certain=certain, conditional=conditional
                )
                self.steps.append(step)
            return
        module = node.module or ""
        for alias in node.names:
            origin = f"{module}.{alias.name}" if node.level == 0 else ""
            self._modules[alias.asname or alias.name] = origin
        self.steps.append(
            ImportStep(
                line=node.lineno,
                module=module,
                names=tuple(alias.name for alias in node.names),
                level=node.level,
                certain=certain,
                conditional=conditional,
            )
        )

    def _bind(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self.bound.add(statement.name)
            self._plain.discard(statement.name)
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names = {target.id for target in targets if isinstance(target, ast.Name)}
            self.bound |= names
            reads = [n for n in executed(statement) if isinstance(n, ast.Name)]
            plain = all(self._harmless(n) for n in reads if isinstance(n.ctx, ast.Load))
            self._plain = self._plain | names if plain else self._plain - names

    def _risky(self, node: ast.AST) -> bool:
        """Whether running the node may end the script or change where modules come from."""
        if isinstance(node, ast.Raise):
            return True
        if isinstance(node, ast.Call):
            return not self._harmless(node.func)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return not all(self._harmless(decorator) for decorator in node.decorator_list)
        return False

    def _harmless(self, called: ast.expr) -> bool:
        parts: list[str] = []
        while not isinstance(called, ast.Name):
            if isinstance(called, ast.Attribute):
                parts.append(called.attr)
                called = called.value
            elif isinstance(called, ast.Call):
                called = called.func
            elif isinstance(called, ast.Subscript):
                called = called.value
            else:
                return isinstance(called, ast.Constant | ast.JoinedStr)
        if called.id in self._modules:
            dotted = ".".join([self._modules[called.id], *reversed(parts)])
            return _harmless_origin(dotted)
        if called.id in self.bound and called.id not in self._plain:
            return False
        if parts and parts[0] in {"parse_args", "setter", "getter", "deleter"}:
            return parts[0] != "parse_args"
        return called.id in self._plain or called.id in _BUILTINS


class _Follower:
    """Goes from file to file in the order in which Python would run them."""

    def __init__(
        self,
        names: Set[str],
        base: str,
        facts_of: Callable[[str], ImportFacts | None],
        stdlib: Set[str],
        builtin: Set[str],
    ) -> None:
        self.walk = Walk()
        self._names = names
        self._base = base
        self._facts_of = facts_of
        self._stdlib = stdlib
        self._builtin = builtin

    def visit(self, file: str) -> None:
        walk = self.walk
        if file in walk.seen:
            return
        walk.seen.add(file)
        facts = self._facts_of(file)
        if facts is None:
            use = ModuleUse(
                file=file, line=0, module=file, certain=walk.certain, through=walk.through
            )
            walk.unread.append(use)
            walk.certain = False
            return
        for step in facts.steps:
            self._step(file, step)
        if facts.doubtful:
            walk.certain = False

    def _step(self, file: str, step: ImportStep) -> None:
        base = self._base
        if step.level:
            base = posixpath.dirname(file)
            for _ in range(step.level - 1):
                base = posixpath.dirname(base)
            if base == self._base or not base.startswith(self._base):
                return  # outside of any package: Python's own message says it best
        parts = step.module.split(".") if step.module else []
        if not step.level and (parts[0] in self._builtin or parts[0] == "__future__"):
            return
        found = step.level > 0 or self._find(base, parts[0]) is not None
        local = found or self._in_plain_folders(base, parts, step.names)
        if local and step.conditional:
            self.walk.certain = False
        elif local and not step.level and parts[0] in self._stdlib:
            self.walk.certain = False  # either of the two may be the one that is imported
        elif local:
            certain = self.walk.certain
            through = self.walk.through
            self.walk.certain = certain and step.certain
            self.walk.through = through if found else through | {parts[0]}
            self._visit_parts(base, parts, step.names)
            self.walk.certain = self.walk.certain and certain
            self.walk.through = through
        elif not step.conditional:
            self._use(file, step, parts[0])

    def _use(self, file: str, step: ImportStep, top: str) -> None:
        certain = self.walk.certain and step.certain
        known = self.walk.uses.get(top)
        if known is None or (certain and not known.certain):
            self.walk.uses[top] = ModuleUse(
                file=file, line=step.line, module=top, certain=certain, through=self.walk.through
            )

    def _visit_parts(self, base: str, parts: Iterable[str], names: Iterable[str]) -> None:
        found: str | None = None
        for part in parts:
            found = self._find(base, part)
            base = posixpath.join(base, part)
            if found is None:
                continue  # a folder without __init__.py; what is in it may be a module
            self.visit(found)
        if found is not None and not found.endswith("__init__.py"):
            return
        facts = self._facts_of(found) if found is not None else None
        for name in names:
            inner = self._find(base, name)
            if inner is not None and (facts is None or name not in facts.bound):
                self.visit(inner)

    def _in_plain_folders(self, base: str, parts: list[str], names: Iterable[str]) -> bool:
        """Whether the import ends at a file in folders that have no `__init__.py`."""
        folder = posixpath.join(base, *parts[:-1])
        if len(parts) > 1 and self._find(folder, parts[-1]) is not None:
            return True
        return any(self._find(posixpath.join(folder, parts[-1]), name) for name in names)

    def _find(self, base: str, part: str) -> str | None:
        stem = posixpath.join(base, part)
        for file in (f"{stem}/__init__.py", f"{stem}.py"):
            if file in self._names:
                return file
        return None


def local_folder_or_extension(names: Iterable[str], script: str, module: str) -> bool:
    """Whether the run's files hold `module` as a folder without `__init__.py` or compiled."""
    stem = posixpath.join(posixpath.dirname(script), module)
    suffixes = (".so", ".pyd", ".pyc")
    return any(
        name.startswith(f"{stem}/") or (name.startswith(f"{stem}.") and name.endswith(suffixes))
        for name in names
    )


def _harmless_origin(dotted: str) -> bool:
    top, _, rest = dotted.partition(".")
    if top in _HARMLESS_PACKAGES:
        return True
    if top not in sys.stdlib_module_names or top in _RISKY_STDLIB:
        return False
    if top == "os" and rest.startswith(("exec", "spawn", "posix_spawn")):
        return False
    return dotted not in _RISKY_CALLS


def _touches_imports(node: ast.AST) -> bool:
    """Whether the node uses something that decides where modules come from."""
    if isinstance(node, ast.Import):
        return any(_changes_imports(alias.name) for alias in node.names)
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        if node.module == "sys":
            return any(alias.name in _SYS_IMPORT_STATE for alias in node.names)
        if node.module == "importlib":
            return any(f"importlib.{alias.name}" not in _HARMLESS_IMPORTLIB for alias in node.names)
        return _changes_imports(node.module)
    if isinstance(node, ast.Attribute):
        return (
            node.attr in _SYS_IMPORT_STATE
            and isinstance(node.value, ast.Name)
            and node.value.id == "sys"
        )
    return isinstance(node, ast.Name) and node.id in {"__import__", "exec"}


def _changes_imports(module: str) -> bool:
    if any(module == name or module.startswith(f"{name}.") for name in _HARMLESS_IMPORTLIB):
        return False
    return module.partition(".")[0] in _CHANGES_IMPORTS


def _is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", None)
    return name == "TYPE_CHECKING"
