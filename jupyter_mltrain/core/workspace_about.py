"""What a user says of a workspace: a small file in it."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import msgspec

from jupyter_mltrain import workspaces
from jupyter_mltrain.errors import WorkspaceError
from jupyter_mltrain.spec import Frozen


class Said(Frozen, frozen=True, kw_only=True):
    """What the file says."""

    friendly_name: str | None = None
    description: str | None = None
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class About:
    """The file ``about.json`` of a workspace, which need not be there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Said:
        """What it says; nothing where there is no file."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Said)
        except (FileNotFoundError, NotADirectoryError):
            return Said()
        except (msgspec.DecodeError, OSError) as error:
            raise WorkspaceError(f"{self._path} cannot be read: {error}. Move it away.") from None

    def change(
        self,
        friendly_name: str | None = None,
        description: str | None = None,
        tags: dict[str, str] | None = None,
    ) -> None:
        """Say this in addition; `None` leaves a thing as it is."""
        given = {"friendly_name": friendly_name, "description": description, "tags": tags}
        changes = {key: value for key, value in given.items() if value is not None}
        if not changes:
            return
        said = msgspec.structs.replace(self.read(), **changes)
        try:
            workspaces.replace(self._path, msgspec.json.encode(said))
        except OSError as error:
            raise WorkspaceError(
                f"{self._path} cannot be written ({error.strerror}). Make the workspace writable "
                "for you."
            ) from None

    def created_at(self) -> str:
        """When the workspace was made, as ISO 8601 in UTC."""
        made = (self._path.parent / "workspace.json").stat().st_mtime
        return datetime.fromtimestamp(made, timezone.utc).isoformat()
