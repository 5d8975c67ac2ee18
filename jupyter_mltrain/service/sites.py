"""Where one build takes place: its log, its steps, and those who wait for it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from msgspec.structs import replace

from jupyter_mltrain.service.roster import Clock
from jupyter_mltrain.spec import BuildStep

LOG: Final = "build.log"
"""Name of a build's log, in its folder."""

MADE: Final = "made"
"""Name of the builder's own folder in that of the build."""

CONTEXT: Final = "context"
"""Name of the folder, in that of the build, with what a Dockerfile copies from."""

_log = logging.getLogger(__name__)


class Reader(Protocol):
    """Takes a build's log as it grows."""

    def write(self, data: bytes, /) -> object:
        """Take the next piece; `OSError` when that cannot be done."""

    def close(self) -> None:
        """No more comes."""


class BuildSite:
    """A `Site` that keeps the log in the build's folder and copies it to all who wait.

    Steps, writes and readers come from any thread.
    """

    def __init__(
        self,
        folder: Path,
        *,
        workspace: str,
        build_id: str,
        compute: str,
        clock: Clock,
        stepped: Callable[[], None],
    ) -> None:
        """Begin the log.

        Parameters
        ----------
        folder
            Of the build; made here, with what it is made in.
        stepped
            Called in the event loop after each change of the steps.
        """
        self.workspace = workspace
        self.id = build_id
        self.compute = compute
        self.directory = folder / MADE
        self.identity = ""
        self.lock: str | None = None
        self.tag = ""
        self._folder = folder
        self._clock = clock
        self._stepped = stepped
        self._loop = asyncio.get_running_loop()
        self._guard = threading.RLock()
        self._readers: dict[object, Reader] = {}
        self._steps: list[BuildStep] = []
        self._expected: int | None = None
        self.directory.mkdir(parents=True)
        self._file = open(folder / LOG, "ab", buffering=0)  # noqa: SIM115 - until `close`

    # For the builder

    def write(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        with self._guard:
            if self._file.closed:
                return  # a tool's last words after its build was cancelled
            self._file.write(data)
            for who, reader in tuple(self._readers.items()):
                try:
                    reader.write(data)
                except OSError as error:
                    # The build is for others too; a run on a full disk fails by itself.
                    _log.error("a copy of the log of %s ends: %s", self.id, error.strerror)
                    self.leave(who)

    @contextmanager
    def step(self, name: str, *, cached: bool = False) -> Iterator[None]:
        with self._guard:
            at = len(self._steps)
            self._steps.append(BuildStep(name=name, started_at=self._clock(), cached=cached))
            if self._expected is not None:
                self._expected = max(self._expected, at + 1)
            self.write(f"{self._place(at)}{' (cached)' if cached else ''}\n")
        self._tell()
        problem = None
        try:
            yield
        except BaseException as error:
            cancelled = isinstance(error, asyncio.CancelledError | GeneratorExit)
            problem = "cancelled" if cancelled else str(error) or type(error).__name__
            raise
        finally:
            with self._guard:
                self._steps[at] = replace(self._steps[at], ended_at=self._clock(), problem=problem)
            self._tell()

    def expect(self, steps: int) -> None:
        with self._guard:
            self._expected = max(steps, len(self._steps))
        self._tell()

    def _tell(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._stepped)
        except RuntimeError:
            pass  # the service has left, and a thread that it did not wait for goes on for a moment

    # For the service

    @property
    def steps(self) -> tuple[BuildStep, ...]:
        """All that have begun, in order."""
        with self._guard:
            return tuple(self._steps)

    @property
    def doing(self) -> str:
        """As in ``step 4 of 6, install packages``; empty before the first.

        How many there are is not said before the builder knows.
        """
        with self._guard:
            last = len(self._steps) - 1
            return "" if last < 0 else _small(self._place(last))

    def _place(self, at: int) -> str:
        of = "" if self._expected is None else f" of {self._expected}"
        return f"Step {at + 1}{of}, {self._steps[at].name}"

    def join(self, who: object, reader: Reader) -> None:
        """Give someone the log so far, and from now on everything. For a thread."""
        with self._guard:
            if who in self._readers:
                reader.close()
                return
            self._readers[who] = reader
            try:
                reader.write((self._folder / LOG).read_bytes())
            except OSError as error:
                _log.error("a copy of the log of %s ends: %s", self.id, error.strerror)
                self.leave(who)
            if self._file.closed:  # it has just ended: that was all
                self.leave(who)

    def leave(self, who: object) -> None:
        """Let go of someone who waits no longer."""
        with self._guard:
            reader = self._readers.pop(who, None)
            if reader is not None:
                reader.close()

    def close(self) -> None:
        """End the log: nothing more is written."""
        with self._guard:
            for who in tuple(self._readers):
                self.leave(who)
            self._file.close()


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]
