"""``jupyter mltrain submit``: a script becomes a run."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import msgspec

from jupyter_mltrain.cli import parser, watching
from jupyter_mltrain.cli.session import client_of, command, print_json
from jupyter_mltrain.cli.terminal import plain, say
from jupyter_mltrain.client import Client
from jupyter_mltrain.core import environment_options, named_inputs
from jupyter_mltrain.core.script_run_config import ScriptRunConfig
from jupyter_mltrain.errors import ChecksFailed, InvalidSpec
from jupyter_mltrain.spec import Resources, Run
from jupyter_mltrain.wire import SubmitRequest


def run(arguments: argparse.Namespace) -> int:
    """Submit; with ``--wait`` watch, and give the run's exit status."""
    client = client_of(arguments)
    request = named_inputs.with_data(request_of(arguments), client, arguments.input)
    try:
        record = client.submit(request)
    except ChecksFailed as error:
        raise error.forced_by("Add --force") from None
    if not arguments.quiet:
        for warning in record.warnings:
            say(f"Warning: {plain(warning)}")
    if arguments.wait:
        return _wait(arguments, client, record)
    if arguments.json:
        print_json(record)
    elif arguments.quiet:
        print(record.number)
    else:
        print(f"{plain(record.label)} is submitted.")
        print(f"Watch it: {command(arguments, f'logs -f {record.number}')}")
    return 0


def _wait(arguments: argparse.Namespace, client: Client, record: Run) -> int:
    ended = watching.watch(
        arguments, client, record, show_output=not arguments.json, quiet=arguments.quiet
    )
    if arguments.json:
        print_json(ended)
    elif not arguments.quiet:
        say(watching.ending(client, ended, sys.stderr))
    return watching.exit_status(ended)


def request_of(arguments: argparse.Namespace) -> SubmitRequest:
    """What the command line asks for.

    Raises
    ------
    InvalidSpec
        The script is not there, or not in the folder that is to be shipped; or the options do not
        go together.
    """
    try:
        directory, script = _locate(arguments.script, arguments.source)
    except OSError as error:
        raise InvalidSpec(f"{error.filename} cannot be read: {error.strerror}.") from None
    chosen = environment_options.chosen(arguments, arguments.python)
    config = ScriptRunConfig(
        directory,
        script,
        _without_dashes(arguments.arguments),
        compute_target=arguments.compute,
        environment=chosen.environment,
        max_run_duration_seconds=arguments.timeout,
        resources=Resources(
            cpus=arguments.cpus, gpus=arguments.gpus, memory_bytes=arguments.memory
        ),
        name=arguments.name,
    )
    config.run_config.priority = arguments.priority
    config.run_config.retries = arguments.retries
    config.run_config.environment_variables = environment_options.variables(arguments)
    return msgspec.structs.replace(
        config.request(arguments.experiment or experiment_of(directory)),
        tags=parser.tags(arguments.tag),
        force=arguments.force,
    )


def _without_dashes(arguments: list[str]) -> list[str]:
    """The script's arguments without the ``--`` that may stand before them."""
    return arguments[1:] if arguments[:1] == ["--"] else arguments


def experiment_of(directory: Path) -> str:
    """The folder's name, with what an experiment's name cannot have left out."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", directory.name).strip("-_.")
    return name or "default"


def _locate(script: str, source: str | None) -> tuple[Path, str]:
    """The folder to ship and the script's path in it."""
    given = Path(script).expanduser()
    here = given.absolute()
    if source is None:
        return here.parent, _checked(here).name
    directory = Path(source).expanduser().absolute()
    if not directory.is_dir():
        raise InvalidSpec(f"The folder {source!r} is not there. --source names a folder.")
    inside = not given.is_absolute() and ".." not in given.parts
    if inside and (directory / given).is_file():
        return directory, given.as_posix()
    found = _checked(here).resolve()
    if not found.is_relative_to(directory.resolve()):
        raise InvalidSpec(
            f"The script {script!r} is not in the folder {source!r}, which is what is shipped. "
            "Name a folder that holds it."
        )
    return directory, found.relative_to(directory.resolve()).as_posix()


def _checked(script: Path) -> Path:
    if script.is_dir():
        raise InvalidSpec(f"{script} is a folder. Name the script in it: {script.name}/train.py.")
    if not script.exists():
        raise InvalidSpec(f"No script {script.name!r} in {script.parent}.")
    if not script.is_file():
        raise InvalidSpec(f"{script} is a pipe or a device; a run needs a file. Save it to one.")
    return script
