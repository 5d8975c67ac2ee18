"""What our plugins cost the start of JupyterLab, and its server."""

from __future__ import annotations

import gzip
import statistics
import sys
import urllib.request
from collections.abc import Iterator
from typing import Final

from benchmarks import place
from benchmarks.figures import Figure
from benchmarks.page.browser import browser, jupyterlab
from benchmarks.page.lab import lab

_REPETITIONS: Final = 5
_ACTIVATION_MS: Final = 50.0
_BUNDLE_KB: Final = 100.0

_OURS: Final = "/lab/extensions/jupyter-mltrain/"
_LOADED: Final = f"""\
performance.getEntriesByType('resource')
  .map(entry => entry.name).filter(name => name.includes('{_OURS}'))
"""
_ACTIVATED: Final = """\
performance.getEntriesByType('measure')
  .filter(entry => entry.name.startsWith('activate jupyter-mltrain:'))
  .map(entry => [entry.name, entry.duration])
"""


def measure() -> list[Figure]:
    """New pages, in turn with those of a JupyterLab without us."""
    with place.workspace(), browser() as opened:
        with lab(ours=False) as served:
            for _ in range(_REPETITIONS):
                with jupyterlab(opened, served) as page:
                    assert not page.evaluate(_ACTIVATED), "our plugins are not off"
            without = list(served.stalls("JupyterLab opens without us", ours=False))
        activations: list[dict[str, float]] = []
        with lab() as served:
            for _ in range(_REPETITIONS):
                with jupyterlab(opened, served) as page:
                    activations.append(dict(page.evaluate(_ACTIVATED)))
                    loaded = page.evaluate(_LOADED)
            ours = list(served.stalls("JupyterLab opens"))
            return [*_activation(activations), *_bundle(loaded), *without, *ours]


def _activation(found: list[dict[str, float]]) -> Iterator[Figure]:
    assert found[0], "no plugin of ours was activated"
    yield Figure(
        name=f"start: activation of our {len(found[0])} plugins together",
        ours=statistics.median(sum(each.values()) for each in found),
        unit="ms",
        target=_ACTIVATION_MS,
    )
    slowest = max(found[0], key=lambda name: statistics.median(each[name] for each in found))
    yield Figure(
        name=f"start: the slowest, {slowest.removeprefix('activate ')}",
        ours=statistics.median(each[slowest] for each in found),
        unit="ms",
    )


def _bundle(urls: list[str]) -> Iterator[Figure]:
    """Sizes of what the page has loaded of us before any screen of ours was opened."""
    whole, packed = 0, 0
    for url in urls:
        with urllib.request.urlopen(url) as response:
            data = response.read()
        if b"//# sourceMappingURL=" in data:
            print("  A development build; `make front-end` makes the real one.", file=sys.stderr)
        whole += len(data)
        packed += len(gzip.compress(data, 6))
    yield Figure(
        name=f"start: our bundle, {len(urls)} files, as loaded",
        ours=whole / 1e3,
        unit="kB",
        target=_BUNDLE_KB,
    )
    yield Figure(name="start: our bundle, compressed by gzip", ours=packed / 1e3, unit="kB")
