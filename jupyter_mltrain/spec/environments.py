"""What a script runs in: the description, and what it was made into."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from jupyter_mltrain.spec.base import Frozen

BUILD_LOG: Final = "azureml-logs/20_image_build_log.txt"
"""How a run's environment was prepared, under the name Azure ML gave it."""

LOCK_FILE: Final = "azureml-logs/environment.lock.txt"
"""The exact packages of a run's environment."""

DEFAULT_SHM_BYTES: Final = 2 * 1_024**3
"""Shared memory of a container, Azure ML's default."""


class PackagesSpec(Frozen, frozen=True, kw_only=True):
    """Packages to install: what a conda specification or a requirements file asks for."""

    python: str | None = None
    """Version as conda writes it: ``3.11``, ``3.8.13``, ``>=3.9``; `None` is any."""
    conda: tuple[str, ...] = ()
    """Conda match specs, without python and pip."""
    channels: tuple[str, ...] = ()
    """Conda channels, the first goes first."""
    pip: tuple[str, ...] = ()
    """Requirements as pip reads them, options such as ``--index-url URL`` among them."""


class ImageSpec(Frozen, frozen=True, kw_only=True):
    """A container image and how a container is made of it. Either `image` or `dockerfile`."""

    image: str | None = None
    """Reference as docker writes it, with or without a registry."""
    dockerfile: str | None = None
    """The text of a Dockerfile."""
    context: str | None = None
    """Absolute path of the folder that the Dockerfile copies from; in a stored definition the id
    of its snapshot."""
    registry: str | None = None
    """Address of the registry that `image` or `FROM` is pulled from, without a scheme."""
    username: str | None = None
    """In that registry; the password is kept apart from everything (`environments.credentials`)."""
    platform: str | None = None
    """As in ``linux/amd64``; `None` is the engine's own."""
    shm_bytes: int = DEFAULT_SHM_BYTES
    arguments: tuple[str, ...] = ()
    """Further options of ``docker run``."""


class EnvironmentSpec(Frozen, frozen=True, kw_only=True):
    """What the script runs in: an interpreter of this machine, packages, or an image."""

    name: str = "current"
    version: str | None = None
    """Of a registered one; versions count up from ``1``."""
    interpreter: str | None = None
    """Without packages and image, absolute path of a Python executable (`None`: the service's
    own). With an image, the command or path of a Python in it (`None`: found there)."""
    inherited: Mapping[str, str] = {}
    """Variables taken over from the submitter's shell or kernel (PATH, CONDA_PREFIX …); not into a
    container."""
    variables: Mapping[str, str] = {}
    """Variables of every run in it; a run's own go before them."""
    packages: PackagesSpec | None = None
    """`None`: nothing is installed, the user looks after what the script needs."""
    image: ImageSpec | None = None
    """`None`: a process, not a container."""

    @property
    def is_built(self) -> bool:
        """Whether there is something to make before a run can execute in it."""
        return self.packages is not None or self.image is not None


class Built(Frozen, frozen=True, kw_only=True):
    """What an environment was made into: enough to execute in it, and to make it again."""

    id: str
    """Of the build; empty for an interpreter of this machine."""
    hash: str = ""
    """Of everything in the definition that matters, SHA-256; not of its name."""
    kind: str
    """"interpreter", "venv", "conda" or "image"."""
    interpreter: str | None = None
    """Absolute path of the Python, in the container where there is one; `None`: there is none."""
    python: str | None = None
    """Its version, as in ``3.11.7``."""
    image: str | None = None
    """Id of the image, ``sha256:…``, that containers are made of."""
    base: str | None = None
    """Digest of the image that was asked for, ``sha256:…``."""
    packages: int = 0
    """How many packages were installed; the lock names them."""
    lock: str | None = None
    """SHA-256 of the lock's text; the run's `LOCK_FILE` is the text."""
    as_root: bool = False
    """The container runs as root, because the definition asks for it."""


class BuildState(str, enum.Enum):
    """How far an environment is."""

    WAITING = "Waiting"
    """Known, and not built yet."""
    BUILDING = "Building"
    BUILT = "Built"
    FAILED = "Failed"
    CANCELED = "Canceled"
    STALE = "Stale"
    """Was built; its image or folder has gone since. The next run builds it again."""

    @property
    def final(self) -> bool:
        """Whether its log is complete."""
        return self not in (BuildState.WAITING, BuildState.BUILDING)

    def __str__(self) -> str:
        return self.value


class BuildStep(Frozen, frozen=True, kw_only=True):
    """One step of a build, as in ``install packages``."""

    name: str
    started_at: datetime
    ended_at: datetime | None = None
    cached: bool = False
    """It had been done before."""
    problem: str | None = None
    """Why it failed."""


class Build(Frozen, frozen=True, kw_only=True):
    """One making of an environment on one compute target."""

    id: str
    hash: str
    name: str
    """Of the environment that it was first made for."""
    version: str | None = None
    compute: str
    state: BuildState
    reason: str = ""
    steps: tuple[BuildStep, ...] = ()
    created_at: datetime
    ended_at: datetime | None = None
    used_at: datetime | None = None
    """When a run last began in it."""
    size_bytes: int | None = None
    """On disk, of what it added; `None` when that is not known."""
    spec: EnvironmentSpec
    built: Built | None = None

    @property
    def final(self) -> bool:
        """Whether its log is complete."""
        return self.state.final


class EnvironmentVersion(Frozen, frozen=True, kw_only=True):
    """A registered definition. It never changes; changing an environment makes a new version."""

    spec: EnvironmentSpec
    """With its name and version."""
    registered_at: datetime | None = None
    """`None` for those that ship with the product."""
    build: Build | None = None
    """The latest of exactly this definition."""


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\Z")

RESERVED_NAMES: Final = frozenset({"current", "python", "sklearn", "pytorch", "tensorflow"})
"""The caller's own Python, and the environments that ship with the product."""

RESERVED_PREFIXES: Final = ("azureml-", "mltrain-")
"""Nobody's names begin so: they were, or may become, those of environments that are given."""


def is_environment_name(name: str) -> bool:
    """Whether `name` can name an environment: 1 to 100 of letters, digits, ``_ - .``."""
    return _NAME.match(name) is not None


def is_reserved_name(name: str) -> bool:
    """Whether users cannot register an environment under that name, in any case of letters."""
    lowered = name.lower()
    return lowered in RESERVED_NAMES or lowered.startswith(RESERVED_PREFIXES)
