"""Requests about runs and the service, and what they are answered with."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_mltrain.spec import Frozen, Resources, Run, RunSpec, RunState, Source


class SubmitRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/runs`."""

    spec: RunSpec
    source: Source
    environment: str | None = None
    """A registered environment, ``NAME`` or ``NAME:VERSION``, in place of the spec's."""
    request_id: str | None = None
    """Made by the client: the same request sent again after a cut finds the first run."""
    inputs: Mapping[str, str] = {}
    """Variable name -> path of a pickle in the workspace's `staging` folder; taken over."""
    tags: Mapping[str, str | None] = {}
    properties: Mapping[str, str] = {}
    force: bool = False
    """Skip the preflight checks."""


class OpenRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/runs/open`: a run that the caller's own process logs to, at once Running."""

    experiment: str
    name: str | None = None
    run_id: str | None = None
    """Letters, digits, ``_ . -``; by default one is made."""
    parent: str | None = None
    """A run that goes on: the new one is its child, and ends with it."""
    source: Source | None = None
    """What a snapshot is taken of; `None` takes none."""
    tags: Mapping[str, str | None] = {}
    pid: int | None = None
    """The process that logs. When it is gone without having ended the run, the run has failed."""
    started_at: float | None = None
    """When that process started, unix seconds: a number may be given to another process."""
    request_id: str | None = None


class EndRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/runs/<id>/end`: of an opened run or a child; Failed also of a run with a script."""

    state: RunState
    """Completed, Failed or Canceled."""
    reason: str | None = None


class RunChange(Frozen, frozen=True, kw_only=True):
    """`POST /v1/runs/<id>`: what is `None` stays as it is."""

    name: str | None = None
    """Empty for none."""
    description: str | None = None
    """Empty for none."""
    source: Source | None = None
    """What a snapshot is taken of, for an opened run that has none."""


class RunPage(Frozen, frozen=True, kw_only=True):
    """`GET /v1/runs`: newest first."""

    runs: tuple[Run, ...]
    next_before: int | None = None
    """Pass as `before` for the next page; `None` after the last."""
    total: int | None = None
    """How many runs the filters leave, on this page or not; only with `skip`, which counts them."""


class AgainRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/runs/<id>/again`: the same snapshot, inputs and settings, but for what is given."""

    request_id: str | None = None
    resources: Resources | None = None
    arguments: tuple[str, ...] | None = None
    variables: Mapping[str, str] | None = None
    timeout_s: float | None = None
    priority: int | None = None
    retries: int | None = None
    name: str | None = None
    packages: tuple[str, ...] = ()
    """Requirements that its environment gets besides its own; a module's name stands for the
    package that has it."""


class TagRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/runs/<id>/tags`."""

    set: Mapping[str, str | None] = {}
    remove: tuple[str, ...] = ()


class PropertyRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/runs/<id>/properties`: can be added, never changed."""

    add: Mapping[str, str]


class PriorityRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/runs/<id>/priority`: exactly one of these."""

    priority: int | None = None
    before: str | None = None
    """A waiting run: start just before it, with its priority."""
    after: str | None = None
    """A waiting run: start just after it, with its priority."""


class GcRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/gc`. Takes the oldest finished runs first."""

    older_than_s: float | None = None
    """Take every finished run that ended longer ago than this."""
    keep_bytes: int | None = None
    """Take finished runs until the workspace holds no more than this."""
    dry_run: bool = True


class GcItem(Frozen, frozen=True, kw_only=True):
    """One run that is, or would be, taken."""

    id: str
    number: int
    label: str
    size_bytes: int


class GcReport(Frozen, frozen=True, kw_only=True):
    """What a clean-up takes: runs, and blobs that no run left needs."""

    runs: tuple[GcItem, ...]
    freed_bytes: int
    """Runs, blobs and cached files together."""
    blobs: int
    cached: int = 0
    """Remote files of the cache, which are fetched again when they are wanted."""
    dry_run: bool


class QueueEntry(Frozen, frozen=True, kw_only=True):
    """One waiting run, in the order they will start."""

    run_id: str
    label: str
    position: int
    reason: str
    resources: Resources


class ServiceStatus(Frozen, frozen=True, kw_only=True):
    """`GET /v1/status`."""

    version: str
    protocol: int
    pid: int
    workspace_id: str
    workspace: str
    started_at: str
    running: int
    """How many runs it executes; those that others log to are not among them."""
    queued: int
    queue_paused: str | None = None
    """Why nothing new starts, or `None`."""


class ErrorReply(Frozen, frozen=True, kw_only=True):
    """Body of every reply with a status of 400 and above."""

    code: str
    message: str
