"""conda packages by py-rattler: what fits together, and putting it into a folder.

Both happen in a process of their own (`conda_worker`), for this machine or for another platform.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jupyter_mltrain.environments import interpreters, tools
from jupyter_mltrain.environments.base import Site
from jupyter_mltrain.environments.indexes import variables
from jupyter_mltrain.errors import EnvironmentFailed
from jupyter_mltrain.spec import PackagesSpec
from jupyter_mltrain.units import plural

_DEFAULT_CHANNELS: Final = ("conda-forge",)
_DEFAULTS: Final = ("https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r")
"""What conda means by the channel ``defaults``."""

_MOST_LINES: Final = 16
_ANSWER: Final = "mltrain-answer:"
_NO_CANDIDATE: Final = re.compile(r"No candidates were found for ([\w.-]+)( [^\n]*)?\.")
_CAUSE: Final = re.compile(r"^Caused by: ", re.M)
_HOST: Final = re.compile(r"https?://([^\s/)]+)")
_REFUSED: Final = re.compile(r"\b(401|403|407)\b[\w ]*")
_PACKAGE: Final = re.compile(
    r".*/(?P<name>[^/]+)-(?P<version>[^-/]+)-[^-/]+\.(conda|tar\.bz2)(#|\Z)"
)

_START: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from jupyter_mltrain.environments.conda_worker import main; sys.exit(main())"
)
"""With the path of this process and none of the caller's variables."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where packages are to work, if not on this machine."""

    platform: str
    """conda's name, as in ``linux-64``; see `platform_of`."""
    libc: tuple[str, str]
    """Family and version of the C library, as in ``("glibc", "2.36")``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Solved:
    """Packages that fit together."""

    platform: str
    packages: tuple[str, ...]
    """As `Lock.conda`."""

    @property
    def python(self) -> str | None:
        """The version of the Python among them."""
        return python_of(self.packages)


def platform_of(system: str) -> str:
    """conda's name of what docker calls ``linux/amd64``.

    Raises
    ------
    EnvironmentFailed
        No channel has packages for it.
    """
    known = {
        "linux/amd64": "linux-64",
        "linux/arm64": "linux-aarch64",
        "linux/ppc64le": "linux-ppc64le",
        "linux/s390x": "linux-s390x",
    }
    found = known.get("/".join(system.split("/")[:2]))
    if found is None:
        raise EnvironmentFailed(
            f"There are no conda packages for {system}. There are for {', '.join(known)}; "
            "elsewhere, ask for pip packages only."
        )
    return found


def python_of(packages: Sequence[str]) -> str | None:
    """The version of the Python among packages as `Lock.conda` has them."""
    found = (_PACKAGE.match(each) for each in packages)
    return next((each["version"] for each in found if each and each["name"] == "python"), None)


async def solve(site: Site, wanted: PackagesSpec, target: Target | None = None) -> Solved:
    """Find conda packages, Python among them, that fit together; one step of the build.

    Parameters
    ----------
    target
        `None` is this machine.

    Raises
    ------
    EnvironmentFailed
        There are none, with the solver's reason; a channel cannot be read.
    """
    if target is not None and target.libc[0] != "glibc":
        raise EnvironmentFailed(
            "conda packages need the GNU C library, and this image has "
            f"{target.libc[0]} {target.libc[1]}. Take an image made from debian or ubuntu, or ask "
            "for pip packages only."
        )
    channels = _channels(wanted.channels)
    specs = (interpreters.as_conda(wanted.python), *wanted.conda)
    with site.step("resolve conda packages"):
        site.write(f"channels: {', '.join(map(tools.masked, channels))}\n")
        site.write(f"packages: {', '.join(specs)}\n")
        answer = await _ask(
            site,
            do="solve",
            specs=specs,
            channels=channels,
            platform=target and target.platform,
            libc=target and target.libc[1],
        )
        if "problem" in answer:
            raise EnvironmentFailed(_unsolved(answer, channels))
        site.write(f"Resolved {plural(len(answer['packages']), 'package')}\n")
    return Solved(platform=answer["platform"], packages=tuple(answer["packages"]))


async def install(
    site: Site,
    packages: Sequence[str],
    prefix: Path,
    *,
    at: str | None = None,
    platform: str | None = None,
) -> None:
    """Put exactly these packages into a folder; one step of the build.

    Parameters
    ----------
    packages
        As `Lock.conda`.
    prefix
        Made if it is not there.
    at
        Absolute path at which the folder will be used, if it is not `prefix`. Link scripts of
        packages are then not executed.
    platform
        conda's name of it; `None` is this machine's.

    Raises
    ------
    EnvironmentFailed
        A package cannot be fetched, is not what it was, or there is no room.
    """
    with site.step(f"install {plural(len(packages), 'conda package')}"):
        answer = await _ask(
            site, do="install", packages=packages, prefix=str(prefix), at=at, platform=platform
        )
        if "problem" in answer:
            raise EnvironmentFailed(_not_installed(answer["text"], prefix))


async def _ask(site: Site, **request: Any) -> dict[str, Any]:
    """Let a worker do it; its answer, which may be a problem."""
    answers: list[str] = []

    def said(line: str) -> None:
        if line.startswith(_ANSWER):
            answers.append(line[len(_ANSWER) :])
        else:
            site.write(f"{line}\n")

    try:
        await tools.run(
            (sys.executable, "-I", "-c", _START, json.dumps(sys.path)),
            each_line=said,
            stdin=json.dumps(request),
            variables={**variables(), **tools.mark(site.workspace)},
        )
    except tools.ToolFailed as failed:
        if not answers:
            last = next((line for line in reversed(failed.output) if line), "")
            if last.startswith(("ModuleNotFoundError", "ImportError")):
                raise EnvironmentFailed(
                    f"py-rattler, which installs conda packages, cannot be imported ({last}). "
                    "`pip install -U py-rattler` puts it beside jupyter_mltrain."
                ) from None
            raise EnvironmentFailed(
                f"conda packages: {failed} ({last or 'it wrote nothing'}). If it was killed, the "
                "machine had no memory left."
            ) from None
    answer: dict[str, Any] = json.loads(answers[-1])
    return answer


def _channels(names: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for name in names or _DEFAULT_CHANNELS:
        if name == "defaults":
            found += _DEFAULTS
        elif name != "nodefaults":
            found.append(name)
    return tuple(dict.fromkeys(found)) or _DEFAULT_CHANNELS


def _unsolved(answer: dict[str, Any], channels: Sequence[str]) -> str:
    text: str = answer["text"]
    if answer["problem"] == "spec":
        return (
            f"`{answer['spec']}` is no package as conda writes them: {text}. Write a name and "
            "perhaps a version, as in numpy=1.26."
        )
    if answer["problem"] == "channel":
        return _unreadable(text)
    missing = _NO_CANDIDATE.search(text)
    where = ", ".join(map(tools.masked, channels))
    if missing is None:
        reason = text.partition("because of: ")[2] or text
        lines = reason.strip().splitlines()[:_MOST_LINES]
        return "\n".join(("No conda packages can be found that fit together.", *lines))
    name, versions = missing[1], (missing[2] or "").strip()
    there = answer["there"].get(name)
    if there:
        return (
            f"No channel has `{name} {versions}` for this platform. Of {name} there is "
            f"{', '.join(there)}. The channels are {where}."
        )
    return (
        f"No channel has a package `{name}`. The channels are {where}. If it is on PyPI, list it "
        "under pip."
    )


def _unreadable(text: str) -> str:
    """Why a channel cannot be read."""
    first, *causes = _CAUSE.split(text)
    host = _HOST.search(text)
    where = f"The channel at {host[1]}" if host else "A channel"
    last = (causes[-1] if causes else first).strip().rstrip(".")
    if refused := _REFUSED.search(text):
        return (
            f"{where} does not let us in ({refused[0].strip()}). Put the user and password for it "
            "in ~/.netrc."
        )
    if "could not find subdir" in first or "404" in text:
        name = re.search(r"channel '([^']+)'", first)
        return (
            f"There is no conda channel {tools.masked(name[1]) if name else 'of that name'} "
            f"({last}). Check its name."
        )
    if "certificate" in text:
        return (
            f"{where} has a certificate that is not trusted ({last}). Name the file with your "
            "company's certificates in SSL_CERT_FILE."
        )
    return (
        f"{where} cannot be read ({last}). Check the network and the proxy, or name another "
        "channel."
    )


def _not_installed(text: str, prefix: Path) -> str:
    last = _CAUSE.split(text)[-1].strip().rstrip(".")
    if "No space left on device" in text or "os error 28" in text:
        return (
            f"No room left on the disk of {prefix} while conda packages were installed. Free some "
            "space there."
        )
    if _HOST.search(text):
        return _unreadable(text)
    return f"A conda package cannot be installed: {tools.masked(last)}."
