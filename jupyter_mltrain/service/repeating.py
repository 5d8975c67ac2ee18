"""What a run was made of, as a request to make another one of it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from jupyter_mltrain.environments.packages import package_of
from jupyter_mltrain.errors import InvalidSpec, WrongState
from jupyter_mltrain.spec import (
    EnvironmentSpec,
    PackagesSpec,
    Run,
    RunKind,
    Source,
    is_reserved_name,
)
from jupyter_mltrain.store.copying import Copier
from jupyter_mltrain.wire import AgainRequest, SubmitRequest

AGAIN_OF: Final = "again_of"
"""The property of a run that repeats another one: that one's id."""

_CHANGES: Final = (
    "resources",
    "arguments",
    "variables",
    "timeout_s",
    "priority",
    "retries",
    "name",
)


def as_submit(first: Run, request: AgainRequest, staging: Path) -> SubmitRequest:
    """The same snapshot and spec, but for what the request gives; not checked a second time.

    Its inputs name files that `copy_inputs` has still to make.

    Raises
    ------
    InvalidSpec
        Packages are asked for, and the environment is one that nothing is installed into.
    WrongState
        The run is a child, or has no script.
    """
    if first.spec.kind is RunKind.INTERACTIVE:
        raise WrongState(
            f"{first.label} was logged from a notebook or program, not started here, so there is "
            "no script to run again. Run those cells again, or submit them with %%train."
        )
    if first.parent_id is not None or first.snapshot_id is None:
        raise WrongState(
            f"{first.label} was opened by the script of its parent run. Run that one again."
        )
    changes = {name: getattr(request, name) for name in _CHANGES}
    given = {name: value for name, value in changes.items() if value is not None}
    if request.packages:
        given["environment"] = with_packages(first.spec.environment, request.packages)
    names = first.spec.cell.inputs if first.spec.cell else ()
    return SubmitRequest(
        spec=replace(first.spec, **given),
        source=Source(snapshot=first.snapshot_id),
        request_id=request.request_id,
        inputs={name: str(staging / f"again-{secrets.token_hex(8)}") for name in names},
        properties={AGAIN_OF: first.id},
        force=True,
    )


def with_packages(environment: EnvironmentSpec, names: Sequence[str]) -> EnvironmentSpec:
    """The same environment with more installed, as a version to come.

    One that ships with the product stays as it is: its successor has a name of its own.

    Raises
    ------
    InvalidSpec
        It is an interpreter of this machine, where the user looks after the packages.
    """
    if not environment.is_built:
        raise InvalidSpec(
            f"Nothing is installed into {environment.name}, which is a Python of this machine. "
            f"Install {' '.join(names)} there, or describe an environment with packages."
        )
    packages = environment.packages or PackagesSpec()
    added = tuple(name for name in map(package_of, names) if name not in packages.pip)
    name = environment.name
    return replace(
        environment,
        name=f"my-{name}" if is_reserved_name(name) else name,
        version=None,
        packages=replace(packages, pip=(*packages.pip, *added)),
    )


def copy_inputs(inputs: Mapping[str, str], folder: Path) -> None:
    """Copy the values that a run's cell was given; blocks are shared where that is possible.

    Raises
    ------
    InvalidSpec
        One is not there any more.
    """
    copier = Copier()
    for name, target in inputs.items():
        try:
            source = os.open(folder / f"{name}.pkl", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise InvalidSpec(
                f"The value of {name} that the run was given is gone ({error.strerror}). Submit "
                "the cell again."
            ) from None
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            copy = os.open(target, flags, 0o600)
            try:
                copier.copy(source, copy)
            finally:
                os.close(copy)
        finally:
            os.close(source)


def drop_inputs(inputs: Mapping[str, str]) -> None:
    """Delete the copies that no run has taken over, since something was wrong."""
    for path in inputs.values():
        Path(path).unlink(missing_ok=True)
