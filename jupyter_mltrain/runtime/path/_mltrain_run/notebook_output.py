"""What a kernel says: printed as it comes, and kept in the notebook within bounds."""

import base64
import sys

from . import figures

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

MOST_CHARACTERS = 1_000_000
"""Of one output's printed text in the saved notebook; all of it is in the run's log."""

_LEFT_OUT = "… the output before this is in the run's log.\n"


def heading(cell: "Any", number: int, total: int) -> str:
    """Make the line that announces a cell: its place, and its first line of code."""
    lines = [line.strip() for line in cell.source.splitlines()]
    first = next((line for line in lines if line and not line.startswith("#")), "")
    text = "".join(each if each.isprintable() else " " for each in first)
    return "── Cell {}/{}: {}".format(number, total, text if len(text) <= 60 else text[:59] + "…")


def show(message: "Dict[str, Any]") -> None:
    """Print what a message from the kernel has to show, and save its picture.

    Later versions of a display that was shown before are not printed: they are for in-place.
    """
    kind, content = message["msg_type"], message["content"]
    if kind == "stream":
        _write(content["text"])
    elif kind == "error":
        _write("\n".join(content.get("traceback") or [content.get("ename", "")]) + "\n")
    elif kind in ("execute_result", "display_data"):
        data = content["data"]
        png = data.get("image/png")
        if isinstance(png, str):
            figures.save(base64.b64decode(png))
        elif isinstance(data.get("text/plain"), str):
            _write(data["text/plain"] + "\n")


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def join_last(outputs: "List[Any]") -> None:
    """Put text that goes on into the output before it, as a terminal would show the whole."""
    if not outputs or outputs[-1].output_type != "stream":
        return
    before = outputs[-2] if len(outputs) > 1 else None
    if before is not None and before.output_type == "stream" and before.name == outputs[-1].name:
        before.text = _joined(before.text, outputs.pop().text)
    else:
        outputs[-1].text = _joined("", outputs[-1].text)


def _joined(before: str, text: str) -> str:
    head, newline, line = before.rpartition("\n")
    added = line + text
    if "\r" in added:
        added = "\n".join(map(_overwritten, added.split("\n")))
    whole = head + newline + added
    if len(whole) <= 2 * MOST_CHARACTERS:
        return whole
    end = whole[-MOST_CHARACTERS:]
    # From a whole line on, unless there is hardly more than one.
    return _LEFT_OUT + end[end.find("\n", 0, MOST_CHARACTERS // 2) + 1 :]


def _overwritten(line: str) -> str:
    """Leave of a line what comes after its last carriage return; one at its end waits for more."""
    shown = line.rstrip("\r")
    return shown.rpartition("\r")[2] + line[len(shown) :]
