"""From forms, in the words of a page, to definitions of environments."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path
from typing import Final

from jupyter_mltrain.core import conda_file, pip_requirements
from jupyter_mltrain.core.conda_dependencies import CondaDependencies
from jupyter_mltrain.core.environment import Environment
from jupyter_mltrain.core.environment_options import chosen
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.server.submitting import folder_at
from jupyter_mltrain.spec import EnvironmentSpec, PackagesSpec
from jupyter_mltrain.wire import EnvironmentForm, SubmitForm

_COMMENT: Final = re.compile(r"(^|\s)#.*\Z")

_CONDA_FILE: Final = Path("environment.yml")
"""How sentences call the text of a conda specification."""


def spec_of(form: EnvironmentForm, root: Path) -> EnvironmentSpec:
    """The definition that a form means; looks at the disk.

    Parameters
    ----------
    root
        The folder that the file browser shows.

    Raises
    ------
    InvalidSpec
        The form contradicts itself, or a line of one of its texts is wrong; the sentence names it.
    """
    environment = Environment(form.name)
    environment.environment_variables = dict(form.variables)
    _describe_container(environment, form, root)
    try:
        packages = _packages(form, root)
    except FileNotFoundError as error:
        raise InvalidSpec(str(error)) from None
    environment.python.user_managed_dependencies = packages is None
    if packages is not None:
        environment.python.conda_dependencies = packages
        environment.environment_variables = packages.variables | dict(form.variables)
    elif not environment.docker.asked:
        raise InvalidSpec("The environment is empty. Name packages, an image or a Dockerfile.")
    return environment.spec()


def environment_of(form: SubmitForm) -> EnvironmentSpec | None:
    """What a run's form asks for besides interpreters and registered environments, if anything.

    Raises
    ------
    InvalidSpec
        It asks for more than one thing, or a requirement cannot be installed.
    """
    asked = [form.interpreter, form.environment, form.image or form.packages]
    if sum(map(bool, asked)) > 1:
        raise InvalidSpec(
            "A run has one environment: a Python of this machine, a registered one, or an image or "
            "packages. Give one of them."
        )
    if not form.image and not form.packages:
        return None
    # As a magic's line says it, so that a form and its line mean the same.
    options = argparse.Namespace(
        image=form.image, dockerfile=None, conda=None, env=[], environment=None, pip=form.packages
    )
    return chosen(options).spec


def _describe_container(environment: Environment, form: EnvironmentForm, root: Path) -> None:
    docker = environment.docker
    if form.image and form.dockerfile:
        raise InvalidSpec(
            "An environment has either an image or a Dockerfile. Give one of the two."
        )
    if form.image:
        docker.base_image = form.image
    elif form.dockerfile:
        folder = None if form.context is None else str(folder_at(form.context, root))
        # Not by its setter, which takes a text of one line for the path of a file.
        docker.set_dockerfile(form.dockerfile, folder or form.snapshot)
    else:
        return
    docker.base_image_registry.address = form.registry
    docker.base_image_registry.username = form.username
    docker.platform = form.platform
    docker.arguments = [shlex.quote(word) for word in form.arguments]
    if form.shm_bytes is not None:
        docker.shm_size = f"{form.shm_bytes}b"
    if form.interpreter:
        environment.python.interpreter_path = form.interpreter


def _packages(form: EnvironmentForm, root: Path) -> CondaDependencies | None:
    """What is to be installed; `None` where nothing is."""
    conda, pip, python = (text and text.strip() for text in (form.conda, form.pip, form.python))
    if not (conda or pip or python):
        return None
    if conda:
        if pip or python:
            raise InvalidSpec(
                "A conda specification says what pip installs and the version of Python itself. "
                "Write them there."
            )
        # Parsed here for the numbers of its lines, which a dict has no longer.
        found = conda_file.parse(conda, _CONDA_FILE)
        return CondaDependencies.from_data(found, _CONDA_FILE)
    lines: list[str] = []
    for number, raw in enumerate((pip or "").splitlines(), 1):
        line = _COMMENT.sub("", raw).strip()
        if line:
            lines += pip_requirements.checked(line, root, f"Line {number}", frozenset())
    return CondaDependencies.of(PackagesSpec(python=python or None, pip=tuple(lines)))
