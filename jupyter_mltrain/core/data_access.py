"""The files of datasets and datastores, read and written in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_mltrain import runtime, workspaces
from jupyter_mltrain.errors import NoSuchDatastore
from jupyter_mltrain.spec import DatasetKind, DatasetSpec, Datastore

# What opens files is imported where it is needed: a run is submitted without it.
if TYPE_CHECKING:
    from jupyter_mltrain.core.workspace import Workspace
    from jupyter_mltrain.data.cache import Cache
    from jupyter_mltrain.data.places import Place
    from jupyter_mltrain.data.resolving import Found, Places


def files(definition: DatasetSpec, workspace: Workspace | None) -> tuple[Found, ...]:
    """What a dataset consists of at this moment: of files those that its steps leave, of a table
    all.

    Raises
    ------
    DataUnavailable
        Something is not there, or its source does not answer; the sentence says which.
    """
    with _places(workspace) as places:
        return _chosen(definition, places)


def fetched(
    definition: DatasetSpec,
    workspace: Workspace | None,
    check: Callable[[tuple[Found, ...]], None] = lambda found: None,
) -> list[tuple[Path, Found]]:
    """The same on this machine: where each file is, local ones where they lie.

    Parameters
    ----------
    check
        Looks at what there is before any of it is fetched.
    """
    with _places(workspace) as places:
        found = _chosen(definition, places)
        check(found)
        here = cache_of(workspace).bring(found)
    return [(Path(each.path), file) for each, file in zip(here, found, strict=True)]


@contextmanager
def opened_store(workspace: Workspace, record: Datastore) -> Iterator[Place]:
    """A datastore to read from and write to."""
    from jupyter_mltrain.data.opening import opened

    place = opened(record, _id(workspace))
    try:
        yield place
    finally:
        place.close()


def files_below(folder: Path, pattern: str) -> list[Path]:
    """The files of a folder of this machine that fit a pattern, by name."""
    from jupyter_mltrain.data import names, transfer

    fits = names.matcher(pattern)
    return [each.source for each in transfer.files_below(folder) if fits.match(each.target)]


def _chosen(definition: DatasetSpec, places: Places) -> tuple[Found, ...]:
    from jupyter_mltrain.data.resolving import resolve

    found = resolve(definition.paths, places).files
    if definition.kind is not DatasetKind.FILE or not definition.steps:
        return found
    return tuple(runtime.load("steps").files(found, definition.steps, _facts))


def _facts(found: Found) -> dict[str, Any]:
    entry = found.entry
    return {
        "Path": f"/{found.name}",
        "Size": entry.size_bytes,
        "LastModifiedTime": entry.modified_at,
    }


@contextmanager
def _places(workspace: Workspace | None) -> Iterator[Places]:
    from jupyter_mltrain.data.resolving import Places

    if workspace is None:
        with Places(_no_datastore, "") as places:
            yield places
    else:
        with Places(workspace.client.datastore, _id(workspace)) as places:
            yield places


def _no_datastore(name: str) -> Datastore:
    raise NoSuchDatastore(f"The dataset has no workspace, so that nobody knows what {name!r} is.")


def cache_of(workspace: Workspace | None) -> Cache:
    """Where what is remote is kept; without a workspace, in the default one."""
    from jupyter_mltrain.data.cache import Cache

    directory = workspaces.default_directory() if workspace is None else workspace.directory
    return Cache(directory / "cache")


def _id(workspace: Workspace) -> str:
    return workspaces.identify(workspace.directory).id
