"""The part of `Run` that keeps files."""

import os

from . import notices
from .directory import RunDirectory
from .errors import UserErrorException
from .files import PARTIAL, clean_name, is_regular, write_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Sequence


class Uploads(RunDirectory):
    """Files are written once: a name that exists is refused.

    A disk that is full or read-only costs the file and one line on stderr, not the training; what
    the caller got wrong (a missing source, a bad name) is an error.
    """

    def upload_file(
        self, name: str, path_or_stream: "Any", datastore_name: "Optional[str]" = None
    ) -> None:
        """Keep a file of the script's, or the content of a stream or of bytes, with the run."""
        name = clean_name(name)
        if not isinstance(path_or_stream, (str, os.PathLike)):
            if not hasattr(path_or_stream, "read") and not isinstance(
                path_or_stream, (bytes, bytearray, memoryview)
            ):
                raise UserErrorException(
                    "{!r} can't be uploaded as {!r}: give a path, bytes or an open file.".format(
                        path_or_stream, name
                    )
                )
            self._keep(name, path_or_stream)
            return
        path = os.fspath(path_or_stream)
        try:
            if not is_regular(path):
                raise UserErrorException(
                    "{!r} can't be uploaded as {!r}: it is not a file. A folder goes with "
                    "upload_folder.".format(path, name)
                )
            source = open(path, "rb")  # noqa: SIM115 (closed below)
        except OSError as error:
            raise UserErrorException(
                "{!r} can't be uploaded as {!r}: {}. The working folder is {!r}.".format(
                    path, name, notices.reason(error), os.getcwd()
                )
            ) from None
        with source:
            self._keep(name, source)

    def _keep(self, name: str, source: "Any") -> None:
        try:
            write_once(self._files, self.id, name, source)
        except OSError as error:
            notices.say_once(
                "files",
                "{!r} can't be kept with the run in {}: {}. The run goes on without it.".format(
                    name, self._files, notices.reason(error)
                ),
            )

    def upload_files(
        self,
        names: "Sequence[str]",
        paths: "Sequence[Any]",
        return_artifacts: bool = False,
        timeout_seconds: "Optional[float]" = None,
        datastore_name: "Optional[str]" = None,
    ) -> None:
        """Keep several files, each under the name at its place."""
        if len(names) != len(paths):
            raise UserErrorException(
                "upload_files needs a name for each path: {} names, {} paths.".format(
                    len(names), len(paths)
                )
            )
        for name, path in zip(names, paths):  # noqa: B905 (strict came with 3.10)
            self.upload_file(name, path)

    def upload_folder(self, name: str, path: "Any", datastore_name: "Optional[str]" = None) -> None:
        """Keep all files below a folder, under `name` and their path in it."""
        name = clean_name(name)
        if not os.path.isdir(path):
            raise UserErrorException(
                "{!r} can't be uploaded as {!r}: it is not a folder. The working folder is "
                "{!r}.".format(os.fspath(path), name, os.getcwd())
            )
        for folder, folders, files in os.walk(path):
            folders.sort()
            inner = os.path.relpath(folder, path).replace(os.sep, "/")
            for file in sorted(files):
                self.upload_file("/".join((name, inner, file)), os.path.join(folder, file))

    def get_file_names(self) -> "List[str]":
        """Names of the run's files so far, in order: uploaded, and in `outputs` and `logs`."""
        names = _names_below(self._files, "")
        for folder in ("outputs", "logs"):
            names += _names_below(os.path.join(self._path, "work", folder), folder)
        return sorted(set(names))


def _names_below(root: str, prefix: str) -> "List[str]":
    names = []
    for folder, _, files in os.walk(root):
        inner = os.path.normpath(os.path.join(prefix, os.path.relpath(folder, root)))
        for file in files:
            name = os.path.normpath(os.path.join(inner, file)).replace(os.sep, "/")
            if not name.startswith(PARTIAL):
                names.append(name)
    return names
