"""What every Python inside a run starts with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

OWN = "import sys; print(sys.modules['sitecustomize'].__file__)"


def test_it_imports_nothing_that_is_not_loaded_already(python, run_python) -> None:
    code = "import sys; print(sorted(sys.modules))"
    without = run_python(python, "-c", code, MLTRAIN_RUN_DIR="", PYTHONPATH="").stdout
    inside = run_python(python, "-c", code).stdout
    assert inside == without
    assert "_mltrain_run" not in inside


def test_both_streams_are_line_buffered(python, run_python) -> None:
    code = "import sys; print(sys.stdout.line_buffering, sys.__stderr__.line_buffering)"
    assert run_python(python, "-c", code).stdout == "True True\n"


def test_a_line_arrives_before_the_process_ends(python, run_python) -> None:
    code = "import os; print('säid'); os._exit(0)"
    assert run_python(python, "-c", code).stdout == "säid\n"


def test_missing_standard_streams_are_no_failure(python, run_python) -> None:
    done = run_python("/bin/sh", "-c", f"'{python}' -c 'import azureml.core' >&- 2>&-")
    assert done.returncode == 0


def test_outside_a_run_nothing_is_offered_and_streams_stay(python, run_python) -> None:
    code = "import sys; print(sys.stdout.line_buffering); import azureml"
    done = run_python(python, "-c", code, MLTRAIN_RUN_DIR="")
    assert done.stdout == "False\n"
    assert "No module named 'azureml'" in done.stderr


@pytest.mark.parametrize("inside", [True, False])
def test_the_next_sitecustomize_runs_too(python, run_python, tmp_path: Path, inside: bool) -> None:
    theirs = tmp_path / "sitecustomize.py"
    theirs.write_text("import sys\nsys.theirs = __name__\n")
    extra = {} if inside else {"MLTRAIN_RUN_DIR": ""}
    code = OWN + "; print(sys.theirs)"
    done = run_python(python, "-c", code, PYTHONPATH=str(tmp_path), **extra)
    assert done.stdout.split() == [str(theirs), "sitecustomize"]


def test_an_error_in_the_next_one_is_reported_as_python_does(
    python, run_python, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text("1 / 0\n")
    done = run_python(python, "-c", "import azureml.core", PYTHONPATH=str(tmp_path))
    assert done.returncode == 0
    assert "ZeroDivisionError" in done.stderr


@pytest.mark.parametrize("module", ["azureml.core", "azureml.core.run", "jupyter_mltrain"])
def test_run_can_be_imported_with_nothing_installed(run_python, tmp_path: Path, module) -> None:
    code = f"from {module} import Run; print(Run.get_context().id, Run.__module__)"
    # -S: this interpreter has jupyter_mltrain installed, which would win.
    done = run_python(sys.executable, "-S", "-c", "import sitecustomize; " + code)
    assert done.stdout == "digits_1_ab _mltrain_run.context\n", done.stderr


def test_every_python_offers_azureml(python, run_python) -> None:
    code = (
        "import azureml.core; from azureml.core.run import Run, _OfflineRun\n"
        "from azureml.exceptions import UserErrorException\n"
        "print(azureml.core.Run is Run, hasattr(azureml.core, 'Nothing'))"
    )
    done = run_python(python, "-c", code)
    assert done.stdout == "True False\n", done.stderr


def test_an_installed_package_wins(python, run_python, tmp_path: Path) -> None:
    (tmp_path / "azureml/core").mkdir(parents=True)
    (tmp_path / "azureml/core/__init__.py").write_text("Run = 'theirs'\n")
    code = "from azureml.core import Run; print(Run)"
    assert run_python(python, "-c", code, PYTHONPATH=str(tmp_path)).stdout == "theirs\n"


def test_what_an_installed_package_lacks_is_missing_as_usual(
    python, run_python, tmp_path: Path
) -> None:
    (tmp_path / "azureml/core").mkdir(parents=True)
    (tmp_path / "azureml/core/__init__.py").write_text("")
    done = run_python(python, "-c", "import azureml.train", PYTHONPATH=str(tmp_path))
    assert "No module named 'azureml.train'" in done.stderr


@pytest.mark.parametrize(
    "line", ["from azureml.core import Image", "import azureml.train.hyperdrive"]
)
def test_a_name_that_is_not_offered_says_what_is(run_python, line: str) -> None:
    # -S: this interpreter has jupyter_mltrain installed, which has more names.
    done = run_python(sys.executable, "-S", "-c", f"import sitecustomize; {line}")
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ModuleNotFoundError: azureml.")
    assert last.endswith(
        "is not offered inside a run, where azureml.core has only Dataset, Experiment, Keyvault, "
        "Model, Run, ScriptRunConfig, Workspace: the rest works in the notebook or script that "
        "submits the run."
    )


def test_a_name_that_only_a_notebook_uses_says_so_when_it_is_used(run_python) -> None:
    code = "from azureml.core import Environment; Environment('mine')"
    done = run_python(sys.executable, "-S", "-c", f"import sitecustomize; {code}")
    last = done.stderr.splitlines()[-1]
    assert "azureml.core.Environment is not offered inside a run" in last
    assert "UserErrorException" in last


def test_the_rest_comes_from_an_installed_jupyter_mltrain(run_python) -> None:
    code = "from azureml.core import Environment as E; import jupyter_mltrain as j; "
    done = run_python(sys.executable, "-c", code + "print(E is j.Environment)")
    assert done.stdout == "True\n", done.stderr


def test_libraries_can_ask_whether_azureml_is_there(python, run_python) -> None:
    code = "from importlib.util import find_spec as f; print(bool(f('azureml.core.run')))"
    assert run_python(python, "-c", code).stdout == "True\n"


def test_the_installed_package_and_the_run_share_one_class() -> None:
    code = (
        "import sys; before = list(sys.path)\n"
        "from jupyter_mltrain.runtime import PATH, load, run_class\n"
        "assert run_class() is load('context').Run and sys.path == before\n"
        "sys.path.insert(0, str(PATH)); import _mltrain_run.context as c\n"
        "print(c.Run is run_class())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
