"""Environments of this machine's processes: a virtual environment, or conda packages."""

from __future__ import annotations

import asyncio
from pathlib import Path

from jupyter_mltrain.environments import (
    conda,
    installing,
    interpreters,
    requirements,
    tools,
    venv,
)
from jupyter_mltrain.environments.base import Made, Site
from jupyter_mltrain.environments.interpreters import Interpreter
from jupyter_mltrain.environments.locks import Lock
from jupyter_mltrain.environments.requirements import Requirements
from jupyter_mltrain.errors import EnvironmentFailed, InvalidSpec
from jupyter_mltrain.spec import Built, EnvironmentSpec, PackagesSpec


class ProcessBuilder:
    """Makes them from `EnvironmentSpec.packages`.

    Python with pip packages is a virtual environment with the Python of that version that this
    machine has. What has conda packages, or a Python that only a channel has, comes from conda's
    channels.
    """

    async def identify(self, definition: EnvironmentSpec, site: Site, *, fresh: bool) -> str:
        return ""

    async def build(self, definition: EnvironmentSpec, site: Site) -> Made:
        packages = definition.packages or PackagesSpec()
        lock = Lock.parsed(site.lock) if site.lock else None
        try:
            requirements.check(packages)
            wanted = requirements.read(packages.pip)
            _say_ours(site, wanted)
            if packages.conda or (lock and lock.platform):
                return await self._conda(site, packages, wanted, lock)
            site.expect(4 if wanted.packages else 2)
            with site.step("find Python"):
                base = await self._find(site, packages, lock)
        except InvalidSpec as error:
            raise EnvironmentFailed(error.message) from None
        if base is None:
            return await self._conda(site, packages, wanted, lock)
        return await venv.build(site, base, wanted, lock)

    async def is_there(self, built: Built, compute: str, directory: Path) -> bool:
        # Also false when the Python that a virtual environment was made with has gone.
        found = built.interpreter
        return found is not None and await asyncio.to_thread(Path(found).exists)

    async def remove(self, built: Built, compute: str, directory: Path) -> None:
        return None

    async def clean(self, workspace: str, compute: str) -> None:
        await asyncio.to_thread(tools.end_strays, workspace)

    async def _find(
        self, site: Site, packages: PackagesSpec, lock: Lock | None
    ) -> Interpreter | None:
        """The Python for a virtual environment; `None` where a channel is to give it."""
        uv = installing.uv_path()
        asked = lock.python if lock else packages.python
        found = await interpreters.find(asked, uv)
        if found is None and lock is not None:
            # Wheels fit every Python that differs in the last number only.
            found = await interpreters.find(lock.python.rpartition(".")[0], uv)
            if found is not None:
                site.write(
                    f"Python {lock.python}, which this was made with, has gone from this machine; "
                    f"{found.version} takes its place.\n"
                )
        if found is not None:
            return found
        assert asked is not None  # the own one fits otherwise
        if not packages.channels:
            there = await interpreters.installed(uv)
            raise EnvironmentFailed(interpreters.none_such(asked, there))
        site.write(
            f"This machine has no Python {asked}; it comes from the channels "
            f"{', '.join(packages.channels)}.\n"
        )
        return None

    async def _conda(
        self, site: Site, packages: PackagesSpec, wanted: Requirements, lock: Lock | None
    ) -> Made:
        if lock is not None and lock.platform is None:
            lock = None  # it was a virtual environment, of a Python that is gone
        site.expect((1 if lock else 2) + (2 if wanted.packages else 0))
        return await conda.build(site, packages, wanted, lock)


def _say_ours(site: Site, wanted: Requirements) -> None:
    """Say what is not installed, since what travels into a run answers for it."""
    for package in wanted.ours:
        site.write(f"{package}: satisfied by jupyter_mltrain's runtime, not installed\n")
