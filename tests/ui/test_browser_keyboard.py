"""All of it without a mouse."""

from __future__ import annotations

import re

from browsing import Window
from playwright.sync_api import Keyboard, expect


def test_a_run_is_found_opened_and_canceled_by_keyboard_alone(window: Window):
    gate = window.place.gate("keys")
    run = window.place.submit("keys", f"print('typed')\n{gate.code}")
    keyboard = opened(window)
    keyboard.press("Control+Shift+Y")
    sidebar = window.page.get_by_role("region", name="Training", exact=True)
    expect(sidebar.get_by_role("row", name=re.compile("keys #"))).to_be_visible()
    grid = sidebar.get_by_role("grid", name="Runs")
    tab_to(window, grid)
    keyboard.press("Home")
    keyboard.press("Enter")
    tabs = window.page.get_by_role("tablist", name="Parts of the run")
    expect(tabs.get_by_role("tab", name="Output")).to_be_focused()
    keyboard.press("ArrowRight")
    expect(tabs.get_by_role("tab", name="Files")).to_have_attribute("aria-selected", "true")
    cancel = window.page.get_by_role("main").get_by_role("button", name="Cancel run keys")
    tab_to(window, cancel, "Shift+Tab")
    keyboard.press("Enter")
    run.wait_for_completion(raise_on_error=False)
    assert run.get_status() == "Canceled"


def test_a_run_is_submitted_by_keyboard_alone(window: Window):
    window.place.file("keyed.py", "print('from the keyboard')")
    keyboard = opened(window)
    keyboard.press("Control+Shift+C")
    keyboard.type("New training run")
    keyboard.press("Enter")
    form = window.page.get_by_role("form", name="New run")
    tab_to(window, form.get_by_role("combobox", name="File", exact=True))
    keyboard.type("keyed.py")
    tab_to(window, form.get_by_role("button", name="Submit run"))
    keyboard.press("Enter")
    expect(window.page.get_by_text("from the keyboard")).to_be_visible()


def opened(window: Window) -> Keyboard:
    """The keyboard of JupyterLab, once its launcher is there.

    The launcher takes the focus when it comes, late on a busy machine: it
    would close the palette, and take the keys meant for what had the focus.
    """
    window.open()
    expect(window.page.locator(".jp-Launcher")).to_be_focused()
    return window.page.keyboard


def tab_to(window: Window, target, key: str = "Tab", most: int = 60) -> None:
    """Press Tab until something has the focus."""
    expect(target).to_be_visible()
    for _ in range(most):
        if target.evaluate("node => node === document.activeElement"):
            return
        window.page.keyboard.press(key)
    raise AssertionError(f"{target} is not reached by {key}")
