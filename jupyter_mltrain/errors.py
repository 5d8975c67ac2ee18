"""The error tree: each error names the thing, the problem and the next step.

`code` is for programs and never changes. `wire.STATUS` maps each class to an HTTP status; the
client turns a code back into its class, so that an error crosses the socket unchanged.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from traceback import FrameSummary


_PACKAGE: Final = str(Path(__file__).parent)


def _line(frame: FrameSummary) -> str:
    """A line of a cell, or of a file, as it stands there."""
    is_cell = "ipykernel_" in frame.filename or frame.filename.startswith("<")
    where = "Cell" if is_cell else frame.filename
    return f"{where}, line {frame.lineno}: {frame.line}"


class MltrainError(Exception):
    """Base of everything this package raises on purpose. `message` is the whole sentence."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the user's own lines that led here, and the sentence.

        References
        ----------
        `InteractiveShell.showtraceback` asks an exception for a method of this name.
        """
        import traceback

        theirs = (
            frame
            for frame in traceback.extract_tb(self.__traceback__)
            if not frame.filename.startswith(_PACKAGE) and "/IPython/" not in frame.filename
        )
        return [*map(_line, theirs), f"{type(self).__name__}: {self.message}"]


class UserError(MltrainError):
    """The request cannot be met as it stands; nothing was changed."""

    code = "user_error"


class InvalidSpec(UserError):
    """The run's request is wrong or cannot run."""

    code = "invalid_spec"


class ChecksFailed(InvalidSpec):
    """The checks before queueing say that the run cannot work; `force` submits it all the same."""

    code = "checks_failed"

    def forced_by(self, how: str) -> ChecksFailed:
        """The same, with how it is forced where the user is, as in ``Add --force``."""
        gap = "\n" if "\n" in self.message else " "
        return ChecksFailed(f"{self.message}{gap}{how} to submit it anyway.")


class SnapshotError(UserError):
    """The source folder cannot be taken as it is."""

    code = "snapshot"


class NoSuchRun(UserError):
    """No run answers to that id, number or name."""

    code = "no_such_run"

    @classmethod
    def named(cls, run: str) -> NoSuchRun:
        return cls(f"No run {run!r} in this workspace. `%runs` or `jupyter mltrain ls` lists them.")


class NoSuchFile(UserError):
    """The run has no file of that name."""

    code = "no_such_file"


class FileExists(UserError):
    """The name is taken: a run's files are written once."""

    code = "file_exists"


class WrongState(UserError):
    """The run is in a state in which this cannot be done."""

    code = "wrong_state"


class ComputeTargetError(MltrainError):
    """A compute target is unknown or refuses."""

    code = "compute_target"


class ComputeUnavailable(ComputeTargetError):
    """A compute target cannot be reached, or the library that reaches it is missing."""

    code = "compute_unavailable"


class EnvironmentFailed(MltrainError):
    """An environment cannot be made ready; the sentence names the step and the reason."""

    code = "environment_failed"


class BuildCanceled(EnvironmentFailed):
    """The build of an environment was cancelled, and with it what waited for it."""

    code = "build_canceled"


class EnvironmentGone(ComputeTargetError):
    """What an environment was made into is not there any more: it has to be made again."""

    code = "environment_gone"


class NoSuchEnvironment(UserError):
    """No environment, or version of it, answers to that name; or no build to that id."""

    code = "no_such_environment"


class NoSuchDatastore(UserError):
    """No datastore answers to that name."""

    code = "no_such_datastore"


class NoSuchDataset(UserError):
    """No dataset, or version of it, answers to that name or id."""

    code = "no_such_dataset"


class NoSuchModel(UserError):
    """No model, or version of it, answers to that name."""

    code = "no_such_model"


class DataUnavailable(MltrainError):
    """Data cannot be had: it is not there, its source refuses, or it has changed meanwhile."""

    code = "data_unavailable"


class DataMissing(DataUnavailable):
    """There is no such file, folder or URL."""

    code = "data_missing"


class NoSuchSecret(UserError):
    """The workspace keeps no secret of that name."""

    code = "no_such_secret"


class NotOffered(UserError):
    """Azure ML has it and this does not; the sentence says what to use instead."""

    code = "not_offered"


class WorkspaceError(MltrainError):
    """The workspace cannot be opened or used."""

    code = "workspace"


class NoSuchWorkspace(WorkspaceError):
    """This user has no workspace of that id, or it is no longer where it was."""

    code = "no_such_workspace"


class WorkspaceLocked(WorkspaceError):
    """Another service holds the workspace."""

    code = "workspace_locked"


class ServiceUnavailable(MltrainError):
    """The workspace's service does not start or does not answer."""

    code = "service_unavailable"


class DiskFull(MltrainError):
    """No room left where the workspace lies."""

    code = "disk_full"


class RunFailed(MltrainError):
    """The run ended, but did not complete."""

    code = "run_failed"


class NotInARun(MltrainError):
    """A run's context was asked for outside a run."""

    code = "not_in_a_run"


class VariableError(UserError):
    """A notebook variable cannot be carried into or out of a run."""

    code = "variable"
