"""The list of ten thousand runs: how soon it is there, and how it scrolls."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from benchmarks import place
from benchmarks.figures import Figure, percentile
from benchmarks.page.browser import browser, execute, jupyterlab
from benchmarks.page.lab import Lab, lab

_LENGTH: Final = 10_000
_REPETITIONS: Final = 3
_OPEN_MS: Final = 200.0
_FRAMES: Final = 300
_PIXELS: Final = 200
_FRAME_RATIO: Final = 1.5

_TAB: Final = ".jp-SideBar .lm-TabBar-tab[data-id='jupyter-mltrain-sidebar']"
_ROWS: Final = ".jp-mltrain-RunRow[data-state]"
_LIST: Final = ".jp-mltrain-RunsList"
_FILES: Final = ".jp-DirListing-content"


def measure() -> list[Figure]:
    """Opened on new pages, then again on the same; scrolled in turn with JupyterLab's own list."""
    with place.workspace():
        _fill()
        with lab() as served, browser() as opened:
            many = served.files / "many"
            many.mkdir()
            for number in range(_LENGTH):
                (many / f"file-{number}.txt").touch()
            cold, warm, ours, theirs = [], [], [], []
            served.forget_stalls()
            for _ in range(_REPETITIONS):
                with jupyterlab(opened, served) as page:
                    execute(page, "filebrowser:go-to-path", {"path": "many"})
                    execute(page, "filebrowser:activate")
                    page.wait_for_timeout(1_000)
                    theirs += _scroll(page, _FILES)
                    cold.append(_open(page))
                    page.wait_for_timeout(1_000)
                    ours += _scroll(page, _LIST)
                    execute(page, "filebrowser:activate")
                    page.wait_for_timeout(500)
                    warm.append(_open(page))
            return list(_figures(served, cold, warm, ours, theirs))


def _figures(
    served: Lab, cold: list[float], warm: list[float], ours: list[float], theirs: list[float]
) -> Iterator[Figure]:
    what = f"sidebar with {_LENGTH:,} runs"
    for when, found in (("first time on a page", cold), ("again", warm)):
        yield Figure(
            name=f"{what}: click to painted rows, {when}",
            ours=statistics.median(found),
            unit="ms",
            target=_OPEN_MS,
        )
    yield Figure(
        name=f"{what}: frame while scrolling, 95th percentile",
        bare=percentile(theirs, 0.95),
        ours=percentile(ours, 0.95),
        unit="ms",
        target=_FRAME_RATIO,
    )
    yield Figure(
        name=f"{what}: frame while scrolling, mean",
        bare=statistics.mean(theirs),
        ours=statistics.mean(ours),
        unit="ms",
    )
    yield from served.stalls(what)


def _fill() -> None:
    """Copies of a finished run, put straight into the store."""
    from jupyter_mltrain import Experiment, ScriptRunConfig, Workspace
    from jupyter_mltrain.store.database import Database
    from jupyter_mltrain.store.runs import RunStore

    workspace = Workspace.default()
    source = place.script(place.scratch() / "source", "")
    Experiment(workspace, "sidebar").submit(
        ScriptRunConfig(source, "train.py")
    ).wait_for_completion()
    directory = workspace.directory
    place.end_service(directory)
    database = Database(directory / "store.sqlite")
    try:
        store = RunStore(database)
        (model,) = store.page(limit=1)
        for number in range(store.next_number(), _LENGTH + 1):
            store.insert(
                msgspec.structs.replace(
                    model,
                    id=f"{model.id}-{number}",
                    number=number,
                    spec=msgspec.structs.replace(
                        model.spec, experiment=f"experiment-{number % 20}", name=f"run-{number}"
                    ),
                )
            )
    finally:
        database.close()


def _open(page: Any) -> float:
    """Milliseconds from the button that goes down on the tab until runs are painted."""
    page.evaluate(
        "rows => { window.opening = Promise.all([bench.nextEvent('pointerdown'),"
        " bench.until(() => document.querySelector(rows)?.checkVisibility())]); }",
        _ROWS,
    )
    page.click(_TAB)
    clicked, painted = page.evaluate("window.opening")
    return float(painted - clicked)


def _scroll(page: Any, element: str) -> list[float]:
    found: list[float] = page.evaluate(
        "([element, pixels, frames]) =>"
        " bench.scroll(document.querySelector(element), pixels, frames)",
        [element, _PIXELS, _FRAMES],
    )
    return found
