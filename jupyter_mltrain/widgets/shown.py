"""What the form says, as HTML: what it is about is data, and never markup."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from jupyter_mltrain import units
from jupyter_mltrain.wire import Preview

_FILES: Final = 10
_IGNORED: Final = 10


def sentences(texts: Iterable[str], kind: str = "status") -> str:
    """Sentences one below the other.

    Parameters
    ----------
    kind
        What they are: "alert" for what went wrong, "warning", "status" for all else.
    """
    color = {"alert": "error", "warning": "warn"}.get(kind)
    style = f' style="color: var(--jp-{color}-color0, inherit)"' if color else ""
    role = "alert" if kind == "alert" else "status"
    lines = "".join(f"<div>{_text(text)}</div>" for text in texts)
    return f'<div role="{role}"{style}>{lines}</div>' if lines else ""


def preview(found: Preview) -> str:
    """What would travel with the run, and what the checks say."""
    size = units.size(found.total_bytes)
    parts = [
        sentences(found.errors, "alert"),
        sentences((f"Warning: {each}" for each in found.warnings), "warning"),
        sentences([f"{units.plural(found.total, 'file')}, {size} would travel with the run."]),
        _list(
            (f"{file.name}  {units.size(file.size_bytes)}" for file in found.files[:_FILES]),
            found.total - min(_FILES, len(found.files)),
        ),
    ]
    if found.ignored_total:
        left = min(_IGNORED, len(found.ignored))
        parts.append(sentences([f"Left out: {units.plural(found.ignored_total, 'path')}."]))
        parts.append(_list(found.ignored[:_IGNORED], found.ignored_total - left))
    return "".join(parts)


def _list(texts: Iterable[str], more: int) -> str:
    items = [f"<li>{_text(text)}</li>" for text in texts]
    items += [f"<li>and {more} more</li>"] if more > 0 else []
    return f'<ul style="margin: 0">{"".join(items)}</ul>' if items else ""


def _text(text: str) -> str:
    """A text on its lines, escaped; what steers a display is blanked out."""
    shown = "".join(each if each.isprintable() or each == "\n" else " " for each in text)
    return escape(shown).replace("\n", "<br>")
