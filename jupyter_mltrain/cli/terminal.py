"""Standard output and error as they are: terminals or not, in colour or not, how wide."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from typing import Final, TextIO

from jupyter_mltrain.core import folding

BOLD: Final = "1"
FAINT: Final = "2"


def colored(stream: TextIO) -> bool:
    """Whether colours are wanted there.

    References
    ----------
    https://no-color.org
    """
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, style: str, stream: TextIO | None = None) -> str:
    """The text in a style, where the stream (standard output) is a terminal that shows it."""
    if not text or not colored(stream or sys.stdout):
        return text
    return f"\x1b[{style}m{text}\x1b[0m"


def columns() -> int | None:
    """How wide the terminal is; `None` when standard output is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def plain(text: str) -> str:
    """Text on one line that does nothing to a terminal, whoever wrote it."""
    return folding.plain(text).strip()


def width(text: str) -> int:
    """How many columns a text without control characters takes."""
    count = 0
    for character in text:
        if unicodedata.combining(character):
            continue
        count += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return count


def cut(text: str, most: int) -> str:
    """The text, or as much of it as fits with a ``…`` behind."""
    if width(text) <= most:
        return text
    while text and width(text) > most - 1:
        text = text[:-1]
    return f"{text.rstrip()}…" if most > 0 else ""


def pad(text: str, to: int, *, right: bool = False) -> str:
    """The text, filled up with spaces to a width."""
    space = " " * (to - width(text))
    return space + text if right else text + space


def say(text: str) -> None:
    """A line for the person, not for the program that reads what comes out."""
    print(text, file=sys.stderr, flush=True)


def asks() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def confirm(question: str) -> bool:
    """Ask once; anything but yes is no."""
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        print(file=sys.stderr)
    return answer.strip().lower() in ("y", "yes")


class Progress:
    """One line on stderr that says how far it is; nothing where that is no terminal."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._next = 0.0

    def show(self, text: str) -> None:
        """Say it, at most ten times a second."""
        import time

        now = time.monotonic()
        if self._shown and now >= self._next:
            self._next = now + 0.1
            room = shutil.get_terminal_size().columns - 1
            print(f"\r\x1b[K{cut(plain(text), room)}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the line away."""
        if self._shown and self._next:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
