"""What a builder has made, as the records of builds and runs have it."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

from msgspec.structs import replace

from jupyter_mltrain.compute import container_options
from jupyter_mltrain.environments.base import Made
from jupyter_mltrain.spec import Build, Built, EnvironmentSpec


def result(build: Build, made: Made) -> Built:
    """What a build has come to."""
    return Built(
        id=build.id,
        hash=build.hash,
        kind=_kind(build.spec, made),
        interpreter=made.interpreter,
        python=made.python,
        image=made.image,
        base=made.base,
        packages=made.packages,
        lock=None if made.lock is None else sha256(made.lock.encode()).hexdigest(),
    )


def _kind(definition: EnvironmentSpec, made: Made) -> str:
    if definition.image is not None:
        return "image"
    prefix = Path(made.interpreter or "/").parent.parent
    return "conda" if (prefix / "conda-meta").is_dir() else "venv"


def as_defined(definition: EnvironmentSpec, built: Built) -> Built:
    """A result as this definition uses it: several of them may share it."""
    if definition.image is None or not definition.image.arguments:
        return built
    return replace(built, as_root=container_options.parse(definition.image.arguments).as_root)


def slug(name: str) -> str:
    """A name as it may be part of an image's."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "environment"
