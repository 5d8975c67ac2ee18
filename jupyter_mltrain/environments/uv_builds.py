"""uv for the inside of an image, whatever the image has."""

from __future__ import annotations

import platform
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from jupyter_mltrain.environments.base import Site
from jupyter_mltrain.environments.installing import uv, uv_path
from jupyter_mltrain.errors import EnvironmentFailed

FOLDER: Final = "uv"
"""Of what is fetched, in the folder of the build."""

_TARGETS: Final = {
    "amd64": "x86_64",
    "arm64": "aarch64",
    "386": "i686",
    "arm": "armv7",
    "ppc64le": "powerpc64le",
    "s390x": "s390x",
    "riscv64": "riscv64",
}
"""The engine's name of a kind of processor -> uv's."""

_ALSO: Final = {"arm64": "aarch64", "x86_64": "x86_64", "amd64": "x86_64"}


@dataclass(frozen=True, kw_only=True, slots=True)
class UvBuild:
    """A uv that may execute in an image."""

    name: str
    """Tells it from all others."""
    file: Callable[[], Awaitable[Path]]
    """Where it is on this machine; fetched if it has to be, into the build's folder."""


def builds(site: Site, architecture: str, *, musl: bool) -> list[UvBuild]:
    """Those that may execute in an image, the one that needs no download first."""
    machine = _TARGETS.get(architecture, architecture)

    async def ours() -> Path:
        return Path(uv_path())

    async def static() -> Path:
        return await _fetched(site, machine)

    found = [UvBuild(name=f"uv-{_version()}-{machine}-static", file=static)]
    here = platform.machine().lower()
    if sys.platform == "linux" and not musl and _ALSO.get(here, here) == machine:
        found.insert(0, UvBuild(name=f"uv-{_version()}-{machine}", file=ours))
    return found


@lru_cache(1)
def _version() -> str:
    """Of our own uv."""
    try:
        return version("uv")
    except PackageNotFoundError:  # it was found on the path
        return f"{Path(uv_path()).stat().st_mtime_ns}"


async def _fetched(site: Site, machine: str) -> Path:
    """The build that needs no C library, by uv itself from the user's own index."""
    folder = site.directory / FOLDER
    try:
        exact = f"uv=={version('uv')}"
    except PackageNotFoundError:
        exact = "uv"
    site.write(f"Fetching a uv for {machine} that needs nothing of the image\n")
    triple = f"{machine}-unknown-linux-" + ("musleabihf" if machine == "armv7" else "musl")
    arguments = ("pip", "install", "--quiet", "--no-deps", "--target", str(folder))
    try:
        await uv(site, (*arguments, "--python-platform", triple, exact))
    except EnvironmentFailed as failed:
        raise EnvironmentFailed(
            f"This image needs a uv of its own, for {machine} without glibc, and that cannot be "
            f"fetched: {failed.message}"
        ) from failed
    return folder / "bin" / "uv"
