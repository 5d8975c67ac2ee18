"""Environments, their builds and registries: requests and replies."""

from __future__ import annotations

from datetime import datetime

from jupyter_mltrain.spec import (
    Build,
    BuildState,
    EnvironmentSpec,
    EnvironmentVersion,
    Frozen,
)


class EnvironmentSummary(Frozen, frozen=True, kw_only=True):
    """One environment in `GET /v1/environments`: its latest version at a glance."""

    name: str
    kind: str
    """"interpreter", "packages", "image" or "dockerfile"."""
    latest: str
    """Its newest version."""
    versions: int
    reserved: bool = False
    """It ships with the product."""
    state: BuildState = BuildState.WAITING
    """Of the latest version's newest build."""
    reason: str = ""
    build: str | None = None
    """Id of that build."""
    size_bytes: int | None = None
    """On disk, of all its builds together."""
    used_at: datetime | None = None
    changed_at: datetime | None = None


class EnvironmentDetails(Frozen, frozen=True, kw_only=True):
    """`GET /v1/environments/<name>`: every version with its newest build, the latest first."""

    name: str
    reserved: bool = False
    versions: tuple[EnvironmentVersion, ...]


class EnvironmentRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/environments`: register a definition; the same again is the version there is."""

    spec: EnvironmentSpec


class BuildRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/builds`: make an environment ready now. Either of the first two."""

    environment: str | None = None
    """A registered one, ``NAME`` or ``NAME:VERSION``."""
    spec: EnvironmentSpec | None = None
    compute: str = "local"
    fresh: bool = False
    """Resolve the tag and unpinned versions anew, though it is built."""


class Difference(Frozen, frozen=True, kw_only=True):
    """`GET /v1/builds/<id>/difference`: why it was not there already."""

    nearest: str | None = None
    """Id of the built environment that differs least; `None` when there is none."""
    nearest_name: str | None = None
    """``NAME:VERSION`` of that."""
    changes: tuple[str, ...] = ()
    """What differs, a sentence each."""


class ReclaimRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/environments/reclaim`: delete builds that nothing needs."""

    unused_for_s: float = 0.0
    """Only those that no run has used for so long."""
    dry_run: bool = True


class ReclaimReport(Frozen, frozen=True, kw_only=True):
    """What was, or would be, deleted. It is built again when a run needs it."""

    builds: tuple[Build, ...]
    freed_bytes: int
    dry_run: bool
    problems: tuple[str, ...] = ()
    """What could not be deleted, and why, a sentence each."""


class CredentialsRequest(Frozen, frozen=True, kw_only=True):
    """`PUT /v1/credentials`: keep a registry's password; answered with nothing."""

    address: str
    username: str
    password: str
    """An empty one forgets what was kept."""

    def __repr__(self) -> str:
        return f"CredentialsRequest({self.address!r}, {self.username!r})"
