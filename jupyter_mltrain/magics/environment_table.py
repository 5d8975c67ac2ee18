"""Environments as text: a table of all, and one in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from jupyter_mltrain import units
from jupyter_mltrain.core import words
from jupyter_mltrain.core.folding import plain
from jupyter_mltrain.spec import Build, BuildState, EnvironmentSpec
from jupyter_mltrain.wire import EnvironmentDetails, EnvironmentSummary

_STATES: Final = {BuildState.WAITING: "not built"}
_LISTED: Final = 12
"""Packages that are named; the rest is counted."""


def table(environments: Sequence[EnvironmentSummary], now: datetime) -> str:
    """One line for each under a line of titles."""
    rows = [("name", "version", "kind", "state", "size", "used")]
    rows += [
        (
            plain(each.name),
            each.latest,
            f"{each.kind}, comes with mltrain" if each.reserved else each.kind,
            _state(each.state),
            "" if each.size_bytes is None else units.size(each.size_bytes),
            "" if each.used_at is None else words.age(each.used_at, now),
        )
        for each in environments
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def described(details: EnvironmentDetails, now: datetime) -> str:
    """What the latest of these versions is made of, and how each stands."""
    spec = details.versions[0].spec
    lines = [f"{details.name}:{spec.version}", *_parts(spec)]
    for each in details.versions:
        at = "" if each.registered_at is None else f", {words.age(each.registered_at, now)}"
        lines.append(f"  version {each.spec.version}{at}: {_built(each.build)}")
    return "\n".join(map(plain, lines))


def _parts(spec: EnvironmentSpec) -> Iterator[str]:
    if spec.image is not None:
        image = spec.image
        if image.image is not None:
            yield f"  image {image.image}"
        else:
            yield from ("  Dockerfile", *(f"    {line}" for line in _lines(image.dockerfile)))
        if image.arguments:
            yield f"  docker run {' '.join(image.arguments)}"
    if spec.packages is not None:
        packages = spec.packages
        if packages.python is not None:
            yield f"  python {packages.python}"
        for kind, names in (("conda", packages.conda), ("pip", packages.pip)):
            if names:
                more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
                yield f"  {kind} {', '.join(names[:_LISTED])}{more}"
    elif spec.image is None:
        yield f"  interpreter {spec.interpreter or 'of the service'}"
    for name, value in spec.variables.items():
        yield f"  {name}={value}"


def _lines(dockerfile: str | None) -> list[str]:
    return (dockerfile or "").strip().splitlines()


def _built(build: Build | None) -> str:
    if build is None:
        return _state(BuildState.WAITING)
    reason = f", {build.reason}" if build.reason and build.state is not BuildState.BUILT else ""
    size = "" if build.size_bytes is None else f", {units.size(build.size_bytes)}"
    return f"{_state(build.state)} on {build.compute}{size}{reason}"


def _state(state: BuildState) -> str:
    return _STATES.get(state, state.value.lower())
