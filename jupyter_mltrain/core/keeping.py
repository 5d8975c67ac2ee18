"""The part of `Run` that fetches: files, logs, variables, what the run was made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_mltrain import wire
from jupyter_mltrain.core import downloading, interactive, snapshots
from jupyter_mltrain.core.recorded import Recorded


class Keeping(Recorded):
    """Everything that a run has kept."""

    def get_file_names(self) -> list[str]:
        """Names of its files, ordered: logs, outputs, uploads. Also while it runs."""
        return [file.name for file in self._client.files(self.id)]

    def download_file(self, name: str, output_file_path: str | Path | None = None) -> None:
        """Fetch one file.

        Parameters
        ----------
        output_file_path
            Where to; a folder, or one that ends in a slash, takes the file under its own name.
            By default the current directory.

        Raises
        ------
        NoSuchFile
            It has no file of that name.
        """
        downloading.one(self._client, self.id, name, output_file_path)

    def download_files(
        self,
        prefix: str | None = None,
        output_directory: str | Path | None = None,
        output_paths: Sequence[str] | None = None,
        batch_size: int = 100,
        append_prefix: bool = True,
        timeout_seconds: float | None = None,
    ) -> None:
        """Fetch all files, or those below a folder.

        Parameters
        ----------
        prefix
            Only files whose names start with it.
        output_paths
            Names to give them instead, as many as there are files.
        append_prefix
            Keep the prefix in the names.
        """
        downloading.many(
            self._client, self.id, prefix, output_directory, output_paths, append_prefix
        )

    def get_all_logs(self, destination: str | Path | None = None) -> list[str]:
        """Fetch all logs; returns the paths they got."""
        return downloading.logs(self._client, self.id, destination)

    def variables(self) -> dict[str, Any]:
        """The variables that a `%%train` cell was asked to bring back (``-o``).

        Waits until the run has ended.

        Raises
        ------
        VariableError
            A variable was never set, or cannot be loaded in this Python.
        RunFailed
            The run did not complete and kept none.
        """
        from jupyter_mltrain.core import variables

        return variables.fetch(self._client, self.id)

    def get_snapshot_id(self) -> str | None:
        """Id of the copy of the source folder that it runs from."""
        return self.record.snapshot_id

    def take_snapshot(self, file_or_folder_path: str | Path) -> str:
        """Keep a copy of a file or folder as what the run was made of; returns the copy's id.

        Raises
        ------
        WrongState
            It has a snapshot already.
        """
        source = interactive.source_of(file_or_folder_path)
        return str(self._client.change(self.id, wire.RunChange(source=source)).snapshot_id)

    def restore_snapshot(
        self, snapshot_id: str | None = None, path: str | Path | None = None
    ) -> str:
        """Fetch the copy of the source folder that it runs from; returns where it is.

        Parameters
        ----------
        snapshot_id
            Of this run's snapshot, which it is by default.
        path
            A name that ends in ``.zip``, or the folder to put the files into. By default
            ``<snapshot id>.zip`` in the current directory.
        """
        return str(snapshots.restore(self._client, self.record, snapshot_id, path))
