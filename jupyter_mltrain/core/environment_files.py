"""An environment in a folder, in the files of Azure's SDK; never with a password."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_mltrain.core.conda_dependencies import CondaDependencies
from jupyter_mltrain.core.docker_section import option_words
from jupyter_mltrain.errors import InvalidSpec, UserError

if TYPE_CHECKING:
    from jupyter_mltrain.core.environment import Environment

_DEFINITION: Final = "azureml_environment.json"
_CONDA: Final = "conda_dependencies.yml"
_DOCKERFILE: Final = "BaseDockerfile"


def save(environment: Environment, folder: Path, *, overwrite: bool) -> None:
    """Write the definition, the packages and the Dockerfile, each a file of its own.

    Raises
    ------
    UserError
        The folder holds a definition already, and `overwrite` is not set.
    """
    folder = folder.expanduser()
    if (folder / _DEFINITION).exists() and not overwrite:
        raise UserError(f"{folder} holds an environment already. Pass overwrite=True.")
    folder.mkdir(parents=True, exist_ok=True)
    docker = environment.docker
    text = json.dumps(definition(environment), indent=4)
    (folder / _DEFINITION).write_text(f"{text}\n", encoding="utf-8")
    environment.python.conda_dependencies.save(folder / _CONDA)
    dockerfile = folder / _DOCKERFILE
    if docker.base_dockerfile is not None:
        dockerfile.write_text(docker.base_dockerfile, encoding="utf-8")
    else:
        dockerfile.unlink(missing_ok=True)


def definition(environment: Environment) -> dict[str, Any]:
    """All of it but the password, in the shape that Azure's SDK gives it."""
    docker, python = environment.docker, environment.python
    registry = docker.base_image_registry
    return {
        "name": environment.name,
        "version": environment.version,
        "environmentVariables": dict(environment.environment_variables or {}),
        "docker": {
            "enabled": docker.asked,
            "baseImage": docker.base_image,
            "baseDockerfile": docker.base_dockerfile,
            "buildContext": docker.context,
            "baseImageRegistry": {
                "address": registry.address,
                "username": registry.username,
                "password": None,
            },
            "platform": docker.platform,
            "sharedVolumes": docker.shared_volumes,
            "shmSize": docker.shm_size,
            "arguments": list(option_words(docker.arguments)),
        },
        "python": {
            "interpreterPath": python.interpreter_path,
            "userManagedDependencies": python.user_managed_dependencies,
            "condaDependencies": python.conda_dependencies.as_dict(),
        },
    }


def load(folder: Path, kind: type[Environment]) -> Environment:
    """Read what `save` wrote, or Azure's SDK; what that has besides is passed over.

    Raises
    ------
    FileNotFoundError
        There is no definition in the folder.
    InvalidSpec
        It cannot be read.
    """
    path = folder.expanduser() / _DEFINITION
    if not path.is_file():
        raise FileNotFoundError(
            f"No {_DEFINITION} in {path.parent}. `Environment.save_to_directory` writes one."
        )
    try:
        saved = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(saved, dict):
            raise ValueError("it is no JSON object")
    except ValueError as error:
        raise InvalidSpec(f"{path} is not an environment: {error}.") from None
    saved["python"] = {**(saved.get("python") or {}), "condaDependenciesFile": _CONDA}
    return of_definition(saved, path, kind)


def of_definition(saved: dict[str, Any], path: Path, kind: type[Environment]) -> Environment:
    """The environment that a definition is of; the file at `path` has it, others lie beside."""
    environment = kind(str(saved.get("name") or path.parent.name))
    environment.environment_variables = dict(saved.get("environmentVariables") or {})
    _load_docker(environment, saved.get("docker") or {}, path.parent)
    python = saved.get("python") or {}
    environment.python.interpreter_path = python.get("interpreterPath") or "python"
    managed = bool(python.get("userManagedDependencies"))
    environment.python.user_managed_dependencies = managed
    named = python.get("condaDependenciesFile")
    packages = path.parent / Path(str(named)).name if named else None  # Azure names it from above
    if packages is not None and packages.is_file():
        environment.python.conda_dependencies = CondaDependencies(packages)
    elif python.get("condaDependencies"):
        found = CondaDependencies.from_data(python["condaDependencies"], path)
        environment.python.conda_dependencies = found
    return environment


def _load_docker(environment: Environment, saved: dict[str, Any], folder: Path) -> None:
    docker = environment.docker
    dockerfile = saved.get("baseDockerfile")
    if (folder / _DOCKERFILE).is_file():
        dockerfile = (folder / _DOCKERFILE).read_text(encoding="utf-8")
    if dockerfile:
        docker.set_dockerfile(dockerfile, saved.get("buildContext"))
    elif saved.get("baseImage") and saved["baseImage"] != docker.base_image:
        docker.base_image = saved["baseImage"]
    docker.enabled = bool(saved.get("enabled"))
    registry = saved.get("baseImageRegistry") or {}
    docker.base_image_registry.address = registry.get("address")
    docker.base_image_registry.username = registry.get("username")
    docker.platform = _platform(saved.get("platform"))
    docker.arguments = list(saved.get("arguments") or ())
    docker.shm_size = saved.get("shmSize") or docker.shm_size


def _platform(saved: Any) -> str | None:
    """Ours is text; Azure's has its parts, and names the only one that Azure has."""
    return saved if isinstance(saved, str) else None
