"""Models: named, versioned sets of files, and what they came from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from jupyter_mltrain.spec.base import Frozen
from jupyter_mltrain.spec.runs import RunFile


class ModelDataset(Frozen, frozen=True, kw_only=True):
    """A dataset that a model was made with."""

    label: str
    """As in "training"."""
    dataset_id: str
    dataset: str | None = None
    version: int | None = None


class Model(Frozen, frozen=True, kw_only=True):
    """One version of a registered model. Its files never change; its words may."""

    name: str
    version: int
    created_at: datetime
    size_bytes: int
    """Of all files together."""
    files: tuple[RunFile, ...]
    """Names are relative to the model, as in ``model/weights.bin``; the contents are a copy."""
    file_count: int | None = None
    """How many there are, in a list that has only the first of `files`; `None`: all are here."""
    description: str | None = None
    tags: Mapping[str, str | None] = {}
    properties: Mapping[str, str] = {}
    framework: str | None = None
    framework_version: str | None = None
    run_id: str | None = None
    experiment: str | None = None
    datasets: tuple[ModelDataset, ...] = ()
    created_by: str = ""

    @property
    def id(self) -> str:
        """As in ``digits:3``."""
        return f"{self.name}:{self.version}"


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}\Z", re.ASCII)


def is_model_name(name: str) -> bool:
    """Whether `name` can name a model: up to 255 letters, digits, ``_ - .``."""
    return _NAME.match(name) is not None
