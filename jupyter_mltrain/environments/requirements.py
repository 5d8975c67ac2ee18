"""Requirements as pip reads them: what they mean, and which of them an environment can hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from jupyter_mltrain.environments.packages import PACKAGES
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import PackagesSpec

OURS: Final = frozenset(
    (
        "azureml-core",
        "azureml-dataset-runtime",
        "azureml-defaults",
        "azureml-sdk",
        "azureml-telemetry",
        "azureml-train",
        "azureml-train-core",
        "azureml-train-restclients-hyperdrive",
        "azureml-widgets",
    )
)
"""Packages that need not be installed: what travels into a run answers for them."""

_WITH_VALUE: Final = {
    "-i": "--index-url",
    "--index-url": "--index-url",
    "--extra-index-url": "--extra-index-url",
    "-f": "--find-links",
    "--find-links": "--find-links",
    "--no-binary": "--no-binary",
    "--only-binary": "--only-binary",
    "--trusted-host": "--trusted-host",
    "--use-feature": "",
}
"""Options of a requirements file, and how they are spelled here; those that mean nothing to uv
are the empty string."""

_ALONE: Final = {
    "--no-index": "--no-index",
    "--pre": "--pre",
    "--require-hashes": "--require-hashes",
    "--prefer-binary": "",
    "--use-pep517": "",
}
_FILES: Final = ("-r", "--requirement", "-c", "--constraint")
_EDITABLE: Final = ("-e", "--editable")
_ON_COMMAND_LINE: Final = {
    "--pre": ("--prerelease", "allow"),
    "--trusted-host": ("--allow-insecure-host",),
    "--require-hashes": ("--require-hashes",),
}
"""What uv takes as an argument only."""

BEST_OF_ALL: Final = "unsafe-best-match"
"""How pip uses several indexes: the best version of all. uv, of itself, keeps to the first that
knows the package."""

_COMMENT: Final = re.compile(r"(^|\s)#.*$")
_OF_ONE: Final = re.compile(r"\s--(hash|global-option|config-settings?|build-option)\b.*$")
_URL: Final = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_CONDA_TOKEN: Final = re.compile(r"/t/[^/]+/")
_SINGLE_EQUALS: Final = re.compile(r"(?<![=<>!~])=(?!=)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirements:
    """The lines of a requirements file, read."""

    options: tuple[str, ...]
    """In their order, long names, as in ``--index-url https://…``."""
    packages: tuple[str, ...]
    """To be installed: canonical, sorted, each once."""
    ours: tuple[str, ...]
    """Asked for, and not installed; see `OURS`."""

    @property
    def lines(self) -> tuple[str, ...]:
        """A requirements file that asks for the same."""
        return (*self.options, *self.packages)

    @property
    def text(self) -> str:
        """What uv reads as a requirements file, without `arguments`."""
        options = [each for each in self.options if each.split()[0] not in _ON_COMMAND_LINE]
        return "".join(f"{line}\n" for line in (*options, *self.packages))

    @property
    def arguments(self) -> tuple[str, ...]:
        """What `text` leaves out, for the command line of ``uv pip install``."""
        found: dict[tuple[str, ...], None] = {}
        for option in self.options:
            name, _, value = option.partition(" ")
            if name in _ON_COMMAND_LINE:
                group = (*_ON_COMMAND_LINE[name], value) if value else _ON_COMMAND_LINE[name]
                found[group] = None
            elif name == "--extra-index-url":
                found[("--index-strategy", BEST_OF_ALL)] = None
        return tuple(chain.from_iterable(found))

    def values(self, option: str) -> tuple[str, ...]:
        """What an option, as ``--extra-index-url``, was given, each time it was."""
        named = (each.partition(" ") for each in self.options)
        return tuple(value for name, _, value in named if name == option)


def read(lines: Iterable[str]) -> Requirements:
    """Read the lines of a requirements file.

    Raises
    ------
    InvalidSpec
        A line is none, or names what an environment cannot hold: a relative path, another file,
        a password.
    """
    options: list[str] = []
    packages: set[str] = set()
    ours: set[str] = set()
    for line in _logical(lines):
        if line.startswith("-"):
            option = _option(line)
            if option:
                options.append(option)
            continue
        name, text = _requirement(line)
        (ours if name in OURS else packages).add(text)
    return Requirements(
        options=tuple(options), packages=tuple(sorted(packages)), ours=tuple(sorted(ours))
    )


def check(packages: PackagesSpec) -> None:
    """Find what is certainly wrong with what an environment asks for, without any network.

    Raises
    ------
    InvalidSpec
        See `read`; or a channel has a password in its URL.
    """
    read(packages.pip)
    for channel in packages.channels:
        if _in_channel(channel):
            raise InvalidSpec(
                f"The channel {_in_channel(channel)} has a password or token in its URL, and "
                "environments are kept and shown. Put it in ~/.netrc or in conda's own "
                "credentials, and leave it out here."
            )


def _in_channel(channel: str) -> str | None:
    """The host of a channel whose URL has a secret in it."""
    parts = urlsplit(channel)
    return parts.hostname if parts.password or _CONDA_TOKEN.match(parts.path) else None


def _logical(lines: Iterable[str]) -> Iterator[str]:
    """Lines without comments, those that go on after a backslash as one."""
    begun = ""
    for piece in "\n".join(lines).splitlines():
        line = begun + _COMMENT.sub("", piece).strip()
        if line.endswith("\\"):
            begun = line[:-1].rstrip() + " "
            continue
        begun = ""
        if line:
            yield line
    if begun.strip():
        yield begun.strip()


def _option(line: str) -> str:
    """An option with its long name; empty where it means nothing to uv."""
    name, value = _name_and_value(line)
    if name in _FILES:
        raise InvalidSpec(
            f"`{line}` names another file, which is not part of an environment. Put that file's "
            "lines in its place."
        )
    if name in _EDITABLE:
        raise InvalidSpec(
            f"`{line}` is an editable install, which would change with your folder. Build a wheel "
            "and name it by its absolute path, or submit the code with the run."
        )
    if name in _ALONE and not value:
        return _ALONE[name]
    if name not in _WITH_VALUE or not value:
        known = ", ".join(sorted({each for each in (*_WITH_VALUE, *_ALONE) if each[1] == "-"}))
        raise InvalidSpec(f"`{line}` is no option of a requirements file. There are {known}.")
    _refuse_password(value)
    return f"{_WITH_VALUE[name]} {value}" if _WITH_VALUE[name] else ""


def _name_and_value(line: str) -> tuple[str, str]:
    if not line.startswith("--") and len(line) > 2:
        return line[:2], line[2:].lstrip(" =")
    name, _, value = re.sub(r"[\s=]+", " ", line, count=1).partition(" ")
    return name, value.strip()


def _requirement(line: str) -> tuple[str | None, str]:
    """Canonical name (`None`: only its URL tells) and text of a requirement."""
    _refuse_password(line)
    of_one = _OF_ONE.search(line)
    tail = of_one.group().rstrip() if of_one else ""
    body = line[: of_one.start()].strip() if of_one else line
    try:
        parsed = Requirement(body)
    except InvalidRequirement:
        if _URL.match(body) or body.startswith("/"):
            return None, line
        raise InvalidSpec(_why_not(body)) from None
    parsed.extras = {canonicalize_name(extra) for extra in parsed.extras}
    parsed.name = canonicalize_name(parsed.name)
    return parsed.name, str(parsed) + tail


def _why_not(body: str) -> str:
    if body.startswith(".") or ("/" in body and "@" not in body):
        return (
            f"`{body}` is a relative path, and an environment has no folder that it starts from. "
            "Give the absolute path of a wheel."
        )
    if _SINGLE_EQUALS.search(body):
        better = _SINGLE_EQUALS.sub("==", body)
        return f"`{body}` is no requirement as pip reads them. Write `{better}`."
    return (
        f"`{body}` is no requirement as pip reads them. Write a name and perhaps versions, "
        "as in `pandas>=2,<3`."
    )


def _refuse_password(text: str) -> None:
    """Environments are stored, shown and copied: they are no place for a secret.

    A variable in its place, as in ``https://${USER}:${TOKEN}@host``, is looked up at build time.
    """
    for match in _URL.finditer(text):
        url = text[match.start() :].split()[0]
        try:
            password = urlsplit(url).password
        except ValueError:
            continue
        if password and not re.fullmatch(r"\$\{\w+\}", password):
            host = urlsplit(url).hostname
            raise InvalidSpec(
                f"The URL at {host} has a password in it, and environments are kept and shown. "
                f"Put the password in ~/.netrc (`machine {host} login … password …`), or a "
                "variable in its place: ${NAME}."
            )


def usual_name(package: str) -> str | None:
    """The package that holds the module of that name, as `opencv-python` for `cv2`."""
    return PACKAGES.get(package) or PACKAGES.get(package.replace("-", "_"))
