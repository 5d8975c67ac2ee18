"""Config files that name a workspace: where they lie, what they say, and writing one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from jupyter_mltrain.errors import UserError

_FOLDERS: Final = (".azureml", "", "aml_config")
_FILES: Final = ("config.json", "project.json")
KEYS: Final = ("subscription_id", "resource_group", "workspace_name")


def find(start: Path) -> Path | None:
    """The config file that counts: this file, or the nearest for this folder.

    A path where nothing is leads nowhere: what lies above it is not what was asked for.
    """
    if not start.exists():
        return None
    return start if start.is_file() else next(_configs(start.absolute()), None)


def read(path: Path) -> dict[str, Any]:
    """What the file says: ``directory``, or the three keys.

    Raises
    ------
    UserError
        A key is missing, or it is no text.
    json.JSONDecodeError
        The file is not JSON.
    """
    config = json.loads(path.read_text(encoding="utf-8-sig"))
    config = config if isinstance(config, dict) else {}
    if "directory" in config:
        return config
    config = _with_scope(config)
    missing = [key for key in KEYS if not config.get(key)]
    if missing:
        raise UserError(f"{path} lacks {', '.join(missing)}. Add it, or delete the file.")
    return config


def write(folder: Path, file_name: str | None, config: dict[str, str]) -> None:
    """Write ``.azureml/config.json`` below the folder.

    Raises
    ------
    UserError
        The folder is not there.
    """
    if not folder.is_dir():
        raise UserError(f"The folder {folder} is not there. Create it first.")
    target = folder / ".azureml" / (file_name or "config.json")
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(config, indent=2) + "\n")


def _configs(start: Path) -> Iterator[Path]:
    """Every config file that counts for this directory, nearest first."""
    for folder in (start, *start.parents):
        for place in _FOLDERS:
            for name in _FILES:
                path = folder / place / name
                if path.is_file():
                    yield path


def _with_scope(config: dict[str, Any]) -> dict[str, Any]:
    """The three keys, also from the file that later versions of Azure's SDK write."""
    parts = str(config.get("Scope", "")).strip("/").split("/")
    scope = dict(zip(map(str.lower, parts[::2]), parts[1::2], strict=False))
    return {
        "subscription_id": scope.get("subscriptions"),
        "resource_group": scope.get("resourcegroups"),
        "workspace_name": scope.get("workspaces"),
        **config,
    }
