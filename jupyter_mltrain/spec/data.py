"""Data: where it lies (datastores), references to it (datasets), and what runs take of it."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from jupyter_mltrain.spec.base import Frozen

DEFAULT_DATASTORE: Final = "workspaceblobstore"
"""The datastore that every workspace has: a folder of its own. Azure ML's name for it."""


class DatastoreKind(str, enum.Enum):
    """What a datastore stands on."""

    WORKSPACE = "workspace"
    """A folder of the workspace itself."""
    FOLDER = "folder"
    """A folder of this machine."""
    REMOTE = "remote"
    """Anything that fsspec reaches: HTTP, S3, Azure Blob, Google Cloud …"""

    def __str__(self) -> str:
        return self.value


class Datastore(Frozen, frozen=True, kw_only=True):
    """A named place where data lies. Its secrets are elsewhere, under its name."""

    name: str
    kind: DatastoreKind
    url: str
    """Absolute path of a folder, or an fsspec URL: ``s3://bucket/prefix``, ``https://host/data``."""
    options: Mapping[str, Any] = {}
    """Further keywords of the fsspec filesystem, ``endpoint_url`` say; never a secret."""
    credentials: tuple[str, ...] = ()
    """Names of the keywords whose values are secrets: kept apart, added when it is opened."""
    default: bool = False
    description: str | None = None
    created_at: datetime | None = None


class DataPath(Frozen, frozen=True, kw_only=True):
    """One place that data is taken from: a URL, or a path on a datastore."""

    url: str | None = None
    """``http://`` or ``https://``. Either this or `datastore`."""
    datastore: str | None = None
    path: str = ""
    """On the datastore, with forward slashes; a file, a folder, or with ``* ? **`` a pattern."""


class DatasetKind(str, enum.Enum):
    """How a dataset is read."""

    FILE = "file"
    TABULAR = "tabular"

    def __str__(self) -> str:
        return self.value


class DatasetSpec(Frozen, frozen=True, kw_only=True):
    """What a dataset consists of: places, and for a table how it is read."""

    kind: DatasetKind
    paths: tuple[DataPath, ...]
    read: Mapping[str, Any] = {}
    """Of a table: ``format`` ("delimited", "parquet" or "json_lines") and its options."""
    steps: tuple[Mapping[str, Any], ...] = ()
    """What is done with files or rows, in order: ``{"take": 10}``, ``{"keep_columns": […]}``."""


class Dataset(Frozen, frozen=True, kw_only=True):
    """One version of a registered dataset. A version's definition never changes."""

    id: str
    name: str
    version: int
    spec: DatasetSpec
    registered_at: datetime
    description: str | None = None
    tags: Mapping[str, str | None] = {}


class DataMode(str, enum.Enum):
    """How a run gets at data."""

    MOUNT = "mount"
    """Where it lies, read-only; what is remote comes out of the cache."""
    DOWNLOAD = "download"
    """A copy of the run's own, which it may change."""
    DIRECT = "direct"
    """As an object that is read in the script."""
    UPLOAD = "upload"
    """The other way: what the run has written goes there when it ends."""

    def __str__(self) -> str:
        return self.value


class DataInput(Frozen, frozen=True, kw_only=True):
    """Data that a run takes. An argument that is `argument` becomes the path of it."""

    name: str
    """Names the input: letters, digits and ``_``, no digit first."""
    spec: DatasetSpec
    mode: DataMode = DataMode.MOUNT
    path_on_compute: str | None = None
    """Where the run finds it; a relative path is below its working folder."""
    dataset_id: str | None = None
    """Of the registered dataset that it is; with its name and version."""
    dataset: str | None = None
    version: int | None = None
    reference: bool = False
    """It is a data reference, Azure's older way: ``AZUREML_DATAREFERENCE_<name>`` has its path."""

    @property
    def argument(self) -> str:
        """What stands for the path among the arguments of the request."""
        if self.reference:
            return f"$AZUREML_DATAREFERENCE_{self.name}"
        return f"DatasetConsumptionConfig:{self.name}"


class DataOutput(Frozen, frozen=True, kw_only=True):
    """A folder that a run writes and that goes to a datastore when it ends, whatever the ending."""

    name: str
    datastore: str = DEFAULT_DATASTORE
    path: str = "dataset/{run-id}/{output-name}"
    """``{run-id}`` and ``{output-name}`` are filled in."""
    mode: DataMode = DataMode.MOUNT
    """`MOUNT` or `UPLOAD`: both are written beside the run and uploaded when it ends."""
    overwrite: bool = False
    source: str | None = None
    """A path of the working folder to take instead of the folder that is given."""
    register_as: str | None = None
    """A dataset's name: what was written is registered under it when the run completes."""
    description: str | None = None
    tags: Mapping[str, str | None] = {}

    @property
    def argument(self) -> str:
        """What stands for the folder's path among the arguments of the request."""
        return f"DatasetOutputConfig:{self.name}"


class Delivered(Frozen, frozen=True, kw_only=True):
    """What a run got for one of its inputs, in its record."""

    name: str
    path: str
    """Of the one file, or of the folder, as the run sees it."""
    files: int
    size_bytes: int
    fingerprint: str
    """SHA-256 over the names and contents of the files (or, of local folders, their stamps)."""
    dataset: str | None = None
    version: int | None = None


_INPUT = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}\Z", re.ASCII)
_NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,254}\Z", re.ASCII)
_STORE = re.compile(r"[A-Za-z0-9_]{1,255}\Z", re.ASCII)


def is_input_name(name: str) -> bool:
    """Whether `name` can name an input or output: letters, digits and ``_``, no digit first."""
    return _INPUT.match(name) is not None


def is_dataset_name(name: str) -> bool:
    """Whether `name` can name a dataset: up to 255 letters, digits, ``_ - .`` and blanks."""
    return _NAMED.match(name) is not None


def is_datastore_name(name: str) -> bool:
    """Whether `name` can name a datastore: letters, digits and ``_``."""
    return _STORE.match(name) is not None
