"""The contracts of environments: from a definition to something a run can execute in."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from jupyter_mltrain.spec import Built, EnvironmentSpec, Frozen


class Audience(Protocol):
    """A run, or a person, that waits for an environment."""

    @property
    def log(self) -> Path:
        """The file in which it reads how that goes; made when there is something to say."""

    def said(self, reason: str) -> None:
        """What is being done now, as in ``building image sklearn:3 · step 4 of 6, pip install``."""


class Environments(Protocol):
    """Makes environments ready. Preparing is a phase of the run with a log of its own.

    A definition for which `ready` has an answer costs a run nothing; for any other the run is in
    the state Preparing while `prepare` works.
    """

    def ready(self, definition: EnvironmentSpec, compute: str) -> Built | None:
        """What runs can execute in right now on that compute target; does no work."""

    async def prepare(self, definition: EnvironmentSpec, compute: str, audience: Audience) -> Built:
        """Make it ready, telling the audience how it goes.

        One preparation serves all that wait for the same definition. It is cancelled when the
        last of them is, and then leaves nothing half made.

        Raises
        ------
        EnvironmentFailed
            It cannot be made ready; the sentence says which step failed, and why.
        """

    def used(self, built: Built) -> None:
        """Note that a run begins in it now."""

    def gone(self, built: Built) -> None:
        """Take in that it is not there any more: from now on it is not ready."""

    def lock_of(self, built: Built) -> Path | None:
        """The file that names its packages exactly; `None` where nothing was installed."""

    def modules_of(self, built: Built) -> frozenset[str] | None:
        """Top-level modules that its Python finds, as `Made.modules`; for a thread."""


class Site(Protocol):
    """Where one build takes place. Every method may be called from any thread."""

    @property
    def workspace(self) -> str:
        """Id of the workspace, for the label ``mltrain.workspace``."""

    @property
    def id(self) -> str:
        """Of the build, for the label ``mltrain.build``."""

    @property
    def compute(self) -> str:
        """Name of the compute target that it is built for."""

    @property
    def directory(self) -> Path:
        """Absolute path of a folder of its own, empty at first, which stays where it is. Deleted
        when the build does not end well."""

    @property
    def identity(self) -> str:
        """What `Builder.identify` has answered, now or long ago: build from exactly that. Empty
        while it is asked."""

    @property
    def lock(self) -> str | None:
        """Text of an earlier `Made.lock`: install exactly that. `None`: resolve anew."""

    @property
    def tag(self) -> str:
        """Name for an image that is made, as in ``mltrain/sklearn:4f1c…-2``."""

    def write(self, text: str) -> None:
        """Append to the build's log, to which every line of output of every tool belongs."""

    def step(self, name: str, *, cached: bool = False) -> AbstractContextManager[None]:
        """A step of the build while it lasts; how many there are is said with `expect`."""

    def expect(self, steps: int) -> None:
        """Say how many steps there will be in all, for ``step 4 of 6``."""


class Made(Frozen, frozen=True, kw_only=True):
    """What a builder has made."""

    interpreter: str | None = None
    python: str | None = None
    image: str | None = None
    base: str | None = None
    packages: int = 0
    lock: str | None = None
    """Text that names every package exactly; `None` where nothing was installed."""
    size_bytes: int | None = None
    modules: tuple[str, ...] | None = None
    """Top-level modules that the Python of an image finds, its standard library's among them;
    `None` where that is not known, or can be asked of the interpreter on this machine."""


class Builder(Protocol):
    """Makes one kind of environment. A cancelled build has ended its processes and containers."""

    async def identify(self, definition: EnvironmentSpec, site: Site, *, fresh: bool) -> str:
        """What the definition's names stand for, as text that goes into the hash.

        Of an image, its digest, pulled if it has to be; of everything else the empty string.

        Parameters
        ----------
        fresh
            Ask the registry again what the tag stands for.
        """

    async def build(self, definition: EnvironmentSpec, site: Site) -> Made:
        """Make it.

        Parameters
        ----------
        definition
            `image.context` is the absolute path of a folder with exactly the files of the context;
            it is gone after the build.

        Raises
        ------
        EnvironmentFailed
            With the step that failed, why, and what to do next.
        """

    async def is_there(self, built: Built, compute: str, directory: Path) -> bool:
        """Whether what was built still is."""

    async def remove(self, built: Built, compute: str, directory: Path) -> None:
        """Delete what was built; the folder itself is deleted by the caller."""

    async def clean(self, workspace: str, compute: str) -> None:
        """Delete what builds that a killed service left unfinished have left, as by their labels.

        Called before the first build on that compute target, at most once for each.
        """


class InterpreterEnvironments:
    """Interpreters of this machine: there is nothing to prepare."""

    def ready(self, definition: EnvironmentSpec, compute: str) -> Built | None:
        return Built(id="", kind="interpreter", interpreter=definition.interpreter)

    async def prepare(self, definition: EnvironmentSpec, compute: str, audience: Audience) -> Built:
        return Built(id="", kind="interpreter", interpreter=definition.interpreter)

    def used(self, built: Built) -> None:
        return None

    def gone(self, built: Built) -> None:
        return None

    def lock_of(self, built: Built) -> Path | None:
        return None

    def modules_of(self, built: Built) -> frozenset[str] | None:
        return None
