"""What a run executes in, as options say it: the same of ``%%train``, the form and the CLI."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Final, NamedTuple

from jupyter_mltrain.core import pip_requirements
from jupyter_mltrain.core.conda_dependencies import CondaDependencies
from jupyter_mltrain.core.environment import Environment
from jupyter_mltrain.core.environment_flags import OPTIONS, env_word, variables
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import EnvironmentSpec, is_reserved_name

__all__ = ["OPTIONS", "Chosen", "chosen", "env_word", "variables"]

_CURRENT: Final = "current"
"""This Python, which needs no registering."""


class Chosen(NamedTuple):
    """What the options of one line ask for."""

    environment: Environment | str
    """For a `ScriptRunConfig`: described by the options, or the name of a registered one."""
    spec: EnvironmentSpec
    """The definition, for `RunSpec.environment`."""
    registered: str | None = None
    """``NAME`` or ``NAME:VERSION`` of a registered one in its place, for
    `SubmitRequest.environment`."""


def chosen(given: argparse.Namespace, python: str | None = None) -> Chosen:
    """What the run executes in; paths in the options count from the current directory.

    Parameters
    ----------
    python
        A Python that is named besides (``--python`` of the CLI): of this machine, or of the image.

    Raises
    ------
    InvalidSpec
        Options that exclude each other, or a file that is not what its option says.
    """
    names = [word for word in given.env if isinstance(word, str)]
    names += [] if given.environment is None else [given.environment]
    described = {
        "--image": given.image,
        "--dockerfile": given.dockerfile,
        "--conda": given.conda,
        "--pip": given.pip,
        "--python": python,
    }
    asked = [option for option, value in described.items() if value]
    if len(set(names)) > 1:
        raise InvalidSpec(f"A run has one environment, not {' and '.join(names)}. Leave one out.")
    if names and asked:
        raise InvalidSpec(
            f"The environment {names[0]!r} is complete: {asked[0]} cannot be added to it. Leave "
            "one of them out."
        )
    if names and names[0] != _CURRENT:
        return Chosen(names[0], Environment.named(names[0]), names[0])
    if given.image and given.dockerfile:
        raise InvalidSpec("--image and --dockerfile exclude each other. Leave one of them out.")
    if python and not (given.image or given.dockerfile) and (given.conda or given.pip):
        raise InvalidSpec(
            "--python names a Python that is there, and packages are not installed into that. "
            "Leave it out, or put 'python=3.11' into the file of --conda."
        )
    try:
        environment = _described(given)
        if python:
            environment.python.interpreter_path = python
        return Chosen(environment, environment.spec())
    except FileNotFoundError as error:
        raise InvalidSpec(str(error)) from None


def _described(given: argparse.Namespace) -> Environment:
    environment = Environment.current()
    if given.image:
        environment.docker.base_image = given.image
        environment.name = _name(_last_part(given.image))
    elif given.dockerfile:
        path = Path(given.dockerfile)
        environment.docker.base_dockerfile = path
        environment.name = _name(path.expanduser().absolute().parent.name)
    if not (given.conda or given.pip):
        return environment
    python = environment.python
    python.user_managed_dependencies = False
    if given.conda:
        python.conda_dependencies = CondaDependencies(Path(given.conda))
        environment.environment_variables.update(python.conda_dependencies.variables)
    lines = [line for text in given.pip for line in pip_requirements.from_words(text, Path.cwd())]
    for line in lines:
        python.conda_dependencies.add_pip_line(line)
    if not environment.docker.asked:
        named = python.conda_dependencies.name if given.conda else None
        packages = [line for line in lines if not line.startswith("-")]
        environment.name = _name(
            named or (Path(given.conda).stem if given.conda else (packages or ["packages"])[0])
        )
    return environment


def _last_part(image: str) -> str:
    """``pytorch`` of ``registry.example.com:5000/team/pytorch:2.8@sha256:…``."""
    return re.split(r"[:@]", image.rstrip("/").rpartition("/")[2], maxsplit=1)[0]


def _name(text: str) -> str:
    """A name for what nobody has given one."""
    first = re.split(r"[\s=<>!~;\[@]", text.strip(), maxsplit=1)[0]
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", first).strip("-_.")[:90] or "unnamed"
    return f"my-{name}" if is_reserved_name(name) else name
