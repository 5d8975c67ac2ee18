"""`ScriptRunConfig`: which script, with what arguments, where and in what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_mltrain.core.environment import Environment
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import MAX_RUN_DURATION_S, Resources, RunKind, RunSpec, Source
from jupyter_mltrain.wire import SubmitRequest


class RunConfiguration:
    """The part of a `ScriptRunConfig` that is about where and in what.

    An unknown attribute is refused, so that a typo does not pass for a setting.
    """

    __slots__ = (
        "arguments",
        "environment",
        "environment_variables",
        "max_run_duration_seconds",
        "node_count",
        "priority",
        "script",
        "target",
    )

    def __init__(self, script: str | None = None, arguments: Sequence[Any] | None = None) -> None:
        self.script = script
        self.arguments: list[Any] = list(arguments or ())
        self.target: Any = "local"
        """A compute target, or its name."""
        self.environment: Environment | None = None
        """`None` is the Python that this code runs in."""
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
        environment: Environment | None = None,
        distributed_job_config: Any = None,
        resume_from: Any = None,
        max_run_duration_seconds: float | None = MAX_RUN_DURATION_S,
        command: Any = None,
        docker_runtime_config: Any = None,
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
        self.docker_runtime_config = docker_runtime_config
        self.resources = resources
        self.name = name
        self.run_config = run_config or RunConfiguration()
        if compute_target is not None:
            self.run_config.target = compute_target
        if environment is not None:
            self.run_config.environment = environment
        if max_run_duration_seconds is not None:
            self.run_config.max_run_duration_seconds = max_run_duration_seconds

    def request(self, experiment: str) -> SubmitRequest:
        """What is sent to the service.

        Raises
        ------
        InvalidSpec
            There is no script, or something is asked for that a process run cannot do.
        """
        for asked, what in (
            (self.command, "a command"),
            (self.distributed_job_config, "several nodes or processes"),
            (self.resume_from, "another run to resume from"),
            (self.docker_runtime_config, "Docker"),
        ):
            if asked is not None:
                raise InvalidSpec(
                    f"The run asks for {what}; runs here are one script in one process. "
                    "Leave it out."
                )
        config = self.run_config
        script = self.script or config.script
        if script is None:
            raise InvalidSpec("The run has no script. Name one in ScriptRunConfig(script=…).")
        directory = Path(self.source_directory or ".").expanduser().absolute()
        environment = config.environment or Environment.current()
        target = config.target or "local"
        spec = RunSpec(
            experiment=experiment,
            name=self.name,
            script=Path(script).as_posix(),
            kind=kind_of(script),
            arguments=tuple(map(str, self.arguments or config.arguments or ())),
            variables={
                str(name): str(value)
                for name, value in {
                    **environment.environment_variables,
                    **config.environment_variables,
                }.items()
            },
            compute=target if isinstance(target, str) else str(target.name),
            environment=environment.spec(),
            resources=self.resources or Resources(),
            timeout_s=config.max_run_duration_seconds or MAX_RUN_DURATION_S,
            priority=config.priority or 0,
            node_count=config.node_count,
        )
        return SubmitRequest(spec=spec, source=Source(directory=str(directory)))


def kind_of(script: str | Path) -> RunKind:
    """What a file is run as: a notebook is executed cell by cell, all else is a script."""
    return RunKind.NOTEBOOK if Path(script).suffix == ".ipynb" else RunKind.SCRIPT
