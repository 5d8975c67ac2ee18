"""The handle of a run in a container: enough for any later service to find and judge it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from jupyter_mltrain.compute.reaper import CANCELED_MODE


class Handle(msgspec.Struct, frozen=True):
    """Enough to find a run's container again, and to know how it was started."""

    container: str
    shared: bool
    log: str
    grace_s: float
    until: float
    """Seconds since the epoch at which its time is over."""
    limited: bool
    """Whether its memory is."""
    owner: str | None = None
    """Whom the files are given to at the end."""
    image: str = ""
    engine: str = ""
    """Id of the one that has the container."""


def decode(text: str) -> Handle:
    """A handle again; one torn by a power cut names no container that there is."""
    try:
        return msgspec.json.decode(text, type=Handle)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return unknown()


def unknown() -> Handle:
    """The handle of no container that there is."""
    return Handle(
        container="mltrain-unknown", shared=True, log="", grace_s=0, until=0, limited=False
    )


def encode(handle: Handle) -> str:
    """What the service stores, and the run's ``control/reaper.json`` says."""
    return msgspec.json.encode(handle).decode()


def cancel(control: Path) -> None:
    """Note that the run is to end: by a mode, which can be set on a full disk as well."""
    try:
        (control / "reaper.json").chmod(CANCELED_MODE)
    except FileNotFoundError:
        pass  # deleted by the script, or there never was a run


def is_canceled(control: Path) -> bool:
    """Whether that was noted."""
    try:
        return (control / "reaper.json").stat().st_mode & 0o777 == CANCELED_MODE
    except OSError:
        return False  # deleted by the script
