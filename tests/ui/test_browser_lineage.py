"""The page of a run: the data that came in, its attempts, and a run that a program logs to."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from browsing import Window
from looking import look
from places import Place, a_place, short_folder
from playwright.sync_api import Locator, expect

from jupyter_mltrain import Experiment
from jupyter_mltrain.core.dataset import Dataset
from jupyter_mltrain.core.datastore import Datastore
from jupyter_mltrain.core.run_configuration import RunConfiguration

PAGE = ".jp-mltrain-RunPageWidget"


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A place with a registered dataset of two files."""
    with a_place(short_folder()) as place:
        folder = place.root / "digits"
        folder.mkdir()
        for name in ("train.csv", "test.csv"):
            (folder / name).write_text("a,b\n1,2\n")
        store = Datastore.get_default(place.workspace)
        store.upload(str(folder), target_path="digits", show_progress=False)
        dataset = Dataset.File.from_files((store, "digits"))
        dataset.register(place.workspace, "digits")
        yield place


def details(window: Window, name: str) -> Locator:
    """The details of a run."""
    window.row(name).dblclick()
    page = window.run_page(name)
    page.get_by_role("tab", name="Details").click()
    return page


def test_the_details_of_a_run_say_exactly_which_data_it_took(window: Window):
    dataset = Dataset.get_by_name(window.place.workspace, "digits")
    run = window.place.submit(
        "fed",
        "import os, sys\nprint(sorted(os.listdir(sys.argv[1])))",
        arguments=[dataset.as_named_input("digits").as_mount()],
    )
    run.wait_for_completion()
    window.open()
    part = details(window, "fed").get_by_role("region", name="Data")
    expect(part).to_contain_text(re.compile(r"digits:1 · mounted · 2 files · \d+ bytes"))
    part.get_by_role("button", name="Copy the fingerprint of digits").click()
    copied = window.page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(r"[0-9a-f]{64}", copied)
    window.command("application:toggle-left-area")
    look(window, "page-data", PAGE)


def test_a_run_says_which_attempt_it_is(window: Window):
    code = "import os, sys\nsys.exit(os.environ['MLTRAIN_ATTEMPT'] == '1')"
    config = RunConfiguration()
    config.retries = 2
    run = window.place.submit("stubborn", code, run_config=config)
    run.wait_for_completion()
    window.open()
    page = details(window, "stubborn")
    expect(page.get_by_text("attempt 2 of 3", exact=True)).to_be_visible()
    look(window, "page-attempts", PAGE)


def test_a_run_that_a_program_logs_to_is_ended_and_not_run_again(window: Window):
    run = Experiment(window.place.workspace, "by-hand").start_logging(snapshot_directory=None)
    run.log("accuracy", 0.9)
    window.open()
    window.row("by-hand").dblclick()
    page = window.run_page("by-hand")
    expect(page.get_by_role("button", name=re.compile("^End run by-hand"))).to_be_visible()
    expect(page).to_contain_text("where its output stays")
    page.get_by_role("tab", name="Details").click()
    look(window, "page-interactive", PAGE)
    page.get_by_role("button", name=re.compile("^End run by-hand")).click()
    expect(page.get_by_text("Canceled", exact=True).first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("again$"))).to_have_count(0)
