"""What runs and experiments look like in a notebook: tables of one row, with safe links."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape


def row(cells: Mapping[str, str]) -> str:
    """A table with one row; the cells are HTML already, the headers are not."""
    head = "".join(f"<th>{escape(name)}</th>" for name in cells)
    body = "".join(f"<td>{cell}</td>" for cell in cells.values())
    return f'<table style="width:100%"><tr>{head}</tr><tr>{body}</tr></table>'


def link(address: str, text: str) -> str:
    """A link that opens beside the notebook; anything but a page or a file is its text alone."""
    if not address.startswith(("http://", "https://", "file://")):
        return escape(text)
    return (
        f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer">{escape(text)}</a>'
    )
