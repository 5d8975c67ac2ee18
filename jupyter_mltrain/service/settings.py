"""What a user can set for a workspace, in its ``settings.json``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from jupyter_mltrain.environments import curated
from jupyter_mltrain.errors import WorkspaceError


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one workspace; a missing file or key means the default."""

    cpus: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """CPUs that all runs together may use; the default is all that this machine has."""
    memory_bytes: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Memory that runs may book together; the default is all that this machine has."""
    disk_floor_bytes: Annotated[int, msgspec.Meta(ge=0)] = 500_000_000
    """Nothing new starts while the workspace's disk has less free than this."""
    idle_timeout_s: Annotated[float, msgspec.Meta(ge=0)] = 900.0
    """The service leaves after this long without runs and clients."""
    cancel_grace_s: Annotated[float, msgspec.Meta(ge=0)] = 10.0
    """From SIGTERM to SIGKILL when a run is cancelled."""
    build_timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 7200.0
    """An environment whose build takes longer than this is given up."""
    base_image: Annotated[str, msgspec.Meta(min_length=1)] = curated.BASE_IMAGE
    """What the default image of environments is built from: a Debian with Python, or its like."""
    engine_url: str | None = None
    """This machine's Docker Engine; by default the one that the ``docker`` command uses."""


def load(directory: Path) -> Settings:
    """Read the workspace's settings.

    Raises
    ------
    WorkspaceError
        The file is there and cannot be read or understood; the key is named.
    """
    path = directory / "settings.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Settings)
    except FileNotFoundError:
        return Settings()
    except (OSError, msgspec.DecodeError, msgspec.ValidationError) as error:
        raise WorkspaceError(f"{path} cannot be used: {error}. Correct or delete it.") from None
