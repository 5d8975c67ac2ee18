"""The folders that every run directory has, kept ready: a submit then renames one."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from jupyter_mltrain.store.removal import remove_tree

FOLDERS: Final = (
    "control",
    "files",
    "files/azureml-logs",
    "work",
    "work/outputs",
    "work/logs",
)
_SPARES: Final = 2


class RunDirs:
    """Makes run directories below ``runs``. Several threads may use it at once."""

    def __init__(self, workspace: Path) -> None:
        """Begin without spares; those of an earlier service are removed."""
        self._runs = f"{workspace}/runs"
        self._place = f"{workspace}/spare"
        remove_tree(Path(self._place))
        Path(self._place).mkdir(mode=0o700)
        self._spares: list[str] = []
        self._count = 0

    def make(self, run_id: str) -> Path:
        """The directory of a new run; raises `OSError` when it cannot be made."""
        run_dir = f"{self._runs}/{run_id}"
        try:
            os.rename(self._spares.pop(), run_dir)  # noqa: PTH104 - on the way of every submit
        except (IndexError, FileNotFoundError):
            _build(run_dir)
        return Path(run_dir)

    def keep_ready(self) -> None:
        """Build spares for the submits to come."""
        while len(self._spares) < _SPARES:
            self._count += 1
            spare = f"{self._place}/{self._count}"
            try:
                _build(spare)
            except OSError:
                return  # a full disk, say: the next submit says so
            self._spares.append(spare)


def have(run_dir: Path, name: str) -> None:
    """Have a folder of a run's there, whatever its script has put in the place of it.

    A link above all: a run in a container, where that leads to nothing, would have us follow it.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    path = run_dir
    for part in name.split("/"):
        path /= part
        try:
            path.mkdir()
        except FileExistsError:
            if stat.S_ISDIR(path.lstat().st_mode):
                continue
            path.unlink()
            path.mkdir()


def _build(run_dir: str) -> None:
    os.mkdir(run_dir)  # noqa: PTH102
    for name in FOLDERS:
        os.mkdir(f"{run_dir}/{name}")  # noqa: PTH102
    os.close(os.open(f"{run_dir}/journal.jsonl", os.O_WRONLY | os.O_CREAT, 0o644))
