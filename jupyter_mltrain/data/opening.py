"""From a datastore's record to the place itself, its secrets looked up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from jupyter_mltrain.data.local import LocalPlace
from jupyter_mltrain.data.names import shown_url
from jupyter_mltrain.data.places import Place
from jupyter_mltrain.data.remote import RemotePlace
from jupyter_mltrain.data.web import WebPlace
from jupyter_mltrain.errors import DataUnavailable
from jupyter_mltrain.secrets import Secrets
from jupyter_mltrain.spec import Datastore, DatastoreKind

_WEB: Final = ("http://", "https://")


def secrets_of(workspace_id: str, name: str) -> Secrets:
    """Where the secrets of a datastore are."""
    return Secrets(f"datastore/{workspace_id}/{name}")


def opened(
    datastore: Datastore, workspace_id: str, secrets: Mapping[str, str] | None = None
) -> Place:
    """A datastore to read from and write to; may wait for the keyring, and asks nothing else yet.

    Parameters
    ----------
    secrets
        In place of those that are kept.

    Raises
    ------
    DataUnavailable
        A secret of it is not there any more, or the package that reaches it is not installed.
    InvalidSpec
        What it is registered with cannot be.
    """
    label = f"the datastore {datastore.name!r}"
    if datastore.kind is not DatastoreKind.REMOTE:
        return LocalPlace(Path(datastore.url), label)
    if secrets is None:
        secrets = _kept(datastore, workspace_id)
    if datastore.url.startswith(_WEB):
        return WebPlace(datastore.url, label, {**datastore.options, **secrets})
    return RemotePlace(datastore.url, label, datastore.options, secrets)


def _kept(datastore: Datastore, workspace_id: str) -> Mapping[str, str]:
    kept = secrets_of(workspace_id, datastore.name)
    found: dict[str, str] = {}
    for name in datastore.credentials:
        value = kept.get(name)
        if value is None:
            raise DataUnavailable(
                f"The {name} of the datastore {datastore.name!r} is not kept for you on this "
                "machine. Register the datastore again with it."
            )
        found[name] = value
    return found


def web() -> Place:
    """All that URLs name; paths of this place are URLs."""
    return WebPlace("", "the web", {})


def shown(datastore: Datastore) -> str:
    """Where it is, for people."""
    return datastore.url if datastore.kind is not DatastoreKind.REMOTE else shown_url(datastore.url)
