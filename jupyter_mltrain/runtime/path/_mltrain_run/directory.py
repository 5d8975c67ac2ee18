"""Where a run keeps what it writes: the base that the parts of `Run` stand on."""

import os

from .journal import Journal


class RunDirectory:
    """One run's folder, with its journal and its files."""

    def __init__(self, run_id: str, path: str) -> None:
        self._id = run_id
        self._path = path
        self._journal = Journal(os.path.join(path, "journal.jsonl"))

    @property
    def id(self) -> str:
        return self._id

    @property
    def _files(self) -> str:
        return os.path.join(self._path, "files")
