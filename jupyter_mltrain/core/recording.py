"""The part of `Run` that writes: metrics, files, children, the run's end.

A run that this process, or another one, has opened and a run of a script are written to alike: by
appending to the journal in the run's folder, where nobody has to answer. To a run that has ended
metrics and files can still be added.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from jupyter_mltrain import spec
from jupyter_mltrain.core import interactive
from jupyter_mltrain.core.interactive import translated
from jupyter_mltrain.core.recorded import Recorded
from jupyter_mltrain.errors import UserError
from jupyter_mltrain.spec import RunKind, RunState
from jupyter_mltrain.wire import EndRequest, OpenRequest

if TYPE_CHECKING:
    from typing_extensions import Self

    from jupyter_mltrain.core.experiment import Experiment


class Recording(Recorded):
    """Everything that adds to a run or ends it."""

    experiment: Experiment
    _outputs: str | None = None
    _since = 0.0

    @cached_property
    def _pen(self) -> Any:
        return interactive.pen(self._client, self.record)

    # Metrics

    def log(self, name: str, value: Any, description: str = "", step: int | None = None) -> None:
        """Log one number, string or boolean; other objects are kept as their `repr`."""
        self._pen.log(name, value, description, step)

    def log_list(self, name: str, value: Iterable[Any], description: str = "") -> None:
        """Log several values under one name; a second call adds to them."""
        with translated():
            self._pen.log_list(name, value, description)

    def log_row(self, name: str, description: str | None = None, **kwargs: Any) -> None:
        """Log one row of a table, a column a keyword."""
        self._pen.log_row(name, description, **kwargs)

    def log_table(self, name: str, value: Mapping[str, Any], description: str = "") -> None:
        """Log a whole table: column -> values; raises `UserError` for uneven columns."""
        with translated():
            self._pen.log_table(name, value, description)

    def log_image(
        self,
        name: str,
        path: str | Path | None = None,
        plot: Any = None,
        description: str = "",
    ) -> None:
        """Keep an image file, or a matplotlib figure or `pyplot` as it is now, with the run."""
        with translated():
            self._pen.log_image(name, path, plot, description)

    def log_accuracy_table(self, name: str, value: Any, description: str = "") -> None:
        """Keep an accuracy table, given as Azure's dict or as its JSON."""
        with translated():
            self._pen.log_accuracy_table(name, value, description)

    def log_confusion_matrix(self, name: str, value: Any, description: str = "") -> None:
        """Keep a confusion matrix, given as Azure's dict or as its JSON."""
        with translated():
            self._pen.log_confusion_matrix(name, value, description)

    def log_predictions(self, name: str, value: Any, description: str = "") -> None:
        """Keep predictions, given as Azure's dict or as its JSON."""
        with translated():
            self._pen.log_predictions(name, value, description)

    def log_residuals(self, name: str, value: Any, description: str = "") -> None:
        """Keep residuals, given as Azure's dict or as its JSON."""
        with translated():
            self._pen.log_residuals(name, value, description)

    # Files

    def upload_file(
        self, name: str, path_or_stream: Any, datastore_name: str | None = None
    ) -> None:
        """Keep a file, or the content of a stream or of bytes, with the run.

        Raises
        ------
        FileExists
            The name is taken: files are written once.
        UserError
            There is no such file, or the name cannot be one.
        """
        with translated():
            self._pen.upload_file(name, path_or_stream)

    def upload_files(
        self,
        names: Sequence[str],
        paths: Sequence[Any],
        return_artifacts: bool = False,
        timeout_seconds: float | None = None,
        datastore_name: str | None = None,
    ) -> None:
        """Keep several files, each under the name at its place; see `upload_file`."""
        with translated():
            self._pen.upload_files(names, paths)

    def upload_folder(self, name: str, path: str | Path, datastore_name: str | None = None) -> None:
        """Keep all files below a folder, under `name` and their path in it."""
        with translated():
            self._pen.upload_folder(name, path)

    # Children

    def child_run(
        self, name: str | None = None, run_id: str | None = None, outputs: str | None = None
    ) -> Self:
        """Open a run below this one, which has to be running; see `complete`.

        Parameters
        ----------
        outputs
            A folder whose files are kept with the child when it ends.
        """
        return self._child(name, run_id, outputs)

    def _child(
        self,
        name: str | None = None,
        run_id: str | None = None,
        outputs: str | None = None,
        tags: Mapping[str, str | None] | None = None,
    ) -> Self:
        request = OpenRequest(
            experiment=self.experiment.name,
            name=name,
            run_id=run_id or str(uuid.uuid4()),
            parent=self.id,
            tags=dict(tags or {}),
        )
        child = self._of(self.experiment, self._client.open(request))
        child._keep_from_now(outputs)
        return child

    @classmethod
    def _of(cls, experiment: Experiment, record: spec.Run) -> Self:
        """The run of a record that is at hand: nothing has to be asked."""
        run = cls.__new__(cls)
        run.experiment, run._client, run.id = experiment, experiment.workspace.client, record.id
        return run

    def create_children(
        self,
        count: int | None = None,
        tag_key: str | None = None,
        tag_values: Sequence[str] | None = None,
    ) -> list[Self]:
        """Open several children: so many, or one with each value of a tag."""
        if count is None and tag_values is None:
            raise UserError("create_children takes a count, or a tag's key with its values.")
        if tag_values is not None and (tag_key is None or count not in (None, len(tag_values))):
            raise UserError("create_children takes a tag_key with its tag_values, one for a child.")
        if tag_values is None:
            return [self._child() for _ in range(count or 0)]
        return [self._child(tags={str(tag_key): str(value)}) for value in tag_values]

    # The end

    def start(self) -> None:
        """Do nothing: a run runs from its opening on."""

    def flush(self, timeout_seconds: float = 300) -> None:
        """Do nothing: whatever is logged is written at once."""

    def complete(self) -> None:
        """End it as Completed; one that has ended stays as it is.

        Raises
        ------
        WrongState
            It has a script, which ends it.
        """
        self._end(RunState.COMPLETED)

    def fail(
        self, error_details: str | BaseException | None = None, error_code: str | None = None
    ) -> None:
        """End it as Failed, with what went wrong; a script that still runs is ended."""
        if isinstance(error_details, BaseException):
            error_details = f"{type(error_details).__name__}: {error_details}"
        reason = ": ".join(filter(None, (error_code, error_details)))
        self._end(RunState.FAILED, reason or None)

    def cancel(self) -> None:
        """Ask it to end; does not wait for that."""
        self._end(RunState.CANCELED)

    def _keep_from_now(self, outputs: str | None) -> None:
        """Keep what is written to a folder from now on, when the run is ended here."""
        self._outputs = None if outputs is None else str(Path(outputs).absolute())
        self._since = int(time.time())

    def _end(self, state: RunState, reason: str | None = None) -> None:
        if self._outputs is not None and Path(self._outputs).is_dir():
            interactive.keep_outputs(self._pen, self._outputs, self._since)
        self._client.end(self.id, EndRequest(state=state, reason=reason))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exit_type: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        record = self.record
        if record.parent_id is None and record.spec.kind is not RunKind.INTERACTIVE:
            return  # its script ends it
        if value is None or (isinstance(value, SystemExit) and not value.code):
            self.complete()
        else:
            self.fail(value)
