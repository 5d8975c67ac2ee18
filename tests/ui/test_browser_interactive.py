"""A notebook's own run: on the page while the kernel logs to it, and when the kernel is gone."""

from __future__ import annotations

import re

from browsing import Window
from jupyterlab_process import TOKEN
from playwright.sync_api import expect

OPEN = """\
from jupyter_mltrain import Experiment, Workspace
run = Experiment(Workspace.default(), "notebook").start_logging(display_name="by hand")
run.log("accuracy", 0.5)
print("portal", run.get_portal_url())
"""


def test_a_run_that_a_notebook_logs_to_is_on_the_page_and_ends_with_its_kernel(window: Window):
    window.open_notebook(OPEN, "run.log('accuracy', 0.75)", "import os; os._exit(1)", load=False)
    window.run_cell(0)
    portal = window.cell(0).get_by_text("portal http")
    expect(portal).to_be_visible()
    row = window.row("by hand")
    expect(row).to_contain_text("by hand")
    row.dblclick()
    page = window.page
    page.get_by_role("tablist", name="Parts of the run").get_by_role("tab", name="Metrics").click()
    metrics = page.get_by_role("tabpanel", name="Metrics")
    expect(metrics).to_contain_text("accuracy")
    expect(metrics).to_contain_text("0.5")
    page.get_by_role("tab", name=re.compile(r"^notebook\d+\.ipynb")).click()
    window.run_cell(2)
    expect(window.row("by hand")).to_contain_text(
        "the process that logged to it ended without completing it", ignore_case=True
    )


def test_the_portal_url_of_a_run_opens_its_page(window: Window):
    window.open_notebook(OPEN + "run.complete()", load=False)
    window.run_cell(0)
    text = window.cell(0).get_by_text("portal http").inner_text()
    found = re.search(r"http://\S+mltrain-run=\S+", text)
    assert found
    window.page.goto("about:blank")
    window.page.goto(f"{found[0]}&token={TOKEN}")
    expect(window.run_page("by hand")).to_be_visible(timeout=60_000)
    expect(window.page).not_to_have_url(re.compile("mltrain-run"))
