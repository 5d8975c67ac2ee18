"""A run's page in the main area."""

from __future__ import annotations

import json
import re

from browsing import Window
from playwright.sync_api import Locator, expect

from jupyter_mltrain import Run

# A picture of one pixel.
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)


def page_of(window: Window, run: Run, tab: str = "Output") -> Locator:
    """The page of a run, opened from the sidebar, with one of its tabs in front."""
    window.open()
    window.row(run.name or "").dblclick()
    window.page.get_by_role("tablist", name="Parts of the run").get_by_role("tab", name=tab).click()
    return window.page.get_by_role("tabpanel", name=tab)


def test_a_long_log_opens_at_its_end_and_is_searched(window: Window):
    run = window.place.submit(
        "long", "for n in range(300_000):\n    print('line', n, 'needle' if n == 1_234 else '')"
    )
    run.wait_for_completion()
    page = page_of(window, run)
    rows = page.locator(".xterm-screen:not(.jp-mltrain-LogView-still) > .xterm-rows")
    expect(rows).to_contain_text("line 299999")
    page.get_by_role("textbox", name="Find in the output").or_(
        page.get_by_role("searchbox", name="Find in the output")
    ).fill("needle")
    page.get_by_role("button", name="Find previous").click()
    expect(rows).to_contain_text("line 1234 needle")


def test_the_first_error_is_found(window: Window):
    code = "for n in range(5_000): print('fine', n)\nraise ValueError('this one')"
    run = window.place.submit("wrong", code)
    run.wait_for_completion(raise_on_error=False)
    page = page_of(window, run)
    page.get_by_role("button", name="Go to the first error; again for the next one").click()
    rows = page.locator(".xterm-screen:not(.jp-mltrain-LogView-still) > .xterm-rows")
    expect(rows).to_contain_text("Traceback (most recent call last)")


def test_files_are_looked_into_and_downloaded_while_the_run_goes_on(window: Window):
    gate = window.place.gate("files")
    run = window.place.submit(
        "files",
        "import base64, json, pathlib\nout = pathlib.Path('outputs')\n"
        "(out / 'table.csv').write_text('name,value\\nfirst,1\\n')\n"
        f"(out / 'picture.png').write_bytes(base64.b64decode('{PNG}'))\n"
        "(out / 'result.json').write_text(json.dumps({'accuracy': 0.97}))\n"
        f"print('written')\n{gate.code}",
    )
    page = page_of(window, run, "Files")
    tree = page.get_by_role("tree", name="Files of the run")
    folder = tree.get_by_role("treeitem", name=re.compile("^outputs"))
    folder.click()
    folder.press("ArrowRight")
    tree.get_by_role("treeitem", name=re.compile("^table.csv")).click()
    expect(
        page.get_by_role("region", name="Preview of table.csv").get_by_role("table")
    ).to_be_visible()
    tree.get_by_role("treeitem", name=re.compile("^picture.png")).click()
    picture = page.get_by_role("region", name="Preview of picture.png").get_by_role("img")
    expect(picture).to_have_js_property("naturalWidth", 1)
    tree.get_by_role("treeitem", name=re.compile("^result.json")).click()
    preview = page.get_by_role("region", name="Preview of result.json")
    expect(preview).to_contain_text("0.97")
    with window.page.expect_download() as waiting:
        preview.get_by_role("link", name="Download result.json").click()
    assert json.loads(waiting.value.path().read_bytes()) == {"accuracy": 0.97}
    gate.open()
    run.wait_for_completion()


def test_details_say_what_exactly_ran(window: Window):
    run = window.place.submit("exactly", "import sys\nprint(sys.argv)", arguments=["--lr", 0.5])
    run.wait_for_completion()
    page = page_of(window, run, "Details")
    ran = page.get_by_role("region", name="What ran")
    expect(ran).to_contain_text("train.py")
    expect(ran).to_contain_text("--lr 0.5")
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("Completed")
    expect(page.get_by_role("list", name="Files of the snapshot")).to_contain_text("train.py")


def test_metrics_are_charts(window: Window):
    run = window.place.submit(
        "charts",
        "from jupyter_mltrain import Run\nrun = Run.get_context()\n"
        "for n in range(50):\n    run.log('loss', 1 / (n + 1)); run.log('accuracy', n / 50)",
    )
    run.wait_for_completion()
    page = page_of(window, run, "Metrics")
    for name in ("loss", "accuracy"):
        expect(page.get_by_role("figure", name=re.compile(f"^{name}"))).to_be_visible()


def test_a_page_whose_run_is_deleted_says_so(window: Window):
    run = window.place.submit("gone", "print('it was here')")
    run.wait_for_completion()
    page_of(window, run)
    run.delete()
    expect(window.page.get_by_text("This run was deleted.")).to_be_visible()


def test_a_page_is_there_again_after_a_reload(window: Window):
    run = window.place.submit("again", "print('still here')")
    run.wait_for_completion()
    with window.page.expect_response(
        lambda response: (
            "/api/workspaces/" in response.url and run.id in (response.request.post_data or "")
        )
    ):
        page_of(window, run)
    window.reload()
    expect(window.page.get_by_role("heading", name=f"again #{run.number}")).to_be_visible()
