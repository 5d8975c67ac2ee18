"""What a notebook's run is started with."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from jupyter_mltrain import ScriptRunConfig
from jupyter_mltrain.compute.base import Launch
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.service import launching, validation
from jupyter_mltrain.spec import EnvironmentSpec, Lease, Run, RunKind, RunSpec, RunState, Source
from jupyter_mltrain.wire import SubmitRequest


def a_spec(**given: object) -> RunSpec:
    usual = {"experiment": "e", "script": "a/b.ipynb", "kind": RunKind.NOTEBOOK}
    environment = EnvironmentSpec(interpreter="/opt/bin/python")
    return RunSpec(**{**usual, "environment": environment, **given})


def launched(spec: RunSpec) -> Launch:
    now = datetime.now(timezone.utc)
    run = Run(id="e_1", number=1, state=RunState.STARTING, reason="", spec=spec, created_at=now)
    lease = Lease(cpus=1)
    return launching.compose(run, Path("/w/e_1"), lease, "w", 10.0, hide_gpus=False, limit_s=60.0)


def test_a_notebook_is_executed_by_the_runs_interpreter() -> None:
    program, runner, script, *arguments = launched(a_spec(arguments=("--lr", "1"))).argv
    assert (program, script, arguments) == ("/opt/bin/python", "a/b.ipynb", ["--lr", "1"])
    assert runner.endswith("/_mltrain_run/cell.py")


def test_its_figures_are_left_to_its_kernel() -> None:
    assert "MPLBACKEND" not in launched(a_spec()).variables
    script = a_spec(kind=RunKind.SCRIPT, script="b.py")
    assert launched(script).variables["MPLBACKEND"].endswith("mpl_backend")


def test_a_file_says_by_its_name_that_it_is_a_notebook() -> None:
    kinds = [ScriptRunConfig(".", name).request("e").spec.kind for name in ("b.py", "a/b.ipynb")]
    assert kinds == [RunKind.SCRIPT, RunKind.NOTEBOOK]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"kind": RunKind.SCRIPT}, "does not fit a run of the kind 'script'"),
        ({"script": "b.py"}, "does not fit a run of the kind 'notebook'"),
        ({"arguments": ("x.csv",)}, "'x.csv' has no name"),
        ({"arguments": ("--class", "1")}, "'class' cannot be a variable"),
    ],
)
def test_what_cannot_be_a_notebooks_run_is_refused(given: dict[str, object], says: str) -> None:
    request = SubmitRequest(spec=a_spec(**given), source=Source(directory="/src"))
    with pytest.raises(InvalidSpec, match=says):
        validation._check_script(request.spec)
