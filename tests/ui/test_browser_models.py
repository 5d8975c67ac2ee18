"""Models in the page: registered from a run, listed, looked at, downloaded, deleted."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator

import pytest
from browsing import Window
from looking import look
from places import Place, a_place, short_folder
from playwright.sync_api import Locator, expect

from jupyter_mltrain.wire import ModelRequest

SIDEBAR = "#jupyter-mltrain-sidebar"
PAGE = ".jp-mltrain-ModelPage"
DIALOG = ".jp-Dialog .jp-mltrain-Form"

TRAINING = """\
import os
os.makedirs("outputs/model")
open("outputs/model/weights.bin", "wb").write(bytes(12_345))
open("outputs/model/labels.txt", "w").write("zero\\none\\n")
open("outputs/report.txt", "w").write("accuracy 0.97\\n")
"""


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A place with a run that has something to register."""
    with a_place(short_folder()) as place:
        place.submit("digits", TRAINING, experiment="digits").wait_for_completion()
        yield place


def models(window: Window) -> Locator:
    """The section of the sidebar, unfolded."""
    title = window.sidebar().get_by_role("button", name=re.compile("^Models"))
    if title.get_attribute("aria-expanded") == "false":
        title.click()
    return window.sidebar().get_by_role("region", name=re.compile("^Models"))


def row(window: Window, name: str) -> Locator:
    """The row of a model."""
    opens = window.page.get_by_role("button", name=re.compile(rf"^{re.escape(name)} ?:\d+ "))
    return models(window).get_by_role("listitem").filter(has=opens)


def menu(window: Window, name: str, item: str) -> None:
    """Choose something in the menu of a model."""
    row(window, name).hover()
    row(window, name).get_by_role("button", name=f"Actions for model {name}").click()
    window.choose(item)


def files(window: Window, name: str) -> Locator:
    """The tree of files in the page of a run."""
    window.row(name).dblclick()
    page = window.run_page(name)
    page.get_by_role("tab", name="Files").click()
    return page.get_by_role("tree", name="Files of the run")


def register(window: Window, run: str, path: str) -> Locator:
    """Open the dialog for a file or folder of a run, by its name in the tree."""
    files(window, run).get_by_role("treeitem", name=re.compile(rf"^{path}")).click()
    window.run_page(run).get_by_role("button", name=f"Register {path} as model").click()
    dialog = window.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def made(place: Place, name: str, *, run: str = "digits", path: str = "outputs/model") -> None:
    """Register a version as code would."""
    client = place.workspace.client
    found = next(each for each in client.iterate() if each.spec.name == run)
    client.register_model(ModelRequest(name=name, run=found.id, path=path, tags={"made": "here"}))


def model_page(window: Window, name: str) -> Locator:
    """The page of a model in the main area."""
    page = window.page.get_by_role("tabpanel", name=name, exact=True)
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    return page


def test_a_folder_of_a_run_becomes_a_model_and_then_its_next_version(window: Window):
    window.open()
    dialog = register(window, "digits", "model")
    name = dialog.get_by_role("combobox", name="Name")
    expect(name).to_have_value("model")
    name.fill("tf-mnist")
    expect(dialog).to_contain_text("A new model: becomes its version 1.")
    dialog.get_by_role("textbox", name="Description").fill("The first one.")
    dialog.get_by_role("button", name="Add a tag").click()
    dialog.get_by_role("textbox", name="Tag 1").fill("area")
    dialog.get_by_role("textbox", name="Value 1").fill("digits")
    dialog.get_by_role("button", name="Register", exact=True).click()
    expect(window.page.get_by_text("tf-mnist:1 is registered.").first).to_be_visible()
    expect(row(window, "tf-mnist")).to_contain_text(":1")
    dialog = register(window, "digits", "report.txt")
    dialog.get_by_role("combobox", name="Name").fill("tf-mnist")
    expect(dialog).to_contain_text("Becomes version 2 of it.")
    dialog.get_by_role("button", name="Register", exact=True).click()
    expect(row(window, "tf-mnist")).to_contain_text(":2")
    row(window, "tf-mnist").get_by_role("button", name=re.compile("^tf-mnist")).click()
    page = model_page(window, "tf-mnist")
    versions = page.get_by_role("navigation", name="Versions")
    versions.get_by_role("button", name=re.compile("^Version 1")).click()
    version = page.get_by_role("group", name="Version 1")
    expect(version).to_contain_text("The first one.")
    expect(version).to_contain_text("area: digits")
    expect(version.get_by_role("link")).to_have_count(2)
    version.get_by_role("button", name=re.compile(r"^digits #\d+$")).click()
    expect(window.run_page("digits")).to_be_visible()
    window.run_page("digits").get_by_role("tab", name="Details").click()
    part = window.page.get_by_role("region", name="Models from this run")
    part.get_by_role("button", name="tf-mnist:2").click()
    expect(model_page(window, "tf-mnist").get_by_role("group", name="Version 2")).to_be_visible()


def test_what_is_wrong_with_a_name_is_said_in_the_dialog(window: Window):
    window.open()
    dialog = register(window, "digits", "report.txt")
    dialog.get_by_role("combobox", name="Name").fill("not a name")
    dialog.get_by_role("button", name="Register", exact=True).click()
    dialog = window.page.get_by_role("dialog")
    expect(dialog.get_by_role("combobox", name="Name")).to_have_attribute("aria-invalid", "true")
    expect(dialog).to_contain_text("Use letters, digits")
    dialog.get_by_role("button", name="Cancel").click()


def test_a_model_is_downloaded_whole_or_file_by_file(window: Window):
    made(window.place, "whole")
    window.open()
    row(window, "whole").get_by_role("button", name=re.compile("^whole")).click()
    page = model_page(window, "whole")
    with window.page.expect_download() as one:
        page.get_by_role("link", name=re.compile("labels.txt")).click()
    assert one.value.path().read_text() == "zero\none\n"
    assert one.value.suggested_filename == "labels.txt"
    with window.page.expect_download() as saved:
        page.get_by_role("link", name="Download version 1 of whole").click()
    with zipfile.ZipFile(saved.value.path()) as archive:
        assert {name.rpartition("/")[2] for name in archive.namelist()} == {
            "labels.txt",
            "weights.bin",
        }
    with window.page.expect_download() as again:
        menu(window, "whole", "Download")
    assert again.value.suggested_filename.endswith(".zip")


def test_the_code_that_gets_a_model_is_copied(window: Window):
    made(window.place, "copied")
    window.open()
    menu(window, "copied", "Copy code")
    assert window.page.evaluate("navigator.clipboard.readText()") == (
        'Model(ws, "copied", version=1)'
    )


def test_a_version_is_deleted_after_a_question(window: Window):
    made(window.place, "gone")
    made(window.place, "gone")
    window.open()
    menu(window, "gone", "Delete version 2…")
    dialog = window.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Delete gone:2 and its 2 files, 12 kB?")
    dialog.get_by_role("button", name="Delete version").click()
    expect(row(window, "gone")).to_contain_text(":1")
    menu(window, "gone", "Delete version 1…")
    expect(window.page.get_by_role("dialog")).to_contain_text("It is the only version")
    window.page.get_by_role("button", name="Delete version").click()
    expect(row(window, "gone")).to_have_count(0)


def test_the_page_of_a_model_follows_what_is_registered_elsewhere(window: Window):
    made(window.place, "followed")
    window.open()
    with window.page.expect_response(
        lambda response: (
            "/api/workspaces/" in response.url
            and "mltrain-model" in (response.request.post_data or "")
        )
    ):
        row(window, "followed").get_by_role("button", name=re.compile("^followed")).click()
    page = model_page(window, "followed")
    expect(page).to_contain_text("version 1, the latest")
    made(window.place, "followed")
    expect(page).to_contain_text("version 2, the latest")
    window.reload()
    expect(model_page(window, "followed")).to_contain_text("version 2, the latest")


def test_the_looks_of_models(window: Window):
    for name in ("resnet50", "a-model-with-a-rather-long-name-for-its-row"):
        made(window.place, name)
        made(window.place, name, path="outputs/report.txt")
    window.open()
    expect(row(window, "resnet50")).to_be_visible()
    look(window, "models-sidebar", SIDEBAR)
    row(window, "resnet50").get_by_role("button", name=re.compile("^resnet50")).click()
    expect(model_page(window, "resnet50")).to_contain_text("1 file")
    window.command("application:toggle-left-area")
    look(window, "model-page", PAGE)


def test_the_looks_of_the_dialog(window: Window):
    window.open()
    dialog = register(window, "digits", "report.txt")
    dialog.get_by_role("button", name="Add a tag").click()
    look(window, "model-register", DIALOG)
    window.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()


def test_the_looks_of_no_models(hub_window: Window):
    hub_window.open()
    expect(models(hub_window)).to_contain_text("No models yet.")
    look(hub_window, "models-sidebar-empty", SIDEBAR)
