"""`ScriptRunConfig`: which script, with what arguments, where and in what."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from jupyter_mltrain.core import data_arguments, distributed
from jupyter_mltrain.core.docker_section import DockerConfiguration
from jupyter_mltrain.core.environment import Environment
from jupyter_mltrain.core.run_configuration import RunConfiguration
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import (
    MAX_RUN_DURATION_S,
    EnvironmentSpec,
    Resources,
    RunKind,
    RunSpec,
    Source,
)
from jupyter_mltrain.wire import SubmitRequest

COMMAND_SCRIPT: Final = "mltrain-command.sh"
"""The file that makes a command a script: the command is its arguments."""

_RESUME_FROM: Final = "resume_from"

_EXECUTE: Final = 'exec "$@"\n'

__all__ = [
    *("COMMAND_SCRIPT", "RunConfiguration", "ScriptRunConfig"),
    *("get_run_config_from_script_run", "kind_of"),
]


class ScriptRunConfig:
    """Everything about a run but its experiment. Nothing is checked before it is submitted."""

    DELIM = "#"
    MAX_DURATION_SECONDS_DEFAULT = MAX_RUN_DURATION_S

    def __init__(
        self,
        source_directory: str | Path | None,
        script: str | None = None,
        arguments: Sequence[Any] | None = None,
        run_config: RunConfiguration | None = None,
        compute_target: Any = None,
        environment: Environment | str | None = None,
        distributed_job_config: Any = None,
        resume_from: Any = None,
        max_run_duration_seconds: float | None = MAX_RUN_DURATION_S,
        command: str | Sequence[Any] | None = None,
        docker_runtime_config: DockerConfiguration | None = None,
        *,
        resources: Resources | None = None,
        name: str | None = None,
    ) -> None:
        """Azure's parameters, then two of ours.

        Parameters
        ----------
        source_directory
            The folder that travels with the run; the current directory by default.
        script
            Path of the script in it; of a notebook, it is executed and kept among the outputs.
        arguments
            Passed to the script, each made a string; to a notebook as parameters.
        command
            In place of a script and its arguments: a program and its arguments, each as it is; or
            a line for the shell, which may name variables and have pipes. It is executed in the
            source folder, and needs no Python.
        environment
            What it runs in, or the ``NAME`` or ``NAME:VERSION`` of a registered one.
        distributed_job_config
            Several nodes or processes: a MpiConfiguration, PyTorchConfiguration or
            TensorflowConfiguration.
        resume_from
            A `DataPath` or `DataReference` with what an earlier run wrote: the script gets its
            path after ``--resume-from``.
        docker_runtime_config
            How its container is made; with `use_docker` it runs in one in any case.
        resources
            CPUs, GPUs and memory; without it, the compute target's default share.
        name
            What the run is called in lists.

        Raises
        ------
        InvalidSpec
            `distributed_job_config` is something else.
        """
        self.source_directory = source_directory
        self.script = script
        self.arguments = arguments
        self.command = command
        self.distributed_job_config = distributed_job_config
        self.resume_from = resume_from
        self.inputs: list[Any] = []
        """Data that the run takes besides what is among its arguments."""
        self.resources = resources
        self.name = name
        self.run_config = run_config or RunConfiguration()
        if compute_target is not None:
            self.run_config.target = compute_target
        if environment is not None:
            self.run_config.environment = environment
        if isinstance(environment, Environment) and environment.docker.enabled:
            self.run_config.docker.use_docker = True
        if distributed_job_config is not None:
            self.run_config.distribute(distributed_job_config)
        if docker_runtime_config is not None:
            self.run_config.docker = docker_runtime_config
        if max_run_duration_seconds is not None:
            self.run_config.max_run_duration_seconds = max_run_duration_seconds

    def request(self, experiment: str) -> SubmitRequest:
        """What is sent to the service.

        Raises
        ------
        InvalidSpec
            There is no script and no command, or something is asked for that runs cannot do.
        """
        config = self.run_config
        script, arguments, inline = self._executed()
        given = data_arguments.passed(arguments, config, self.inputs)
        directory = Path(self.source_directory or ".").expanduser().absolute()
        definition, registered = self._environment()
        spec = RunSpec(
            experiment=experiment,
            name=self.name,
            script=Path(script).as_posix(),
            kind=kind_of(script),
            arguments=given.arguments,
            inputs=given.inputs,
            outputs=given.outputs,
            variables={
                str(name): str(value) for name, value in config.environment_variables.items()
            },
            compute=config.target,
            environment=definition,
            resources=self.resources or Resources(),
            timeout_s=config.max_run_duration_seconds or MAX_RUN_DURATION_S,
            priority=config.priority or 0,
            node_count=int(config.node_count),
            processes_per_node=config.processes_per_node,
            framework=distributed.framework_of(config.framework),
            communicator=distributed.communicator_of(config.communicator),
            retries=int(config.retries),
        )
        source = Source(directory=str(directory), inline=inline)
        return SubmitRequest(spec=spec, source=source, environment=registered)

    def _executed(self) -> tuple[str, Sequence[Any], dict[str, str]]:
        """The script, its arguments, and the text of the script where that is ours."""
        config = self.run_config
        script, command = self.script or config.script, self.command or config.command
        arguments = self._arguments()
        if not command:
            if script is None:
                raise InvalidSpec(
                    "The run has no script. Name one in ScriptRunConfig(script=…), or give a "
                    "program and its arguments as command=[…]."
                )
            return script, arguments, {}
        if script is not None or arguments:
            raise InvalidSpec(
                "A run executes either a command, or a script with its arguments. Leave one of "
                "them out: command=['python', 'train.py', '--lr', 0.1] has both in one."
            )
        if isinstance(command, str):
            command = ("/bin/sh", "-c", command)
        return COMMAND_SCRIPT, command, {COMMAND_SCRIPT: _EXECUTE}

    def _arguments(self) -> list[Any]:
        """The arguments as they were given, and what to resume from."""
        given = list(self.arguments or self.run_config.arguments or ())
        return given if self.resume_from is None else [*given, *_resuming(self.resume_from)]

    def _environment(self) -> tuple[EnvironmentSpec, str | None]:
        """The definition, or the name of a registered one."""
        environment = self.run_config.resolved_environment()
        if isinstance(environment, str):
            return Environment.named(environment), environment
        return environment.spec(self.run_config.docker), None

    @property
    def identity(self) -> None:
        """Azure's, of whom a run is; here everything is the user's own."""


def _resuming(earlier: Any) -> tuple[str, Any]:
    """What tells a script where the files of an earlier run are."""
    from jupyter_mltrain.core.data_reference import DataPath, DataReference

    if isinstance(earlier, DataPath):
        earlier = earlier.create_data_reference(_RESUME_FROM)
    if not isinstance(earlier, DataReference):
        raise InvalidSpec(
            "resume_from is a DataPath or DataReference to what an earlier run wrote, not "
            f"{type(earlier).__name__}. datastore.path('checkpoints') gives one."
        )
    return "--resume-from", earlier


def get_run_config_from_script_run(script_run_config: ScriptRunConfig) -> RunConfiguration:
    """A copy of its run configuration that names script, command and arguments, too."""
    config = copy.deepcopy(script_run_config.run_config)
    config.script = script_run_config.script or config.script
    config.command = script_run_config.command or config.command
    config.arguments = list(script_run_config.arguments or config.arguments)
    return config


def kind_of(script: str | Path) -> RunKind:
    """What a file is run as: a notebook is executed cell by cell, all else is a script."""
    return RunKind.NOTEBOOK if Path(script).suffix == ".ipynb" else RunKind.SCRIPT
