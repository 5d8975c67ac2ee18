"""JSON <-> spec, error code <-> HTTP status: the only place that knows either.

Requests are decoded strictly: an unknown key is refused by its path. Replies are decoded
leniently, so that an older client reads what a newer service says.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from jupyter_mltrain import errors
from jupyter_mltrain.spec import Frozen, Resources, Run, RunFile, RunSpec, Source

PROTOCOL: Final = 1
"""Grows when an old client could no longer talk to a new service."""

T = TypeVar("T")


class SubmitRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/runs`."""

    spec: RunSpec
    source: Source
    request_id: str | None = None
    """Made by the client: the same request sent again after a cut finds the first run."""
    inputs: Mapping[str, str] = {}
    """Variable name -> path of a pickle in the workspace's `staging` folder; taken over."""
    tags: Mapping[str, str | None] = {}
    properties: Mapping[str, str] = {}
    force: bool = False
    """Skip the preflight checks."""


class RunPage(Frozen, frozen=True, kw_only=True):
    """`GET /v1/runs`: newest first."""

    runs: tuple[Run, ...]
    next_before: int | None = None
    """Pass as `before` for the next page; `None` after the last."""
    total: int | None = None
    """How many runs the filters leave, on this page or not; only with `skip`, which counts them."""


class FilePage(Frozen, frozen=True, kw_only=True):
    """`GET /v1/runs/<id>/files`: ordered by name."""

    files: tuple[RunFile, ...]
    total: int = 0
    """How many there are, on this page or not."""
    total_bytes: int = 0
    next_after: str | None = None
    """Pass as `after` for the next page; `None` after the last."""


class FolderEntry(Frozen, frozen=True, kw_only=True):
    """A file or a folder of a run, as one level of a tree shows it."""

    name: str
    """Last part of the path."""
    path: str
    """From the run's files on, as in ``outputs/plots``."""
    is_folder: bool
    size_bytes: int | None = None
    """Of a file; `None` for a folder."""
    modified_at: datetime | None = None


class FolderPage(Frozen, frozen=True, kw_only=True):
    """`GET /v1/runs/<id>/folder`: one level, folders first, then by name."""

    entries: tuple[FolderEntry, ...]
    total: int
    next_after: str | None = None
    """Pass as `after` for the next page; `None` after the last."""


class SnapshotFile(Frozen, frozen=True, kw_only=True):
    """One file that was shipped with a run."""

    name: str
    size_bytes: int


class SnapshotPage(Frozen, frozen=True, kw_only=True):
    """`GET /v1/runs/<id>/snapshot`: what was shipped, ordered by name."""

    files: tuple[SnapshotFile, ...]
    total: int
    total_bytes: int
    next_after: str | None = None


class LogMatch(Frozen, frozen=True, kw_only=True):
    """`GET /v1/runs/<id>/search`: where the next match is; all `None` when there is none."""

    offset: int | None = None
    """Of the first byte of the match."""
    size_bytes: int | None = None
    line_offset: int | None = None
    """Of the first byte of the line that it is in."""


class AgainRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/runs/<id>/again`: the same snapshot, inputs and settings, but for what is given."""

    request_id: str | None = None
    resources: Resources | None = None
    arguments: tuple[str, ...] | None = None
    variables: Mapping[str, str] | None = None
    timeout_s: float | None = None
    priority: int | None = None
    name: str | None = None


class ArgumentsRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/arguments`: a script or notebook in a folder, or its text."""

    directory: str | None = None
    script: str | None = None
    text: str | None = None


class ArgumentChoice(Frozen, frozen=True, kw_only=True):
    """One argument of a script, as its argparse defines it."""

    name: str
    """``--rate``, or ``data`` for a positional one."""
    positional: bool
    required: bool
    type: str
    """"int", "float", "text" or "flag"."""
    default: str | None = None
    choices: tuple[str, ...] = ()
    help: str | None = None
    repeated: bool = False
    """Takes several values."""


class ScriptArguments(Frozen, frozen=True, kw_only=True):
    """`POST /v1/arguments`: what a script asks for; empty when it uses no argparse, or several."""

    arguments: tuple[ArgumentChoice, ...]


class Preview(Frozen, frozen=True, kw_only=True):
    """`POST /v1/preview`: what a submit would ship, and what the checks say. Nothing is changed."""

    files: tuple[SnapshotFile, ...]
    """The largest first, at most 100."""
    total: int
    total_bytes: int
    ignored: tuple[str, ...] = ()
    """Paths that are left out, at most 100; a folder stands for all in it."""
    ignored_total: int = 0
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    """Why a submit would be refused."""


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
    """Runs and blobs together."""
    blobs: int
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
    queued: int
    queue_paused: str | None = None
    """Why nothing new starts, or `None`."""


class LogFrame(Frozen, frozen=True, kw_only=True, tag="log", tag_field="frame"):
    """In a follow stream: `size_bytes` raw bytes of `log`, from `offset`, come right after."""

    log: str
    offset: int
    size_bytes: int


class RunFrame(Frozen, frozen=True, kw_only=True, tag="run", tag_field="frame"):
    """In a follow stream: the run's record changed."""

    run: Run


class MetricPoint(Frozen, frozen=True, kw_only=True):
    """One value that a run has logged."""

    name: str
    column: str | None = None
    """Of a row or a table."""
    value: float | None = None
    """`None` for what is no finite number."""
    text: str | None = None
    """For what is no number; for an image, the name of its file."""
    image: bool = False
    step: float | None = None
    at: float
    """Unix seconds."""


class MetricsFrame(Frozen, frozen=True, kw_only=True, tag="metrics", tag_field="frame"):
    """In a follow stream: what was logged between two offsets of the run's journal.

    Of a long past only some points of each series come, the extremes among them.
    """

    offset: int
    next_offset: int
    points: tuple[MetricPoint, ...]


class ChangeFrame(Frozen, frozen=True, kw_only=True, tag="change", tag_field="frame"):
    """In the events stream: a run is new or its record has changed."""

    cursor: str
    run: Run


class DeletedFrame(Frozen, frozen=True, kw_only=True, tag="deleted", tag_field="frame"):
    """In the events stream: a run was deleted."""

    cursor: str
    run_id: str


class ResetFrame(Frozen, frozen=True, kw_only=True, tag="reset", tag_field="frame"):
    """In the events stream, first: what came before is unknown; look at everything anew."""

    cursor: str


class QueueFrame(Frozen, frozen=True, kw_only=True, tag="queue", tag_field="frame"):
    """In the events stream: one of these is another. Changes of runs tell of all the rest."""

    running: int
    queued: int
    paused: str | None = None


class ServiceFrame(Frozen, frozen=True, kw_only=True, tag="service", tag_field="frame"):
    """In the events stream, from the Jupyter server: how the service is."""

    state: str
    """"up", "restarting" or "failed"."""
    message: str = ""


class ErrorFrame(Frozen, frozen=True, kw_only=True, tag="error", tag_field="frame"):
    """In a stream from the Jupyter server, last: why it cannot go on."""

    code: str
    message: str


class BeatFrame(Frozen, frozen=True, kw_only=True, tag="beat", tag_field="frame"):
    """In a follow stream: nothing happened for a while; the service is there."""


class WorkspaceInfo(Frozen, frozen=True, kw_only=True):
    """One workspace of this user."""

    id: str
    name: str
    directory: str
    default: bool = False
    there: bool = True
    """Whether its folder still is where it was."""


class ServerInfo(Frozen, frozen=True, kw_only=True):
    """`GET mltrain/api/workspaces`: what the Jupyter server can offer."""

    version: str
    workspaces: tuple[WorkspaceInfo, ...]


class PythonInfo(Frozen, frozen=True, kw_only=True):
    """An interpreter of this machine that runs can use."""

    name: str
    interpreter: str
    version: str
    default: bool = False


class SubmitForm(Frozen, frozen=True, kw_only=True):
    """`POST mltrain/api/workspaces/<ws>/submit` and `/preview`: a run in the words of a page.

    Paths are those of the file browser; they never leave Jupyter's root folder.
    """

    path: str | None = None
    """The script or notebook. Either this or `code`."""
    code: str | None = None
    """The text of a cell; runs in the folder `source`."""
    source: str | None = None
    """The folder that travels; by default the script's own."""
    experiment: str | None = None
    name: str | None = None
    arguments: tuple[str, ...] = ()
    variables: Mapping[str, str] = {}
    tags: Mapping[str, str | None] = {}
    interpreter: str | None = None
    """Absolute path of a Python; `None` is the Jupyter server's own."""
    compute: str = "local"
    resources: Resources = Resources()
    timeout_s: float | None = None
    priority: int = 0
    force: bool = False
    request_id: str | None = None


class RunCard(Frozen, frozen=True, kw_only=True):
    """``application/vnd.jupyter-mltrain.run+json``: what a cell's output says of its run.

    The page shows the run itself; this is for when it is gone. Its output is in the
    ``text/plain`` beside it.
    """

    version: int = 1
    workspace_id: str
    run: Run
    files: tuple[RunFile, ...] = ()
    """Of an ended run: some of what it kept."""


class ErrorReply(Frozen, frozen=True, kw_only=True):
    """Body of every reply with a status of 400 and above."""

    code: str
    message: str


STATUS: Final[Mapping[type[errors.MltrainError], int]] = {
    errors.NoSuchRun: 404,
    errors.NoSuchFile: 404,
    errors.NoSuchWorkspace: 404,
    errors.FileExists: 409,
    errors.WrongState: 409,
    errors.WorkspaceLocked: 423,
    errors.DiskFull: 507,
    errors.ComputeTargetError: 400,
    errors.ComputeUnavailable: 502,
    errors.ServiceUnavailable: 503,
    errors.UserError: 400,
    errors.MltrainError: 500,
}


def status_of(error: errors.MltrainError) -> int:
    """HTTP status of an error: its class's, else its nearest base's."""
    return next(STATUS[base] for base in type(error).__mro__ if base in STATUS)


def _error_classes(base: type[errors.MltrainError]) -> dict[str, type[errors.MltrainError]]:
    found = {base.code: base}
    for sub in base.__subclasses__():
        found |= _error_classes(sub)
    return found


ERRORS: Final = _error_classes(errors.MltrainError)


def encode(value: object) -> bytes:
    """Encode any of this module's or `spec`'s types (or plain containers of them)."""
    return msgspec.json.encode(value)


def encode_error(error: errors.MltrainError) -> bytes:
    return encode(ErrorReply(code=error.code, message=error.message))


def decode_error(body: bytes, status: int) -> errors.MltrainError:
    """Rebuild the error that a reply carries; a foreign body still gives a sentence."""
    try:
        reply = msgspec.json.decode(body, type=ErrorReply)
    except msgspec.DecodeError:
        text = body[:200].decode("utf-8", "replace")
        return errors.ServiceUnavailable(f"The service answered {status} with {text!r}.")
    return ERRORS.get(reply.code, errors.MltrainError)(reply.message)


def decode_reply(body: bytes, type_: type[T]) -> T:
    """Decode a reply; keys that this version does not know are left out."""
    return msgspec.json.decode(body, type=type_)


def decode_request(body: bytes, type_: type[T]) -> T:
    """Decode a request; raises `InvalidSpec` naming the key that is unknown or wrong."""
    try:
        raw = msgspec.json.decode(body)
        value = msgspec.convert(raw, type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise errors.InvalidSpec(f"The request is not understood: {error}.") from None
    unknown = _unknown_key(raw, value, "")
    if unknown is not None:
        raise errors.InvalidSpec(f"The request has an unknown key {unknown!r}.")
    return value


def _unknown_key(raw: Any, value: object, path: str) -> str | None:
    """Path of the first key in `raw` that `value`, which was made from it, has no field for."""
    if isinstance(value, msgspec.Struct) and isinstance(raw, dict):
        fields = value.__struct_fields__
        for key, part in raw.items():
            where = f"{path}.{key}" if path else key
            if key not in fields:
                return where
            found = _unknown_key(part, getattr(value, key), where)
            if found is not None:
                return found
    return None
