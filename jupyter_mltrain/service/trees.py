"""The files of a run as the checks see them, before and after they are stored."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol

from jupyter_mltrain.errors import SnapshotError
from jupyter_mltrain.service import notebooks
from jupyter_mltrain.store.ignore import Ignore
from jupyter_mltrain.store.snapshots import Snapshots


class Tree(Protocol):
    """The files of a run, as they will be shipped."""

    @property
    def names(self) -> Collection[str]:
        """Paths of all files, with forward slashes; a set or a mapping's keys are fastest."""

    def read(self, name: str) -> bytes:
        """Content of one of `names`."""

    def ignored(self, name: str) -> str | None:
        """Why a file of the source folder is not shipped ("left out by .gitignore line 3").

        None when there is no such file, or it is shipped.
        """


class SnapshotTree:
    """A snapshot."""

    def __init__(self, snapshots: Snapshots, snapshot_id: str, directory: str | None) -> None:
        self._snapshots = snapshots
        self._id = snapshot_id
        self._names = frozenset(entry.path for entry in snapshots.manifest(snapshot_id).files)
        self._directory = directory

    @property
    def names(self) -> Collection[str]:
        return self._names

    def read(self, name: str) -> bytes:
        return self._snapshots.read(self._id, name)

    def ignored(self, name: str) -> str | None:
        return _ignored(self._directory, name)


class FolderTree:
    """A source folder with the inline files over it, nothing of it stored."""

    def __init__(
        self, names: Collection[str], directory: str | None, inline: Mapping[str, str]
    ) -> None:
        self._names = names
        self._directory = directory
        self._inline = inline

    @property
    def names(self) -> Collection[str]:
        return self._names

    def read(self, name: str) -> bytes:
        text = self._inline.get(name)
        if text is not None:
            return text.encode("utf-8", "surrogatepass")
        try:
            return Path(self._directory or "/", name).read_bytes()
        except OSError as error:
            raise SnapshotError(
                f"{name} in {self._directory} cannot be read: {error.strerror}. "
                "Make it readable, or list it in .amlignore."
            ) from error

    def ignored(self, name: str) -> str | None:
        return _ignored(self._directory, name)


def _ignored(directory: str | None, name: str) -> str | None:
    if directory is None or not (Path(directory) / name).exists():
        return None
    rule = Ignore.load(Path(directory)).reason(name, is_dir=False)
    return None if rule is None else f"left out by {rule}"


def python_of(tree: Tree, script: str) -> bytes:
    """The Python of a script or notebook; nothing of a notebook that is none."""
    data = tree.read(script)
    if not script.endswith(".ipynb"):
        return data
    try:
        return notebooks.read(data).source.encode("utf-8", "replace")
    except notebooks.NoNotebook:
        return b""
