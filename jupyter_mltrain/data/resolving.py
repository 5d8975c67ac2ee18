"""From what a dataset says it consists of to files with names."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final
from urllib.parse import unquote, urlsplit

from jupyter_mltrain.data.names import check_name, check_url, inside, is_pattern, shown_url
from jupyter_mltrain.data.opening import opened, web
from jupyter_mltrain.data.places import Entry, Listed, Place
from jupyter_mltrain.errors import DataMissing, DataUnavailable, InvalidSpec
from jupyter_mltrain.spec import DataPath, Datastore

_AT_ONCE: Final = 8
_NAMED: Final = 5
"""Most places that a sentence lists."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One file of a dataset."""

    name: str
    """Within the dataset: ``<host>/<path>`` of a URL; else relative to the folder given, or to
    the one that the paths have in common. Of several datastores, ``<datastore>/<path>``."""
    place: Place
    entry: Entry
    source: DataPath
    """Where exactly it is: a URL, or a path on a datastore."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolved:
    """What a dataset consists of at this moment."""

    files: tuple[Found, ...]
    """By place in the order given, then by name; each file once."""
    single: bool
    """It is given as one file."""
    folder: Path | None
    """The folder of this machine that it is, if it is just that."""


class Places(AbstractContextManager["Places"]):
    """Datastores by name, and the web, each opened when it is first asked for."""

    def __init__(self, datastore: Callable[[str], Datastore], workspace_id: str) -> None:
        """Say where their records are.

        Parameters
        ----------
        datastore
            Gives the record of a name; raises `NoSuchDatastore`.
        """
        self._datastore = datastore
        self._workspace_id = workspace_id
        self._opened: dict[str | None, Place] = {}

    def __getitem__(self, name: str | None) -> Place:
        """A datastore; `None` is the web."""
        if name not in self._opened:
            if name is None:
                self._opened[name] = web()
            else:
                self._opened[name] = opened(self._datastore(name), self._workspace_id)
        return self._opened[name]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for place in self._opened.values():
            place.close()


def check_path(path: DataPath) -> None:
    """Raise `InvalidSpec` for what can be no place of data, wherever it is."""
    if (path.url is None) == (path.datastore is None):
        raise InvalidSpec("Data is taken from a URL, or from a path on a datastore: give one.")
    if path.url is not None:
        check_url(path.url)
    else:
        inside(path.path, f"the datastore {path.datastore!r}")


def resolve(
    paths: Sequence[DataPath], places: Places, check: Callable[[], None] | None = None
) -> Resolved:
    """Find every file that the paths stand for.

    Parameters
    ----------
    check
        Is called now and then; may raise, to stop it.

    Raises
    ------
    DataUnavailable
        A place can't be reached, or has nothing of that name: the sentence says which of all.
    """
    for path in paths:
        check_path(path)
        places[path.datastore]  # opened here, one after the other

    def look(path: DataPath) -> Listed | DataMissing:
        if check is not None:
            check()
        return _look(path, places[path.datastore])

    if all(places[path.datastore].root is not None for path in paths):
        looked = list(map(look, paths))  # a turn of a thread takes longer than looking here
    else:
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            looked = list(threads.map(look, paths))
    if check is not None:
        check()
    missing = [str(each) for each in looked if isinstance(each, DataMissing)]
    if missing:
        raise _missing(missing, len(paths))
    listed = [
        (path, each) for path, each in zip(paths, looked, strict=True) if isinstance(each, Listed)
    ]
    files = tuple(_named(listed, places))
    _check_names(files)
    single = len(paths) == 1 and listed[0][1].single and not is_pattern(paths[0].path)
    return Resolved(files=files, single=single, folder=_folder(listed, places))


def _look(path: DataPath, place: Place) -> Listed | DataMissing:
    try:
        return place.find(path.url if path.url is not None else path.path)
    except DataMissing as error:
        return error


def _missing(sentences: Sequence[str], count: int) -> DataMissing:
    if count == 1:
        return DataMissing(sentences[0])
    listed = " ".join(sentences[:_NAMED]) + (" …" if len(sentences) > _NAMED else "")
    verb = "is" if len(sentences) == 1 else "are"
    return DataMissing(f"{len(sentences)} of {count} places of the data {verb} not there. {listed}")


def _named(listed: Sequence[tuple[DataPath, Listed]], places: Places) -> Iterator[Found]:
    """All files, each once, with their names in the dataset."""
    names = {path.datastore for path, _ in listed}
    folders = [each.folder for _, each in listed]
    common = os.path.commonpath(folders) if len(names) == 1 and None not in names else None
    above = f"{common}/" if common else ""
    seen: set[tuple[str | None, str]] = set()
    taken: set[str] = set()
    for path, each in listed:
        for entry in each.files:
            if (path.datastore, entry.path) in seen:
                continue
            seen.add((path.datastore, entry.path))
            if path.url is not None:
                name = _unlike(_name_of(path.url), taken)
                source = path
            else:
                source = DataPath(datastore=path.datastore, path=entry.path)
                name = f"{path.datastore}/{entry.path}"
                if common is not None:
                    name = entry.path.removeprefix(above)
            taken.add(name)
            yield Found(name=name, place=places[path.datastore], entry=entry, source=source)


def _name_of(url: str) -> str:
    """``<host>/<path>`` as Azure ML's mounts have it."""
    parts = urlsplit(url)
    found = [unquote(part) for part in parts.path.split("/") if part not in ("", ".", "..")]
    if any("/" in part for part in found):
        found = [part for part in parts.path.split("/") if part]
    return check_name("/".join([parts.netloc, *(found or ["index.html"])]), shown_url(url))


def _unlike(name: str, taken: set[str]) -> str:
    """A name that no other URL has: some differ in what follows the path alone."""
    stem, ending = posixpath.splitext(name)
    number = 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}{ending}"
    return name


def _check_names(files: Sequence[Found]) -> None:
    """Raise where one file would have to be another one's folder."""
    names = {found.name for found in files}
    looked_at: set[str] = set()
    for name in names:
        folder = posixpath.dirname(name)
        while folder and folder not in looked_at:
            looked_at.add(folder)
            if folder in names:
                raise DataUnavailable(
                    f"The data has a file {folder!r} and a file {name!r} in a folder of that "
                    "name, which a file system can't have both. Take one of them."
                )
            folder = posixpath.dirname(folder)


def _folder(listed: Sequence[tuple[DataPath, Listed]], places: Places) -> Path | None:
    if len(listed) != 1:
        return None
    path, found = listed[0]
    root = places[path.datastore].root
    if root is None or found.single or is_pattern(path.path):
        return None
    folder = os.path.realpath(root / found.folder)
    # A link in it may lead to another folder of the datastore, which a container would not see.
    if any(entry.local != os.path.join(folder, entry.name) for entry in found.files):  # noqa: PTH118
        return None
    return Path(folder)


def chosen(resolved: Resolved, files: Sequence[Found]) -> Resolved:
    """What is left when only some of the files are taken."""
    if len(files) == len(resolved.files):
        return resolved
    return replace(resolved, files=tuple(files), folder=None)
