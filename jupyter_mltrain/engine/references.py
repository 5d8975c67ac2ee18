"""Names of images, as in ``registry.example.com:5000/team/tool:1.2@sha256:…``."""

from __future__ import annotations

import re
from typing import Final

HUB: Final = "docker.io"
"""Docker Hub's address."""

_HUB_TOO: Final = ("docker.io", "index.docker.io", "registry-1.docker.io")
_PART: Final = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*\Z")
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z")


def registry_of(reference: str) -> str:
    """Address of the registry that a reference names; Docker Hub's is ``docker.io``."""
    first, slash, _ = reference.partition("/")
    if not slash or not (set(".:") & set(first) or first == "localhost"):
        return HUB
    return HUB if first in _HUB_TOO else first


def repository_of(reference: str) -> str:
    """The reference without tag and digest."""
    name = reference.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name


def address_of(registry: str) -> str:
    """One spelling of a registry's address: without scheme and slashes, Docker Hub's the same."""
    host, slash, path = registry.partition("://")[2 if "://" in registry else 0].partition("/")
    host = host.lower()
    return HUB if host in _HUB_TOO else f"{host}{slash}{path}".rstrip("/")


def within(reference: str, registry: str | None) -> str:
    """The reference as one of that registry, unless it names one itself."""
    address = address_of(registry or HUB)
    if registry_of(reference) != HUB or address == HUB:
        return reference
    return f"{address}/{reference}"


def problem_of(reference: str) -> str | None:
    """Why no engine would take the reference; `None` when it is well formed."""
    name, at, digest = reference.partition("@")
    repository = repository_of(name)
    tag = name[len(repository) + 1 :]
    if "://" in reference:
        return "it has a scheme. Leave out what is before and with ://"
    if at and not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        return "its digest is not sha256: and 64 hexadecimal digits"
    if name != repository and not _TAG.match(tag):
        return "its tag holds more than letters, digits, _ . and -"
    parts = repository.split("/")
    if registry_of(reference) != HUB or parts[0] in _HUB_TOO:
        parts = parts[1:]
    if not parts or not all(_PART.match(part) for part in parts):
        lower = repository.lower()
        if repository != lower and all(_PART.match(part.lower()) for part in parts):
            return f"names of images have no capital letters. Write {lower}"
        return "it holds more than small letters, digits, . _ - and /"
    return None


def same_repository(name: str, other: str) -> bool:
    """Whether two names without tags are of the same images, ``python`` of Docker Hub's too."""
    return _full(name) == _full(other)


def _full(repository: str) -> str:
    registry = registry_of(repository)
    if registry != HUB:
        return repository
    path = repository.removeprefix(f"{registry}/").removeprefix("index.docker.io/")
    return f"{registry}/{path if '/' in path else f'library/{path}'}"
