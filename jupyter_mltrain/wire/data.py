"""Datastores and datasets: requests, and what they are answered with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_mltrain.spec import Dataset, DatasetSpec, DatastoreKind, Frozen


class DatastoreRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/datastores`: register one; it is looked at first, and refused if it fails."""

    name: str
    kind: DatastoreKind
    url: str
    options: Mapping[str, Any] = {}
    secrets: Mapping[str, str] = {}
    """Keywords of the filesystem that are secrets. They are kept apart and never given out."""
    description: str | None = None
    overwrite: bool = False
    """Replace the one of that name; without it a name that is there is refused."""
    check: bool = True
    """Whether it is looked at first."""


class DatasetRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/datasets`: register; the same definition again is the version there is."""

    name: str
    spec: DatasetSpec
    description: str | None = None
    tags: Mapping[str, str | None] = {}
    create_new_version: bool = False
    """Without it a name that is there with another definition is refused."""


class DatasetChange(Frozen, frozen=True, kw_only=True):
    """`POST /v1/datasets/<name>`: another description, other tags. `None` leaves what is there."""

    version: int | None = None
    """`None` is the latest."""
    description: str | None = None
    set_tags: Mapping[str, str | None] = {}
    remove_tags: tuple[str, ...] = ()


class DatasetDetails(Frozen, frozen=True, kw_only=True):
    """`GET /v1/datasets/<name>`: every version, the latest first."""

    name: str
    versions: tuple[Dataset, ...]
