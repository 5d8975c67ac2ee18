"""A log of one gigabyte on the run's page."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any, Final

from benchmarks import place
from benchmarks.figures import Figure
from benchmarks.page.browser import browser, execute, held, jupyterlab
from benchmarks.page.lab import lab

_LINES: Final = 10_000_000
_REPETITIONS: Final = 3
_OPEN_MS: Final = 300.0

_PRINTS: Final = f"""\
import os
rest = b" " + b"." * 89 + b"\\n"
for start in range(0, {_LINES}, 1_000):
    os.write(1, b"".join(b"%09d;" % number + rest for number in range(start, start + 1_000)))
"""
_FIRST: Final = f"{0:09d};"
_LAST: Final = f"{_LINES - 1:09d};"

_OPEN: Final = """\
async ([args, last]) => {
  const start = bench.nowMs();
  void jupyterapp.commands.execute('mltrain:open-run', args);
  return await bench.until(() => bench.isShown(last)) - start;
}
"""
_CLOSE: Final = "jupyterapp.shell.currentWidget.dispose()"
_SCREEN: Final = ".jp-mltrain-LogView-screen"


def measure() -> list[Figure]:
    """Opened on new pages, then again on the same, then shown from its first line."""
    from jupyter_mltrain import Experiment, ScriptRunConfig, Workspace

    with place.workspace():
        source = place.script(place.scratch() / "source", _PRINTS)
        run = Experiment(Workspace.default(), "log").submit(ScriptRunConfig(source, "train.py"))
        run.wait_for_completion()
        opening = {"workspace": run.record.workspace_id, "run": run.id}
        cold, warm, jumps, grown = [], [], [], []
        with lab() as served, browser() as opened:
            served.forget_stalls()
            for _ in range(_REPETITIONS):
                with jupyterlab(opened, served) as page:
                    before = held(page)
                    cold.append(page.evaluate(_OPEN, [opening, _LAST]))
                    page.evaluate(_CLOSE)
                    page.wait_for_timeout(500)
                    warm.append(page.evaluate(_OPEN, [opening, _LAST]))
                    page.wait_for_timeout(500)
                    jumps.append(_to_start(page))
                    execute(page, "mltrain:open-run", opening)
                    grown.append(held(page).heap_mb - before.heap_mb)
            stalls = list(served.stalls("1 GB of log"))
        return [*_figures(cold, warm, jumps, grown), *stalls]


def _figures(
    cold: list[float], warm: list[float], jumps: list[float], grown: list[float]
) -> Iterator[Figure]:
    what = "1 GB of log"
    for name, found, target in (
        ("opened to painted, first time on a page", cold, _OPEN_MS),
        ("opened to painted, again", warm, _OPEN_MS),
        ("Home key to its first line painted", jumps, None),
    ):
        yield Figure(
            name=f"{what}: {name}", ours=statistics.median(found), unit="ms", target=target
        )
    yield Figure(
        name=f"{what}: page memory, growth since before",
        ours=max(0.0, statistics.median(grown)),
        unit="MB",
    )


def _to_start(page: Any) -> float:
    """Milliseconds from the key that goes down until the first line is painted."""
    page.focus(_SCREEN)
    page.evaluate(
        "first => { window.jumping = Promise.all([bench.nextEvent('keydown'),"
        " bench.until(() => bench.isShown(first))]); }",
        _FIRST,
    )
    page.keyboard.press("Home")
    pressed, painted = page.evaluate("window.jumping")
    return float(painted - pressed)
