"""Screenshots that are kept, and what axe-core has to say of our part of the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from browsing import Window

ROOT: Final = Path(__file__).parents[2]
SCREENSHOTS: Final = ROOT / "build" / "screenshots"
AXE: Final = ROOT / "node_modules" / "axe-core" / "axe.min.js"

THEMES: Final = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
SIZES: Final = {"wide": (1440, 900), "narrow": (480, 800)}

_CHECK: Final = """
async selectors => {
  const there = selectors.filter(selector => document.querySelector(selector));
  if (!there.length) {
    return null;
  }
  const include = there.map(selector => [selector]);
  const { passes, violations } = await axe.run({ include }, { resultTypes: ['violations'] });
  // Something was looked at.
  return !passes.length ? null : violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, impact, help, nodes }) => ({
      id, impact, help, nodes: nodes.slice(0, 5).map(({ html, failureSummary }) =>
        `${html.slice(0, 200)}\\n    ${failureSummary.replaceAll('\\n', '\\n    ')}`)
    }));
}
"""


def violations(window: Window, *selectors: str) -> list[str]:
    """Serious and critical violations inside of what these selectors find."""
    page = window.page
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    found: list[dict[str, Any]] | None = page.evaluate(_CHECK, list(selectors))
    assert found is not None, f"nothing of {selectors} is there to be looked at"
    return [
        f"{each['impact']} {each['id']}: {each['help']}\n  " + "\n  ".join(each["nodes"])
        for each in found
    ]


def look(
    window: Window, name: str, *selectors: str, prepare: Callable[[], None] | None = None
) -> None:
    """Keep a screen in every theme and size, and check that everybody can use it.

    Parameters
    ----------
    selectors
        What of the page is ours.
    prepare
        Done at every size before looking, such as showing what JupyterLab folds away.
    """
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    found = []
    for size, (width, height) in SIZES.items():
        window.page.set_viewport_size({"width": width, "height": height})
        for theme, title in THEMES.items():
            window.theme(title)
            if prepare is not None:
                prepare()
            window.page.screenshot(path=SCREENSHOTS / f"{name}-{theme}-{size}.png")
            found += [f"{theme}, {size}: {each}" for each in violations(window, *selectors)]
    assert not found, "\n\n".join(found)
