"""A run configuration in a YAML file, in the keys and at the places of Azure's SDK."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_mltrain import units
from jupyter_mltrain.core import environment_files
from jupyter_mltrain.core.environment import Environment
from jupyter_mltrain.errors import InvalidSpec, UserError

if TYPE_CHECKING:
    from jupyter_mltrain.core.run_configuration import RunConfiguration

_FOLDERS: Final = (".azureml", "aml_config", "")
_ENDING: Final = ".runconfig"

_PLAIN: Final = {
    "script": "script",
    "command": "command",
    "arguments": "arguments",
    "framework": "framework",
    "communicator": "communicator",
    "target": "target",
    "nodeCount": "node_count",
    "maxRunDurationSeconds": "max_run_duration_seconds",
    "priority": "priority",
    "retries": "retries",
    "autoPrepareEnvironment": "auto_prepare_environment",
    "credentialPassthrough": "credential_passthrough",
    "sourceDirectoryDataStore": "source_directory_data_store",
    "environmentVariables": "environment_variables",
}
"""Key in the file -> attribute of the configuration."""

_SECTIONS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "docker": (
        "docker",
        {
            "useDocker": "use_docker",
            "sharedVolumes": "shared_volumes",
            "shmSize": "shm_size",
            "arguments": "arguments",
        },
    ),
    "history": (
        "history",
        {
            "outputCollection": "output_collection",
            "directoriesToWatch": "directories_to_watch",
            "snapshotProject": "snapshot_project",
        },
    ),
    "amlCompute": ("amlcompute", {"vmSize": "vm_size", "vmPriority": "vm_priority"}),
    "mpi": ("mpi", {"processCountPerNode": "process_count_per_node", "nodeCount": "node_count"}),
    "pyTorch": (
        "pytorch",
        {
            "communicationBackend": "communication_backend",
            "processCount": "process_count",
            "nodeCount": "node_count",
        },
    ),
    "tensorflow": (
        "tensorflow",
        {"workerCount": "worker_count", "parameterServerCount": "parameter_server_count"},
    ),
    "paralleltask": (
        "paralleltask",
        {
            "maxRetriesPerWorker": "max_retries_per_worker",
            "workerCountPerNode": "worker_count_per_node",
            "terminalExitCodes": "terminal_exit_codes",
        },
    ),
    "hdi": ("hdi", {"yarnDeployMode": "yarn_deploy_mode"}),
    "spark": ("spark", {"configuration": "configuration"}),
}
"""Key in the file -> attribute, and the keys below it with theirs."""

_REFERENCE: Final = {
    "dataStoreName": "data_store_name",
    "pathOnDataStore": "path_on_data_store",
    "mode": "mode",
    "overwrite": "overwrite",
    "pathOnCompute": "path_on_compute",
}


def save(
    config: RunConfiguration, path: str | Path | None, name: str | None, *, separately: bool
) -> None:
    """Write the file, and with `separately` the environment beside it.

    Raises
    ------
    UserError
        There is no name, or no such folder.
    """
    target = _target(Path(path or ".").expanduser(), name)
    saved = definition(config)
    try:
        target.parent.mkdir(exist_ok=True)
        if separately:
            beside = target.with_name(f"{target.stem}.environment.yml")
            beside.write_text(_yaml(saved["environment"]), encoding="utf-8")
            saved["environment"] = beside.name
        target.write_text(_yaml(saved), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{target} cannot be written: {error.strerror}.") from None


def _target(path: Path, name: str | None) -> Path:
    if name is None:
        if path.suffix == _ENDING and path.absolute().parent.is_dir():
            return path
        raise UserError(
            f"Say under which name to save: run_config.save({str(path)!r}, 'mine'), or the path of "
            f"a file that ends in {_ENDING}."
        )
    if os.sep in name or name.startswith("."):
        raise UserError(f"{name!r} cannot name a run configuration. Use a file's name.")
    if not path.is_dir():
        raise UserError(f"The folder {path} is not there. Create it first.")
    return path / _FOLDERS[0] / f"{name}{_ENDING}"


def find(path: str | Path, name: str | None) -> Path:
    """The file of a configuration: `path` itself, or in one of the folders below it.

    Raises
    ------
    UserError
        There is none; the sentence names those there are.
    """
    root = Path(path).expanduser()
    if name is None and root.is_file():
        return root
    file = name if name is None or name.endswith(_ENDING) else f"{name}{_ENDING}"
    places = [root / folder for folder in _FOLDERS]
    if file is not None:
        for place in places:
            if (place / file).is_file():
                return place / file
    there = sorted({found.stem for place in places for found in place.glob(f"*{_ENDING}")})
    verb = "is" if len(there) == 1 else "are"
    hint = f"There {verb} {units.listed(there)}." if there else "`save` writes one."
    raise UserError(f"No run configuration {name or str(root)!r} in {root.absolute()}. {hint}")


def definition(config: RunConfiguration) -> dict[str, Any]:
    """All of it but passwords, as plain values in the keys of Azure's SDK."""
    found: dict[str, Any] = {key: getattr(config, name) for key, name in _PLAIN.items()}
    found["arguments"] = [_plain(each) for each in config.arguments]
    if config.command is not None and not isinstance(config.command, str):
        found["command"] = [_plain(each) for each in config.command]
    found["environmentVariables"] = dict(config.environment_variables or {})
    for key, (name, members) in _SECTIONS.items():
        section = getattr(config, name)
        found[key] = {inner: getattr(section, member) for inner, member in members.items()}
    found["docker"]["arguments"] = list(config.docker.arguments)
    found["dataReferences"] = {
        str(name): {key: getattr(each, member) for key, member in _REFERENCE.items()}
        for name, each in (config.data_references or {}).items()
    }
    environment = config.environment
    found["environment"] = (
        environment
        if not isinstance(environment, Environment)
        else environment_files.definition(environment)
    )
    return found


def load(path: str | Path, name: str | None, kind: type[RunConfiguration]) -> RunConfiguration:
    """Read what `save` wrote, or Azure's SDK; what that has besides is passed over."""
    import yaml

    file = find(path, name)
    try:
        saved = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise InvalidSpec(f"{file} is no run configuration: {reason}.") from None
    if not isinstance(saved, dict):
        raise InvalidSpec(f"{file} is no run configuration: it has no keys.")
    config = kind()
    for key, member in _PLAIN.items():
        if saved.get(key) is not None:
            setattr(config, member, saved[key])
    for key, (member, keys) in _SECTIONS.items():
        section = getattr(config, member)
        for inner, attribute in keys.items():
            value = _mapping(saved.get(key), key, file).get(inner)
            if value is not None:
                setattr(section, attribute, value)
    _load_references(config, _mapping(saved.get("dataReferences"), "dataReferences", file))
    _load_environment(config, saved.get("environment"), file)
    return config


def _load_references(config: RunConfiguration, saved: dict[str, Any]) -> None:
    from jupyter_mltrain.core.data_reference import DataReferenceConfiguration

    for name, values in saved.items():
        reference = config.data_references[str(name)] = DataReferenceConfiguration()
        for key, member in _REFERENCE.items():
            if values.get(key) is not None:
                setattr(reference, member, values[key])


def _load_environment(config: RunConfiguration, saved: Any, file: Path) -> None:
    import yaml

    if isinstance(saved, str) and (file.parent / saved).is_file():
        saved = yaml.safe_load((file.parent / saved).read_text(encoding="utf-8-sig"))
    if isinstance(saved, str):
        config.environment = saved
    elif isinstance(saved, dict):
        environment = environment_files.of_definition(saved, file, Environment)
        if environment_files.definition(environment) != environment_files.definition(
            config.environment
        ):  # else it stands for this Python, as the one that nobody has set
            config.environment = environment


def _mapping(found: Any, key: str, file: Path) -> dict[str, Any]:
    if not isinstance(found, dict | None):
        raise InvalidSpec(f"{key!r} in {file} has no keys.")
    return found or {}


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool) else str(value)


def _yaml(value: Any) -> str:
    import yaml

    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True))
