"""JSON <-> spec, error code <-> HTTP status: the only place that knows either.

Requests are decoded strictly: an unknown key is refused by its path. Replies are decoded
leniently, so that an older client reads what a newer service says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec

from jupyter_mltrain import errors
from jupyter_mltrain.wire.runs import ErrorReply

T = TypeVar("T")


STATUS: Final[Mapping[type[errors.MltrainError], int]] = {
    errors.NoSuchRun: 404,
    errors.NoSuchFile: 404,
    errors.NoSuchWorkspace: 404,
    errors.NoSuchEnvironment: 404,
    errors.NoSuchDatastore: 404,
    errors.NoSuchDataset: 404,
    errors.NoSuchModel: 404,
    errors.NoSuchSecret: 404,
    errors.DataUnavailable: 422,
    errors.FileExists: 409,
    errors.WrongState: 409,
    errors.WorkspaceLocked: 423,
    errors.DiskFull: 507,
    errors.ComputeTargetError: 400,
    errors.ComputeUnavailable: 502,
    errors.ServiceUnavailable: 503,
    errors.EnvironmentFailed: 422,
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
