"""What a terminal would show."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from jupyter_mltrain.core.folding import Folding, fold, plain

RED, END = "\x1b[31m", "\x1b[0m"

_TEXT = ("a", "bc", "\n", "\r", "\b", "\t", "é", "\x1b", "\x00", "\x9b")
_COLOURS = ("\x1b[31m", "\x1b[0m", "\x1b[38;5;9m")
_MOVES = ("\x1b[A", "\x1b[B", "\x1b[3C", "\x1b[5D", "\x1b[2G")
_ERASES = ("\x1b[K", "\x1b[1K", "\x1b[2K", "\x1b[J", "\x1b[2J")
_OTHERS = ("\x1b]0;t\x07", "\x1b(B", "\x1bP x \x1b\\")
_PIECES = some.lists(
    some.sampled_from([*_TEXT, *_COLOURS, *_MOVES, *_ERASES, *_OTHERS]), max_size=40
)


@pytest.mark.parametrize(
    ("stream", "shown"),
    [
        ("one\ntwo\n", "one\ntwo\n"),
        ("10%\r50%\r100%\n", "100%\n"),
        ("abc\rX\n", "Xbc\n"),
        ("line\r\nnext", "line\nnext"),
        ("abc\b\bX", "aXc"),
        ("\b\ba", "a"),
        ("long line\r\x1b[Kshort", "short"),
        ("bar 1\nbar 2\x1b[A\rBAR 1\x1b[B\rBAR 2", "BAR 1\nBAR 2"),
        ("old\x1b[2J\x1b[Hnew", "new"),
        ("\x1b]0;title\x07text", "text"),
        ("a\x1b[5Cb", "a     b"),
        ("bell\x07 null\x00", "bell null"),
        ("\u202edesrever", "desrever"),
        (f"{RED}red{END} plain", f"{RED}red{END} plain"),
        ("\x1b[1;31mbold red\x1b[39m bold", "\x1b[1;31mbold red\x1b[0m\x1b[1m bold\x1b[0m"),
        (f"{RED}abc{END}\rX", f"X{RED}bc{END}"),
        ("\x1b[31", ""),
        ("\x1b[999999999999C x", "  x"),
    ],
)
def test_a_stream_is_shown_as_a_terminal_shows_it(stream: str, shown: str) -> None:
    assert fold(stream) == shown


@given(_PIECES, some.lists(some.integers(0, 80), max_size=5))
def test_it_does_not_matter_where_a_stream_is_cut(pieces: list[str], cuts: list[int]) -> None:
    stream = "".join(pieces)
    folding = Folding()
    at = 0
    for cut in sorted({*cuts, len(stream)}):
        folding.feed(stream[at:cut])
        at = min(cut, len(stream))
    assert folding.text == fold(stream)


@given(_PIECES)
def test_no_control_is_left_but_colours(pieces: list[str]) -> None:
    left = re.sub(r"\x1b\[[0-9;]+m", "", fold("".join(pieces)))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", left)


def test_characters_cut_between_bytes_are_put_together() -> None:
    folding = Folding()
    for byte in "é✓\n".encode():
        folding.feed_bytes(bytes([byte]))
    assert folding.text == "é✓\n"


def test_of_a_long_output_whole_lines_of_the_end_are_kept() -> None:
    folding = Folding(100)
    for number in range(1_000):
        folding.feed(f"line {number}\n")
    assert len(folding.text.encode()) <= 100
    assert folding.text.endswith("line 998\nline 999\n")
    assert folding.text.startswith("line ")
    assert folding.cut


@pytest.mark.parametrize(
    "piece", ["x" * 10_000, f"{RED}{'x' * 10_000}", "é" * 9_999, "ab\n" * 5_000]
)
def test_memory_is_bounded_whatever_comes(piece: str) -> None:
    folding = Folding(1_000)
    for _ in range(50):
        folding.feed(piece)
        assert sum(map(len, folding._rows)) + len(folding._rows) <= 2_100
        assert len(folding.text.encode()) <= 1_000


def test_a_stream_without_an_end_of_an_escape_does_not_pile_up() -> None:
    folding = Folding(1_000)
    folding.feed("\x1b]")
    for _ in range(100):
        folding.feed("x" * 1_000)
    assert len(folding._pending) < 10_000


def test_plain_is_one_line() -> None:
    assert plain(f"a\nb\t{RED}c{END}\x07\u202ed") == "a b c d"
