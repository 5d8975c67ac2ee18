"""What a run is: its request, its record, its states."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from jupyter_mltrain.spec.base import Frozen
from jupyter_mltrain.spec.computes import Node, Resources
from jupyter_mltrain.spec.data import DataInput, DataOutput, Delivered
from jupyter_mltrain.spec.environments import Built, EnvironmentSpec

MAX_RUN_DURATION_S: Final = 2_592_000
"""Thirty days, Azure ML's default limit of a run."""

DRIVER_LOG: Final = "azureml-logs/70_driver_log.txt"
"""What the script wrote to stdout and stderr, under the name Azure ML gave it."""

CONTROL_LOG: Final = "azureml-logs/60_control_log.txt"
"""What the service did for the run, line by line with times."""

CELL_SCRIPT: Final = "cell.py"
"""The file that a `%%train` cell becomes."""


class RunState(str, enum.Enum):
    """The states of a run, spelled as Azure ML spells them."""

    NOT_STARTED = "NotStarted"
    PREPARING = "Preparing"
    PROVISIONING = "Provisioning"
    QUEUED = "Queued"
    STARTING = "Starting"
    RUNNING = "Running"
    FINALIZING = "Finalizing"
    CANCEL_REQUESTED = "CancelRequested"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"
    NOT_RESPONDING = "NotResponding"

    @property
    def final(self) -> bool:
        """Whether nothing can follow this state."""
        return self in _FINAL

    @property
    def waiting(self) -> bool:
        """Whether the script has not been started yet."""
        return self in _WAITING

    def __str__(self) -> str:
        return self.value


_FINAL: Final = frozenset({RunState.COMPLETED, RunState.FAILED, RunState.CANCELED})
_WAITING: Final = frozenset(
    {RunState.NOT_STARTED, RunState.PREPARING, RunState.PROVISIONING, RunState.QUEUED}
)

S = RunState
ALLOWED_MOVES: Final[Mapping[RunState, frozenset[RunState]]] = {
    S.NOT_STARTED: frozenset({S.PREPARING, S.QUEUED, S.RUNNING, S.FAILED, S.CANCELED}),
    S.PREPARING: frozenset({S.PROVISIONING, S.QUEUED, S.CANCEL_REQUESTED, S.FAILED, S.CANCELED}),
    S.PROVISIONING: frozenset({S.QUEUED, S.CANCEL_REQUESTED, S.FAILED, S.CANCELED}),
    S.QUEUED: frozenset({S.PREPARING, S.PROVISIONING, S.STARTING, S.FAILED, S.CANCELED}),
    S.STARTING: frozenset({S.RUNNING, S.QUEUED, S.CANCEL_REQUESTED, S.FAILED, S.CANCELED}),
    S.RUNNING: frozenset(
        {
            S.QUEUED,
            S.FINALIZING,
            S.CANCEL_REQUESTED,
            S.NOT_RESPONDING,
            S.COMPLETED,
            S.FAILED,
            S.CANCELED,
        }
    ),
    S.NOT_RESPONDING: frozenset(
        {S.RUNNING, S.QUEUED, S.FINALIZING, S.CANCEL_REQUESTED, S.COMPLETED, S.FAILED, S.CANCELED}
    ),
    S.CANCEL_REQUESTED: frozenset({S.FINALIZING, S.COMPLETED, S.FAILED, S.CANCELED}),
    S.FINALIZING: frozenset({S.COMPLETED, S.FAILED, S.CANCELED}),
    S.COMPLETED: frozenset(),
    S.FAILED: frozenset(),
    S.CANCELED: frozenset(),
}
"""From each state, the states that may follow. No final state has a successor.

From Running back to Queued goes a run that failed and is started again.
"""
del S


class RunKind(str, enum.Enum):
    """What made the run."""

    SCRIPT = "script"
    CELL = "cell"
    NOTEBOOK = "notebook"
    CHILD = "child"
    INTERACTIVE = "interactive"
    """A process that is not ours, a notebook's kernel say, logs to it until it ends it."""


class CellSpec(Frozen, frozen=True, kw_only=True):
    """What makes a `%%train` cell more than a script."""

    inputs: tuple[str, ...] = ()
    """Names of notebook variables that the cell finds defined."""
    outputs: tuple[str, ...] = ()
    """Names of variables that are kept when the cell ends."""


class RunSpec(Frozen, frozen=True, kw_only=True):
    """One execution of one script: everything that decides what happens."""

    experiment: str
    script: str
    """Path in the snapshot, with forward slashes."""
    name: str | None = None
    kind: RunKind = RunKind.SCRIPT
    arguments: tuple[str, ...] = ()
    variables: Mapping[str, str] = {}
    compute: str = "local"
    environment: EnvironmentSpec = EnvironmentSpec()
    resources: Resources = Resources()
    timeout_s: float = MAX_RUN_DURATION_S
    priority: int = 0
    """Higher starts first; equals start in the order they were submitted."""
    node_count: int = 1
    processes_per_node: int = 1
    framework: str = "Python"
    """"Python", "PyTorch" or "TensorFlow": what the processes of several nodes are told of each
    other in."""
    communicator: str = "None"
    """"None", "IntelMpi", "Nccl", "Gloo" or "ParameterServer"."""
    retries: int = 0
    """How often a run that fails is started again."""
    inputs: tuple[DataInput, ...] = ()
    outputs: tuple[DataOutput, ...] = ()
    cell: CellSpec | None = None


class Source(Frozen, frozen=True, kw_only=True):
    """Where the files of a run come from. Directory, then `inline` files over it."""

    directory: str | None = None
    """Absolute path of a folder to take a snapshot of."""
    include: tuple[str, ...] | None = None
    """Take only these paths of the folder, relative to it; `None` takes all not ignored."""
    inline: Mapping[str, str] = {}
    """Further text files: path in the snapshot -> text."""
    snapshot: str | None = None
    """An existing snapshot's id, instead of all of the above."""


class GitState(Frozen, frozen=True, kw_only=True):
    """The repository that the source directory belongs to, as it was at submit."""

    repository: str | None = None
    branch: str | None = None
    commit: str | None = None
    dirty: bool = False


class ExitRecord(Frozen, frozen=True, kw_only=True):
    """How the script's process ended, as its reaper saw it."""

    status: int | None = None
    """Exit status 0 to 255, or `None` when a signal ended it or it never started."""
    signal: int | None = None
    cause: str | None = None
    """Who ended it, if not the script itself: "cancel", "timeout", "memory", "start"."""
    message: str | None = None
    """With cause "start": why the process could not be started."""
    oom_killed: bool = False
    """The kernel killed a process of the machine for memory while the script ran."""
    leftovers: int = 0
    """How many processes the script left behind, ended since."""
    cpu_s: float = 0.0
    max_rss_bytes: int = 0
    ended_at: datetime | None = None


class Run(Frozen, frozen=True, kw_only=True):
    """The record of one run, as the service keeps and reports it."""

    id: str
    number: int
    """Counts up from 1 in each workspace; what people type."""
    state: RunState
    reason: str
    spec: RunSpec
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    version: int = 1
    """Grows with every change of the record."""
    attempt: int = 1
    """Counts the starts of the script, from 1; more than `spec.retries` + 1 never come."""
    parent_id: str | None = None
    snapshot_id: str | None = None
    source_directory: str | None = None
    git: GitState | None = None
    nodes: tuple[Node, ...] = ()
    environment: Built | None = None
    """What exactly it ran in; `None` until that is there."""
    data: tuple[Delivered, ...] = ()
    """What it got for its inputs; empty until that is there."""
    exit: ExitRecord | None = None
    warnings: tuple[str, ...] = ()
    advice: str | None = None
    """After a failure: what to do next, one sentence."""
    tags: Mapping[str, str | None] = {}
    properties: Mapping[str, str] = {}
    description: str | None = None
    submitted_by: str = ""
    workspace_id: str = ""
    rank: float | None = None
    """Place among waiting runs of one priority, the lowest first; `None` is the number's."""

    @property
    def label(self) -> str:
        """The name and number that people see, as in ``digits #42``."""
        return f"{self.spec.name or self.spec.experiment} #{self.number}"


class StateChange(Frozen, frozen=True, kw_only=True):
    """One step of a run's life, in the order it happened."""

    state: RunState
    reason: str
    at: datetime


class RunFile(Frozen, frozen=True, kw_only=True):
    """One file of a run: a log, an output, something it uploaded."""

    name: str
    size_bytes: int
    modified_at: datetime


_EXPERIMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}\Z")


def is_experiment_name(name: str) -> bool:
    """Whether `name` can name an experiment: 1 to 255 of letters, digits, ``_ - .``.

    References
    ----------
    Azure ML's service allows up to 256 characters; 255 bytes is what a file name holds.
    """
    return _EXPERIMENT.match(name) is not None
