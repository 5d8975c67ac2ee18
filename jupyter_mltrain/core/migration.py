"""From an estimator to the code of a `ScriptRunConfig` that does the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jupyter_mltrain.core.conda_dependencies import CondaDependencies
from jupyter_mltrain.core.docker_section import DEFAULT_CPU_IMAGE
from jupyter_mltrain.core.environment import Environment
from jupyter_mltrain.core.estimator import MMLBaseEstimator
from jupyter_mltrain.core.run_configuration import RunConfiguration


def to_script_run_config_code(estimator: MMLBaseEstimator) -> str:
    """Python that makes the same run without an estimator.

    Expects the workspace as `ws` and the experiment as `experiment`, as the estimator's own code
    did. Passwords are not in it.
    """
    config = estimator.run_config
    environment = config.resolved_environment()
    described: list[str] = []
    named = repr(environment)
    if isinstance(environment, Environment):
        described = list(_environment(environment))
        named = "environment"
    given = estimator.script_run_config
    arguments = ", ".join(map(_value, given.arguments or config.arguments))
    resuming = None if given.resume_from is None else _value(given.resume_from)
    settings = {
        "source_directory": repr(estimator.source_directory),
        "script": repr(given.script or config.script),
        "arguments": f"[{arguments}]" if arguments else None,
        "compute_target": repr(config.target),
        "environment": named if described or not isinstance(environment, Environment) else None,
        "distributed_job_config": _distributed(config),
        "resume_from": resuming,
        "max_run_duration_seconds": _number(config.max_run_duration_seconds),
        "resources": None if given.resources is None else f"Resources(gpus={given.resources.gpus})",
    }
    body = [f"    {name}={value}," for name, value in settings.items() if value is not None]
    lines = [*described, "config = ScriptRunConfig(", *body, ")"]
    if given.inputs:
        lines += [f"config.inputs = [{', '.join(map(_value, given.inputs))}]"]
    lines += ["run = experiment.submit(config)"]
    return "\n".join([*_imports("\n".join(lines)), "", *lines, ""]).replace("\n\n\n", "\n\n")


_HOMES = {
    "CondaDependencies": "jupyter_mltrain",
    "Environment": "jupyter_mltrain",
    "ScriptRunConfig": "jupyter_mltrain",
    "Dataset": "jupyter_mltrain.azureml.core",
    "Datastore": "jupyter_mltrain.azureml.core",
    "MpiConfiguration": "jupyter_mltrain.azureml.core.runconfig",
    "PyTorchConfiguration": "jupyter_mltrain.azureml.core.runconfig",
    "TensorflowConfiguration": "jupyter_mltrain.azureml.core.runconfig",
    "Resources": "jupyter_mltrain.spec",
}


def _imports(code: str) -> Iterator[str]:
    used: dict[str, list[str]] = {}
    for name, home in _HOMES.items():
        if f"{name}(" in code or f"{name}." in code:
            used.setdefault(home, []).append(name)
    for home, names in used.items():
        yield f"from {home} import {', '.join(names)}"


def _environment(environment: Environment) -> Iterator[str]:
    """Lines that describe it; none of the Python that this code runs in."""
    docker, python = environment.docker, environment.python
    lines: list[str] = []
    if docker.base_dockerfile is not None:
        lines.append(f"docker.base_dockerfile = {docker.base_dockerfile!r}")
    elif docker.asked and docker.base_image != DEFAULT_CPU_IMAGE:
        lines.append(f"docker.base_image = {docker.base_image!r}")
    elif docker.asked:
        lines.append("docker.enabled = True")
    registry = docker.base_image_registry
    lines += [
        f"docker.base_image_registry.{name} = {value!r}"
        for name, value in (("address", registry.address), ("username", registry.username))
        if value
    ]
    if docker.asked and docker.shm_size not in (None, "2g"):
        lines.append(f"docker.shm_size = {docker.shm_size!r}")
    if python.interpreter_path != "python":
        lines.append(f"python.interpreter_path = {python.interpreter_path!r}")
    if python.user_managed_dependencies and (lines or environment.environment_variables):
        lines.append("python.user_managed_dependencies = True")
    elif not python.user_managed_dependencies:
        lines.append(f"python.conda_dependencies = {_packages(python.conda_dependencies)}")
    if environment.environment_variables:
        lines.append(f"environment_variables = {dict(environment.environment_variables)!r}")
    if lines:
        yield f"environment = Environment({environment.name!r})"
        yield from (f"environment.{line}" for line in lines)
        yield ""


def _packages(packages: CondaDependencies) -> str:
    plain = CondaDependencies()
    conda = [each for each in packages.conda_packages if each not in plain.conda_packages]
    pip = [each for each in packages.pip_packages if each not in plain.pip_packages]
    given = {"conda_packages": conda, "pip_packages": pip}
    listed = [f"{name}={found!r}" for name, found in given.items() if found]
    return f"CondaDependencies.create({', '.join(listed)})"


def _distributed(config: RunConfiguration) -> str | None:
    job = {"IntelMpi": config.mpi, "ParameterServer": config.tensorflow}.get(config.communicator)
    if job is None and config.framework == "PyTorch":
        job = config.pytorch
    return None if job is None else repr(job)


def _number(value: float | None) -> str | None:
    return None if value is None else repr(value)


def _value(value: Any) -> str:
    """An argument as code; data is got anew by its name."""
    from jupyter_mltrain.core.data_reference import DataReference
    from jupyter_mltrain.core.dataset_consumption import DatasetConsumptionConfig

    if isinstance(value, DataReference):
        path = value.path_on_datastore
        inner = f".path({path!r})" if path else ""
        return f"Datastore.get(ws, {value.datastore.name!r}){inner}.as_{value.mode}()"
    if isinstance(value, DatasetConsumptionConfig):
        dataset, way = value.dataset, "" if value.mode == "direct" else f".as_{value.mode}()"
        found = "dataset"
        if dataset.name is not None:
            found = f"Dataset.get_by_name(ws, {dataset.name!r}, version={dataset.version!r})"
        return f"{found}.as_named_input({value.name!r}){way}"
    if isinstance(value, str | int | float | bool):
        return repr(value)
    return type(value).__name__.lower()
