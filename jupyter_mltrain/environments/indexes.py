"""The user's package indexes, proxies and certificates, as the tools read them.

uv is configured by its own files and variables. A company's machine is more often configured for
pip, so that what pip knows is handed on where uv knows nothing of its own.
"""

from __future__ import annotations

import configparser
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from jupyter_mltrain.environments.requirements import BEST_OF_ALL, Requirements

_OWN_INDEXES: Final = (
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_NO_INDEX",
)
_OWN_KEYS: Final = re.compile(
    r"^\s*(\[\[(pip\.)?index\]\]|(index|index-url|extra-index-url|find-links|no-index)\s*=)", re.M
)
_CERTIFICATES: Final = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_PROXIES: Final = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")

_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")

_NOT_FOR_TOOLS: Final = (
    "CONDA_PREFIX",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "UV_BREAK_SYSTEM_PACKAGES",
    "UV_PROJECT",
    "UV_PROJECT_ENVIRONMENT",
    "UV_PYTHON",
    "UV_SYSTEM_PYTHON",
    "UV_VENV_SEED",
    "VIRTUAL_ENV",
    "__PYVENV_LAUNCHER__",
)
"""What says where the user works, and would lead a tool away from where it is told to."""


def variables(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a tool that gets packages from the network."""
    environ = os.environ if environ is None else environ
    found = {name: value for name, value in environ.items() if name not in _NOT_FOR_TOOLS}
    return {**found, **settings(environ), "NO_COLOR": "1"}


def for_requirements(environ: Mapping[str, str], wanted: Requirements) -> dict[str, str]:
    """`environ`, as `variables` gives it, with the indexes that requirements name.

    As in pip, ``--index-url`` is in the place of all that is configured, whereas uv puts variables
    before what a requirements file says; ``--extra-index-url`` comes on top. ``${NAME}`` in them
    stands for a variable.
    """
    found = dict(environ)
    index, extra = (
        [_VARIABLE.sub(lambda name: environ.get(name[1], name[0]), url) for url in urls]
        for urls in (wanted.values("--index-url"), wanted.values("--extra-index-url"))
    )
    if index:
        for name in ("UV_EXTRA_INDEX_URL", "UV_INDEX", "UV_INDEX_URL"):
            found.pop(name, None)
        if found.get("UV_INDEX_STRATEGY") == BEST_OF_ALL:
            # Without a second index it only keeps uv from saying that a password is missing.
            del found["UV_INDEX_STRATEGY"]
        found["UV_DEFAULT_INDEX"] = index[-1]
    if extra:
        found["UV_INDEX"] = " ".join((*extra, *found.get("UV_INDEX", "").split()))
    return found


def settings(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables that hand pip's settings on to uv; may hold secrets, so never for an argv.

    Only what uv is not told by the user itself: empty on a machine without settings.
    """
    environ = os.environ if environ is None else environ
    pip = _pip(environ)
    found: dict[str, str] = {}
    if not any(environ.get(name) for name in _OWN_INDEXES) and not _uv_has_indexes(environ):
        if index := pip.get("index-url"):
            found["UV_DEFAULT_INDEX"] = index
        if extra := pip.get("extra-index-url", "").split():
            found["UV_INDEX"] = " ".join(extra)
            found["UV_INDEX_STRATEGY"] = environ.get("UV_INDEX_STRATEGY", BEST_OF_ALL)
        if links := pip.get("find-links", "").split():
            found["UV_FIND_LINKS"] = ",".join(links)
        if pip.get("no-index", "").lower() in ("1", "true", "yes", "on"):
            found["UV_NO_INDEX"] = "1"
        if hosts := pip.get("trusted-host", "").split():
            found["UV_INSECURE_HOST"] = " ".join(hosts)
    if not environ.get("SSL_CERT_FILE"):
        named = [environ.get(name) for name in _CERTIFICATES]
        if bundle := next((each for each in (*named, pip.get("cert")) if each), None):
            found["SSL_CERT_FILE"] = bundle
    if not environ.get("SSL_CLIENT_CERT") and (certificate := pip.get("client-cert")):
        found["SSL_CLIENT_CERT"] = certificate
    proxied = any(environ.get(name) or environ.get(name.lower()) for name in _PROXIES)
    if not proxied and (proxy := pip.get("proxy")):
        found["ALL_PROXY"] = proxy if "://" in proxy else f"http://{proxy}"
    return found


def _pip(environ: Mapping[str, str]) -> dict[str, str]:
    """pip's settings for installing: files in pip's order, then variables.

    References
    ----------
    pip's documentation, "Configuration": location, loading order, variables.
    """
    found: dict[str, str] = {}
    for path in _pip_files(environ):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue  # pip itself says so whenever it is used
        for section in ("global", "install"):
            if parser.has_section(section):
                found |= {key.replace("_", "-"): value for key, value in parser.items(section)}
    for name, value in environ.items():
        if name.startswith("PIP_") and value:
            found[name[len("PIP_") :].lower().replace("_", "-")] = value
    return found


def _pip_files(environ: Mapping[str, str]) -> Iterator[Path]:
    given = environ.get("PIP_CONFIG_FILE")
    if given == os.devnull:
        return
    home = Path(environ.get("HOME") or Path.home())
    for folder in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":"):
        yield Path(folder, "pip", "pip.conf")
    yield Path("/etc/pip.conf")
    if sys.platform == "darwin":
        yield Path("/Library/Application Support/pip/pip.conf")
        yield home / "Library/Application Support/pip/pip.conf"
    yield home / ".pip" / "pip.conf"
    yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config", "pip", "pip.conf")
    yield Path(sys.prefix, "pip.conf")
    if given:
        yield Path(given)


def _uv_has_indexes(environ: Mapping[str, str]) -> bool:
    """Whether uv's own files name an index. A file that it is pointed at is the only one."""
    home = Path(environ.get("HOME") or Path.home())
    given = environ.get("UV_CONFIG_FILE")
    files = (
        [Path(given)]
        if given
        else [
            Path("/etc/uv/uv.toml"),
            Path(environ.get("XDG_CONFIG_HOME") or home / ".config", "uv", "uv.toml"),
        ]
    )
    for file in files:
        try:
            if _OWN_KEYS.search(file.read_text(encoding="utf-8", errors="replace")):
                return True
        except OSError:
            continue
    return False
