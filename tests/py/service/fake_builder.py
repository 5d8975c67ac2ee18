"""A builder that makes what a test tells it, and environments for it to make."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from jupyter_mltrain.environments.base import Made, Site
from jupyter_mltrain.spec import Built, EnvironmentSpec, ImageSpec, PackagesSpec


class FakeBuilder:
    """Makes folders with a file in them. It takes until `may_end`, which is set at first."""

    def __init__(self) -> None:
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.may_leave = asyncio.Event()
        self.may_leave.set()
        """A cancelled build takes until it is set."""
        self.began = asyncio.Event()
        """Set by each build that begins to make."""
        self.error: Exception | None = None
        self.digest = "sha256:1111"
        """What every name of an image stands for."""
        self.made = Made(interpreter=sys.executable, python="3.11.2", packages=2, lock="a==1\n")
        """The result, with an interpreter in the folder where this has none."""
        self.identified: list[str] = []
        self.sites: list[Site] = []
        self.definitions: list[EnvironmentSpec] = []
        self.contexts: list[list[str]] = []
        """Names of the files that each build had to copy from."""
        self.removed: list[str] = []
        self.cleaned: list[tuple[str, str]] = []
        self.given_up = 0
        self.gone: set[str] = set()
        """Ids of builds whose results are there no more."""
        self.during: Callable[[Site], None] = lambda site: None
        """What happens in the middle of a build, in a thread."""

    async def identify(self, definition: EnvironmentSpec, site: Site, *, fresh: bool) -> str:
        if definition.image is None:
            return ""
        self.identified.append(definition.image.image or "FROM")
        with site.step("ask the registry"):
            return self.digest

    async def build(self, definition: EnvironmentSpec, site: Site) -> Made:
        self.sites.append(site)
        self.definitions.append(definition)
        context = definition.image.context if definition.image is not None else None
        if context is not None:
            self.contexts.append(sorted(path.name for path in Path(context).iterdir()))
        site.expect(2)
        (site.directory / "half").write_text("made")
        try:
            with site.step("install packages"):
                site.write("installing\n")
                self.began.set()
                await asyncio.to_thread(self.during, site)
                await self.may_end.wait()
                if self.error is not None:
                    raise self.error
        except asyncio.CancelledError:
            self.given_up += 1
            await self.may_leave.wait()
            raise
        with site.step("tidy up"):
            (site.directory / "whole").write_text("made")
        if definition.image is not None:
            return replace(self.made, image=f"sha256:{site.id}", base=site.identity)
        return self.made

    async def is_there(self, built: Built, compute: str, directory: Path) -> bool:
        return built.id not in self.gone

    async def remove(self, built: Built, compute: str, directory: Path) -> None:
        self.removed.append(built.id)

    async def clean(self, workspace: str, compute: str) -> None:
        self.cleaned.append((workspace, compute))


def packages(*pip: str, name: str = "tools", **given: Any) -> EnvironmentSpec:
    """An environment of this machine with pip packages."""
    return EnvironmentSpec(name=name, packages=PackagesSpec(pip=pip, **given))


def image(reference: str = "python:3.11", *pip: str, name: str = "box", **given: Any) -> Any:
    """An environment that is an image, maybe with packages."""
    installed = PackagesSpec(pip=pip) if pip else None
    spec = ImageSpec(image=reference, **given)
    return EnvironmentSpec(name=name, image=spec, packages=installed)
