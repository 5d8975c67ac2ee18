"""What is typed into a form, as the magic's line, as Python, and as the request of both.

The form is a writer of `%train` lines: the request that it sends is the one that its line makes,
so what it gives to copy cannot mean anything else.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.magics import options, requests
from jupyter_mltrain.magics.commands import TrainMagics
from jupyter_mltrain.spec import MAX_RUN_DURATION_S, EnvironmentSpec
from jupyter_mltrain.wire import SubmitRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """One run, in the words of the magic's options; what is empty is not given."""

    script: str = ""
    cell: str | None = None
    """Text of a cell, instead of a script."""
    source: str = ""
    experiment: str = ""
    name: str = ""
    environment: str = ""
    """``NAME`` or ``NAME:VERSION`` of a registered one."""
    python: str = ""
    """Path of an interpreter."""
    image: str = ""
    packages: str = ""
    """Requirements in a line, as in ``torch pandas>=2``."""
    compute: str = "local"
    cpus: int = 0
    gpus: int = 0
    memory: str = ""
    timeout: str = ""
    priority: int = 0
    retries: int = 0
    named: tuple[tuple[str, str | None], ...] = ()
    """Arguments as ``--name value``; `None` for a flag."""
    rest: tuple[str, ...] = ()
    """Arguments as they are."""
    variables: tuple[str, ...] = ()
    """``NAME=VALUE`` each."""
    tags: tuple[str, ...] = ()
    """``KEY`` or ``KEY=VALUE`` each."""

    def line(self) -> str:
        """The magic's line, without the magic's name.

        Raises
        ------
        InvalidSpec
            A value has a line break, which a line cannot hold.
        """
        script = f"./{self.script}" if self.script.startswith("-") else self.script
        words = [] if self.cell is not None else [script]
        for option, value in (
            ("--experiment", self.experiment),
            ("--name", self.name),
            ("--env", self.environment),
            ("--python", self.python),
            ("--image", self.image),
            ("--pip", self.packages),
            ("--compute", "" if self.compute == "local" else self.compute),
            ("--cpus", self.cpus or ""),
            ("--gpus", self.gpus or ""),
            ("--memory", self.memory),
            ("--timeout", self.timeout),
            ("--priority", self.priority or ""),
            ("--retries", self.retries or ""),
            ("--source", self.source),
        ):
            words += _given(option, str(value)) if value != "" else []
        for name, argument in self.named:
            words += ["--arg", name if argument is None else f"{name}={argument}"]
        for variable in self.variables:
            if "=" not in variable:
                raise InvalidSpec(f"{variable!r} sets no environment variable. Write NAME=VALUE.")
            words += _given("--env", variable)
        for tag in self.tags:
            words += _given("--tag", tag)
        words += ["--", *self.rest] if self.rest else []
        broken = next((word for word in words if len(word.splitlines()) > 1), None)
        if broken is not None:
            raise InvalidSpec(f"{broken!r} has a line break. Write it in one line.")
        return shlex.join(words)

    @contextmanager
    def request(
        self, workspace: Path, notebook: Mapping[str, Any]
    ) -> Iterator[tuple[SubmitRequest, list[str]]]:
        """What is sent, and warnings; what it staged is gone in the end.

        Raises
        ------
        UsageError, MltrainError
            Something that was typed cannot be meant.
        """
        line = self.line()
        if self.cell is None:
            if not self.script:
                raise InvalidSpec("No script is named. Choose a .py file or a notebook.")
            yield requests.of_file(options.parse(TrainMagics.train, line), notebook), []
            return
        given = options.parse(TrainMagics.train_cell, line)
        with requests.of_cell(given, line, self.cell, notebook, workspace) as made:
            yield made

    def as_cell(self) -> str:
        """The text of a notebook's cell that submits this."""
        if self.cell is None:
            return f"%train {self._literally()}"
        return f"{f'%%train {self._literally()}'.rstrip()}\n{self.cell}"

    def _literally(self) -> str:
        """The line for IPython, which puts in values for what is in braces or after a dollar.

        References
        ----------
        `IPython.utils.text.DollarFormatter`: two braces are one; a dollar has no such way that
        works between quotes too, so it is put in as a value itself.
        """
        return self.line().replace("{", "{{").replace("}", "}}").replace("$", '{"$"}')

    def as_python(self, request: SubmitRequest, workspace: str) -> str:
        """Python that submits this; of a cell, in the words that IPython has for it.

        Parameters
        ----------
        request
            What `request` has made.
        workspace
            Python for the workspace.
        """
        if self.cell is not None:
            return f"get_ipython().run_cell_magic('train', {self._literally()!r}, {self.cell!r})\n"
        spec, asked = request.spec, request.spec.resources
        resources = [f"cpus={asked.cpus}"] if asked.cpus is not None else []
        resources += [f"gpus={asked.gpus}"] if asked.gpus else []
        resources += [] if asked.memory_bytes is None else [f"memory_bytes={asked.memory_bytes}"]
        described = self._environment_code(spec.environment)
        named = [f"environment={self.environment!r}"] if self.environment else []
        limited = spec.timeout_s != MAX_RUN_DURATION_S
        parts = [
            f"source_directory={_shown(request.source.directory)!r}",
            f"script={spec.script!r}",
            *([f"arguments={list(spec.arguments)!r}"] if spec.arguments else []),
            *(["environment=environment"] if described else named),
            *([f"compute_target={spec.compute!r}"] if spec.compute != "local" else []),
            *([f"max_run_duration_seconds={spec.timeout_s!r}"] if limited else []),
            *([f"resources=Resources({', '.join(resources)})"] if resources else []),
            *([f"name={spec.name!r}"] if spec.name is not None else []),
        ]
        names = {"Experiment", "ScriptRunConfig", "Workspace"}
        names |= {"Environment"} if described else set()
        names |= {"CondaDependencies"} if self.packages else set()
        lines = [f"from jupyter_mltrain import {', '.join(sorted(names))}"]
        lines += ["from jupyter_mltrain.spec import Resources"] if resources else []
        lines += ["", *described] if described else []
        lines += ["", "config = ScriptRunConfig(", *(f"    {part}," for part in parts), ")"]
        if spec.variables:
            lines += [f"config.run_config.environment_variables = {dict(spec.variables)!r}"]
        if spec.priority:
            lines += [f"config.run_config.priority = {spec.priority}"]
        if spec.retries:
            lines += [f"config.run_config.retries = {spec.retries}"]
        tags = f", tags={dict(request.tags)!r}" if request.tags else ""
        submit = f"Experiment({workspace}, {spec.experiment!r}).submit(config{tags})"
        return "\n".join([*lines, f"run = {submit}", ""])

    def _environment_code(self, spec: EnvironmentSpec) -> list[str]:
        """Python that describes the environment; nothing for this Python, or a registered one."""
        if self.python:
            return [
                "environment = Environment.current()",
                f"environment.python.interpreter_path = {self.python!r}",
            ]
        lines = []
        if self.image:
            lines = [f"environment = Environment.from_docker_image({spec.name!r}, {self.image!r})"]
        if self.packages and spec.packages is not None:
            lines = lines or [f"environment = Environment({spec.name!r})"]
            lines += [
                "environment.python.user_managed_dependencies = False",
                "environment.python.conda_dependencies = CondaDependencies.create(",
                f"    pip_packages={list(spec.packages.pip)!r}",
                ")",
            ]
        return lines


def _given(option: str, value: str) -> list[str]:
    """An option with its value, which may look like an option itself."""
    return [f"{option}={value}"] if value.startswith("-") else [option, value]


def _shown(directory: str | None) -> str:
    """A folder as people write it from where the notebook is."""
    assert directory is not None  # what runs a file has its folder
    path = Path(directory)
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
