"""The five documents, each as a notebook in JupyterLab that is run from top to bottom."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsing import Window
from document_code import CUSTOM_IMAGE, DOCUMENTS, ESTIMATOR, KERAS, cells, prepare
from engines import base_image, running_engine  # noqa: F401 - fixtures
from places import Place, a_place, short_folder
from playwright.sync_api import expect
from readers import forget_images, the_image, the_world
from registries import Registry, registry  # noqa: F401 - a fixture

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def values(
    registry: Registry,  # noqa: F811
    base_image: str,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, str]]:
    with (
        the_image(registry, base_image) as image,
        the_world(image, registry, tmp_path_factory.mktemp("world")) as values,
    ):
        yield values


@pytest.fixture
def place(values: dict[str, str]) -> Iterator[Place]:
    """A JupyterLab of its own for each document, so that none finds what another one made."""
    with a_place(short_folder()) as place:
        yield place
        forget_images(place.workspace)


def run_all(window: Window) -> list[str]:
    """Run every cell, and wait until the last one has, or one has failed; gives the errors."""
    window.command("runmenu:run-all")
    window.page.wait_for_function(
        f"() => {{ const cells = {_CELLS}; return cells.every(cell => cell.executionCount) || "
        f"cells.some(cell => cell.outputs.toJSON().some({_IS_ERROR})); }}",
        timeout=240_000,
    )
    window.kernel_idle()
    errors: list[str] = window.page.evaluate(
        f"() => {_CELLS}.flatMap(cell => cell.outputs.toJSON().filter({_IS_ERROR}))"
        ".map(error => error.evalue)"
    )
    return errors


_CELLS = (
    "window.jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model)"
    ".filter(cell => cell.type === 'code')"
)
_IS_ERROR = "output => output.output_type === 'error'"


@pytest.mark.parametrize("document", [*CUSTOM_IMAGE, KERAS])
def test_the_document_runs_as_a_notebook(
    document: str, window: Window, values: dict[str, str]
) -> None:
    prepare(document, window.place.folder, **values)
    window.open_notebook(*cells(document, **values), load=False)
    assert run_all(window) == []
    expect(window.page.locator(".jp-Notebook")).to_contain_text("Execution Summary")
    (record,) = window.place.workspace.client.list().runs
    assert record.state.value == "Completed"
    if document == KERAS:
        (model,) = window.place.workspace.client.models()
        assert model.run_id == record.id


def test_the_document_of_estimators_stops_where_several_nodes_are_asked_for(
    window: Window, values: dict[str, str]
) -> None:
    prepare(ESTIMATOR, window.place.folder, **values)
    notebook = cells(ESTIMATOR, **values)
    window.open_notebook(*notebook, load=False)
    (error,) = run_all(window)
    assert "2 nodes" in error
    expect(window.cell(len(notebook) - 1)).to_contain_text("2 nodes")
    (record,) = window.place.workspace.client.list().runs
    ended = window.place.workspace.client.follow(record.id)
    assert [*ended][-1].state.value == "Completed"


def test_each_document_is_run() -> None:
    assert {*CUSTOM_IMAGE, ESTIMATOR, KERAS} == set(DOCUMENTS)
