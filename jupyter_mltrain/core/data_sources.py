"""Where a dataset comes from, as users write it: URLs, paths on datastores, lists of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jupyter_mltrain import spec
from jupyter_mltrain.core.data_reference import DataPath, DataReference, inside
from jupyter_mltrain.errors import UserError

if TYPE_CHECKING:
    from jupyter_mltrain.core.abstract_datastore import AbstractAzureStorageDatastore
    from jupyter_mltrain.core.workspace import Workspace

_FORMS = (
    "a URL (http://…, https://…), a path on a datastore as in (datastore, 'mnist/*.gz'), or a list "
    "of them"
)


def sources(path: Any) -> tuple[tuple[spec.DataPath, ...], Workspace | None]:
    """The places that a factory's `path` names, and the workspace of their datastores, if any.

    Raises
    ------
    UserError
        Nothing is named; a local path or another kind of URL is; or datastores of several
        workspaces are.
    """
    given = list(_each(path))
    if not given:
        raise UserError(f"A dataset needs something it is made of: {_FORMS}.")
    stores = [place for place in given if not isinstance(place, str)]
    workspaces = {datastore.workspace for datastore, _ in stores}
    if len(workspaces) > 1:
        names = ", ".join(sorted(repr(workspace.name) for workspace in workspaces))
        raise UserError(
            f"The datastores belong to several workspaces ({names}); those of one dataset belong "
            "to one."
        )
    paths = tuple(
        spec.DataPath(url=place)
        if isinstance(place, str)
        else spec.DataPath(datastore=place[0].name, path=inside(place[0].name, place[1]))
        for place in given
    )
    return paths, next(iter(workspaces), None)


def on_datastore(place: Any, what: str = "target") -> tuple[AbstractAzureStorageDatastore, str]:
    """The one path on a datastore that a user writes to.

    Raises
    ------
    UserError
        It is something else.
    """
    found = [] if isinstance(place, str) else list(_each(place))
    if len(found) != 1 or isinstance(found[0], str):
        raise UserError(
            f"{what} is a path on a datastore: (workspace.get_default_datastore(), 'mnist')."
        )
    datastore, path = found[0]
    return datastore, inside(datastore.name, path)


def shown(path: spec.DataPath) -> str:
    """A place as a dataset's `repr` has it."""
    return path.url or str((path.datastore, path.path))


def _each(path: Any) -> Iterator[str | tuple[AbstractAzureStorageDatastore, str]]:
    from jupyter_mltrain.core.abstract_datastore import AbstractAzureStorageDatastore

    if isinstance(path, str):
        yield _url(path)
    elif isinstance(path, AbstractAzureStorageDatastore):
        yield path, ""
    elif isinstance(path, DataReference):
        yield path.datastore, path.path_on_datastore or ""
    elif isinstance(path, DataPath):
        if path._datastore is None:
            raise UserError("The DataPath has no datastore. Give it one: DataPath(datastore, '…').")
        yield path._datastore, path.path_on_datastore or ""
    elif isinstance(path, tuple) and path and isinstance(path[0], AbstractAzureStorageDatastore):
        yield from _places(path)
    elif isinstance(path, list | tuple):
        for each in path:
            yield from _each(each)
    elif path is not None:
        raise UserError(f"A dataset is made of {_FORMS}; not of {type(path).__name__}.")


def _places(path: tuple[Any, ...]) -> Iterator[tuple[AbstractAzureStorageDatastore, str]]:
    datastore, *rest = path
    places = rest[0] if len(rest) == 1 else None
    for place in [places] if isinstance(places, str) else places or [None]:
        if not isinstance(place, str):
            raise UserError(
                f"A path on the datastore {datastore.name!r} is written as in (datastore, "
                "'folder/*.csv')."
            )
        yield datastore, place


def _url(text: str) -> str:
    scheme = urlsplit(text).scheme
    if scheme in ("http", "https"):
        return text
    if scheme == "file" or len(scheme) < 2:  # a letter alone is a drive
        raise UserError(
            f"{text!r} is a path of this machine, which a run elsewhere could not read. Upload it "
            "first: Dataset.File.upload_directory(folder, (workspace.get_default_datastore(), "
            "'name')); or register its folder with Datastore.register(workspace, 'name', folder)."
        )
    raise UserError(
        f"{text!r} is no http:// or https:// URL. Register the place as a datastore, with what it "
        "takes to get there: Datastore.register(workspace, 'name', url)."
    )
