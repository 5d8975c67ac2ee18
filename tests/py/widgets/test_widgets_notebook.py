"""Form and card in a real kernel, as a notebook keeps them and others render it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbconvert
import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import v4

from jupyter_mltrain import Workspace
from jupyter_mltrain.magics.card_bundle import MIME

pytestmark = pytest.mark.slow

_WAIT = (
    "import threading\n"
    "for each in threading.enumerate():\n    if each.name == 'mltrain-card': each.join(60)"
)


def executed(folder: Path, *cells: str) -> Any:
    """A notebook with these cells, executed in the folder."""
    notebook = v4.new_notebook(cells=[v4.new_code_cell(source) for source in cells])
    NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def test_the_card_of_a_submitted_form_is_beneath_it_to_its_end(
    here: Workspace, folder: Path
) -> None:
    (folder / "hello.py").write_text("print('hello')\n")
    notebook = executed(
        folder,
        "%load_ext jupyter_mltrain\nfrom jupyter_mltrain import TrainForm\n"
        "form = TrainForm('hello.py', name='hi')",
        "form",
        f"form.submit_button.click()\n{_WAIT}\n_run.number",
    )
    form, card = notebook.cells[1].outputs
    assert "application/vnd.jupyter.widget-view+json" in form.data
    assert card.data[MIME]["run"]["state"] == "Completed"
    assert card.data["text/plain"].splitlines()[1] == "hello"
    assert notebook.cells[2].outputs[-1].data["text/plain"] == "1"


def test_run_details_returns_at_once_and_goes_on(here: Workspace, folder: Path) -> None:
    (folder / "wait.py").write_text(
        "import pathlib, time\nprint('begun', flush=True)\n"
        "while not pathlib.Path('outputs/end').exists(): time.sleep(0.01)\n"
    )
    notebook = executed(
        folder,
        "from jupyter_mltrain import Experiment, RunDetails, ScriptRunConfig, Workspace\n"
        "config = ScriptRunConfig('.', 'wait.py')\n"
        "run = Experiment(Workspace.from_config(), 'digits').submit(config)",
        "RunDetails(run).show()",
        "import pathlib, time\n"
        "work = pathlib.Path(run.experiment.workspace.directory, 'runs', run.id, 'work')\n"
        "while not (work / 'outputs').exists(): time.sleep(0.01)\n"
        f"(work / 'outputs' / 'end').touch()\n{_WAIT}",
    )
    (card,) = notebook.cells[1].outputs
    assert card.data[MIME]["run"]["state"] == "Completed"
    assert card.data["text/plain"].endswith("begun\noutputs  end 0 bytes")


def test_a_run_that_had_ended_before_is_shown_with_its_output(
    here: Workspace, folder: Path
) -> None:
    (folder / "hello.py").write_text("print('hello')\n")
    notebook = executed(
        folder,
        "from jupyter_mltrain import Experiment, RunDetails, ScriptRunConfig, Workspace\n"
        "config = ScriptRunConfig('.', 'hello.py')\n"
        "run = Experiment(Workspace.from_config(), 'digits').submit(config)\n"
        "run.wait_for_completion()",
        "RunDetails(run).show()",
    )
    (card,) = notebook.cells[1].outputs
    assert card.data["text/plain"].splitlines()[1] == "hello"


@pytest.mark.parametrize("exporter", [nbconvert.HTMLExporter, nbconvert.MarkdownExporter])
def test_elsewhere_a_card_is_its_text(here: Workspace, folder: Path, exporter: Any) -> None:
    notebook = executed(
        folder, "%load_ext jupyter_mltrain", "%%train --name digits\nprint('<b>epoch 1</b>')"
    )
    text = exporter().from_notebook_node(notebook)[0]
    assert "✓ Completed  digits #1" in text
    assert "epoch 1" in text
    assert MIME not in text
    assert nbformat.validator.isvalid(notebook)
