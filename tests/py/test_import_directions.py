"""Imports go one way, as design.md, section 4 draws them; every file of the package is looked at.

`RULES` is the picture. An import inside a function counts; one for the type checker alone does
not, since it binds nothing when the code runs.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import jupyter_mltrain

PACKAGE = "jupyter_mltrain"
ROOT = Path(jupyter_mltrain.__file__).parent

BASE = {"spec", "errors", "units", "_version"}
RULES: dict[str, set[str]] = {
    # What everybody may know, and what it knows itself: nothing of ours.
    "spec": set(),
    "errors": set(),
    "units": set(),
    "_version": set(),
    "runtime": set(),
    "wire": BASE,
    "workspaces": BASE,
    "secrets": BASE | {"workspaces"},
    # What the service stands on: none of these knows of another.
    "store": BASE | {"wire"},
    "engine": BASE,
    "environments": BASE | {"wire", "engine", "secrets"},
    "compute": BASE | {"wire", "engine"},
    "data": BASE | {"wire", "secrets"},
    "service": BASE
    | {"wire", "workspaces", "secrets", "runtime", "store", "engine", "environments", "compute"}
    | {"data", ""},
    # What users stand on: the service is reached over its socket only.
    "connection": BASE | {"wire", "workspaces", ""},
    "client": BASE | {"wire", "connection"},
    "core": BASE | {"wire", "workspaces", "client", "runtime", "secrets", "data"},
    "magics": BASE | {"wire", "workspaces", "client", "core"},
    "widgets": BASE | {"wire", "workspaces", "client", "core", "magics"},
    "cli": BASE | {"wire", "workspaces", "client", "core", ""},
    "azureml": BASE | {"wire", "client", "core", "widgets"},
    "tracking": BASE | {"wire", "workspaces", "client", "core", "runtime"},
    "server": BASE | {"wire", "workspaces", "client", "connection", "core"},
    # The package itself: public names and Jupyter's entry points.
    "": {"_version", "core", "magics", "widgets", "server"},
}
"""Part of the package -> the parts it may import; ``""`` is the package itself."""

ONLY_IN: dict[str, set[str]] = {
    "IPython": {"magics", "widgets"},
    "traitlets": {"server"},
    "jupyter_server": {"server"},
    "ipywidgets": {"widgets"},
    "docker": {"engine"},
    "rattler": {"environments"},
    "keyring": {"secrets"},
    "fsspec": {"data"},
    "tornado": {"service", "server"},
    "sqlite3": {"store"},
    "pynvml": {"compute"},
}
"""Libraries that belong to some parts alone."""

LIGHT = (
    *("spec/base.py", "spec/computes.py", "spec/environments.py", "spec/runs.py", "errors.py"),
    *("compute/reaper.py", "compute/processes.py", "compute/launcher.py"),
)
"""Files that live in small processes or are imported by everybody."""


def part_of(module: str) -> str:
    """``store`` for ``jupyter_mltrain.store.runs``, the empty string for the package itself."""
    return module.removeprefix(PACKAGE).lstrip(".").partition(".")[0]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join((PACKAGE, *parts)).removesuffix(".__init__")


def _is_type_checking(node: ast.AST) -> bool:
    if not isinstance(node, ast.If):
        return False
    names = {name.id for name in ast.walk(node.test) if isinstance(name, ast.Name)}
    return "TYPE_CHECKING" in names


def _statements(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif _is_type_checking(child):
            for other in child.orelse:  # type: ignore[attr-defined]
                yield from _statements(other)
        else:
            yield from _statements(child)


def imports_of(module: str, source: str, is_package: bool) -> Iterator[str]:
    """Full names of everything that a module imports, relative ones resolved."""
    for node in _statements(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
            continue
        name = node.module or ""
        if node.level:
            package = module if is_package else module.rpartition(".")[0]
            for _ in range(node.level - 1):
                package = package.rpartition(".")[0]
            name = f"{package}.{name}".rstrip(".")
        if name == PACKAGE:
            yield from (_what(alias.name) for alias in node.names)
        else:
            yield name


def _what(name: str) -> str:
    """A module, or a public name of the package itself."""
    is_module = (ROOT / f"{name}.py").exists() or (ROOT / name).is_dir()
    return f"{PACKAGE}.{name}" if is_module else PACKAGE


def files() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if "examples" not in path.parts)


def problems(module: str, source: str, is_package: bool = False) -> list[str]:
    """What a module imports and must not."""
    part, found = part_of(module), []
    for name in imports_of(module, source, is_package):
        top = name.partition(".")[0]
        if top == PACKAGE:
            other = part_of(name)
            if other != part and other not in RULES[part]:
                found.append(f"{module} imports {name}")
        elif part not in ONLY_IN.get(top, {part}):
            found.append(f"{module} imports {top}")
    return found


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_what_its_part_may_know(path: Path) -> None:
    module = module_of(path)
    assert part_of(module) in RULES, f"{path} is in no part that the design names"
    assert problems(module, path.read_text(), path.name == "__init__.py") == []


@pytest.mark.parametrize("name", LIGHT)
def test_a_file_for_small_processes_imports_next_to_nothing(name: str) -> None:
    path = ROOT / name
    # What is imported inside a function costs only those who call it.
    body = [
        node for node in ast.parse(path.read_text()).body if not isinstance(node, ast.FunctionDef)
    ]
    source = ast.unparse(ast.Module(body, []))
    tops = {found.partition(".")[0] for found in imports_of(module_of(path), source, False)}
    slow = {"asyncio", "logging", "subprocess"}
    extra = set() if name.startswith("compute/") else {"msgspec"}
    assert tops <= {PACKAGE, *sys.stdlib_module_names, *extra} - slow


def test_what_travels_into_a_run_imports_only_the_standard_library_and_itself() -> None:
    found = set()
    for path in sorted((ROOT / "runtime/path").rglob("*.py")):
        module = module_of(path)
        for name in imports_of(module, path.read_text(), path.name == "__init__.py"):
            if not name.startswith((f"{PACKAGE}.runtime.path", "_mltrain_run")):
                found.add(name.partition(".")[0])
    # A figure is saved by the user's own matplotlib; a variable is pickled by what is there, and a
    # notebook executed. MLflow itself loads what is its own.
    assert found - set(sys.stdlib_module_names) <= {
        *("matplotlib", "cloudpickle", "IPython", "pandas"),
        *("nbclient", "nbformat", "jupyter_client", "zmq", "mlflow"),
    }


# The test itself


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("store.runs", "from jupyter_mltrain.service import verbs"),
        ("store.runs", "import jupyter_mltrain.compute.base"),
        ("client", "def late():\n    from jupyter_mltrain import service"),
        ("core.run", "if x:\n    from jupyter_mltrain.service.verbs import Verbs"),
        ("core.run", "import IPython"),
        ("cli", "from traitlets.config import Config"),
        ("magics.views", "from jupyter_mltrain.store import runs"),
        ("spec", "from . import errors"),
    ],
)
def test_a_wrong_import_is_found_wherever_it_is(module: str, source: str) -> None:
    assert len(problems(f"{PACKAGE}.{module}", source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("store.runs", "from jupyter_mltrain.store import database"),
        ("store.runs", "from . import database"),
        ("core.run", "if TYPE_CHECKING:\n    import IPython"),
        ("magics.views", "import IPython.display"),
        ("client", "from jupyter_mltrain import errors, wire"),
    ],
)
def test_a_right_import_is_not(module: str, source: str) -> None:
    assert problems(f"{PACKAGE}.{module}", source) == []
