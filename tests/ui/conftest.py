"""A real JupyterLab in a real browser: one server for each module, one window for each test."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Window
from places import Place, a_place, short_folder
from playwright.sync_api import Browser, Page, sync_playwright

BUILD = Path(__file__).parents[2] / "build"
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
OURS = "labextensions/jupyter-mltrain"

_report = pytest.StashKey[pytest.TestReport]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.stash[_report] = report
    return report


@pytest.fixture(scope="session", autouse=True)
def _own_places() -> Iterator[None]:
    """Keep the tests themselves away from the user's own folders."""
    root = short_folder()
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
            patch.setenv(variable, str(root / variable.lower()))
        yield
    shutil.rmtree(root)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is."""
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if found := shutil.which(name):
            return found
    missing = "There is no Chromium here. On Debian and Ubuntu: apt-get install chromium"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """The browser, without a screen."""
    flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A JupyterLab with a workspace of its own, for the tests of a module."""
    with a_place(short_folder()) as place:
        yield place


@pytest.fixture
def hub_place() -> Iterator[Place]:
    """A JupyterLab behind a base URL, for one test alone: it may be restarted."""
    with a_place(short_folder(), base_url="/user/ada/") as place:
        yield place


def _window(browser: Browser, place: Place, item: pytest.Item) -> Iterator[Window]:
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, permissions=["clipboard-read", "clipboard-write"]
    )
    context.tracing.start(snapshots=True)
    page = context.new_page()
    errors = _errors_of_ours(page)
    window = Window(page, place)
    yield window
    report = item.stash.get(_report, None)
    name = re.sub(r"[^\w-]+", "-", item.name)
    if report is not None and report.failed:
        failures = BUILD / "failures"
        failures.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=failures / f"{name}.png")
        context.tracing.stop(path=failures / f"{name}.zip")
        shutil.copyfile(place.root / "lab.log", failures / f"{name}.log")
    context.close()
    place.cancel_everything()
    assert not errors, "\n".join(errors)


def _errors_of_ours(page: Page) -> list[str]:
    """Fills with what our code could not handle or complained of."""
    errors: list[str] = []

    def thrown(error: Exception) -> None:
        if OURS in (getattr(error, "stack", None) or ""):
            errors.append(f"{error}\n{getattr(error, 'stack', '')}")

    page.on("pageerror", thrown)
    page.on(
        "console",
        lambda message: (
            errors.append(f"console.{message.type}: {message.text}")
            if message.type in ("error", "warning") and OURS in message.location["url"]
            else None
        ),
    )
    return errors


@pytest.fixture
def window(browser: Browser, place: Place, request: pytest.FixtureRequest) -> Iterator[Window]:
    """A new browser window for the module's JupyterLab."""
    yield from _window(browser, place, request.node)


@pytest.fixture
def hub_window(
    browser: Browser, hub_place: Place, request: pytest.FixtureRequest
) -> Iterator[Window]:
    """A new browser window for a JupyterLab of its own."""
    yield from _window(browser, hub_place, request.node)
