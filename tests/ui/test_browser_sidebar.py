"""The sidebar, and the other places of JupyterLab where runs are found."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator

import pytest
from browsing import Window
from places import Place, a_place, short_folder
from playwright.sync_api import Locator, expect


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """One CPU, so that one run runs and the others queue."""
    with a_place(short_folder(), cpus=1) as place:
        yield place


def labels(rows: Locator) -> list[str]:
    """The names of runs in rows, in their order."""
    return [re.sub(r" #\d+.*", "", text, flags=re.S).split()[-1] for text in rows.all_inner_texts()]


def test_runs_are_there_as_they_come_newest_first(window: Window):
    window.open()
    sidebar = window.sidebar()
    window.place.submit("older").wait_for_completion()
    expect(window.row("older")).to_contain_text("Completed")
    window.place.submit("newer").wait_for_completion()
    expect(window.row("newer")).to_contain_text("Completed")
    rows = sidebar.get_by_role("grid", name="Runs").get_by_role("row")
    assert labels(rows)[:2] == ["newer", "older"]


def test_search_and_filter_find_runs(window: Window):
    place = window.place
    place.submit("haystack", experiment="one").wait_for_completion()
    place.submit("needle", "1 / 0", experiment="two").wait_for_completion(raise_on_error=False)
    window.open()
    sidebar = window.sidebar()
    rows = sidebar.get_by_role("grid", name="Runs").get_by_role("row")
    search = sidebar.get_by_role("searchbox", name="Search runs by name or experiment")
    search.fill("needle")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("needle")
    search.press("Escape")
    expect(search).to_have_value("")
    sidebar.get_by_role("button", name="Filter runs").click()
    states = sidebar.get_by_role("group", name="State")
    states.get_by_role("button", name="Failed").click()
    expect(rows).to_have_count(1)
    states.get_by_role("button", name="Failed").click()
    sidebar.get_by_role("combobox", name="Experiment").select_option("one")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("haystack")


def test_the_queue_says_who_waits_for_what_and_can_be_rearranged(window: Window):
    gate = window.place.gate("queue")
    window.place.submit("runner", gate.code)
    for name in ("alpha", "beta", "gamma"):
        window.place.submit(name)
    window.open()
    queue = window.sidebar().get_by_role("list", name=re.compile("^Waiting runs"))
    rows = queue.get_by_role("listitem")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("runner")
    rows.nth(2).get_by_role("button", name=re.compile("^Actions for waiting run gamma")).click()
    window.choose("Move to the front")
    expect(rows.first).to_contain_text("gamma")
    rows.nth(2).drag_to(rows.nth(0), target_position={"x": 20, "y": 2})
    expect(rows.first).to_contain_text("beta")
    rows.first.get_by_role("button", name=re.compile("^beta")).press("Alt+ArrowDown")
    expect(rows.first).to_contain_text("gamma")
    waiting = window.place.workspace.client.queue()
    assert [entry.label.split()[0] for entry in waiting] == ["gamma", "beta", "alpha"]
    gate.open()
    expect(rows).to_have_count(0, timeout=30_000)


def test_deleting_asks_and_names_what_is_lost(window: Window):
    run = window.place.submit("doomed", "open('outputs/a.bin', 'wb').write(bytes(5_000))")
    run.wait_for_completion()
    window.open()
    window.row("doomed").click(button="right")
    window.choose("Delete run…")
    dialog = window.page.get_by_role("dialog")
    expect(dialog).to_contain_text(re.compile(r"Delete doomed #\d+ and its 2 files, 5"))
    dialog.get_by_role("button", name="Keep").click()
    expect(window.row("doomed")).to_be_visible()
    window.row("doomed").click(button="right")
    window.choose("Delete run…")
    dialog.get_by_role("button", name="Delete run").click()
    expect(window.row("doomed")).to_have_count(0)


def test_all_files_of_a_run_come_as_a_zip(window: Window):
    run = window.place.submit("packed", "open('outputs/a.txt', 'w').write('A'); print('out')")
    run.wait_for_completion()
    window.open()
    window.row("packed").click(button="right")
    with window.page.expect_download() as waiting:
        window.choose("Download all files as zip")
    with zipfile.ZipFile(waiting.value.path()) as archive:
        assert archive.testzip() is None
        contents = {name.rpartition("/")[2]: archive.read(name) for name in archive.namelist()}
    assert contents == {"a.txt": b"A", "70_driver_log.txt": b"out\n"}


def test_a_run_is_canceled_from_its_row(window: Window):
    gate = window.place.gate("row")
    run = window.place.submit("stopped", gate.code)
    window.open()
    window.row("stopped").get_by_role("button", name=re.compile("^Cancel run stopped")).click()
    expect(window.row("stopped")).to_contain_text("canceled")
    run.wait_for_completion(raise_on_error=False)
    assert run.get_status() == "Canceled"


def test_the_status_bar_counts_what_runs_and_waits(window: Window):
    gate = window.place.gate("status")
    window.open()
    window.place.submit("busy", gate.code)
    window.place.submit("waiting")
    status = window.page.get_by_role("button", name="1 running · 1 queued")
    expect(status).to_be_visible()
    status.click()
    expect(window.row("busy")).to_be_visible()
    gate.open()
    expect(status).to_be_hidden()


def test_a_notification_tells_once_how_a_run_has_ended(window: Window):
    window.open()
    window.sidebar()
    window.place.submit("sad", "raise ValueError('no data')").wait_for_completion(
        raise_on_error=False
    )
    told = window.page.get_by_role("alert").filter(has_text="ValueError: no data")
    expect(told).to_have_count(1)
    window.reload()
    expect(window.row("sad")).to_contain_text("no data")
    expect(told).to_have_count(0)


def test_a_run_that_ended_while_the_page_was_closed_is_told_of(window: Window):
    gate = window.place.gate("closed")
    code = f"{gate.code}\nraise ValueError('while away')"
    window.open()
    # What a page knows of goes to the server a moment later.
    with window.page.expect_request(
        lambda request: (
            "/api/workspaces/" in request.url and "meanwhile_" in (request.post_data or "")
        )
    ):
        run = window.place.submit("away", code, experiment="meanwhile")
    window.page.goto("about:blank")
    gate.open()
    run.wait_for_completion(raise_on_error=False)
    window.open()
    told = window.page.get_by_role("alert").filter(has_text="while away")
    expect(told).to_have_count(1)


def test_the_panel_of_running_sessions_lists_runs_and_ends_them(window: Window):
    gate = window.place.gate("panel")
    run = window.place.submit("session", gate.code)
    window.open()
    window.page.get_by_role("tab", name="Running Terminals and Kernels").click()
    item = window.page.get_by_role("treeitem").filter(has_text="session #").last
    expect(item).to_be_visible()
    item.hover()
    item.get_by_title("Cancel run").click()
    run.wait_for_completion(raise_on_error=False)
    assert run.get_status() == "Canceled"


def test_compute_says_who_holds_what(window: Window):
    gate = window.place.gate("compute")
    window.place.submit("holder", gate.code)
    window.open()
    sidebar = window.sidebar()
    sidebar.get_by_role("button", name="Compute").click()
    expect(sidebar.get_by_role("meter", name="CPUs")).to_have_attribute("aria-valuenow", "1")
    holders = sidebar.get_by_role("list", name="Who holds what of local")
    expect(holders).to_contain_text("holder")
