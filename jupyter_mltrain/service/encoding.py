"""JSON of what may be long, made in steps that are each short.

Within one step no other thread gets on, the event loop's included; a list of a hundred
thousand files in one step keeps it for 50 ms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from jupyter_mltrain import wire

_STEP: Final = 1_000
"""Most elements of a list that are encoded, or freed, in one step."""


def encode(value: object) -> bytes:
    """What `wire.encode` makes of a type of `wire`, a mapping or a list. For a thread."""
    return b"".join(_pieces(value))


def drop(value: object) -> None:
    """Empty dicts and lists that nobody needs any more, a little at a time.

    To free a million numbers takes 40 ms, which is one step when it is left to the interpreter.
    """
    if isinstance(value, dict):
        while value:
            drop(value.popitem()[1])
    elif isinstance(value, list):
        while value:
            del value[-_STEP:]


def _pieces(value: object) -> Iterator[bytes]:
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        tag = {config.tag_field or "": config.tag} if config.tag is not None else {}
        yield from _pieces({**tag, **msgspec.structs.asdict(value)})
    elif isinstance(value, Mapping) and value:
        before = b"{"
        for key, part in value.items():
            yield before + wire.encode(str(key)) + b":"
            yield from _pieces(part)
            before = b","
        yield b"}"
    elif isinstance(value, list | tuple) and len(value) > _STEP:
        before = b"["
        for at in range(0, len(value), _STEP):
            yield before + wire.encode(value[at : at + _STEP])[1:-1]
            before = b","
        yield b"]"
    else:
        yield wire.encode(value)
