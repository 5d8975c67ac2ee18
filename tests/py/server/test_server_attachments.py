"""The name that a download is saved under, whatever a run called its file."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mltrain.server.attachments import attachment


def saved_as(name: str) -> str:
    """What a browser of today takes."""
    return unquote(attachment(name).partition("filename*=UTF-8''")[2])


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("outputs/model.joblib", "model.joblib"),
        ("outputs/größe.csv", "größe.csv"),
        ('a "quoted" name.txt', 'a "quoted" name.txt'),
        ("two\r\nlines: x.txt", "two__lines: x.txt"),
        ("a\\b.txt", "a_b.txt"),
        ("caf\\udce9.txt", "caf_.txt"),
        ("caf\udce9.txt", "caf_.txt"),
        ("exe\u202etxt.sh", "exe_txt.sh"),
        (".hidden", "hidden"),
        ("...", "file"),
        ("", "file"),
    ],
)
def test_a_file_is_saved_under_its_own_name_less_what_no_name_should_have(name, saved):
    assert saved_as(name) == saved


def test_an_old_browser_gets_plain_letters():
    assert attachment("größe%20.csv").startswith('attachment; filename="gr__e_20.csv";')


def test_a_long_name_keeps_its_ending():
    assert saved_as("x" * 400 + ".csv").endswith("xxx.csv")
    assert len(saved_as("x" * 400 + ".csv")) == 150


@given(st.text())
def test_no_name_breaks_the_header(name):
    header = attachment(name)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    assert "/" not in saved_as(name)
