"""Environments in the page: described, built, used, and built again with what was missing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from browsing import Window
from engines import base_image, running_engine  # noqa: F401 - fixtures
from looking import look
from places import Place, a_place, short_folder
from playwright.sync_api import Locator, expect

from jupyter_mltrain.spec import EnvironmentSpec, PackagesSpec
from jupyter_mltrain.wire import BuildRequest

FORM = ".jp-mltrain-EnvironmentForm"
BUILD = ".jp-mltrain-BuildPage"
SIDEBAR = "#jupyter-mltrain-sidebar"


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A place with one environment that is built and one that cannot be."""
    with a_place(short_folder()) as place:
        client = place.workspace.client
        for name, package in (("there", "six"), ("wrong", "no-such-package-of-anybody")):
            client.register(EnvironmentSpec(name=name, packages=PackagesSpec(pip=(package,))))
            build = client.build(BuildRequest(environment=name))
            for _ in client.follow_build(build.id):
                pass
        yield place


def environments(window: Window) -> Locator:
    """The section of the sidebar, unfolded."""
    title = window.sidebar().get_by_role("button", name=re.compile("^Environments"))
    if title.get_attribute("aria-expanded") == "false":
        title.click()
    rows = window.sidebar().get_by_role("list", name="Environments")
    expect(rows).to_be_visible()
    return rows


def row(window: Window, name: str) -> Locator:
    """The row of an environment."""
    opens = window.page.get_by_role("button", name=re.compile(rf"^{re.escape(name)} "))
    return environments(window).get_by_role("listitem").filter(has=opens)


def menu(window: Window, name: str, item: str) -> None:
    """Choose something in the menu of an environment."""
    row(window, name).hover()
    row(window, name).get_by_role("button", name=f"Actions for environment {name}").click()
    window.choose(item)


def new_form(window: Window) -> Locator:
    """The form of a new environment."""
    environments(window)
    window.sidebar().get_by_role("button", name="New environment").click()
    form = window.page.get_by_role("form", name="New environment")
    expect(form).to_be_visible()
    return form


def build_page(window: Window, label: str) -> Locator:
    """The page of the build of ``NAME:VERSION``."""
    page = window.page.get_by_role("tabpanel", name=label)
    expect(page.get_by_role("heading", name=label)).to_be_visible()
    return page


def test_an_environment_is_made_in_the_form_built_and_used_by_a_cell(window: Window):
    window.open_notebook("%%train --env fit --name fitted\nimport six\nprint('six is', six.PY3)")
    form = new_form(window)
    form.get_by_role("textbox", name="Name").fill("fit")
    form.get_by_role("textbox", name="Requirements").fill("six  # small\ncolorama\n")
    form.get_by_role("button", name="Save and build").click()
    page = build_page(window, "fit:1")
    expect(page.get_by_text("Built", exact=True)).to_be_visible(timeout=60_000)
    steps = page.get_by_role("list", name="Steps")
    expect(steps.get_by_role("listitem").filter(has_text="install 2 packages")).to_be_visible()
    expect(page.get_by_text("+ six==")).to_be_visible()
    expect(row(window, "fit")).to_have_attribute("data-state", "Built")
    window.page.get_by_role("tab", name=re.compile(r"^notebook\d+\.ipynb")).click()
    window.run_cells(2)
    card = window.card("fitted")
    card.is_in("Completed")
    card.open_output()
    card.shows("six is True")


def test_a_dockerfile_is_written_built_line_by_line_and_a_cell_runs_in_it(
    window: Window,
    base_image: str,  # noqa: F811
):
    window.open_notebook("%%train --env boxed --name contained\nprint(open('/made-by').read())")
    form = new_form(window)
    form.get_by_role("textbox", name="Name").fill("boxed")
    form.get_by_label("A Dockerfile").check()
    text = f"FROM {base_image}\nRUN echo the line && echo the Dockerfile > /made-by\n"
    form.get_by_role("textbox", name="Dockerfile").fill(text)
    form.get_by_role("button", name="Save and build").click()
    page = build_page(window, "boxed:1")
    expect(page.get_by_text("Built", exact=True)).to_be_visible(timeout=120_000)
    steps = page.get_by_role("list", name="Steps")
    expect(steps.get_by_text("RUN echo the line")).to_be_visible()
    window.page.get_by_role("tab", name=re.compile(r"^notebook\d+\.ipynb")).click()
    window.run_cells(2)
    card = window.card("contained")
    card.is_in("Completed", timeout_s=60)
    card.open_output()
    card.shows("the Dockerfile")
    card.button("Open").click()
    window.page.get_by_role("tab", name="Details").click()
    part = window.page.get_by_role("region", name="Environment", exact=True)
    expect(part).to_contain_text(re.compile(r"Imagesha256:[0-9a-f]{64}"))
    menu(window, "boxed", "Delete…")
    window.page.get_by_role("button", name="Delete environment").click()
    expect(row(window, "boxed")).to_have_count(0)
    window.sidebar().get_by_role("button", name="Reclaim space…").click()
    window.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(window.page.get_by_text(re.compile(r"^[\d.]+ \w+ reclaimed\.$"))).to_be_visible()


def test_the_details_of_a_run_name_what_it_ran_in(window: Window):
    run = window.place.workspace.client.environment("there").versions[0]
    window.open()
    window.place.submit("told", environment="there")
    window.row("told").dblclick()
    page = window.run_page("told")
    page.get_by_role("tab", name="Details").click()
    part = page.get_by_role("region", name="Environment", exact=True)
    expect(part).to_contain_text(f"there:{run.spec.version}")
    expect(part).to_contain_text("virtual environment")
    with window.page.expect_download() as saved:
        part.get_by_role("link", name="their exact versions").click()
    assert "six==" in saved.value.path().read_text()
    part.get_by_role("button", name="how it was built").click()
    build_page(window, "there:1")


def test_what_is_wrong_with_a_form_is_said_in_it(window: Window):
    window.open()
    form = new_form(window)
    form.get_by_role("button", name="Save and build").click()
    expect(form.get_by_text("Name the environment.")).to_be_visible()
    expect(form.get_by_role("textbox", name="Name")).to_be_focused()
    form.get_by_role("textbox", name="Name").fill("sklearn")
    form.get_by_role("textbox", name="Requirements").fill("six\nsix 2\n")
    form.get_by_role("button", name="Save", exact=True).click()
    expect(form.get_by_role("alert")).to_contain_text("Line 2: ")
    form.get_by_role("textbox", name="Requirements").fill("six")
    expect(form.get_by_role("alert")).to_be_empty()
    form.get_by_role("button", name="Save", exact=True).click()
    expect(form.get_by_role("alert")).to_contain_text("comes with mltrain")


def test_an_edit_makes_a_new_version(window: Window):
    client = window.place.workspace.client
    client.register(EnvironmentSpec(name="edited", packages=PackagesSpec(pip=("six",))))
    window.open()
    menu(window, "edited", "Edit…")
    form = window.page.get_by_role("form", name="Edit edited:1")
    expect(form.get_by_role("textbox", name="Requirements")).to_have_value("six")
    form.get_by_label("conda specification").check()
    form.get_by_role("textbox", name="environment.yml").fill("dependencies: [{pip: [colorama]}]")
    form.get_by_role("button", name="Save", exact=True).click()
    expect(window.page.get_by_text("edited:2 is saved.")).to_be_visible()
    latest = client.environment("edited").versions[0]
    assert latest.spec.packages is not None
    assert latest.spec.packages.pip == ("colorama",)


def test_a_build_that_failed_says_why_and_what_differs(window: Window):
    window.open()
    expect(row(window, "wrong")).to_have_attribute("data-state", "Failed")
    menu(window, "wrong", "Why was it not cached")
    page = build_page(window, "wrong:1")
    expect(page.get_by_text("no-such-package-of-anybody").first).to_be_visible()
    expect(page.get_by_role("button", name="Build wrong:1 again")).to_be_visible()
    why = page.get_by_role("region", name="Why was it not cached")
    expect(why).to_contain_text("The nearest that was there is there:1.")


def test_an_environment_is_deleted_once_that_is_sure(window: Window):
    client = window.place.workspace.client
    client.register(EnvironmentSpec(name="old", packages=PackagesSpec(pip=("six",))))
    window.open()
    menu(window, "old", "Delete…")
    dialog = window.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Delete old?")
    dialog.get_by_role("button", name="Delete environment").click()
    expect(row(window, "old")).to_have_count(0)


def test_a_module_that_was_missing_is_added_with_a_click(window: Window):
    window.open_notebook(
        "%%train --pip six --name lacking\n"
        "import importlib\n"
        "print('found', importlib.import_module('colorama').__name__)"
    )
    window.run_cells(2)
    card = window.card("lacking")
    card.is_in("Failed", timeout_s=60)
    card.button("Add it and run again").click()
    again = window.card("lacking")
    again.is_in("Completed", timeout_s=60)
    again.open_output()
    again.shows("found colorama")


def test_the_form_of_a_run_offers_environments(window: Window):
    window.place.file("chosen/train.py", "print('ran')\n")
    window.open()
    window.command("mltrain:new-run", path="chosen/train.py")
    form = window.page.get_by_role("form", name="New run")
    choice = form.get_by_role("combobox", name="Environment", exact=True)
    choice.select_option("image")
    expect(form.get_by_role("textbox", name="Image")).to_be_visible()
    choice.select_option("there")
    form.get_by_text("Copy as code").click()
    expect(form.get_by_label("for a notebook cell", exact=True)).to_contain_text("--env there")
    form.get_by_role("button", name="Submit run").click()
    expect(window.page.get_by_role("tab", name="Files")).to_be_visible()
    (run,) = window.place.workspace.client.list(experiment="train").runs
    assert (run.spec.environment.name, run.spec.environment.version) == ("there", "1")


def test_a_password_is_nowhere_but_where_it_is_kept(window: Window):
    window.open()
    form = new_form(window)
    form.get_by_role("textbox", name="Name").fill("private")
    form.get_by_label("A container image").check()
    form.get_by_role("textbox", name="Image").fill("registry.invalid/team/torch:1")
    form.get_by_text("Private registry").click()
    form.get_by_role("textbox", name="User").fill("ada")
    form.get_by_label("Password").fill("pl4nted-s3cret")
    form.get_by_role("button", name="Save", exact=True).click()
    expect(window.page.get_by_text("private:1 is saved.")).to_be_visible()
    menu(window, "private", "Edit…")
    form = window.page.get_by_role("form", name="Edit private:1")
    expect(form.get_by_role("textbox", name="User")).to_have_value("ada")
    expect(form.get_by_label("Password")).to_have_value("")
    folder = window.place.workspace.directory
    kept = [path for path in folder.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if b"pl4nted-s3cret" in path.read_bytes()]


def test_a_compute_target_that_cannot_be_reached_is_refused_in_the_dialog(window: Window):
    window.open()
    window.sidebar().get_by_role("button", name="Compute", exact=True).click()
    window.sidebar().get_by_role("button", name="Add compute").click()
    dialog = window.page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill("far")
    dialog.get_by_role("textbox", name="Address").fill("unix:///nowhere/docker.sock")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("/nowhere/docker.sock")
    expect(dialog.get_by_role("textbox", name="Name")).to_have_value("far")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)


def test_the_screens_of_environments_look_well(window: Window):
    window.open()
    form = new_form(window)
    form.get_by_label("A Dockerfile").check()
    form.get_by_role("textbox", name="Dockerfile").fill("FROM debian:12\nCOPY . /app\n")
    form.get_by_text("Private registry").click()
    form.get_by_text("More", exact=True).click()
    form.get_by_role("button", name="Save and build").click()
    window.command("application:toggle-left-area")
    look(window, "environment", FORM)
    window.command("application:toggle-left-area")
    menu(window, "wrong", "Why was it not cached")
    build_page(window, "wrong:1")
    window.command("application:toggle-left-area")
    look(window, "build", BUILD)
    window.command("application:toggle-left-area")
    window.page.set_viewport_size({"width": 1280, "height": 800})
    environments(window)
    look(window, "environments", SIDEBAR, prepare=lambda: environments(window))
