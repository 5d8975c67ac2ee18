"""Runs and requests for the tests of the service: a test says only what it is about."""

from __future__ import annotations

import secrets
from datetime import datetime, timezone
from typing import Any

from msgspec.structs import replace

from jupyter_mltrain.spec import EnvironmentSpec, Resources, Run, RunSpec, RunState, Source
from jupyter_mltrain.wire import SubmitRequest

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)


def a_spec(**given: Any) -> RunSpec:
    """A run's request; `cpus`, `gpus` and `memory_bytes` are its resources."""
    asked = {key: given.pop(key) for key in ("cpus", "gpus", "memory_bytes") if key in given}
    spec = RunSpec(experiment="digits", script="train.py", resources=Resources(**asked))
    return replace(spec, **given)


def a_request(**given: Any) -> SubmitRequest:
    """A submit of a one-line script, past the checks; what is no part of it goes to its spec.

    An `environment` is a definition, or the name of a registered one.
    """
    names = set(SubmitRequest.__struct_fields__)
    if not isinstance(given.get("environment"), str):
        names.remove("environment")
    own = {key: given.pop(key) for key in names if key in given}
    request = SubmitRequest(
        spec=a_spec(**given), source=Source(inline={"train.py": "print(1)\n"}), force=True
    )
    return replace(request, **own)


def a_run(number: int = 1, **given: Any) -> Run:
    """A run's record; what is no part of it goes to its spec."""
    names = set(Run.__struct_fields__)
    if isinstance(given.get("environment"), EnvironmentSpec):
        names.remove("environment")
    own = {key: given.pop(key) for key in names if key in given}
    run = Run(
        id=f"digits_{number}_{secrets.token_hex(4)}",
        number=number,
        state=RunState.QUEUED,
        reason="waiting to start",
        spec=a_spec(**given),
        created_at=NOON,
    )
    return replace(run, **own)
