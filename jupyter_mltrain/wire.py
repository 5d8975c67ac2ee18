"""JSON <-> spec, error code <-> HTTP status: the only place that knows either.

Requests are decoded strictly: an unknown key is refused by its path. Replies are decoded
leniently, so that an older client reads what a newer service says.
"""

from __future__ import annotations

from collections.abc import Mapping
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


class FilePage(Frozen, frozen=True, kw_only=True):
    """`GET /v1/runs/<id>/files`: ordered by name."""

    files: tuple[RunFile, ...]


class TagRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/runs/<id>/tags`."""

    set: Mapping[str, str | None] = {}
    remove: tuple[str, ...] = ()


class PropertyRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/runs/<id>/properties`: can be added, never changed."""

    add: Mapping[str, str]


class PriorityRequest(Frozen, frozen=True, kw_only=True):
    """`POST /v1/runs/<id>/priority`."""

    priority: int


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


class BeatFrame(Frozen, frozen=True, kw_only=True, tag="beat", tag_field="frame"):
    """In a follow stream: nothing happened for a while; the service is there."""


class ErrorReply(Frozen, frozen=True, kw_only=True):
    """Body of every reply with a status of 400 and above."""

    code: str
    message: str


STATUS: Final[Mapping[type[errors.MltrainError], int]] = {
    errors.NoSuchRun: 404,
    errors.NoSuchFile: 404,
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
