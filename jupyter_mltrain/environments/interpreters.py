"""The Pythons of this machine, and which of them has the version that is asked for."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from jupyter_mltrain.environments import tools
from jupyter_mltrain.environments.indexes import variables
from jupyter_mltrain.errors import InvalidSpec

_LIMIT_S: Final = 30.0
_PLAIN: Final = re.compile(r"=?(\d+(?:\.\d+)*)(\.\*)?\Z")
_RELEASE: Final = re.compile(r"\d+\.\d+\.\d+\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Interpreter:
    """A Python of this machine."""

    path: str
    version: str
    """As in ``3.11.7``."""


class _Listed(msgspec.Struct, frozen=True):
    """As much of an entry of ``uv python list`` as is needed."""

    path: str
    version: str
    implementation: str = "cpython"


def own() -> Interpreter:
    """The one that executes this."""
    return Interpreter(path=sys.executable, version="{}.{}.{}".format(*sys.version_info[:3]))


async def find(wanted: str | None, uv: str) -> Interpreter | None:
    """The own Python where it fits, else the newest that does, of pyenv's or else of all others.

    Parameters
    ----------
    wanted
        As `PackagesSpec.python`.
    uv
        Path of uv, which knows where Pythons are.

    Raises
    ------
    InvalidSpec
        `wanted` is no version.
    """
    mine = own()
    if fits(wanted, mine.version):
        return mine
    # uv starts every Python that it finds, which takes a second where there are many.
    found = [each for each in _pyenv() if fits(wanted, each.version)]
    found = found or [each for each in await installed(uv) if fits(wanted, each.version)]
    return max(found, key=lambda each: Version(each.version), default=None)


async def installed(uv: str) -> list[Interpreter]:
    """Every Python that is found on the path, among uv's, and among pyenv's."""
    lines: list[str] = []
    argv = (uv, "python", "list", "--only-installed", "--output-format", "json", "--no-config")
    try:
        await tools.run(argv, each_line=lines.append, variables=variables(), timeout_s=_LIMIT_S)
        # Before it come warnings about what does not start.
        listed = next((line for line in lines if line.startswith("[")), "[]")
        of_uv = msgspec.json.decode(listed, type=list[_Listed])
    except (tools.ToolFailed, msgspec.MsgspecError):
        of_uv = []
    found = [own(), *_pyenv()]
    found += [
        Interpreter(path=each.path, version=each.version)
        for each in of_uv
        if each.implementation == "cpython" and _RELEASE.match(each.version)
    ]
    return found


def fits(wanted: str | None, version: str) -> bool:
    """Whether a version is one of those asked for.

    Raises
    ------
    InvalidSpec
        `wanted` is no version.
    """
    if wanted is None:
        return True
    return any(version in each for each in _alternatives(wanted))


def as_conda(wanted: str | None) -> str:
    """The match spec for conda that asks for the same."""
    if wanted is None:
        return "python"
    words = []
    for alternative in wanted.replace(" ", "").split("|"):
        parts = []
        for part in alternative.split(","):
            plain = _PLAIN.match(part)
            parts.append(f"{plain[1]}.*" if plain else part)
        words.append(",".join(parts))
    return f"python {'|'.join(words)}"


def none_such(wanted: str, there: Iterable[Interpreter]) -> str:
    """The sentence that this machine has no such Python."""
    versions = sorted({each.version for each in there}, key=Version, reverse=True)
    minor = Version(versions[0]).release
    return (
        f"This machine has no Python {wanted}. It has {', '.join(versions)}: ask for one of them, "
        f"as in python={minor[0]}.{minor[1]}, or name a conda channel to get it from."
    )


def _alternatives(wanted: str) -> Iterator[SpecifierSet]:
    """`wanted` in the words of PEP 440; what ``|`` is between is each enough."""
    for alternative in wanted.replace(" ", "").split("|"):
        parts = []
        for part in alternative.split(","):
            plain = _PLAIN.match(part)
            if plain is None:
                parts.append(part)
            else:
                whole = plain[1].count(".") >= 2 and not plain[2]
                parts.append(f"=={plain[1]}" + ("" if whole else ".*"))
        try:
            yield SpecifierSet(",".join(parts))
        except InvalidSpecifier:
            raise InvalidSpec(
                f"{wanted!r} is no version of Python. Write one such as 3.11, 3.11.7 or "
                ">=3.9,<3.12."
            ) from None


def _pyenv() -> Iterator[Interpreter]:
    """Those of pyenv, of which only the one in use is on the path."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for folder in sorted(root.glob("versions/*")):
        path = folder / "bin" / "python"
        if _RELEASE.match(folder.name) and path.exists():
            yield Interpreter(path=str(path), version=folder.name)
