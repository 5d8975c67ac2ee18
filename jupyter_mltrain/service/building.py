"""One build while it goes on: who waits for it, and what they are told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from jupyter_mltrain.environments.base import Audience
from jupyter_mltrain.errors import MltrainError
from jupyter_mltrain.service.shelf import Place
from jupyter_mltrain.service.sites import BuildSite, Reader
from jupyter_mltrain.spec import Build, Built, EnvironmentSpec

_log = logging.getLogger(__name__)

_TELL_S: Final = 0.25
"""Between two things that are said about one build."""


class Work:
    """A build that goes on, for everybody who wants the same."""

    def __init__(
        self,
        build: Build,
        place: Place,
        definition: EnvironmentSpec,
        folder: Path,
        *,
        fresh: bool,
        tell: Callable[[Work], None],
    ) -> None:
        """Begin without a site and without a task.

        Parameters
        ----------
        folder
            Of the build.
        fresh
            What names and versions stand for is asked anew.
        tell
            Called in the event loop when there is something to say, a few times a second at most.
        """
        self.build = build
        self.place = place
        self.definition = definition
        self.folder = folder
        self.fresh = fresh
        self.held = False
        """A person asked for it: it goes on when no run waits for it any more."""
        self.done: asyncio.Future[Built] = asyncio.get_running_loop().create_future()
        """How it ends. Never cancelled: a cancelled build ends with `BuildCanceled`."""
        self.done.add_done_callback(_noticed)
        self.making = False
        """It has found out what it is, and that nobody else makes the same."""
        self.ending = False
        """It is decided how it ends; it only cleans up."""
        self.cancelled_because: str | None = None
        self.site: BuildSite
        self.task: asyncio.Task[None]
        self._audiences: list[Audience] = []
        self._tell = tell
        self._telling: asyncio.TimerHandle | None = None
        self._told_at = 0.0

    @property
    def reason(self) -> str:
        """What is being done, as in ``building image sklearn:3 · step 4 of 6, pip install``."""
        build = self.build
        what = "image" if self.definition.image is not None else "environment"
        label = build.name if build.version is None else f"{build.name}:{build.version}"
        doing = self.site.doing
        return f"building {what} {label}" + (f" · {doing}" if doing else "")

    async def wait(self, audience: Audience, threads: Executor) -> Built:
        """Wait with the others, reading the log; when the last gives up, so does the build."""
        with self._among_those_who_wait(audience):
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(threads, self._read_along, audience)
            self._say(audience)
            return await asyncio.shield(self.done)

    @contextmanager
    def _among_those_who_wait(self, audience: Audience) -> Iterator[None]:
        self._audiences.append(audience)
        try:
            yield
        finally:
            self._audiences.remove(audience)
            self.site.leave(audience)
            if not self._audiences and not self.held:
                self.cancel("cancelled: nothing waits for it any more")

    def _read_along(self, audience: Audience) -> None:
        try:
            audience.log.parent.mkdir(parents=True, exist_ok=True)
            reader = open(audience.log, "ab", buffering=0)  # noqa: SIM115 - closed by the site
        except OSError as error:
            _log.error("%s cannot be written: %s", audience.log, error.strerror)
            return
        self.site.join(audience, reader)

    async def wait_as(self, other: Work, threads: Executor) -> Built:
        """Wait on behalf of another build that turned out to be of the same."""
        audience = _Other(other)
        with self._among_those_who_wait(audience):
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(threads, self.site.join, audience, _Relay(other.site))
            return await asyncio.shield(self.done)

    def stepped(self) -> None:
        """Something is to be said, soon."""
        if self._telling is None and not self.done.done():
            loop = asyncio.get_running_loop()
            at = max(loop.time(), self._told_at + _TELL_S)
            self._telling = loop.call_at(at, self._tell_all)

    def _tell_all(self) -> None:
        self._telling = None
        self._told_at = asyncio.get_running_loop().time()
        if not self.done.done():
            self._tell(self)
            for audience in tuple(self._audiences):
                self._say(audience)

    def _say(self, audience: Audience) -> None:
        try:
            audience.said(self.reason)
        except MltrainError as error:
            # The run has moved on, or the disk is full: the build is for others too.
            _log.error("%s: %s", self.build.id, error)

    @property
    def may_be_joined(self) -> bool:
        """Whether it still goes on, and nobody has given it up."""
        return self.cancelled_because is None and not self.ending

    def cancel(self, because: str) -> None:
        """Ask it to end; does not wait."""
        if self.may_be_joined and not self.done.done():
            self.cancelled_because = because
            self.task.cancel()

    def close(self) -> None:
        """Say nothing more."""
        if self._telling is not None:
            self._telling.cancel()
        self.site.close()


class _Other:
    """Another build, as one of those who wait."""

    def __init__(self, work: Work) -> None:
        self.log = work.folder
        self._work = work

    def said(self, reason: str) -> None:
        self._work.stepped()


class _Relay(Reader):
    """Writes what one build says into the log of another."""

    def __init__(self, site: BuildSite) -> None:
        self._site = site

    def write(self, data: bytes, /) -> None:
        self._site.write(data.decode("utf-8", "replace"))

    def close(self) -> None:
        return None


def _noticed(done: asyncio.Future[Built]) -> None:
    """Look at how it ended, so that nobody is missed when nobody waits."""
    if not done.cancelled():
        done.exception()
