"""What the checks know of the Python that a script runs in."""

from __future__ import annotations

import sys

import pytest
from fake_builder import image, packages

from jupyter_mltrain.environments.base import InterpreterEnvironments
from jupyter_mltrain.service import pythons
from jupyter_mltrain.service.launching import is_program
from jupyter_mltrain.service.pythons import OfImage
from jupyter_mltrain.spec import Built, EnvironmentSpec


class Facts(InterpreterEnvironments):
    """Environments whose images have these modules."""

    def __init__(self, *modules: str) -> None:
        self._modules = frozenset(modules)

    def modules_of(self, built: Built) -> frozenset[str]:
        return self._modules


def of_image(version: str | None, *modules: str) -> pythons.Python | None:
    built = Built(id="b", kind="image", interpreter="/usr/bin/python3", python=version, image="x")
    return pythons.of(image(), built, Facts(*modules))


def test_a_module_that_an_image_does_not_list_is_lacking() -> None:
    found = of_image("3.11.2", "json", "numpy")
    assert found is not None
    assert found.lacking(["json", "numpy.linalg", "sys", "torch", "__main__"]) == {"torch"}


@pytest.mark.parametrize(
    ("text", "version"), [("3.11.2", (3, 11, 2)), ("3.13.0rc1", (3, 13, 0)), ("3.9", (3, 9, 0))]
)
def test_the_version_of_an_images_python_is_read(text: str, version: tuple[int, int, int]) -> None:
    found = of_image(text, "json")
    assert isinstance(found, OfImage)
    assert found.version == version


@pytest.mark.parametrize("text", [None, "", "three"])
def test_of_an_unknown_version_nothing_is_said(text: str | None) -> None:
    assert of_image(text, "json") is None


def test_nothing_is_known_before_it_is_built() -> None:
    assert pythons.of(packages("a"), None, Facts()) is None


def test_an_interpreter_of_this_machine_is_asked_itself() -> None:
    found = pythons.of(EnvironmentSpec(interpreter=sys.executable), None, Facts())
    assert found is not None
    assert found.label == sys.executable
    assert found.remedy(["a", "b"]) == "Install it there (`pip install a b`)."


def test_a_built_environment_is_called_by_its_name_and_takes_packages() -> None:
    built = Built(id="b", kind="venv", interpreter=sys.executable)
    found = pythons.of(packages("a"), built, Facts())
    assert found is not None
    assert found.label == "the environment tools"
    assert found.remedy(["a", "b"]) == 'Add them with --pip "a b".'


def test_what_has_gone_since_is_not_asked() -> None:
    built = Built(id="b", kind="venv", interpreter="/nowhere/bin/python")
    assert pythons.of(packages("a"), built, Facts()) is None


@pytest.mark.parametrize(
    ("script", "head", "program"),
    [
        ("train.py", b"#!/bin/sh\n", False),
        ("run.sh", b"", True),
        ("train", b"\x7fELF\x02", True),
        ("train", b"#!/usr/bin/perl\n", True),
        ("train", b"#!/usr/bin/env python3\nprint(1)", False),
        ("train", b"#!/opt/x/bin/python3.11 -u\n", False),
        ("train", b"print(1)\n", False),
    ],
)
def test_a_program_is_told_from_a_python_script(script: str, head: bytes, program: bool) -> None:
    assert is_program(script, head) is program
