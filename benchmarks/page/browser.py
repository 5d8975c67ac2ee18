"""Headless Chromium on a JupyterLab, and what it holds of the machine's memory."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks import processes
from benchmarks.page.lab import Lab

_CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome")
_FLAGS: Final = (
    *(("--no-sandbox",) if os.geteuid() == 0 else ()),
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_INSTRUMENTS: Final = Path(__file__).with_name("instruments.js")
_SKEW_MS: Final = 5.0
_OPEN_MS: Final = 120_000
SETTLE_MS: Final = 3_000
"""From the moment that JupyterLab is there until what is done a little later is done, too."""

WINDOW: Final = (1_280, 800)


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A new Chromium with a profile of its own."""
    found = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if found is None:
        raise RuntimeError("There is no Chromium on the PATH. On Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=list(_FLAGS))
        try:
            yield opened
        finally:
            opened.close()


@contextlib.contextmanager
def jupyterlab(opened: Browser, lab: Lab, window: tuple[int, int] = WINDOW) -> Iterator[Page]:
    """A page with nothing cached, on which JupyterLab has come to rest."""
    width, height = window
    context = opened.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(_OPEN_MS)
    try:
        context.add_init_script(path=_INSTRUMENTS)
        page = context.new_page()
        page.goto(lab.page)
        page.wait_for_function("window.jupyterapp !== undefined")
        page.evaluate("window.jupyterapp.restored.then(() => undefined)")
        skew_ms = page.evaluate("Date.now() - bench.nowMs()")
        assert abs(skew_ms) < _SKEW_MS, f"the page's clock is {skew_ms} ms off"
        page.wait_for_timeout(SETTLE_MS)
        yield page
    finally:
        context.close()


def execute(page: Page, command: str, arguments: dict[str, Any] | None = None) -> None:
    """Execute a command of JupyterLab, and wait for it."""
    page.evaluate(
        "([command, args]) => jupyterapp.commands.execute(command, args).then(() => undefined)",
        [command, arguments or {}],
    )


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a page holds once its garbage is collected."""

    heap_mb: float
    """Of JavaScript, with the buffers outside of its heap, and of the objects of the DOM."""
    nodes: int
    resident_mb: float
    """Of the page's process, for whom much of it is shared or kept for later."""


def held(page: Page) -> Held:
    """Look after a full collection."""
    session = page.context.new_cdp_session(page)
    try:
        for _ in range(3):  # what the first one finalizes, the next ones free
            session.send("HeapProfiler.collectGarbage")
        heap = session.send("Runtime.getHeapUsage")
        session.send("Performance.enable")
        metrics = session.send("Performance.getMetrics")["metrics"]
    finally:
        session.detach()
    heap_bytes = sum(
        heap.get(part, 0) for part in ("usedSize", "embedderHeapUsedSize", "backingStorageSize")
    )
    return Held(
        heap_mb=heap_bytes / 1e6,
        nodes=int(next(each["value"] for each in metrics if each["name"] == "Nodes")),
        resident_mb=_resident_mb(page),
    )


def _resident_mb(page: Page) -> float:
    """Of the largest of the browser's renderers; a spare one is small."""
    opened = page.context.browser
    assert opened is not None
    session: CDPSession = opened.new_browser_cdp_session()
    try:
        found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    finally:
        session.detach()
    renderers = (int(each["id"]) for each in found if each["type"] == "renderer")
    return max(processes.memory(pid).resident_mb for pid in renderers)
