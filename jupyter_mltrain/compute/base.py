"""The compute contract: what the service asks of every place that executes runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from jupyter_mltrain.spec import Capacity, ExitRecord, Frozen, Lease


class Container(Frozen, frozen=True, kw_only=True):
    """What makes a launch one in a container."""

    image: str
    """Id of an image that the engine has."""
    lease: Lease
    """Becomes the container's limits; GPUs become device requests."""
    shm_bytes: int
    arguments: tuple[str, ...] = ()
    """Options of ``docker run`` that the user gave; see `container_options`."""
    platform: str | None = None
    readonly: tuple[str, ...] = ()
    """Absolute paths of this machine that it sees under the same names and cannot change."""
    data: tuple[str, ...] = ()
    """More such paths, which links in the run's directory lead to. Where the engine does not see
    our files, those links are replaced by copies, and these paths are not carried there."""
    links: tuple[str, ...] = ()
    """Folders and links of the run's directory that lead to `data`."""


class Launch(Frozen, frozen=True, kw_only=True):
    """Everything a compute needs to execute one attempt of one run."""

    run_id: str
    attempt: int = 1
    """Which start of the run it is."""
    run_dir: str
    argv: tuple[str, ...]
    """The program and its arguments; the program is an absolute path."""
    cwd: str
    log: str
    """Absolute path of the file that takes stdout and stderr."""
    variables: Mapping[str, str]
    """Set over the environment that the compute gives by itself."""
    timeout_s: float
    grace_s: float = 10.0
    """From the request to stop until the run is killed."""
    memory_bytes: int | None = None
    """The run is ended when it uses more; `None` is no limit."""
    container: Container | None = None
    """`None`: a process of the compute's machine."""

    @property
    def control(self) -> Path:
        """Folder of the run directory that the compute keeps its own files in."""
        return Path(self.run_dir) / "control"


class Running(Frozen, frozen=True, kw_only=True):
    """It executes."""


class Exited(Frozen, frozen=True, kw_only=True):
    """It has ended and somebody saw how."""

    record: ExitRecord


class Gone(Frozen, frozen=True, kw_only=True):
    """It is not there any more and nobody saw how it ended."""

    reason: str


class Unreachable(Frozen, frozen=True, kw_only=True):
    """Whether it executes cannot be said right now."""

    reason: str


Observation = Running | Exited | Gone | Unreachable


class Compute(Protocol):
    """A place where runs execute. The contract suite checks, for every compute:

    1. `plan` has no effects; it returns what `start` would execute.
    2. `start` is idempotent per run directory: a second call finds the first run.
    3. `observe` never invents an ending: a run it cannot find is `Gone`, one it cannot reach is
       `Unreachable`; only an exit that was seen makes `Exited`.
    4. `ended` returns when `observe` has something final to say, also for a run that ended
       before the call, and for one that another process started; and when the run cannot be
       reached.
    5. `cancel` may be called any time, any number of times, and does not wait. After it no
       process of the run is left.
    6. A run that outlasts `timeout_s`, or uses more than `memory_bytes`, is ended by the compute
       itself, with that cause in its exit record: a run needs nobody else alive.
    """

    @property
    def name(self) -> str:
        """What users call it, as in ``--compute local``."""

    @property
    def kind(self) -> str:
        """What it is: "process", "docker" …"""

    def capacity(self) -> Capacity:
        """What all its runs together may hold."""

    def plan(self, launch: Launch) -> tuple[str, ...]:
        """The command that would be executed."""

    async def start(self, launch: Launch) -> str:
        """Start it, and return the handle by which any later process finds it again.

        Raises
        ------
        ComputeTargetError
            It could not be started; nothing was.
        EnvironmentGone
            Its image is not there any more; nothing was started.
        """

    async def observe(self, handle: str, control: Path) -> Observation:
        """Look now, without waiting."""

    async def ended(self, handle: str, control: Path) -> None:
        """Wait until it no longer executes."""

    async def cancel(self, handle: str, control: Path) -> None:
        """Ask it to end, then make it."""

    async def close(self) -> None:
        """Let go of what this object holds; runs go on."""
