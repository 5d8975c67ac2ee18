"""What is found before a notebook is queued."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from preflight_builders import OURS, Files, another
from test_notebooks import a_notebook

from jupyter_mltrain.environments import python
from jupyter_mltrain.environments.python import PythonInfo
from jupyter_mltrain.service.preflight import Report, check
from jupyter_mltrain.service.pythons import OfThisMachine


def a_notebook_report(*cells: str, info: PythonInfo | None = None, force: bool = False) -> Report:
    """Check a notebook of these code cells."""
    files = Files({"nb.ipynb": a_notebook(*cells)})
    return check(files, "nb.ipynb", python=OfThisMachine(info or python.probe(OURS)), force=force)


def test_a_notebook_that_can_run_raises_no_word() -> None:
    cells = ("%matplotlib inline\nimport json", "!ls\njson.dumps(1)", "await f()", "%%html\n<b>")
    assert a_notebook_report(*cells) == Report()


def test_a_notebook_that_is_none_is_an_error() -> None:
    found = check(
        Files({"nb.ipynb": "print(1)"}), "nb.ipynb", python=OfThisMachine(python.probe(OURS))
    )
    assert found.errors == (
        "nb.ipynb is not a notebook: its text is not JSON. Open it in JupyterLab and save it "
        "again.",
    )


def test_what_executes_a_notebook_has_to_be_there(tmp_path: Path) -> None:
    answer = json.dumps([["ipykernel", "nbclient"], []])
    info = replace(another(sys.version_info[:3], tmp_path, answer), path=())
    found = a_notebook_report("x = 1", info=info)
    assert found.errors == (
        f"nb.ipynb is executed by nbclient and ipykernel, and {info.executable} does not have "
        "ipykernel and nbclient. Install it there (`pip install ipykernel nbclient`).",
    )


def test_a_mistake_in_a_notebook_is_named_by_cell_and_line() -> None:
    found = a_notebook_report("x = 1", "y = 2\nz = (")
    assert found.errors[0].startswith("nb.ipynb cell 2 line 2: ")


def test_an_import_that_is_missing_in_a_notebook_is_named_by_cell_and_line() -> None:
    found = a_notebook_report("%matplotlib inline", "x = 1\nimport no_such_module_here")
    assert found.errors[0].startswith("nb.ipynb cell 2 line 2 imports no_such_module_here, ")


def test_after_a_line_that_may_install_something_an_import_is_only_likely_to_fail() -> None:
    found = a_notebook_report("%pip install something", "import no_such_module_here")
    assert found.errors == ()
    assert "imports no_such_module_here" in found.warnings[0]


def test_a_notebook_is_checked_although_forced_without_errors() -> None:
    found = a_notebook_report("import no_such_module_here", force=True)
    assert (found.errors, len(found.warnings)) == ((), 1)


def test_a_script_that_is_missing_may_be_a_notebook() -> None:
    found = check(Files({"train.ipynb": a_notebook()}), "trian.ipynb")
    assert found.errors[0].endswith("Did you mean train.ipynb?")
