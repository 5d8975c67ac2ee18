"""Notebook variables on their way into a run and back."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from services import end_service

from jupyter_mltrain import Workspace
from jupyter_mltrain.core import variables
from jupyter_mltrain.core.environment import Environment
from jupyter_mltrain.errors import RunFailed, VariableError
from jupyter_mltrain.spec import CELL_SCRIPT, CellSpec, RunKind, RunSpec, Source
from jupyter_mltrain.wire import SubmitRequest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    workspace = Workspace.at(tmp_path_factory.mktemp("variables") / "workspace")
    yield workspace
    end_service(workspace)


def bring(
    workspace: Workspace,
    cell: str,
    *outputs: str,
    files: Mapping[str, str] | None = None,
    **inputs: Any,
) -> dict[str, Any]:
    """What a cell with these inputs brings back."""
    spec = RunSpec(
        experiment="cells",
        script=CELL_SCRIPT,
        kind=RunKind.CELL,
        cell=CellSpec(inputs=tuple(inputs), outputs=outputs),
        environment=Environment.current().spec(),
    )
    request = SubmitRequest(
        spec=spec,
        source=Source(inline={CELL_SCRIPT: cell, **(files or {})}),
        inputs=variables.stage(workspace.directory, tuple(inputs), inputs),
    )
    run = workspace.client.submit(request)
    return workspace.get_run(run.id).variables()


def staged(workspace: Workspace) -> list[Path]:
    folder = workspace.directory / "staging"
    return list(folder.iterdir()) if folder.exists() else []


def test_values_go_in_and_come_back(workspace: Workspace) -> None:
    assert bring(workspace, "y = [*x, 3]\nf = lambda: y\n", "y", x=[1, 2]) == {"y": [1, 2, 3]}
    assert staged(workspace) == []


def test_a_function_of_the_cell_works_here(workspace: Workspace) -> None:
    double = bring(workspace, "k = 2\ndef double(n):\n    return n * k\n", "double")["double"]
    assert double(21) == 42


def test_a_function_of_the_notebook_works_there(workspace: Workspace) -> None:
    assert bring(workspace, "y = f(4)\n", "y", f=lambda n: n + 1) == {"y": 5}


def test_a_cell_that_is_asked_for_nothing_brings_nothing(workspace: Workspace) -> None:
    assert bring(workspace, "y = 1\n") == {}


def test_a_variable_that_was_never_set_is_named(workspace: Workspace) -> None:
    with pytest.raises(VariableError, match="y does not come back from cells #"):
        bring(workspace, "if False:\n    y = 1\n", "y")


def test_a_value_that_cannot_leave_the_run_is_named(workspace: Workspace) -> None:
    with pytest.raises(VariableError, match=r"lock does not come back .* pickle"):
        bring(workspace, "import threading\nlock = threading.Lock()\n", "lock")


def test_a_value_that_this_python_cannot_load_is_named(workspace: Workspace) -> None:
    with pytest.raises(VariableError, match=r"thing was pickled .* No module named 'beside'"):
        bring(
            workspace,
            "import beside\nthing = beside.Thing()\n",
            "thing",
            files={"beside.py": "class Thing:\n    pass\n"},
        )


def test_a_failed_cell_says_why_nothing_comes(workspace: Workspace) -> None:
    with pytest.raises(RunFailed, match=r"ZeroDivisionError: division by zero \(cell line 1\)"):
        bring(workspace, "1 / 0\ny = 1\n", "y")


def test_what_was_set_before_a_failure_comes_back(workspace: Workspace) -> None:
    assert bring(workspace, "y = 1\nraise SystemExit(3)\n", "y") == {"y": 1}


def test_a_variable_that_is_not_there_is_named_before_anything_is_written(
    workspace: Workspace,
) -> None:
    with pytest.raises(VariableError, match="a, b are not defined in this notebook"):
        variables.stage(workspace.directory, ("a", "b"), {})
    assert staged(workspace) == []


def test_a_value_that_cannot_be_carried_leaves_nothing_behind(workspace: Workspace) -> None:
    values = {"fine": 1, "lock": threading.Lock()}
    with pytest.raises(VariableError, match="lock cannot be carried into the run"):
        variables.stage(workspace.directory, ("fine", "lock"), values)
    assert staged(workspace) == []
