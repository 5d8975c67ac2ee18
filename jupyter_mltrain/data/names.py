"""Paths on datastores: patterns, and names that stay below the folder that they belong to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from jupyter_mltrain.errors import DataUnavailable, InvalidSpec

_WILD: Final = re.compile(r"[*?\[]")
_LONGEST: Final = 255
"""Bytes that a file system takes for one name."""


def inside(path: str, label: str) -> str:
    """A path on a datastore without what changes nothing; the empty string is the datastore itself.

    A leading slash means the datastore's root, as in Azure ML.

    Raises
    ------
    InvalidSpec
        It leads out of the datastore.
    """
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts or "\0" in path:
        raise InvalidSpec(
            f"The path {path!r} leads out of {label}. Give one below it, without '..'."
        )
    return "/".join(parts)


def is_pattern(path: str) -> bool:
    """Whether a path has wildcards."""
    return _WILD.search(path) is not None


def split_pattern(path: str) -> tuple[str, str]:
    """The folder that a pattern begins in, and the rest; of a plain path, the path and nothing."""
    parts = path.split("/")
    for at, part in enumerate(parts):
        if _WILD.search(part):
            return "/".join(parts[:at]), "/".join(parts[at:])
    return path, ""


def matcher(pattern: str) -> re.Pattern[str]:
    """What tells whether the name of a file fits: ``**`` is any number of folders.

    A pattern that ends in ``**`` means all files from there on; ``*`` and ``?`` take no slash.
    """
    found, at = "", 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            found, at = f"{found}(?:[^/]+/)*", at + 3
        elif pattern.startswith("**", at):
            found, at = f"{found}.*", at + 2
        elif pattern[at] == "*":
            found, at = f"{found}[^/]*", at + 1
        elif pattern[at] == "?":
            found, at = f"{found}[^/]", at + 1
        elif pattern[at] == "[" and (end := pattern.find("]", at + 2)) > 0:
            inner = pattern[at + 1 : end].replace("\\", r"\\")
            inner = f"^{inner[1:]}" if inner[0] == "!" else inner
            found, at = f"{found}(?!/)[{inner}]", end + 1
        else:
            found, at = found + re.escape(pattern[at]), at + 1
    try:
        return re.compile(found + r"\Z", re.DOTALL)
    except re.error:
        raise InvalidSpec(
            f"The pattern {pattern!r} cannot be read: look at its brackets."
        ) from None


def opening(label: str) -> str:
    """What a place is called where a sentence begins with it."""
    return f"T{label[1:]}" if label.startswith("the ") else label


def check_name(name: str, label: str) -> str:
    """The relative name of a remote file, if it can name one on this machine.

    Raises
    ------
    DataUnavailable
        It would lie elsewhere, or nowhere.
    """
    for part in name.split("/"):
        if part in ("", ".", "..") or "\0" in part or len(part.encode()) > _LONGEST:
            raise DataUnavailable(
                f"{opening(label)} has a file named {name[:200]!r}, which cannot be the name of "
                "one on this machine. Choose the others by a pattern."
            )
    return name


def shown_url(url: str) -> str:
    """A URL for people and logs: without what may be a secret in it."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "…" if parts.query else "", ""))


def hidden(text: str, secrets: Iterable[str]) -> str:
    """What somebody else says of a place, without its secrets, however they are spelled there."""
    for secret in secrets:
        for spelled in (secret, repr(secret)[1:-1], quote(secret, safe=""), secret.strip()):
            if spelled:
                text = text.replace(spelled, "…")
    return text


def check_url(url: str) -> str:
    """A URL that data can be taken from.

    Raises
    ------
    InvalidSpec
        It is another kind of URL, or has a password in it.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
        parts.port  # noqa: B018 - raises for what is no number
    except ValueError:
        host = None
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise InvalidSpec(
            f"{shown_url(url) if host else url[:200]!r} is no http:// or https:// URL. What is "
            "elsewhere is reached by a datastore: upload it, or register the place as one."
        )
    if parts.username is not None or parts.password is not None:
        raise InvalidSpec(
            f"The URL {shown_url(url)} has a user or password in it, which would be written down "
            "with the data. Register its server as a datastore, with the password as a secret."
        )
    return url
