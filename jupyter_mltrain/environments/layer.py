"""Python packages on top of an image, in an image that has neither pip nor conda."""

from __future__ import annotations

import asyncio
import shutil
import tarfile
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import IO, Final

from jupyter_mltrain import units
from jupyter_mltrain.engine import Engine
from jupyter_mltrain.engine.images import Image
from jupyter_mltrain.engine.workbench import Workbench, workbench
from jupyter_mltrain.environments import (
    conda_solving,
    interpreters,
    network,
    probing,
    requirements,
    uv_builds,
)
from jupyter_mltrain.environments.counted import Counted
from jupyter_mltrain.environments.locks import Lock
from jupyter_mltrain.environments.network import Network
from jupyter_mltrain.environments.probing import Facts, Python
from jupyter_mltrain.environments.requirements import Requirements
from jupyter_mltrain.environments.uv_inside import HOME, PREFIX, UvInside, mounts
from jupyter_mltrain.errors import ComputeTargetError, EnvironmentFailed
from jupyter_mltrain.spec import Frozen, PackagesSpec

_PYTHON: Final = f"{PREFIX}/bin/python"
_USUAL_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Layered(Frozen, frozen=True, kw_only=True):
    """An image with packages."""

    image: str
    """Its id."""
    python: Python
    lock: Lock


class Layer:
    """One installation on top of one image."""

    def __init__(
        self,
        engine: Engine,
        site: Counted,
        image: Image,
        facts: Facts,
        *,
        name: str,
        platform: str | None,
        labels: Mapping[str, str],
    ) -> None:
        self._engine = engine
        self._site = site
        self._image = image
        self._facts = facts
        self._name = name
        self._platform = platform
        self._labels = labels

    async def add(self, packages: PackagesSpec) -> Layered | None:
        """Install; `None` where the image has everything that is asked for.

        Raises
        ------
        InvalidSpec, EnvironmentFailed
            The sentence says which package, and why.
        """
        wanted = requirements.read(packages.pip)
        for ours in wanted.ours:
            self._site.write(f"{ours}: satisfied by jupyter_mltrain's runtime, not installed\n")
        lock = Lock.parsed(self._site.lock) if self._site.lock else None
        python = self._facts.python
        conda = lock.platform is not None if lock else self._needs_conda(packages)
        if not conda and not wanted.packages:
            return None
        if not conda:
            assert python is not None
            return await self._on_top(python, wanted, lock)
        return await self._apart(packages, wanted, lock)

    def _needs_conda(self, packages: PackagesSpec) -> bool:
        """Whether a Python of its own has to be brought, which only a channel can give."""
        python = self._facts.python
        if packages.conda:
            return True
        if python is None:
            has = f"Python {self._facts.too_old}" if self._facts.too_old else "no Python"
            asked = f"Python {packages.python}" if packages.python else "A Python"
            self._site.write(f"{self._name} has {has}. {asked} comes from a conda channel.\n")
            return True
        if interpreters.fits(packages.python, python.text):
            return False
        self._site.write(
            f"{self._name} has Python {python.text}. Python {packages.python} comes from a conda "
            "channel.\n"
        )
        return True

    async def _on_top(
        self, python: Python, wanted: Requirements, lock: Lock | None
    ) -> Layered | None:
        """pip packages for the image's own Python, which keeps what it has."""
        async with self._bench(wanted) as (bench, uv):
            with self._site.step("resolve packages", cached=lock is not None):
                exactly = lock.pip if lock else await uv.resolve(python.path, wanted)
                self._site.write(f"{units.plural(len(exactly), 'package')} to install\n")
            if not exactly:
                return None
            with self._site.step(f"install {units.plural(len(exactly), 'package')}"):
                # A virtual environment of the image's takes packages itself: one made from it
                # would not see what is in it.
                target = python.path if python.virtual else await uv.make_venv(python.path)
                await uv.install(target, wanted, exactly)
            return await self._kept(bench, target, Lock(python=python.text, pip=exactly))

    async def _apart(
        self, packages: PackagesSpec, wanted: Requirements, lock: Lock | None
    ) -> Layered:
        """conda packages, found and put together on this machine, and pip packages in them."""
        libc = self._facts.libc
        target = conda_solving.Target(
            platform=conda_solving.platform_of(f"linux/{self._image.architecture}"),
            libc=("musl", "") if self._facts.musl else ("glibc", libc.rpartition(" ")[2] or "2.17"),
        )
        if lock is not None:
            self._site.ahead(6 if wanted.packages else 4)
            solved = conda_solving.Solved(platform=target.platform, packages=lock.conda)
        else:
            self._site.ahead(7 if wanted.packages else 5)
            solved = await conda_solving.solve(self._site, packages, target)
        if solved.python is None:
            raise EnvironmentFailed("The conda packages have no Python among them. Ask for python.")
        folder = self._site.directory / "env"
        await conda_solving.install(
            self._site, solved.packages, folder, at=PREFIX, platform=target.platform
        )
        async with self._bench(wanted) as (bench, uv):
            with self._site.step("copy into the image"):
                await self._copy(bench, folder)
            pip: tuple[str, ...] = ()
            if wanted.packages:
                with self._site.step("resolve packages", cached=lock is not None):
                    pip = lock.pip if lock else await uv.resolve(_PYTHON, wanted)
                with self._site.step(f"install {units.plural(len(pip), 'package')}"):
                    await uv.install(_PYTHON, wanted, pip)
            made = Lock(
                python=solved.python, platform=solved.platform, conda=solved.packages, pip=pip
            )
            return await self._kept(bench, _PYTHON, made)

    async def _copy(self, bench: Workbench, folder: Path) -> None:
        def packed(target: IO[bytes]) -> None:
            with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar:
                tar.add(folder, PREFIX.strip("/"), filter=_of_root)
            target.seek(0)

        with tempfile.TemporaryFile(dir=self._site.directory) as archive:
            await asyncio.to_thread(packed, archive)
            # The build's folder stays for good, and the image has it all.
            await asyncio.to_thread(shutil.rmtree, folder)
            await bench.put_archive("/", archive)

    @asynccontextmanager
    async def _bench(self, wanted: Requirements) -> AsyncIterator[tuple[Workbench, UvInside]]:
        """The container that the image is made in, and a uv that executes there."""
        settings = network.collected(HOME, wanted.lines)
        async with AsyncExitStack() as stack:
            with self._site.step("start a container"):
                try:
                    bench = await stack.enter_async_context(self._workbench(settings))
                except ComputeTargetError as error:
                    if not settings.folders or "bind source path" not in error.message:
                        raise
                    left_out = ", ".join(str(path) for path in settings.folders.values())
                    self._site.write(
                        f"The engine does not see this machine's files: packages in {left_out} "
                        "are left out.\n"
                    )
                    settings = settings.without_folders(HOME)
                    bench = await stack.enter_async_context(self._workbench(settings))
                uv = UvInside(bench, settings, self._site.write)
                if wanted.packages:
                    musl, architecture = self._facts.musl, self._image.architecture
                    await uv.set_up(uv_builds.builds(self._site, architecture, musl=musl))
                    fetched = self._site.directory / uv_builds.FOLDER
                    await asyncio.to_thread(shutil.rmtree, fetched, ignore_errors=True)
            yield bench, uv

    def _workbench(self, settings: Network) -> AbstractAsyncContextManager[Workbench]:
        return workbench(
            self._engine,
            self._image,
            labels=self._labels,
            mounts=mounts(settings),
            platform=self._platform,
            host_network=settings.host,
        )

    async def _kept(self, bench: Workbench, interpreter: str, lock: Lock) -> Layered:
        """Make the image; a shell in a container of it finds the packages too."""
        variables: dict[str, str] = {}
        if interpreter == _PYTHON:
            env = dict(each.partition("=")[::2] for each in self._image.config.get("Env") or ())
            variables["PATH"] = f"{PREFIX}/bin:{env.get('PATH', _USUAL_PATH)}"
            variables["CONDA_PREFIX" if lock.platform else "VIRTUAL_ENV"] = PREFIX
        with self._site.step("make the image"):
            lines: list[str] = [f"{probing.PATH_MARK}{interpreter}"]
            await bench.run((interpreter, "-c", probing.CODE), each_line=lines.append)
            python = probing.read("\n".join(lines)).python
            if python is None:
                raise EnvironmentFailed(
                    f"Python {lock.python} does not start in {self._name}. The image may lack a "
                    "library that it needs; take one made from debian or ubuntu."
                )
            image = await bench.keep(
                self._site.tag,
                labels=self._labels,
                variables=variables,
                comment=f"jupyter_mltrain: {units.plural(lock.packages, 'package')}",
            )
        return Layered(image=image, python=python, lock=lock)


def _of_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry
