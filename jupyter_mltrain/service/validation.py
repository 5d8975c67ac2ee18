"""Is the request one that can be met at all? Checked before anything is changed."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Final

from jupyter_mltrain import runtime, units
from jupyter_mltrain.compute import container_options
from jupyter_mltrain.compute.base import Compute
from jupyter_mltrain.compute.leases import Holdings
from jupyter_mltrain.errors import ComputeTargetError, InvalidSpec
from jupyter_mltrain.service import data_names
from jupyter_mltrain.spec import (
    MAX_RUN_DURATION_S,
    EnvironmentSpec,
    ImageSpec,
    RunKind,
    RunSpec,
    is_environment_name,
    is_experiment_name,
)
from jupyter_mltrain.wire import SubmitRequest

_VARIABLE = re.compile(r"[^=\0]+\Z")
_NAME_LENGTH = 256
MAX_RETRIES: Final = 100
MAX_TAGS: Final = 50
"""Most tags of one run, as in Azure ML."""
_IMAGE = re.compile(r"[a-zA-Z0-9][\w.:/@-]*\Z")


def validate(
    request: SubmitRequest,
    ledgers: Mapping[str, Holdings],
    computes: Mapping[str, Compute] | None = None,
) -> None:
    """Raise the error that says what is wrong with the request, if anything is.

    Parameters
    ----------
    computes
        To find out whether the run's kind of environment can be had there; without, it is not.
    """
    spec = request.spec
    check_experiment(spec.experiment)
    if spec.name is not None:
        check_name(spec.name)
    ledger = ledgers.get(spec.compute)
    if ledger is None:
        raise no_compute(spec.compute, ledgers)
    _check_resources(spec)
    ledger.check(spec.resources, spec.compute)
    check_environment(spec.environment)
    if computes is not None:
        check_kind(spec.environment, computes[spec.compute])
    _check_texts(spec)
    _check_script(spec)
    _check_cell(request)
    data_names.check(spec)
    if len(request.tags) > MAX_TAGS:
        raise InvalidSpec(f"The run has {len(request.tags)} tags; {MAX_TAGS} is the most.")
    source = request.source
    if source.snapshot is None and source.directory is None and not source.inline:
        raise InvalidSpec("The run has no source. Give a folder, files or a snapshot.")


def check_environment(environment: EnvironmentSpec) -> None:
    """Raise when the definition cannot be one, whatever there is to build it from."""
    interpreter = environment.interpreter
    if environment.image is not None:
        _check_image(environment.image)
    elif interpreter is not None and not interpreter.startswith("/"):
        raise InvalidSpec(f"The interpreter {interpreter!r} is not an absolute path.")
    if environment.packages is not None:
        from jupyter_mltrain.environments import requirements

        requirements.check(environment.packages)


def _check_image(image: ImageSpec) -> None:
    if (image.image is None) == (image.dockerfile is None):
        raise InvalidSpec("An image environment has either an image or a Dockerfile.")
    if image.image is not None and not _IMAGE.match(image.image):
        raise InvalidSpec(
            f"{image.image!r} is not the name of an image. It looks like python:3.11-slim or "
            "registry.example.com/team/image:tag."
        )
    if image.dockerfile is not None:
        from jupyter_mltrain.environments import dockerfile

        dockerfile.parse(image.dockerfile)
    container_options.parse(image.arguments)
    if image.shm_bytes < 1:
        raise InvalidSpec(f"A container cannot have {image.shm_bytes} bytes of shared memory.")


def check_kind(environment: EnvironmentSpec, compute: Compute) -> None:
    """Raise when a compute target has no place for that kind of environment."""
    if compute.kind == "docker" and environment.image is None:
        raise InvalidSpec(
            f"The compute target {compute.name!r} runs containers, and the environment "
            f"{environment.name!r} is for a process of this machine. Give it an image, for example "
            "with --image, or submit to 'local'."
        )


def no_compute(name: str, known: Iterable[str]) -> ComputeTargetError:
    """The error for a compute target that there is not, with those that there are."""
    names = [repr(each) for each in sorted(known)]
    verb = "is" if len(names) == 1 else "are"
    return ComputeTargetError(f"No compute target {name!r}. There {verb} {units.listed(names)}.")


def check_compute_name(name: str) -> None:
    """Raise when no compute target can be called so."""
    if not is_environment_name(name):
        raise InvalidSpec(
            f"{name[:120]!r} cannot name a compute target. Use 1 to 100 letters, digits, '_', "
            "'-' and '.', the first a letter or digit."
        )


def check_priority(priority: int) -> None:
    """Raise when no run can have that priority."""
    if abs(priority) > 1_000_000:
        raise InvalidSpec(f"The priority {priority} is outside -1000000 to 1000000.")


def check_experiment(name: str) -> None:
    """Raise when no experiment can have that name."""
    if not is_experiment_name(name):
        raise InvalidSpec(
            f"{name!r} cannot name an experiment. Use up to 255 letters, digits, '_', '-' and "
            "'.', the first a letter or digit."
        )


def check_name(name: str) -> None:
    """Raise when no run can have that name."""
    if not 0 < len(name) <= _NAME_LENGTH or not name.isprintable():
        raise InvalidSpec(
            f"{name[:60]!r} cannot name a run. Use 1 to {_NAME_LENGTH} characters in one line."
        )


def _check_resources(spec: RunSpec) -> None:
    asked = spec.resources
    if asked.cpus is not None and asked.cpus < 1:
        raise InvalidSpec(f"A run needs at least 1 CPU, not {asked.cpus}.")
    if asked.gpus < 0:
        raise InvalidSpec(f"A run cannot have {asked.gpus} GPUs. Use 0 or more.")
    if asked.memory_bytes is not None and asked.memory_bytes < 1_000_000:
        raise InvalidSpec(
            f"{asked.memory_bytes} bytes of memory are too few for any script. "
            "Give a size such as 4GB."
        )
    if not 0 < spec.timeout_s <= MAX_RUN_DURATION_S:
        raise InvalidSpec(
            f"The time limit is {spec.timeout_s:g} s; it has to be more than 0 and at most "
            f"{MAX_RUN_DURATION_S} s (30 days)."
        )
    check_priority(spec.priority)
    if not 0 <= spec.retries <= MAX_RETRIES:
        raise InvalidSpec(
            f"The run asks for {spec.retries} retries. Give a number from 0 to {MAX_RETRIES}."
        )
    if (spec.node_count, spec.processes_per_node) != (1, 1):
        raise InvalidSpec(
            f"The run asks for {_processes(spec)}; a run is one process on one node for now, so "
            "leave node_count and the number of processes at 1."
        )


def _processes(spec: RunSpec) -> str:
    nodes = units.plural(spec.node_count, "node")
    count = spec.processes_per_node
    return nodes if count == 1 else f"{nodes} with {count} processes each"


def _check_texts(spec: RunSpec) -> None:
    for argument in spec.arguments:
        if "\0" in argument:
            raise InvalidSpec(f"The argument {argument!r} has a NUL character. Take it out.")
    environment = spec.environment
    given = {**environment.inherited, **environment.variables, **spec.variables}
    for name, value in given.items():
        if not _VARIABLE.match(name) or "\0" in value:
            raise InvalidSpec(
                f"The environment variable {name!r} cannot be set: a name has no '=', and neither "
                "name nor value has a NUL character."
            )


def _check_script(spec: RunSpec) -> None:
    if spec.kind is RunKind.CHILD:
        raise InvalidSpec("A child run is opened by its parent's script, with `Run.child_run`.")
    if spec.kind is RunKind.INTERACTIVE:
        raise InvalidSpec("An interactive run is opened with `Experiment.start_logging`.")
    path = PurePosixPath(spec.script)
    if not spec.script or path.is_absolute() or ".." in path.parts or "\0" in spec.script:
        raise InvalidSpec(
            f"The script {spec.script!r} has to be a path inside the source folder, such as "
            "'train.py'."
        )
    if (spec.kind is RunKind.NOTEBOOK) != (path.suffix == ".ipynb"):
        raise InvalidSpec(
            f"The script {spec.script!r} does not fit a run of the kind {spec.kind.value!r}: "
            "exactly a run of the kind 'notebook' executes an .ipynb file."
        )
    if spec.kind is RunKind.NOTEBOOK:
        try:
            runtime.parameters.read(spec.arguments)
        except ValueError as error:
            raise InvalidSpec(str(error)) from None


def _check_cell(request: SubmitRequest) -> None:
    cell = request.spec.cell
    if (cell is not None) != (request.spec.kind is RunKind.CELL):
        raise InvalidSpec("Exactly a run of the kind 'cell' has cell variables.")
    inputs = cell.inputs if cell else ()
    for name in (*inputs, *(cell.outputs if cell else ())):
        if not name.isidentifier() or keyword.iskeyword(name):
            raise InvalidSpec(f"{name!r} is not the name of a Python variable.")
    if set(inputs) != set(request.inputs):
        odd = sorted(set(inputs) ^ set(request.inputs))
        raise InvalidSpec(f"The values of {', '.join(odd)} do not match the cell's inputs.")
