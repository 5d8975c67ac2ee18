"""Submitting without code: the form of the page, and that of a notebook."""

from __future__ import annotations

import json
import re

from browsing import Window
from playwright.sync_api import Locator, expect

SCRIPT = """\
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1, help="how fast it learns")
parser.add_argument("--solver", choices=["adam", "sgd"], default="adam")
parser.add_argument("--verbose", action="store_true")
print(vars(parser.parse_args()))
"""


def form_for(window: Window, path: str) -> Locator:
    """The form, opened by "Train with…" in the file browser's menu."""
    window.open()
    folder, _, name = path.rpartition("/")
    if folder:
        window.page.get_by_role("listitem", name=re.compile(f"^Name: {folder}")).dblclick()
        expect(window.page.get_by_title(folder, exact=True).first).to_be_visible()
    window.page.get_by_role("listitem", name=re.compile(f"^Name: {name}")).click(button="right")
    window.choose("Train with…")
    form = window.page.get_by_role("form", name="New run")
    expect(form.get_by_role("combobox", name="File", exact=True)).to_have_value(path)
    return form


def test_a_script_is_trained_with_what_its_argparse_asks_for(window: Window):
    window.place.file("digits/train.py", SCRIPT)
    window.place.file("digits/data.csv", "1,2\n")
    form = form_for(window, "digits/train.py")
    expect(form.get_by_text("how fast it learns")).to_be_visible()
    form.get_by_label("--lr").fill("0.01")
    form.get_by_label("--solver").select_option("sgd")
    form.get_by_label("--verbose").check()
    expect(form.get_by_role("region", name="What travels")).to_contain_text("data.csv")
    form.get_by_role("button", name="Submit run").click()
    expect(
        window.page.get_by_text("{'lr': 0.01, 'solver': 'sgd', 'verbose': True}")
    ).to_be_visible()
    (run,) = window.place.workspace.client.list(experiment="train").runs
    assert run.spec.arguments == ("--lr", "0.01", "--solver", "sgd", "--verbose")


def test_what_is_wrong_is_said_where_it_is(window: Window):
    window.place.file("wrong/train.py", SCRIPT)
    form = form_for(window, "wrong/train.py")
    form.get_by_label("--lr").fill("fast")
    form.get_by_role("button", name="Submit run").click()
    expect(form.get_by_text("Use a number, such as 0.1 or 1e-3.")).to_be_visible()
    expect(form.get_by_label("--lr")).to_have_attribute("aria-invalid", "true")


def test_a_notebook_is_executed_and_the_executed_one_is_an_output(window: Window):
    path = window.place.notebook("executed", "print('from the notebook')")
    form = form_for(window, path)
    form.get_by_role("button", name="Submit run").click()
    client = window.place.workspace.client
    files = window.page.get_by_role("tab", name="Files")
    expect(files).to_be_visible()
    (run,) = client.list(experiment="executed").runs
    for _ in client.follow(run.id):
        pass
    assert client.get(run.id).state.value == "Completed"
    executed = json.loads(b"".join(client.read_file(run.id, "outputs/executed.ipynb")))
    assert executed["cells"][0]["outputs"][0]["text"] == ["from the notebook\n"]


def test_the_form_is_also_code(window: Window):
    window.place.file("copied/train.py", SCRIPT)
    form = form_for(window, "copied/train.py")
    form.get_by_label("--lr").fill("0.5")
    form.get_by_text("Copy as code").click()
    form.get_by_role("button", name="Copy for a notebook cell").click()
    expect(form.get_by_role("button", name="Copy for a notebook cell")).to_have_text("Copied")
    copied = window.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("%train ")
    assert copied.endswith("copied/train.py --experiment train -- --lr 0.5")


def test_the_launcher_has_a_tile(window: Window):
    window.open()
    window.page.get_by_role("button", name="New Launcher").click()
    window.page.get_by_role("button", name="Training run").click()
    expect(window.page.get_by_role("form", name="New run")).to_be_visible()


def test_the_form_of_a_notebook_submits_and_shows_the_card(window: Window):
    window.place.file("inside/train.py", SCRIPT)
    window.open_notebook(
        "from jupyter_mltrain.widgets import TrainForm\nTrainForm('inside/train.py')"
    )
    window.run_cells(2)
    form = window.cell(1)
    form.get_by_role("button", name="Submit", exact=True).click()
    card = form.get_by_role("region", name=re.compile("^Run "))
    expect(card).to_have_attribute("data-state", "Completed")
