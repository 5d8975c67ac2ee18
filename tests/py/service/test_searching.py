"""Text and errors are found wherever they lie in a file, and nothing that is none."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.service import searching
from jupyter_mltrain.service.searching import GivenUp, Match, Search, error_in


class Log:
    """A file to search."""

    def __init__(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        self._descriptor = os.open(path, os.O_RDONLY)
        self.search = Search(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


def find(folder: Path, content: bytes, text: str, start: int | None = None, **how: bool) -> int:
    log = Log(folder / "log", content)
    try:
        found = log.search.text(text.encode(), start, **how)
    finally:
        log.close()
    return -1 if found is None else found.offset


def error(folder: Path, content: bytes, start: int | None = None, **how: bool) -> bytes | None:
    log = Log(folder / "log", content)
    try:
        found = log.search.error(start, **how)
    finally:
        log.close()
    return None if found is None else content[found.offset : found.offset + found.size]


pieces = st.text("aAb\n", max_size=60).map(str.encode)


@settings(max_examples=150, deadline=None)
@given(
    pieces,
    st.text("aAb\n", min_size=1, max_size=4),
    st.integers(0, 70) | st.none(),
    st.integers(1, 20),
    st.booleans(),
)
def test_what_is_found_is_what_a_search_in_memory_finds(
    tmp_path_factory: pytest.TempPathFactory,
    content: bytes,
    text: str,
    start: int | None,
    size: int,
    backwards: bool,
) -> None:
    needle, lower = text.lower().encode(), content.lower()
    if backwards:
        at = len(content) if start is None else min(start, len(content))
        expected = lower.rfind(needle, 0, max(0, at - 1 + len(needle))) if at else -1
    else:
        expected = lower.find(needle, start or 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "_PIECE_BYTES", size)
        folder = tmp_path_factory.mktemp("search")
        assert find(folder, content, text, start, backwards=backwards) == expected


def test_letters_beyond_ascii_are_found_as_they_are(tmp_path: Path) -> None:
    assert find(tmp_path, "naïve café".encode(), "CAFé") == 7


@pytest.mark.parametrize("text", ["", "x" * 1001])
def test_a_text_that_cannot_be_searched_for_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidSpec, match="has 1 to 1000 bytes"):
        find(tmp_path, b"content", text)


def test_the_line_of_a_match_is_found_however_long_it_is(tmp_path: Path) -> None:
    content = b"first\n" + b"." * 10_000_000 + b"needle\nlast"
    log = Log(tmp_path / "log", content)
    found = log.search.text(b"NEEDLE")
    assert found == Match(10_000_006, 6)
    assert log.search.line_start(found.offset) == 6
    assert log.search.line_start(3) == 0
    log.close()


def test_a_search_ends_when_nobody_waits_for_it(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"." * 1000)
    with open(tmp_path / "log", "rb") as file, pytest.raises(GivenUp):
        Search(file.fileno(), lambda: False).text(b"x")


@pytest.mark.parametrize(
    "line",
    [
        "Traceback (most recent call last):",
        "ValueError: invalid literal for int() with base 10: 'x'",
        "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
        "[rank0]: RuntimeError: NCCL error in: ProcessGroupNCCL.cpp",
        "E   AssertionError",
        "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
        "Error: cannot open data.csv",
        "Error: 404 Not Found",
        "ERROR: 3 of 5 shards are missing",
        "requests.exceptions.HTTPError: 404 Client Error",
        "java.lang.NullPointerException: null",
        "train.c:3:5: error: expected ';' before '}' token",
        "bash: line 1: fatal error: no input files",
        "2026-03-01 12:00:00,123 ERROR trainer: it failed",
        "[ERROR] it failed",
        "ERROR:root:it failed",
        "\x1b[31mERROR\x1b[0m it failed",
        "12:00 | CRITICAL | no space",
        "FATAL: the database is gone",
        '{"time": 1, "level": "ERROR", "message": "x"}',
        "CUDA out of memory, skipping the batch",
        "worker 3: Out of memory",
        "epoch 3\rValueError: bad",
        "Error: 1.2.3 is no version",
    ],
)
def test_this_looks_like_an_error(tmp_path: Path, line: str) -> None:
    assert error(tmp_path, f"epoch 1\n{line}\n".encode()) is not None
    assert error(tmp_path, f"epoch 1\n{line}\n".encode(), backwards=True) is not None


@pytest.mark.parametrize(
    "line",
    [
        "0 errors, 3 warnings",
        "no errors found",
        "Errors: 0",
        "error: 0.12",
        "Error: 0.12 (best 0.11)",
        "val error: 0.1234 - loss: 0.3",
        "Train Error: 0.1, Val Error: 0.2",
        "test error: 12%",
        "error: nan",
        "error=0.3",
        "step 10 error: 3 loss: 2",
        "Mean Squared Error: 1e-3",
        "MeanAbsoluteError: 0.5",
        "mean_absolute_error: large",
        "l2_error: 0.3",
        "ERROR RATE=0.3",
        "ERROR: 0.25",
        "0 ERROR",
        "no error: all is well",
        "log level: ERROR",
        "logging.ERROR",
        "--log-level=ERROR",
        "error_rate: 0.1",
        "catching the ValueError of the parser",
        "FATALITY",
        "the terrorist: a film",
        "errors='ignore'",
        "DeprecationWarning: use something else",
        "memory: 12 GB",
    ],
)
def test_this_does_not_look_like_an_error(tmp_path: Path, line: str) -> None:
    assert error(tmp_path, f"epoch 1\n{line}\nepoch 2\n".encode()) is None
    assert error_in(line.encode()) is None


parts = st.sampled_from(
    [
        *(b"Error", b"error", b"ERROR", b"Exception", b"FATAL", b"out of memory", b"Traceback ("),
        *(b":", b" ", b"\t", b"\n", b"\r", b"_", b"-", b"|", b"=", b'"', b"x", b"K", b"E", b"RATE"),
        *(b"0.12", b"3", b"nan", b"1e-3", b"%", b"\x1b[31m", b"\x1b[0m", b"\x1b[K", b"\x1b[?25h"),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(parts, max_size=12).map(b"".join))
def test_no_error_of_a_line_is_passed_over(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    lines = re.split(rb"[\r\n]", content)
    expected = any(error_in(line) for line in lines)
    folder = tmp_path_factory.mktemp("search")
    assert (error(folder, content) is not None) == expected
    assert (error(folder, content, backwards=True) is not None) == expected


def test_the_first_error_is_the_one_found_and_the_next_one_after_it(tmp_path: Path) -> None:
    content = b"ok\nValueError: a\nok\nTraceback (most recent call last):\nKeyError: 'b'\n"
    assert error(tmp_path, content) == b"ValueError:"
    assert error(tmp_path, content, 4) == b"Traceback (most recent call last)"
    assert error(tmp_path, content, backwards=True) == b"KeyError:"
    assert error(tmp_path, content, 20, backwards=True) == b"ValueError:"


@pytest.mark.parametrize("size", [1, 7, 64])
def test_an_error_across_two_pieces_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(searching, "_PIECE_BYTES", size)
    content = b"." * 50 + b"\ntorch.cuda.OutOfMemoryError: no\n" + b"." * 50
    for backwards in (False, True):
        found = error(tmp_path, content, backwards=backwards)
        assert found == b"torch.cuda.OutOfMemoryError:"


def test_an_error_in_a_line_of_megabytes_is_found(tmp_path: Path) -> None:
    content = b"." * 10_000_000 + b" ValueError: here " + b"." * 1_000_000
    assert error(tmp_path, content) == b"ValueError:"
