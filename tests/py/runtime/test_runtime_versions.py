"""The runtime works on every Python that a training image may have."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from jupyter_mltrain.runtime import PATH

MODULES = sorted(PATH.rglob("*.py"))


def test_nothing_in_it_needs_more_than_python_3_6() -> None:
    vermin = "import sys, vermin; sys.exit(vermin.main())"
    command = [sys.executable, "-c", vermin, "--target=3.6-", "--no-tips", str(PATH)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_it_imports_nothing_but_the_standard_library(module) -> None:
    allowed = {"cloudpickle", "matplotlib", "_frozen_importlib", "_frozen_importlib_external"}
    if module.stem in ("notebook_file", "notebook_kernel"):  # over the user's own nbclient
        allowed |= {"jupyter_client", "nbclient", "nbformat", "zmq"}
    if module.stem == "tabular":  # tables are the user's own pandas
        allowed |= {"pandas"}
    if module.stem.startswith("mlflow_"):  # loaded by MLflow itself, when a store is asked for
        allowed |= {"mlflow"}
    for node in ast.walk(ast.parse(module.read_text())):
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [str(node.module)]
        for name in names:
            assert name.partition(".")[0] in sys.stdlib_module_names | allowed, name


def test_only_two_names_can_shadow_a_users_module() -> None:
    names = {path.name for path in PATH.iterdir()} - {"__pycache__"}
    assert names == {"sitecustomize.py", "_mltrain_run", "mltrain_run-1.dist-info"}


def test_every_python_can_compile_it(python) -> None:
    code = "import sys; [compile(open(p, 'rb').read(), p, 'exec') for p in sys.argv[1:]]"
    command = [python, "-W", "error", "-c", code, *map(str, MODULES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
