"""`RunDetails`: the card of a run, wherever a cell asks for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_mltrain import Experiment, Run, RunDetails, ScriptRunConfig, Workspace
from jupyter_mltrain.errors import NoSuchRun

pytestmark = pytest.mark.slow


def a_run(workspace: Workspace, folder: Path, text: str = "print('hello')") -> Run:
    (folder / "hello.py").write_text(text)
    return Experiment(workspace, "digits").submit(ScriptRunConfig(folder, "hello.py", name="hi"))


def test_in_a_terminal_the_card_is_text(
    here: Workspace, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = a_run(here, folder)
    run.wait_for_completion()
    capsys.readouterr()
    RunDetails(run).show(render_lib=None, widget_settings={"debug": True})
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"✓ Completed  hi #{run.number}  0:0")
    assert second == "hello"


def test_a_run_is_found_by_its_number_name_or_id(here: Workspace, folder: Path) -> None:
    run = a_run(here, folder)
    for name in (run.number, "hi", run.id):
        assert RunDetails(name)._run == run
    with pytest.raises(NoSuchRun):
        RunDetails("nobody")


def test_what_azures_widget_holds_is_there(here: Workspace, folder: Path) -> None:
    run = a_run(here, folder, "from azureml.core import Run\nRun.get_context().log('loss', 0.5)")
    run.wait_for_completion()
    found = RunDetails(run).get_widget_data()
    assert (found["run_id"], found["status"]) == (run.id, "Completed")
    assert found["run_metrics"] == {"loss": 0.5}


def test_importing_it_needs_no_ipywidgets_and_the_form_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['ipywidgets'] = None\n"
        "from jupyter_mltrain import RunDetails\n"
        "try:\n    from jupyter_mltrain import TrainForm\n"
        "except ImportError as error:\n    print(error)\n"
    )
    said = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert said.strip().endswith("Install it: pip install ipywidgets")


def test_the_package_does_not_load_widgets_before_they_are_asked_for() -> None:
    code = (
        "import sys, jupyter_mltrain\nprint('ipywidgets' in sys.modules, 'IPython' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False False\n"
