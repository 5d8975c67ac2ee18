"""Which imports of a script are a certainty."""

from __future__ import annotations

import ast
import sys
import textwrap

import pytest

from jupyter_mltrain.service.imports import (
    Walk,
    follow_imports,
    import_facts,
    local_folder_or_extension,
)


def a_walk(script: str, files: dict[str, str] | None = None, name: str = "train.py") -> Walk:
    """Follow the imports of `script` among `files`."""
    texts = {name: script, **(files or {})}
    facts = {}
    for path, text in texts.items():
        try:
            facts[path] = import_facts(ast.parse(textwrap.dedent(text)))
        except SyntaxError:
            continue
    return follow_imports(
        texts.keys(),
        name,
        facts.get,
        sys.stdlib_module_names,
        frozenset(sys.builtin_module_names),
    )


def certain(script: str, files: dict[str, str] | None = None, name: str = "train.py") -> list[str]:
    """Modules certainly imported, as ``file:line module``, standard library left out."""
    uses = a_walk(script, files, name).uses.values()
    return [
        f"{use.file}:{use.line} {use.module}"
        for use in uses
        if use.certain and use.module not in sys.stdlib_module_names
    ]


def test_imports_in_the_body_are_certain() -> None:
    assert certain("import numpy as np, torch.nn\nfrom sklearn.svm import SVC\n") == [
        "train.py:1 numpy",
        "train.py:1 torch",
        "train.py:2 sklearn",
    ]


@pytest.mark.parametrize(
    "around",
    [
        "try:\n    import xgboost\nexcept ImportError:\n    xgboost = None",
        "if gpu:\n    import xgboost",
        "with quiet():\n    import xgboost",
        "def f():\n    import xgboost",
        "class A:\n    import xgboost",
        "for _ in ():\n    import xgboost",
        "if TYPE_CHECKING:\n    import xgboost",
    ],
)
def test_imports_under_a_condition_are_not_looked_at(around: str) -> None:
    assert "xgboost" not in a_walk(around).uses


@pytest.mark.parametrize(
    "before",
    [
        "import sys\nsys.exit(0)",
        "exit()",
        "raise SystemExit",
        "import os\nos._exit(0)",
        "import os, sys\nos.execv(sys.executable, [])",
        "import os\nos.system('pip install xgboost')",
        "import subprocess\nsubprocess.run(['pip', 'install', 'xgboost'])",
        "import sys\nif len(sys.argv) < 2:\n    sys.exit('usage')",
        "from sys import exit as leave\nleave()",
        "import sys\nsys.path.append('/opt/lib')",
        "import sys\nsys.meta_path.insert(0, object)",
        "from sys import path\npath.append('x')",
        "import site\nsite.addsitedir('x')",
        "import importlib\nimportlib.import_module('x')",
        "from importlib import util",
        "import pip",
        "__import__('x')",
        "exec('1')",
        "import findspark\nfindspark.init()",
        "import unknown\nunknown.setup()",
        "def main(): pass\nmain()",
        "import unknown\n@unknown.register\ndef f(): pass",
        "import argparse\np = argparse.ArgumentParser()\np.parse_args()",
        "x = [f() for f in plugins]",
        "def g():\n    import sys\n    sys.path.insert(0, 'x')",
    ],
)
def test_after_what_may_end_the_script_or_bring_modules_nothing_is_certain(before: str) -> None:
    use = a_walk(f"{before}\nimport xgboost\n").uses["xgboost"]
    assert not use.certain


@pytest.mark.parametrize(
    "before",
    [
        "import warnings\nwarnings.filterwarnings('ignore')",
        "import numpy as np\nnp.random.seed(0)",
        "import matplotlib\nmatplotlib.use('Agg')",
        "import logging\nlogger = logging.getLogger()\nlogger.setLevel('INFO')",
        "import os\nos.environ.setdefault('A', '1')\nos.makedirs('x', exist_ok=True)",
        "print('hello')",
        "x = 'a b'.split()",
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int = 1",
        "class A:\n    @property\n    def x(self): pass\n    @x.setter\n    def x(self, v): pass",
        "def f():\n    import sys\n    sys.exit(1)",
        "from importlib.metadata import version\nfrom importlib import resources",
        "f = lambda: exit()",
    ],
)
def test_what_only_prepares_leaves_imports_certain(before: str) -> None:
    assert a_walk(f"{before}\nimport xgboost\n").uses["xgboost"].certain


def test_local_files_are_followed_and_not_asked_for() -> None:
    files = {"model.py": "import json\n\nimport xgboost\n"}
    walk = a_walk("import model\n", files)
    assert "model" not in walk.uses
    assert certain("import model\n", files) == ["model.py:3 xgboost"]


def test_packages_run_from_the_outside_in() -> None:
    files = {
        "a/__init__.py": "import one",
        "a/b/__init__.py": "import two",
        "a/b/c.py": "import three",
    }
    assert certain("import a.b.c\n", files) == [
        "a/__init__.py:1 one",
        "a/b/__init__.py:1 two",
        "a/b/c.py:1 three",
    ]


def test_a_from_import_takes_modules_too() -> None:
    files = {"a/__init__.py": "", "a/b.py": "import xgboost"}
    assert certain("from a import b\n", files) == ["a/b.py:1 xgboost"]


def test_a_from_import_takes_what_the_package_defines_first() -> None:
    files = {"a/__init__.py": "def b(): pass", "a/b.py": "import xgboost"}
    assert certain("from a import b\n", files) == []


def test_relative_imports_are_followed_inside_a_package() -> None:
    files = {
        "a/__init__.py": "from .net import Net",
        "a/net.py": "from . import layers\nfrom .. import nothing",
        "a/layers.py": "import xgboost",
    }
    assert certain("import a\n", files) == ["a/layers.py:1 xgboost"]


def test_relative_imports_of_what_is_not_there_are_left_to_python() -> None:
    assert certain("from . import x\nfrom .y import z\nimport numpy\n") == ["train.py:3 numpy"]


@pytest.mark.parametrize(
    "script", ["from lib.net import f", "import lib.net", "from lib import net"]
)
def test_folders_without_init_are_followed_with_a_reservation(script: str) -> None:
    walk = a_walk(f"{script}\nimport two\n", {"lib/net.py": "import xgboost"})
    assert walk.uses["xgboost"].through == {"lib"}
    assert walk.uses["two"].through == frozenset()


def test_a_folder_that_no_import_ends_in_is_local_all_the_same() -> None:
    assert local_folder_or_extension(["lib/a/net.py"], "train.py", "lib")
    assert not local_folder_or_extension(["library/net.py"], "train.py", "lib")


@pytest.mark.parametrize("name", ["fast.so", "fast.cpython-311-x86_64-linux-gnu.so", "fast.pyc"])
def test_compiled_local_modules_are_seen(name: str) -> None:
    assert local_folder_or_extension([f"src/{name}"], "src/train.py", "fast")
    assert not local_folder_or_extension([name], "src/train.py", "fast")


def test_modules_are_looked_for_beside_the_script() -> None:
    files = {"src/model.py": "import xgboost", "model.py": "import wrong"}
    assert certain("import model\n", files, "src/train.py") == ["src/model.py:1 xgboost"]


def test_a_cycle_ends() -> None:
    files = {"a.py": "import b\nimport one", "b.py": "import a\nimport two"}
    assert certain("import a\n", files) == ["b.py:2 two", "a.py:2 one"]


def test_doubt_in_one_file_reaches_those_after_it_only() -> None:
    files = {"setup_paths.py": "import sys\nsys.path.append('x')"}
    assert certain("import one\nimport setup_paths\nimport two\n", files) == ["train.py:1 one"]


def test_a_local_file_under_a_condition_is_a_doubt() -> None:
    files = {"paths.py": "import sys\nsys.path.append('x')"}
    assert certain("try:\n    import paths\nexcept E: pass\nimport two\n", files) == []


def test_a_local_file_that_is_no_python_is_reported_and_a_doubt() -> None:
    walk = a_walk("import broken\nimport two\n", {"broken.py": "def f(:"})
    assert [(use.file, use.certain) for use in walk.unread] == [("broken.py", True)]
    assert not walk.uses["two"].certain


def test_a_local_file_named_as_a_standard_module_may_be_hidden_by_it() -> None:
    walk = a_walk("import random\nimport two\n", {"random.py": "import xgboost"})
    assert "xgboost" not in walk.uses
    assert not walk.uses["two"].certain


def test_the_first_place_of_an_import_is_told() -> None:
    files = {"model.py": "import xgboost"}
    assert certain("import model\nimport xgboost\n", files) == ["model.py:1 xgboost"]


def test_a_long_chain_of_files_is_followed() -> None:
    files = {f"m{i}.py": f"import m{i + 1}" for i in range(100)} | {"m100.py": "import xgboost"}
    assert certain("import m0\n", files) == ["m100.py:1 xgboost"]
