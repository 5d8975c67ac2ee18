"""The options that say what a run executes in, as their parsers take them.

They are read by `environment_options`; this file imports nothing heavy, so that ``--help`` is
quick.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from typing import Any, Final

Option = tuple[tuple[str, ...], Mapping[str, Any]]

_VARIABLE: Final = re.compile(r"([^=\s]+)=(.*)\Z", re.DOTALL)


def env_word(text: str) -> str | tuple[str, str]:
    """What stands after ``--env``: ``NAME=VALUE`` sets a variable, ``NAME`` is an environment."""
    found = _VARIABLE.match(text)
    if found is not None:
        return found[1], found[2]
    if not text or "=" in text or text != text.strip():
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither NAME=VALUE, a variable, nor NAME or NAME:VERSION, an environment."
        )
    return text


OPTIONS: Final[tuple[Option, ...]] = (
    (
        ("--image",),
        {"metavar": "IMAGE", "help": "A container image to run in, as in python:3.11-slim."},
    ),
    (
        ("--dockerfile",),
        {
            "metavar": "FILE",
            "help": "A Dockerfile; its image is built, and its folder copied from.",
        },
    ),
    (
        ("--env",),
        {
            "metavar": "NAME[:VERSION] or NAME=VALUE",
            "type": env_word,
            "action": "append",
            "default": [],
            "help": "A registered environment, as --environment; with '=' a variable of the run. "
            "Repeatable.",
        },
    ),
    (
        ("--environment",),
        {
            "metavar": "NAME[:VERSION]",
            "help": "A registered environment; 'current' is this Python, the default.",
        },
    ),
    (
        ("--conda",),
        {"metavar": "FILE", "help": "An environment.yml whose packages are installed."},
    ),
    (
        ("--pip",),
        {
            "metavar": "PACKAGES",
            "action": "append",
            "default": [],
            "help": 'Packages to install, as in "torch pandas>=2" or "-r requirements.txt". '
            "Repeatable.",
        },
    ),
)
"""Flags and keywords of `add_argument` of every option that `environment_options` reads."""


def variables(given: argparse.Namespace) -> dict[str, str]:
    """The variables that ``--env NAME=VALUE`` sets."""
    return dict(word for word in given.env if isinstance(word, tuple))
