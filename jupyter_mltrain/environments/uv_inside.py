"""uv in a container, in which an image gets its packages. The image need not have pip or conda."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from jupyter_mltrain.engine.workbench import Workbench
from jupyter_mltrain.environments import tools, uv_problems
from jupyter_mltrain.environments.network import Network
from jupyter_mltrain.environments.requirements import Requirements
from jupyter_mltrain.environments.uv_builds import UvBuild
from jupyter_mltrain.errors import EnvironmentFailed

PREFIX: Final = "/opt/mltrain/env"
"""Of the environment in the image."""

BENCH: Final = "/opt/mltrain/bench"
"""A folder that only the container has in which the image is made."""

HOME: Final = f"{BENCH}/home"
"""Of the tools there: what they read of the user's settings, and whatever they leave."""

_CACHE: Final = f"{BENCH}/cache"
_VOLUME: Final = "mltrain-packages"
"""Packages that were downloaded on that engine; it outlives builds and is safe to delete."""

_ADDED: Final = re.compile(
    r" [+~] (?P<name>[A-Za-z0-9][\w.-]*)(?:==(?P<version>\S+))?"
    r"(?: @ (?P<url>\S+)| \(from (?P<origin>.+)\))?\Z"
)
_LAST_LINES: Final = 200


def mounts(network: Network) -> list[Mapping[str, Any]]:
    """What the container has that the image will not have."""
    return [
        {"Type": "volume", "Target": BENCH},
        {"Type": "volume", "Source": _VOLUME, "Target": _CACHE},
        *(
            {"Type": "bind", "Source": str(path), "Target": f"{HOME}/{name}", "ReadOnly": True}
            for name, path in network.folders.items()
        ),
    ]


class UvInside:
    """A uv that executes in one workbench."""

    def __init__(
        self,
        bench: Workbench,
        network: Network,
        write: Callable[[str], None],
    ) -> None:
        self._bench = bench
        self._network = network
        self._write = write
        self._uv = ""

    async def set_up(self, builds: Sequence[UvBuild]) -> None:
        """Bring the user's settings, and the first of these uv that executes there.

        Raises
        ------
        EnvironmentFailed
            None does.
        """
        if self._network.files:
            await self._bench.put(HOME, self._network.files, 0o600)
        for build in builds:
            self._uv = f"{_CACHE}/{build.name}/uv"
            if await self._runs():
                return
            await self._bench.put(f"{_CACHE}/{build.name}", {"uv": await build.file()}, 0o755)
            if await self._runs():
                return
        raise EnvironmentFailed(
            "uv, which installs packages, does not execute in this image. Install what the script "
            "needs in a Dockerfile, and set user_managed_dependencies."
        )

    async def _runs(self) -> bool:
        return await self._bench.run((self._uv, "--version")) == 0

    async def make_venv(self, python: str) -> str:
        """Make a virtual environment at `PREFIX`, in which the image's own packages are seen too.

        Returns the path of its Python.
        """
        await self._do(
            *("venv", "--quiet", "--no-project", "--allow-existing", "--system-site-packages"),
            *("--python", python, PREFIX),
        )
        return f"{PREFIX}/bin/python"

    async def resolve(self, python: str, wanted: Requirements) -> tuple[str, ...]:
        """What has to be installed beside what `python` has already, exactly."""
        found: dict[str, str] = {}

        def said(line: str) -> None:
            if added := _ADDED.match(line):
                name, url = added["name"], added["url"] or added["origin"]
                found[name] = f"{name} @ {url}" if url else f"{name}=={added['version']}"
            elif not line.startswith((" - ", "Using Python", "Would ")):
                self._write(f"{line}\n")

        await self._do(
            *("pip", "install", "--dry-run", "--break-system-packages", "--python", python),
            *(*wanted.arguments, "--requirements", f"{HOME}/requirements.txt"),
            requirements=wanted.text,
            each_line=said,
        )
        return tuple(
            _unmasked(name, self._moved(line, back=True), wanted)
            for name, line in sorted(found.items())
        )

    async def install(self, python: str, wanted: Requirements, exactly: Sequence[str]) -> None:
        """Install these, and nothing that they depend on."""
        options = [line for line in wanted.text.splitlines() if line.startswith("-")]
        await self._do(
            *("pip", "install", "--no-deps", "--compile-bytecode", "--break-system-packages"),
            *("--python", python, *wanted.arguments, "--requirements", f"{HOME}/requirements.txt"),
            requirements="".join(f"{line}\n" for line in (*options, *exactly)),
        )

    def _moved(self, text: str, *, back: bool = False) -> str:
        """The text with places of this machine as the container has them, or the other way."""
        for pair in self._network.moved.items():
            old, new = reversed(pair) if back else pair
            whole = rf"(?<![^\s@]){re.escape(old)}(?!\S)"
            text = re.sub(whole, new.replace("\\", r"\\"), text)
        return text

    async def _do(
        self,
        *arguments: str,
        requirements: str | None = None,
        each_line: Callable[[str], None] | None = None,
    ) -> None:
        if requirements is not None:
            text = self._moved(requirements)
            await self._bench.put(HOME, {"requirements.txt": text.encode()}, 0o600)
        each_line = each_line or (lambda line: self._write(f"{line}\n"))
        last: list[str] = []

        def said(line: str) -> None:
            line = tools.masked(line).rstrip()
            last.append(line)
            del last[:-_LAST_LINES]
            each_line(line)

        variables = {
            **self._network.variables,
            "HOME": HOME,
            "XDG_CONFIG_HOME": f"{HOME}/.config",
            "NETRC": f"{HOME}/.netrc",
            "TMPDIR": HOME,
            "UV_CACHE_DIR": f"{_CACHE}/uv",
            "UV_LINK_MODE": "copy",
            "UV_NO_PROGRESS": "1",
            "UV_SYSTEM_PYTHON": "0",
            "UV_PYTHON_DOWNLOADS": "never",
            "NO_COLOR": "1",
        }
        if await self._bench.run((self._uv, *arguments), variables=variables, each_line=said):
            raise EnvironmentFailed(uv_problems.in_our_words(last, "the engine's disk"))


def _unmasked(name: str, line: str, wanted: Requirements) -> str:
    """The line, or what the user wrote where uv keeps the secret of its URL to itself."""
    if "****" not in line:
        return line
    return next((each for each in wanted.packages if re.match(rf"{re.escape(name)}\b", each)), line)
