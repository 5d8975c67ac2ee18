"""What a snapshot is asked to take: a folder that is there, inline files that fit into it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from jupyter_mltrain import errors
from jupyter_mltrain.store.manifest import Entry
from jupyter_mltrain.store.source_tree import above, plain_path


def existing_folder(directory: Path) -> Path:
    """The folder without symlinks; raises `SnapshotError` when it cannot be taken."""
    try:
        source = directory.resolve(strict=True)
    except FileNotFoundError:
        problem = "is not there. Check the path of the source folder."
    except OSError as error:
        problem = f"cannot be read: {error.strerror}. Check the path of the source folder."
    except RuntimeError:  # Python before 3.13, for a loop of symlinks
        problem = "is a loop of symlinks. Check the path of the source folder."
    else:
        if not os.path.isdir(source):  # noqa: PTH112, measurably faster
            problem = "is a file, not a folder. Give the folder it lies in."
        elif not os.access(source, os.R_OK | os.X_OK):
            problem = "cannot be read: Permission denied. Make it readable for you."
        else:
            return source
    raise errors.SnapshotError(f"{directory} {problem}")


def inline_path(name: str) -> str:
    """Where an inline file goes in the snapshot; raises `SnapshotError` when nowhere."""
    path = plain_path(name, "The inline file")
    if not path or name.endswith("/"):
        raise errors.SnapshotError(f"The inline file {name!r} has no name. Give it one.")
    return path


def refuse_files_as_folders(entries: dict[str, Entry], inline: Mapping[str, str]) -> None:
    """Refuse an inline file where the folder has something of another kind."""
    if not inline:
        return
    paths = {plain_path(name, "The inline file") for name in inline}
    parents = {parent for path in entries for parent in above(path)}
    for path in sorted(paths):
        for parent in above(path):
            if parent in entries and entries[parent].kind == "dir":
                del entries[parent]  # no longer empty
            elif parent in entries:
                raise errors.SnapshotError(
                    f"The inline file {path!r} needs a folder {parent!r}, which is a file in the "
                    "source. Give it another name."
                )
        if path in parents:
            raise errors.SnapshotError(
                f"The inline file {path!r} is a folder in the source. Give it another name."
            )
