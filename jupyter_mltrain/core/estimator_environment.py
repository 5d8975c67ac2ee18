"""The environment that the parameters of an estimator describe."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_mltrain import units
from jupyter_mltrain.core.conda_dependencies import CondaDependencies
from jupyter_mltrain.core.container_registry import ContainerRegistry
from jupyter_mltrain.core.environment import Environment
from jupyter_mltrain.core.pip_requirements import read as read_requirements
from jupyter_mltrain.errors import InvalidSpec


def refuse_besides(**given: Any) -> None:
    named = [name for name, value in given.items() if value]
    if named:
        verb = "describes" if len(named) == 1 else "describe"
        raise InvalidSpec(
            f"environment_definition is a whole environment, and {units.listed(named)} {verb} "
            "another one. Leave one of them out, or set it in the environment."
        )


def described(
    estimator: str,
    directory: Path,
    *,
    image: str | None,
    registry: ContainerRegistry | None,
    user_managed: bool,
    conda_packages: Sequence[str] | None,
    pip_packages: Sequence[str] | None,
    conda_file: str | Path | None,
    pip_file: str | Path | None,
    variables: Mapping[str, Any] | None,
    shm_size: str | None,
    defaults: Sequence[str] = (),
) -> Environment:
    """The environment that the parameters of an estimator say.

    Parameters
    ----------
    defaults
        Packages of pip that it has unless others of their names, or an image, are given.
    """
    environment = Environment(f"{estimator.lower()}-environment")
    if image is not None:
        environment.docker.base_image = image
    if registry is not None:
        environment.docker.base_image_registry = registry
    if shm_size is not None:
        environment.docker.shm_size = shm_size
    environment.environment_variables = {str(k): str(v) for k, v in (variables or {}).items()}
    python = environment.python
    if user_managed and any((conda_packages, pip_packages, conda_file, pip_file)):
        raise InvalidSpec(
            "user_managed=True installs nothing, and packages are given. Leave one of them out."
        )
    if conda_file is not None:
        python.conda_dependencies = CondaDependencies(_found(directory, conda_file))
        environment.environment_variables = {
            **python.conda_dependencies.variables,
            **environment.environment_variables,
        }
    packages = python.conda_dependencies
    for each in _packages("conda_packages", conda_packages):
        packages.add_conda_package(each)
    if pip_file is not None:
        for line in read_requirements(_found(directory, pip_file)):
            packages.add_pip_line(line)
    for each in _packages("pip_packages", pip_packages):
        packages.add_pip_package(each)
    if image is None and not user_managed:
        known = {_name(each) for each in (*packages.conda_packages, *packages.pip_packages)}
        for each in defaults:
            if _name(each) not in known:
                packages.add_pip_package(each)
    # Without any packages, what is there is used as it is.
    python.user_managed_dependencies = user_managed or packages == CondaDependencies()
    return environment


def _name(package: str) -> str:
    """Of a package, without channel and version, in one spelling."""
    first = re.split(r"[\s=<>!~\[;@]", package.rpartition("::")[2].strip(), maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", first).lower()


def _packages(name: str, given: Sequence[str] | None) -> Sequence[str]:
    if isinstance(given, str):
        raise InvalidSpec(f"{name} is a list, as in [{given!r}].")
    return given or ()


def _found(directory: Path, file: str | Path) -> Path:
    """A file of the source directory, else of the current one."""
    inside = directory.expanduser() / file
    return inside if inside.is_file() else Path(file)
