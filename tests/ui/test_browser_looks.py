"""Every screen in light and dark, narrow and wide: kept to be looked at, and usable by all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsing import Window
from looking import look
from places import Place, a_place, short_folder
from playwright.sync_api import expect

CARD = ".jp-mltrain-RunCard"
SIDEBAR = "#jupyter-mltrain-sidebar"
PAGE = ".jp-mltrain-RunPageWidget"
FORM = ".jp-mltrain-Form"

TRAINING = """\
from jupyter_mltrain import Run
run = Run.get_context()
for epoch in range(1, 21):
    run.log("loss", 2 / (epoch + 1))
    run.log("accuracy", 1 - 1 / (epoch + 1))
    print(f"\\x1b[32mepoch {epoch:2}\\x1b[0m  loss {2 / (epoch + 1):.3f}")
open("outputs/model.bin", "wb").write(bytes(12_345))
open("outputs/table.csv", "w").write("name,value\\nfirst,1\\nsecond,2\\n")
open("outputs/result.json", "w").write('{"accuracy": 0.97, "classes": ["a", "b"]}')
"""


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """One CPU, with runs in every state that is not of the moment."""
    with a_place(short_folder(), cpus=1) as place:
        place.submit("digits", TRAINING, experiment="digits").wait_for_completion()
        place.submit(
            "xgb", "import time\nraise ValueError('no data for 2026')"
        ).wait_for_completion(raise_on_error=False)
        canceled = place.submit("sweep", "import time; time.sleep(60)")
        canceled.cancel()
        canceled.wait_for_completion(raise_on_error=False)
        yield place


@pytest.fixture
def busy(place: Place) -> Iterator[None]:
    """One run that runs, and two that wait."""
    gate = place.gate("busy")
    place.submit("resnet", f"{TRAINING}\n{gate.code}")
    place.submit("resnet lr3")
    place.submit("resnet lr4")
    yield
    gate.open()


def test_the_card_of_a_run_that_runs(window: Window):
    gate = window.place.gate("looks")
    window.open_notebook(f"%%train --name looks\n{TRAINING}\n{gate.code}")
    window.run_cells(2)
    window.command("application:toggle-left-area")
    card = window.card("looks")
    card.shows("epoch 20")
    look(window, "card-running", CARD, prepare=lambda: card.node.scroll_into_view_if_needed())
    gate.open()


@pytest.mark.parametrize(
    ("name", "code", "state"),
    [
        ("completed", TRAINING, "Completed"),
        ("failed", "x = 1\nimport json\njson.loads('{')", "Failed"),
    ],
)
def test_the_card_of_a_run_that_has_ended(window: Window, name: str, code: str, state: str):
    window.open_notebook(f"%%train --name {name}\n{code}")
    window.run_cells(2)
    window.command("application:toggle-left-area")
    card = window.card(name)
    card.is_in(state)
    look(window, f"card-{name}", CARD, prepare=lambda: card.node.scroll_into_view_if_needed())


def test_the_card_of_a_run_that_waits(window: Window, busy: None):
    window.open_notebook("%%train --name patient\nprint(1)")
    window.run_cells(2)
    window.command("application:toggle-left-area")
    card = window.card("patient")
    card.is_in("Queued")
    look(window, "card-queued", CARD, prepare=lambda: card.node.scroll_into_view_if_needed())


def test_the_sidebar(window: Window, busy: None):
    window.open()
    sidebar = window.sidebar()
    sidebar.get_by_role("button", name="Compute").click()
    expect(sidebar.get_by_role("meter", name="CPUs")).to_be_visible()
    look(window, "sidebar", SIDEBAR)


def test_the_sidebar_with_a_filter(window: Window):
    window.open()
    sidebar = window.sidebar()
    sidebar.get_by_role("button", name="Filter runs").click()
    sidebar.get_by_role("button", name="Failed", exact=True).click()
    look(window, "sidebar-filter", SIDEBAR)


@pytest.mark.parametrize("tab", ["Output", "Files", "Metrics", "Details"])
def test_a_run_s_page(window: Window, tab: str):
    window.open()
    window.row("digits").dblclick()
    window.page.get_by_role("tablist", name="Parts of the run").get_by_role("tab", name=tab).click()
    expect(window.page.get_by_role("tabpanel", name=tab)).to_be_visible()
    window.command("application:toggle-left-area")
    look(window, f"page-{tab.lower()}", PAGE)


def test_the_form(window: Window):
    window.place.file(
        "form/train.py",
        "import argparse\np = argparse.ArgumentParser()\n"
        "p.add_argument('--lr', type=float, default=0.1, help='how fast it learns')\n"
        "p.add_argument('--solver', choices=['adam', 'sgd'])\np.parse_args()\n",
    )
    window.open()
    window.command("mltrain:train-with", path="form/train.py")
    form = window.page.get_by_role("form", name="New run")
    expect(form.get_by_text("how fast it learns")).to_be_visible()
    expect(form.get_by_role("region", name="What travels")).to_contain_text("train.py")
    form.get_by_text("Copy as code").click()
    window.command("application:toggle-left-area")
    look(window, "form", FORM)


def test_the_form_of_a_notebook(window: Window):
    window.open_notebook(
        "from jupyter_mltrain.widgets import TrainForm\nTrainForm('form/train.py')"
    )
    window.run_cells(2)
    window.command("application:toggle-left-area")
    submit = window.cell(1).get_by_role("button", name="Submit", exact=True)
    expect(submit).to_be_visible()
    look(window, "trainform", ".jp-Notebook .widget-box", prepare=submit.scroll_into_view_if_needed)


def test_the_sidebar_of_a_new_workspace(hub_window: Window):
    hub_window.open()
    expect(hub_window.sidebar()).to_contain_text("No runs yet.")
    look(hub_window, "sidebar-empty", SIDEBAR)
