"""What of a definition matters to what is built of it: in one order, as one text, hashed.

The name, variables, shared memory, options of ``docker run`` and whose registry account it is do
not matter. The order of packages does not; that of channels and of pip's options does.
"""

from __future__ import annotations

import platform
import sys
from functools import lru_cache
from hashlib import sha256
from typing import Final

import msgspec

from jupyter_mltrain.spec import EnvironmentSpec, Frozen, ImageSpec, PackagesSpec

_FORMAT: Final = 1
"""Grows when the same definition would have to be built anew by a newer version of this code."""

_REMEMBERED: Final = 512


class Packages(Frozen, frozen=True, kw_only=True):
    """What is installed, in one order."""

    python: str | None
    conda: tuple[str, ...]
    channels: tuple[str, ...]
    pip: tuple[str, ...]
    options: tuple[str, ...]
    """Of pip, in the order given."""


class Definition(Frozen, frozen=True, kw_only=True):
    """Everything of a definition that matters, the same for two that mean the same."""

    kind: str
    """"image" or "process"."""
    machine: str | None = None
    """What a process environment is built for, as in ``linux x86_64``."""
    image: str | None = None
    """Its name with its registry, or what the name stands for."""
    dockerfile: str | None = None
    context: str | None = None
    """Id of a snapshot."""
    platform: str | None = None
    interpreter: str | None = None
    packages: Packages | None = None


def canonical(spec: EnvironmentSpec) -> Definition:
    """What matters of a definition, by the names that it gives."""
    return _canonical(spec.image, spec.packages, spec.interpreter if spec.image else None)


def key(spec: EnvironmentSpec) -> str:
    """SHA-256 by which the same definition is known again, whatever its names stand for."""
    return _key(spec.image, spec.packages, spec.interpreter if spec.image else None)


def hash_of(spec: EnvironmentSpec, identity: str) -> str:
    """SHA-256 of the definition and of what its names stand for, see `Builder.identify`."""
    return _digest(identified(spec, identity))


def identified(spec: EnvironmentSpec, identity: str) -> Definition:
    """What matters, with the digest of the image (of a Dockerfile's FROM) in place of its name."""
    found = canonical(spec)
    return msgspec.structs.replace(found, image=identity) if identity else found


@lru_cache(_REMEMBERED)
def _canonical(
    image: ImageSpec | None, packages: PackagesSpec | None, interpreter: str | None
) -> Definition:
    if image is None:
        return Definition(
            kind="process",
            machine=f"{sys.platform} {platform.machine()}",
            packages=_packages(packages or PackagesSpec(), _our_python()),
        )
    name = image.image
    if name is not None and image.registry:
        name = f"{image.registry}/{name.removeprefix(f'{image.registry}/')}"
    return Definition(
        kind="image",
        image=name,
        dockerfile=image.dockerfile and _lines(image.dockerfile),
        context=image.context,
        platform=image.platform,
        interpreter=interpreter,
        packages=None if packages is None else _packages(packages, None),
    )


@lru_cache(_REMEMBERED)
def _key(image: ImageSpec | None, packages: PackagesSpec | None, interpreter: str | None) -> str:
    return _digest(_canonical(image, packages, interpreter))


def _digest(definition: Definition) -> str:
    return sha256(msgspec.json.encode((_FORMAT, definition))).hexdigest()


def _our_python() -> str:
    """What a process environment gets where no version is named: this process's."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def _lines(text: str) -> str:
    """The text with one kind of line ends and none missing."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n"


def _packages(packages: PackagesSpec, python: str | None) -> Packages:
    from jupyter_mltrain.environments import requirements  # only those who have any pay for it

    wanted = requirements.read(packages.pip)
    return Packages(
        python="".join(packages.python.split()) if packages.python else python,
        conda=tuple(sorted({_match_spec(spec) for spec in packages.conda})),
        channels=packages.channels,
        pip=wanted.packages,
        options=wanted.options,
    )


def _match_spec(text: str) -> str:
    """A conda match spec with single spaces and its name in small letters."""
    words = text.split()
    return " ".join([words[0].lower(), *words[1:]]) if words else ""
