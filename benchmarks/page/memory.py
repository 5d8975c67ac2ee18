"""The page's memory while a run prints a thousand lines a second."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

from benchmarks import place
from benchmarks.figures import Figure
from benchmarks.page.browser import browser, execute, held, jupyterlab
from benchmarks.page.lab import Lab, lab

_FROM_S: Final = 60.0
_TO_S: Final = 600.0
_QUICK_FROM_S: Final = 20.0
"""The terminal keeps 10,000 lines, so after ten seconds it has what it will ever have."""
_QUICK_TO_S: Final = 60.0
_GROWTH_MB: Final = 10.0
_NODES: Final = 1_000

_PRINTS: Final = """\
import time
start, number = time.monotonic(), 0
while True:
    while number < 1_000 * (time.monotonic() - start):
        print(f"@{time.time():.6f} 0 {number}; " + "." * 60)
        number += 1
    time.sleep(0.01)
"""


def measure(*, quick: bool = False) -> list[Figure]:
    """The run's page with its output, in front, for ten minutes; `quick`: for one."""
    from jupyter_mltrain import Experiment, ScriptRunConfig, Workspace

    with place.workspace():
        workspace = Workspace.default()
        source = place.script(place.scratch() / "source", _PRINTS)
        run = Experiment(workspace, "memory").submit(ScriptRunConfig(source, "train.py"))
        try:
            with lab() as served, browser() as opened, jupyterlab(opened, served) as page:
                opening = {"workspace": run.record.workspace_id, "run": run.id}
                execute(page, "mltrain:open-run", opening)
                page.wait_for_function("bench.isShown(';')")
                served.forget_stalls()
                return list(_watch(page, served, quick))
        finally:
            run.cancel()


def _watch(page: Any, served: Lab, quick: bool) -> Iterator[Figure]:
    from_s, to_s = (_QUICK_FROM_S, _QUICK_TO_S) if quick else (_FROM_S, _TO_S)
    start = time.monotonic()
    page.wait_for_timeout(from_s * 1e3)
    before = held(page)
    page.wait_for_timeout((to_s - (time.monotonic() - start)) * 1e3)
    behind_ms = _behind(page)
    after = held(page)
    what = f"1,000 lines/s for {to_s / 60:g} min"
    yield Figure(name=f"{what}: page memory after {from_s:g} s", ours=before.heap_mb, unit="MB")
    yield Figure(
        name=f"{what}: growth from {from_s:g} s on",
        ours=max(0.0, after.heap_mb - before.heap_mb),
        unit="MB",
        target=_GROWTH_MB,
    )
    yield Figure(
        name=f"{what}: growth of the number of DOM nodes",
        ours=max(0, after.nodes - before.nodes),
        unit="",
        target=_NODES,
    )
    yield Figure(
        name=f"{what}: growth of the page's process",
        ours=max(0.0, after.resident_mb - before.resident_mb),
        unit="MB",
    )
    yield Figure(name=f"{what}: newest painted line is behind", ours=behind_ms, unit="ms")
    yield from served.stalls(what)


def _behind(page: Any) -> float:
    """Milliseconds since the newest line that can be seen was printed."""
    found: float = page.evaluate(
        r"""() => {
          const text = document.querySelector('.xterm-rows').textContent;
          const printed = [...text.matchAll(/@(\d+\.\d+) /g)].map(found => 1e3 * found[1]);
          return bench.nowMs() - Math.max(...printed);
        }"""
    )
    return found
