"""`ScriptRunConfig`: which script, with what arguments, where and in what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from jupyter_mltrain.core.docker_section import DockerConfiguration
from jupyter_mltrain.core.environment import Environment
from jupyter_mltrain.core.strict import Strict
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

_EXECUTE: Final = 'exec "$@"\n'


class RunConfiguration(Strict):
    """The part of a `ScriptRunConfig` that is about where and in what.

    An unknown attribute is refused, so that a typo does not pass for a setting.
    """

    __slots__ = (
        "arguments",
        "command",
        "docker",
        "environment",
        "environment_variables",
        "max_run_duration_seconds",
        "node_count",
        "priority",
        "script",
        "target",
    )

    def __init__(
        self,
        script: str | None = None,
        arguments: Sequence[Any] | None = None,
        command: str | Sequence[Any] | None = None,
    ) -> None:
        self.script = script
        self.arguments: list[Any] = list(arguments or ())
        self.command = command
        self.target: Any = "local"
        """A compute target, or its name."""
        self.environment: Environment | str | None = None
        """What the script runs in, or the ``NAME`` or ``NAME:VERSION`` of a registered one; `None`
        is the Python that this code runs in."""
        self.docker = DockerConfiguration()
        self.environment_variables: dict[str, str] = {}
        self.node_count = 1
        self.priority: int | None = None
        """Higher starts first; `None` is 0."""
        self.max_run_duration_seconds: float | None = None


class ScriptRunConfig:
    """Everything about a run but its experiment. Nothing is checked before it is submitted."""

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
        docker_runtime_config
            How its container is made; with `use_docker` it runs in one in any case.
        resources
            CPUs, GPUs and memory; without it, the compute target's default share.
        name
            What the run is called in lists.
        """
        self.source_directory = source_directory
        self.script = script
        self.arguments = arguments
        self.command = command
        self.distributed_job_config = distributed_job_config
        self.resume_from = resume_from
        self.resources = resources
        self.name = name
        self.run_config = run_config or RunConfiguration()
        if compute_target is not None:
            self.run_config.target = compute_target
        if environment is not None:
            self.run_config.environment = environment
        if isinstance(environment, Environment) and environment.docker.enabled:
            self.run_config.docker.use_docker = True
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
        for asked, what in (
            (self.distributed_job_config, "several nodes or processes"),
            (self.resume_from, "another run to resume from"),
        ):
            if asked is not None:
                raise InvalidSpec(
                    f"The run asks for {what}; runs here are one script on one machine. "
                    "Leave it out."
                )
        config = self.run_config
        script, arguments, inline = self._executed()
        directory = Path(self.source_directory or ".").expanduser().absolute()
        definition, registered = self._environment()
        target = config.target or "local"
        spec = RunSpec(
            experiment=experiment,
            name=self.name,
            script=Path(script).as_posix(),
            kind=kind_of(script),
            arguments=arguments,
            variables={
                str(name): str(value) for name, value in config.environment_variables.items()
            },
            compute=target if isinstance(target, str) else str(target.name),
            environment=definition,
            resources=self.resources or Resources(),
            timeout_s=config.max_run_duration_seconds or MAX_RUN_DURATION_S,
            priority=config.priority or 0,
            node_count=config.node_count,
        )
        source = Source(directory=str(directory), inline=inline)
        return SubmitRequest(spec=spec, source=source, environment=registered)

    def _executed(self) -> tuple[str, tuple[str, ...], dict[str, str]]:
        """The script, its arguments, and the text of the script where that is ours."""
        config = self.run_config
        script, command = self.script or config.script, self.command or config.command
        arguments = tuple(map(str, self.arguments or config.arguments or ()))
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
        return COMMAND_SCRIPT, tuple(map(str, command)), {COMMAND_SCRIPT: _EXECUTE}

    def _environment(self) -> tuple[EnvironmentSpec, str | None]:
        """The definition, or the name of a registered one."""
        environment = self.run_config.environment
        if isinstance(environment, str):
            return Environment.named(environment), environment
        if not isinstance(environment, Environment | None):
            raise InvalidSpec(
                "The environment of a run is an Environment, or the name of a registered one, not "
                f"{type(environment).__name__}."
            )
        if not isinstance(self.run_config.docker, DockerConfiguration):
            raise InvalidSpec(
                "docker_runtime_config is a DockerConfiguration, not "
                f"{type(self.run_config.docker).__name__}."
            )
        return (environment or Environment.current()).spec(self.run_config.docker), None


def kind_of(script: str | Path) -> RunKind:
    """What a file is run as: a notebook is executed cell by cell, all else is a script."""
    return RunKind.NOTEBOOK if Path(script).suffix == ".ipynb" else RunKind.SCRIPT
