"""What a person does in JupyterLab, in words; everything is found by its role and name."""

from __future__ import annotations

import re
from itertools import count
from typing import Final

from jupyterlab_process import TOKEN
from places import Place
from playwright.sync_api import Locator, Page, expect

_numbers = count(1)

LOAD: Final = "%load_ext jupyter_mltrain"

expect.set_options(timeout=20_000)


class Window:
    """A window of the browser in which JupyterLab is, or is about to be."""

    def __init__(self, page: Page, place: Place) -> None:
        self.page = page
        self.place = place
        self._layout = f"test-{next(_numbers)}"
        page.set_default_timeout(20_000)

    def open(self, path: str = "") -> None:
        """Open JupyterLab, with a file where one is given, and nothing else."""
        tree = f"/tree/{path}" if path else ""
        self.page.goto(f"{self.place.url}lab/workspaces/{self._layout}{tree}?token={TOKEN}")
        self._settled()

    def reload(self) -> None:
        """Load the page again, as after F5."""
        self.page.reload()
        self._settled()

    def _settled(self) -> None:
        expect(self.page.get_by_role("menuitem", name="File")).to_be_visible(timeout=60_000)
        self.page.evaluate("window.jupyterapp.restored")
        self._splash_gone()

    def _splash_gone(self) -> None:
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)

    # Notebooks

    def open_notebook(self, *cells: str, load: bool = True) -> str:
        """Write a notebook with these cells, open it, wait for its kernel; returns its path."""
        cells = (LOAD, *cells) if load else cells
        path = self.place.notebook(f"notebook{next(_numbers)}", *cells)
        self.open(path)
        self.kernel_idle()
        return path

    def kernel_idle(self) -> None:
        """Wait until the notebook in front has a kernel, and the kernel has nothing to do."""
        self.page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget?.sessionContext?.kernelDisplayStatus "
            "=== 'idle'",
            timeout=60_000,
        )

    def cell(self, index: int) -> Locator:
        """A cell of the notebook in front."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def run_cell(self, index: int) -> None:
        """Put the cursor into a cell and press shift-enter."""
        self.cell(index).locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")

    def run_cells(self, number: int) -> None:
        """Run the first cells."""
        for index in range(number):
            self.run_cell(index)

    def save(self) -> None:
        """Save what is in front."""
        self.page.keyboard.press("Control+s")
        dirty = self.page.locator(".lm-DockPanel-tabBar .jp-mod-dirty")
        expect(dirty).to_have_count(0)

    # Runs

    def card(self, name: str) -> Card:
        """The card of a run, by the run's name."""
        return Card(self.page.get_by_role("region", name=re.compile(rf"^Run {name} #\d+$")))

    def sidebar(self) -> Locator:
        """The sidebar, opened where it is not."""
        sidebar = self.page.get_by_role("region", name="Training", exact=True)
        if not sidebar.is_visible():
            self.page.get_by_role("tab", name="Training", exact=True).click()
        expect(sidebar.get_by_role("heading", name="Training", exact=True)).to_be_visible()
        return sidebar

    def row(self, name: str) -> Locator:
        """A run's row in the sidebar."""
        return self.sidebar().get_by_role("row", name=re.compile(rf"^[A-Z][\w ]* {name} #\d+ "))

    def choose(self, name: str) -> None:
        """Choose an item of the menu that is open."""
        item = self.page.get_by_role("menu").get_by_role("menuitem", name=name, exact=True)
        # A menu acts on the item that the mouse has moved over since it opened: one on which it
        # lay from the last time does not know, and stays open.
        expect(item).to_be_visible()
        for _ in range(5):
            item.hover()
            item.click()
            self.page.wait_for_timeout(100)
            if not item.is_visible():
                return
        raise AssertionError(f"The menu does not act on {name!r}.")

    def run_page(self, name: str) -> Locator:
        """The page of a run in the main area."""
        return self.page.get_by_role("tabpanel", name=re.compile(rf"^{name} #\d+"))

    def command(self, name: str, **arguments: str) -> None:
        """Execute a command, where how it is reached is not what the test is about."""
        self.page.evaluate(
            "([name, given]) => { void window.jupyterapp.commands.execute(name, given); }",
            [name, arguments],
        )

    def theme(self, name: str) -> None:
        """Change the theme, and wait for its colours."""
        self.page.evaluate(
            "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})",
            name,
        )
        expect(self.page.locator(f"body[data-jp-theme-name='{name}']")).to_be_attached()
        self._splash_gone()


class Card:
    """The card of a run under the cell that made it."""

    def __init__(self, node: Locator) -> None:
        self.node = node

    def button(self, name: str) -> Locator:
        """A button, by what is on it."""
        return self.node.get_by_role("button").filter(has_text=re.compile(f"^{name}$"))

    def is_in(self, state: str, timeout_s: float = 30) -> None:
        """Wait until its run is in a state."""
        expect(self.node).to_have_attribute("data-state", state, timeout=timeout_s * 1_000)

    def open_output(self) -> None:
        """Show the output of a run that has ended, where it is folded."""
        button = self.node.get_by_role("button", name=re.compile("^(Hide|Show) the output of"))
        expect(button).to_be_visible()
        if button.get_attribute("aria-expanded") == "false":
            button.click()

    def shows(self, text: str | re.Pattern[str]) -> None:
        """Wait until a text is in its output."""
        expect(self.output).to_contain_text(text)

    def hides(self, text: str) -> None:
        """Nothing of this text is in its output now."""
        assert text not in self.output.inner_text()

    @property
    def output(self) -> Locator:
        """What the run has printed, as far as it is in view."""
        # Not the picture of earlier rows that stands there for the moment of a change.
        return self.node.locator(".xterm-screen:not(.jp-mltrain-LogView-still) > .xterm-rows")
