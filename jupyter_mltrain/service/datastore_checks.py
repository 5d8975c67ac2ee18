"""Can a place be registered as a datastore? Checked before anything is asked of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jupyter_mltrain.data.names import check_url, shown_url
from jupyter_mltrain.data.remote import check_protocol
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import (
    DEFAULT_DATASTORE,
    Datastore,
    DatastoreKind,
    is_datastore_name,
)
from jupyter_mltrain.wire import DatastoreRequest

_SECRETIVE: Final = (
    *("password", "secret", "token", "account_key", "sas_", "credential"),
    *("connection_string", "authorization", "cookie", "api-key", "apikey", "api_key"),
)
"""What names of keywords have in them whose values are secrets."""


def check(request: DatastoreRequest) -> None:
    """Raise when a place can be no datastore, wherever it is."""
    if not is_datastore_name(request.name):
        raise InvalidSpec(
            f"{request.name[:120]!r} cannot name a datastore. Use up to 255 letters, digits and "
            "'_'."
        )
    if request.name == DEFAULT_DATASTORE or request.kind is DatastoreKind.WORKSPACE:
        raise InvalidSpec(
            f"The workspace has its own datastore, {DEFAULT_DATASTORE!r}, which is always there. "
            "Give another one a name and a place of its own."
        )
    label = f"the datastore {request.name!r}"
    if request.kind is DatastoreKind.FOLDER:
        if not Path(request.url).is_absolute():
            raise InvalidSpec(f"The folder {request.url!r} of {label} is not an absolute path.")
        if request.secrets:
            raise InvalidSpec(f"{label.capitalize()} is a folder, which takes no secrets.")
        return
    if request.url.startswith(("http://", "https://")):
        check_url(request.url)
        if urlsplit(request.url).query:
            raise InvalidSpec(
                f"The URL of {label} goes on behind a '?', which the files below it would not. "
                "Give what opens it among the secrets; a container of Azure's, for example, is "
                "abfs://container with 'account_name', and 'sas_token' as a secret."
            )
    else:
        check_protocol(request.url, label)
        if "@" in urlsplit(request.url).netloc and ":" in urlsplit(request.url).netloc:
            raise InvalidSpec(
                f"The URL {shown_url(request.url)} of {label} has a user or password in it. Give "
                "them as secrets of the datastore."
            )
    for name in _names_in(request.options):
        if any(word in name.lower() for word in _SECRETIVE):
            raise InvalidSpec(
                f"The option {name!r} of {label} looks like a secret, and options are written "
                "down. Give it among the secrets."
            )


def _names_in(options: Mapping[str, Any]) -> Iterator[str]:
    for name, value in options.items():
        yield name
        if isinstance(value, Mapping):
            yield from _names_in(value)


def place_of(datastore: Datastore) -> tuple[object, ...]:
    return (datastore.kind, datastore.url, datastore.options)
