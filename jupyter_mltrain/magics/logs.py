"""The end of one of a run's logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_mltrain import units
from jupyter_mltrain.core.folding import TAIL_BYTES, Folding

if TYPE_CHECKING:
    from jupyter_mltrain.client import Client
    from jupyter_mltrain.spec import Run

_BYTES_PER_LINE: Final = 1_000
"""How far back is looked for each line that is asked for."""

_MOST_BYTES: Final = 50_000_000


def tail(client: Client, run: Run, log: str, lines: int | None) -> str:
    """The end of a log as a terminal would show it, with a line about what is left out.

    Parameters
    ----------
    lines
        How many; `None` is as much as fits into a cell.

    Raises
    ------
    NoSuchFile
        The run has no such file.
    """
    limit = TAIL_BYTES
    if lines is not None:
        limit = min(_MOST_BYTES, max(limit, lines * _BYTES_PER_LINE))
    sizes = {file.name: file.size_bytes for file in client.files(run.id)}
    # More than is kept: what folds to nothing, a progress bar say, must not crowd out the rest.
    start = max(0, sizes.get(log, 0) - 4 * limit)
    folding = Folding(limit)
    for piece in client.read_file(run.id, log, start):
        folding.feed_bytes(piece)
    text = folding.text
    if lines is not None:
        kept = text.removesuffix("\n").split("\n")
        return "\n".join(kept[-lines:]) if lines else ""
    if start or folding.cut:
        shown = units.size(len(text.encode()))
        return f"… the last {shown} of {units.size(sizes[log])}; --tail N shows more lines.\n{text}"
    return text
