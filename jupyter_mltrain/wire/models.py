"""Models: requests."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_mltrain.spec import Frozen, ModelDataset


class ModelRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/models`: register the next version of a model. Either `run` or `source`."""

    name: str
    run: str | None = None
    """Id of the run that has the files; also while it runs."""
    path: str | None = None
    """Of the run's file or folder, as in ``outputs/model``; `None` is the model's name."""
    source: str | None = None
    """Absolute path of a file or folder of this machine that the caller may read."""
    include: tuple[str, ...] | None = None
    """Of a folder only these files and folders, relative to it; `None` is all of it."""
    description: str | None = None
    tags: Mapping[str, str | None] = {}
    properties: Mapping[str, str] = {}
    framework: str | None = None
    framework_version: str | None = None
    datasets: tuple[ModelDataset, ...] = ()
    request_id: str | None = None
    """Made by the client: the same request sent again after a cut finds the first version."""


class ModelChange(Frozen, frozen=True, kw_only=True):
    """`POST /v1/models/<name>/<version>`: other words. `None` leaves what is there."""

    description: str | None = None
    set_tags: Mapping[str, str | None] = {}
    remove_tags: tuple[str, ...] = ()
    add_properties: Mapping[str, str] = {}
    """Can be added, never changed."""
    add_datasets: tuple[ModelDataset, ...] = ()
    """Further ones that it was made with."""
