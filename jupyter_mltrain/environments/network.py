"""The user's proxy, certificates and package indexes, as a container is given them for a while."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from msgspec.structs import replace

from jupyter_mltrain.environments import indexes
from jupyter_mltrain.spec import Frozen

_PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY")
PROXIES: Final = (*_PROXIES, *(name.lower() for name in _PROXIES))
"""Names that every builder knows without their being declared, and keeps out of the image."""

_PLACES: Final = re.compile(
    r"UV_(?:CACHE_DIR|CONFIG_FILE|PYTHON\w*|TOOL\w*|PROJECT\w*|SYSTEM_\w+|LINK_MODE|VENV_\w+|"
    r"CREDENTIALS_DIR|KEYRING_PROVIDER|INSTALL\w*|ENV_FILE|WORKING_DIR\w*|NO_CACHE|OFFLINE|"
    r"BREAK_SYSTEM_PACKAGES|COMPILE_BYTECODE|NATIVE_TLS|RUN_\w+|CONSTRAINT|OVERRIDE|EXCLUDE)\Z"
)
"""Variables of uv that say where things are on this machine, or how it is used here."""

_LOOPBACK: Final = ("localhost", "127.", "[::1]", "::1")
_VARIABLE: Final = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}")
_LOCAL: Final = re.compile(r"(?:(?<=\s)|(?<=@)|^)((?:file://)?/\S+)")
_INDEXES: Final = ("UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")
_LINKS: Final = "UV_FIND_LINKS"


class Network(Frozen, frozen=True, kw_only=True):
    """What uv in a container needs of the user's settings."""

    variables: Mapping[str, str]
    """For the command only; may hold secrets."""
    files: Mapping[str, Path]
    """Name in the container's folder for them -> file of this machine; may hold secrets."""
    folders: Mapping[str, Path]
    """Name in that folder -> folder of this machine with packages."""
    moved: Mapping[str, str]
    """Place as requirements have it -> the same in the container."""
    host: bool
    """It needs this machine's own network: a proxy or an index listens on its loopback."""

    def __repr__(self) -> str:
        return f"Network({sorted(self.variables)}, {sorted(self.files)})"

    def without_folders(self, folder: str) -> Network:
        """The same for an engine that does not see this machine's files.

        Parameters
        ----------
        folder
            As `collected` was given it.
        """
        kept = dict(self.variables)
        for name in (*_INDEXES, _LINKS):
            parts = re.split(r"[ ,]", kept.pop(name, ""))
            if left := [part for part in parts if part and f"{folder}/folder-" not in part]:
                kept[name] = ("," if name == _LINKS else " ").join(left)
        return replace(self, variables=kept, folders={})


def collected(
    folder: str, requirements: Sequence[str], environ: Mapping[str, str] | None = None
) -> Network:
    """Collect them.

    Parameters
    ----------
    folder
        Absolute path in the container where `files` and `folders` will be found.
    requirements
        Lines in which variables of the user may stand, as in ``https://${TOKEN}@host``.
    environ
        Of the user; `None` is this process's.
    """
    environ = os.environ if environ is None else environ
    given = {**environ, **indexes.settings(environ)}
    wanted = {name for line in requirements for name in _VARIABLE.findall(line)}
    variables = {
        name: value
        for name, value in given.items()
        if value
        and (name in wanted or name in PROXIES or name.startswith("UV_"))
        and not _PLACES.match(name)
    }
    files: dict[str, Path] = {}
    _certificates(given, folder, variables, files)
    _configuration(given, files)
    folders = _Folders(folder)
    folders.move_indexes(variables)
    moved = folders.move_requirements(requirements)
    addresses = [variables.get(name, "") for name in (*PROXIES, *_INDEXES, _LINKS)]
    addresses += [line for line in requirements if line.startswith("-")]
    return Network(
        variables=variables,
        files=files,
        folders=folders.found,
        moved=moved,
        host=any(map(_is_here, addresses)),
    )


def proxies(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Only the proxies, by the names that every builder knows."""
    environ = os.environ if environ is None else environ
    return {name: environ[name] for name in PROXIES if environ.get(name)}


def is_here(addresses: Iterable[str]) -> bool:
    """Whether one of them is this machine itself, which a container knows by other names."""
    return any(map(_is_here, addresses))


def _is_here(addresses: str) -> bool:
    for each in addresses.replace(",", " ").split():
        host = urlsplit(each).hostname if "://" in each else None
        if host and host.startswith(_LOOPBACK):
            return True
    return False


def _certificates(
    given: Mapping[str, str], folder: str, variables: dict[str, str], files: dict[str, Path]
) -> None:
    bundle = given.get("SSL_CERT_FILE")
    if not bundle and (given.get("UV_NATIVE_TLS") or given.get("UV_SYSTEM_CERTS")):
        bundle = ssl.get_default_verify_paths().cafile
    for name, path in (
        ("SSL_CERT_FILE", bundle),
        ("SSL_CLIENT_CERT", given.get("SSL_CLIENT_CERT")),
    ):
        if path and Path(path).is_file():
            file = f"{name.lower().replace('_', '-')}.pem"
            files[file] = Path(path)
            variables[name] = f"{folder}/{file}"


def _configuration(given: Mapping[str, str], files: dict[str, Path]) -> None:
    """Files that uv looks for in its home: passwords by host, and its own configuration."""
    home = Path(given.get("HOME") or Path.home())
    config = given.get("UV_CONFIG_FILE")
    found = {
        ".netrc": Path(given.get("NETRC") or home / ".netrc"),
        ".config/uv/uv.toml": Path(config)
        if config
        else Path(given.get("XDG_CONFIG_HOME") or home / ".config", "uv", "uv.toml"),
    }
    files |= {name: path for name, path in found.items() if os.access(path, os.R_OK)}


class _Folders:
    """Folders of packages of this machine, each with its place in the container."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.found: dict[str, Path] = {}

    def _place(self, path: Path) -> str:
        known = next((name for name, each in self.found.items() if each == path), None)
        name = known or f"folder-{len(self.found)}"
        self.found[name] = path
        return f"{self._folder}/{name}"

    def _moved(self, address: str, *, index: bool = False) -> str | None:
        """An address in the container; as it was if it is not of a file, `None` if it is not
        there."""
        is_url = address.startswith("file://")
        if not is_url and not address.startswith("/"):
            return address
        bare, hash_, fragment = address.partition("#")
        path = Path(unquote(urlsplit(bare).path) if is_url else bare)
        if not path.exists():
            return None
        # The pages of an index lead to files beside it.
        if path.is_dir() and not index:
            place = self._place(path)
        else:
            place = f"{self._place(path.parent)}/{quote(path.name) if is_url else path.name}"
        return f"{'file://' if is_url or index else ''}{place}{hash_}{fragment}"

    def move_indexes(self, variables: dict[str, str]) -> None:
        """Change the variables that name indexes and folders of wheels."""
        for name in (*_INDEXES, _LINKS):
            separator = "," if name == _LINKS else " "
            left = []
            for each in variables.pop(name, "").split(separator):
                label, equals, address = each.rpartition("=") if "://" in each else ("", "", each)
                if "://" in label:  # the equals sign is in the address
                    label, equals, address = "", "", each
                if address and (moved := self._moved(address, index=name != _LINKS)):
                    left.append(f"{label}{equals}{moved}")
            if left:
                variables[name] = separator.join(left)

    def move_requirements(self, lines: Iterable[str]) -> dict[str, str]:
        """What to write in place of what these lines have."""
        found = {}
        for line in lines:
            index = line.startswith(("--index-url", "--extra-index-url"))
            for address in _LOCAL.findall(line):
                moved = self._moved(address, index=index)
                if moved is not None:
                    found[address] = moved
        return found
