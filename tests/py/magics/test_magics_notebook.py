"""A notebook, submitted from a notebook: executed as a run, live, kept."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from magics_shells import Kernel
from nbformat import v4

from jupyter_mltrain.client import Client
from jupyter_mltrain.spec import RunKind

pytestmark = pytest.mark.slow


def a_notebook(path: Path, *cells: str) -> Path:
    notebook = v4.new_notebook(cells=[v4.new_code_cell(source) for source in cells])
    nbformat.write(notebook, path)
    return path


def test_a_notebook_runs_with_its_parameters_and_is_kept(
    kernel: Kernel, folder: Path, client: Client
) -> None:
    a_notebook(
        folder / "explore.ipynb",
        "from azureml.core import Run\nRun.get_context().log('accuracy', lr)\nprint('lr', lr)",
    )
    outcome = kernel.run("%train explore.ipynb --name explore --arg lr=0.25")
    assert outcome.status == "ok", outcome.shown_error
    assert "lr 0.25" in outcome.card.splitlines()
    assert "· accuracy 0.25 ·" in outcome.card
    assert "outputs  explore.ipynb" in outcome.card
    run = client.get("explore")
    assert run.spec.kind is RunKind.NOTEBOOK
    kept = json.loads(b"".join(client.read_file(run.id, "outputs/explore.ipynb")))
    assert kept["cells"][1]["outputs"][0]["text"] == ["lr 0.25\n"]


def test_a_failing_cell_is_in_the_reason(kernel: Kernel, folder: Path, client: Client) -> None:
    a_notebook(folder / "bad.ipynb", "x = 1", "y = 2\nraise ValueError('no data')", "never")
    outcome = kernel.run("%train bad.ipynb --name bad-notebook")
    assert outcome.shown_error.endswith("failed: ValueError: no data (cell 2 line 2).")
    names = [file.name for file in client.files("bad-notebook")]
    assert "outputs/bad.ipynb" in names


def test_a_canceled_notebook_is_kept_and_nothing_of_it_is_left(
    kernel: Kernel, folder: Path, client: Client
) -> None:
    a_notebook(
        folder / "long.ipynb",
        "import os\nprint('kernel', os.getpid())",
        "import time\nprint('begun', flush=True)\ntime.sleep(600)",
    )
    kernel.run("%train long.ipynb --name long-notebook", interrupt_at="\nbegun")
    client.cancel("long-notebook")
    for _ in client.follow("long-notebook"):
        pass
    run = client.get("long-notebook")
    assert run.state.value == "Canceled"
    text = b"".join(client.read_file(run.id, "outputs/long.ipynb")).decode()
    assert "begun" in text
    printed = json.loads(text)["cells"][0]["outputs"][0]["text"][0]
    assert not Path(f"/proc/{printed.split()[1]}").exists()


def test_arguments_that_a_notebook_cannot_take_are_refused(kernel: Kernel, folder: Path) -> None:
    a_notebook(folder / "explore.ipynb", "1")
    outcome = kernel.run("%train explore.ipynb -- data.csv")
    assert outcome.shown_error == (
        "'data.csv' has no name: a notebook takes its arguments as --NAME VALUE."
    )


def test_a_notebook_that_submits_itself_does_it_once(
    kernel: Kernel, folder: Path, client: Client
) -> None:
    a_notebook(folder / "me.ipynb", "%load_ext jupyter_mltrain", "%train me.ipynb")
    outcome = kernel.run("%train me.ipynb --name me")
    assert "is being executed as a run already" in outcome.shown_error
    assert [run.spec.name for run in client.list(experiment="me").runs] == ["me"]


def test_tab_offers_notebooks(kernel: Kernel, folder: Path) -> None:
    a_notebook(folder / "explore.ipynb", "1")
    assert kernel.complete("%train ex") == ["explore.ipynb"]
