"""Datastores, paths and files for the tests of data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from jupyter_mltrain.data.cache import Cache, Cached
from jupyter_mltrain.data.progress import Progress
from jupyter_mltrain.data.resolving import Places, Resolved, resolve
from jupyter_mltrain.spec import DataPath, Datastore, DatastoreKind

WORKSPACE = "0123456789ab"


def a_folder(path: Path, **files: str) -> Path:
    """A folder with files; ``__`` in a name is a slash, and what has no dot ends in ``.txt``."""
    path.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        name = name.replace("__", "/")
        file = path / (name if "." in name else f"{name}.txt")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return path


def a_datastore(name: str, folder: Path | None = None, **given: Any) -> Datastore:
    """A datastore's record; a folder of this machine unless a `url` is given."""
    kind = DatastoreKind.FOLDER if folder else DatastoreKind.REMOTE
    made = Datastore(name=name, kind=kind, url=str(folder or given.pop("url")))
    return replace(made, **given)


def places(*datastores: Datastore) -> Places:
    """All of them, and the web."""
    known = {each.name: each for each in datastores}
    return Places(known.__getitem__, WORKSPACE)


def on(datastore: str, path: str = "") -> DataPath:
    return DataPath(datastore=datastore, path=path)


def at(*urls: str) -> list[DataPath]:
    return [DataPath(url=url) for url in urls]


def names(found: Resolved) -> list[str]:
    return [each.name for each in found.files]


def find(paths: list[DataPath], *datastores: Datastore) -> Resolved:
    """What the paths stand for."""
    with places(*datastores) as opened:
        return resolve(paths, opened)


def bring(
    cache: Cache, paths: list[DataPath], *datastores: Datastore, progress: Progress | None = None
) -> list[Cached]:
    """Resolve and bring, as for a run."""
    with places(*datastores) as opened:
        return cache.bring(resolve(paths, opened).files, progress)


def texts(cached: list[Cached]) -> list[bytes]:
    return [Path(each.path).read_bytes() for each in cached]
