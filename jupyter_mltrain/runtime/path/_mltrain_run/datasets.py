"""Datasets as a script finds them inside a run; and what they share with those of a notebook."""

import os

from . import steps as stepping
from .errors import UserErrorException
from .expressions import Expression, Field, test_of, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, TypeVar, Union

    Self = TypeVar("Self", bound="Steps")
    Rows = TypeVar("Rows", bound="TableSteps")


class Steps:
    """A dataset whose files or rows can be chosen from; each choice is another dataset."""

    def _with(self: "Self", step: "Mapping[str, Any]") -> "Self":
        raise NotImplementedError

    def take(self: "Self", count: int) -> "Self":
        """The first `count`."""
        return self._with(stepping.counted("take", count))

    def skip(self: "Self", count: int) -> "Self":
        """All but the first `count`."""
        return self._with(stepping.counted("skip", count))

    def take_sample(self: "Self", probability: float, seed: "Optional[int]" = None) -> "Self":
        """About that share of them, by chance: the same ones each time it is read."""
        return self._with(stepping.sample(probability, seed))

    def random_split(
        self: "Self", percentage: float, seed: "Optional[int]" = None
    ) -> "Tuple[Self, Self]":
        """Two datasets, the first with about that share from 0 to 1, the second with the rest."""
        first, second = stepping.split(percentage, seed)
        return self._with(first), self._with(second)

    def filter(self: "Self", expression: Expression) -> "Self":
        """Those for which the expression holds."""
        return self._with({"filter": test_of(expression)})


class FileSteps(Steps):
    """What file datasets share."""

    def file_metadata(self, col: str) -> Field:
        """What to filter files by: their ``Path``, ``Size`` or ``LastModifiedTime``."""
        return Field(col)


class TableSteps(Steps):
    """What tabular datasets share."""

    def __getitem__(self, column: str) -> Field:
        """A column, to filter by."""
        return Field(column)

    def keep_columns(
        self: "Rows", columns: "Union[str, Sequence[str]]", validate: bool = False
    ) -> "Rows":
        """Only those columns."""
        return self._checked({"keep_columns": _columns(columns)}, validate)

    def drop_columns(self: "Rows", columns: "Union[str, Sequence[str]]") -> "Rows":
        """All but those columns."""
        return self._with({"drop_columns": _columns(columns)})

    def with_timestamp_columns(
        self: "Rows",
        timestamp: "Optional[str]" = None,
        partition_timestamp: "Optional[str]" = None,
        validate: bool = False,
        **kwargs: "Any",
    ) -> "Rows":
        """The same with the columns named that `time_before` and its like choose by."""
        given = {
            "fine_grain_timestamp": timestamp,
            "coarse_grain_timestamp": partition_timestamp,
        }
        for older in kwargs:
            if older not in given:
                raise TypeError(
                    "with_timestamp_columns() got an unexpected keyword argument {!r}".format(older)
                )
        given.update(kwargs)
        return self._checked({"timestamp": list(given.values())}, validate)

    @property
    def timestamp_columns(self) -> "Tuple[Optional[str], Optional[str]]":
        """The columns of `with_timestamp_columns`."""
        named = [step["timestamp"] for step in self._all_steps() if "timestamp" in step]
        return (named[-1][0], named[-1][1]) if named else (None, None)

    def time_before(
        self: "Rows", end_time: "datetime", include_boundary: bool = True, validate: bool = True
    ) -> "Rows":
        """The rows up to then."""
        return self._timed(None, end_time, include_boundary, validate)

    def time_after(
        self: "Rows", start_time: "datetime", include_boundary: bool = True, validate: bool = True
    ) -> "Rows":
        """The rows from then on."""
        return self._timed(start_time, None, include_boundary, validate)

    def time_between(
        self: "Rows",
        start_time: "datetime",
        end_time: "datetime",
        include_boundary: bool = True,
        validate: bool = True,
    ) -> "Rows":
        """The rows from then to then."""
        return self._timed(start_time, end_time, include_boundary, validate)

    def time_recent(
        self: "Rows", time_delta: "timedelta", include_boundary: bool = True, validate: bool = True
    ) -> "Rows":
        """The rows of the last hours, days …, back from the moment of this call."""
        from datetime import datetime, timezone

        start = datetime.now(timezone.utc) - time_delta
        return self._timed(start, None, include_boundary, validate)

    def _timed(
        self: "Rows", start: "Any", end: "Any", include_boundary: bool, validate: bool
    ) -> "Rows":
        column, partition = self.timestamp_columns
        if column is None and partition is None:
            raise UserErrorException(
                "The dataset has no timestamp column. Name one: "
                "dataset.with_timestamp_columns('date')."
            )
        field = ["field", column or partition]
        edge = "=" if include_boundary else ""
        tests: "List[Any]" = []
        if start is not None:
            tests.append([">" + edge, field, value(start)])
        if end is not None:
            tests.append(["<" + edge, field, value(end)])
        return self._checked({"filter": tests[0] if len(tests) == 1 else ["and"] + tests}, validate)

    def _checked(self: "Rows", step: "Mapping[str, Any]", validate: bool) -> "Rows":
        made = self._with(step)
        if validate:
            made.take(1).to_pandas_dataframe()
        return made

    def _all_steps(self) -> "Sequence[Mapping[str, Any]]":
        raise NotImplementedError

    def to_pandas_dataframe(
        self, on_error: str = "null", out_of_range_datetime: str = "null"
    ) -> "Any":
        """The rows as a `pandas.DataFrame`."""
        raise NotImplementedError


def _columns(columns: "Union[str, Sequence[str]]") -> "List[str]":
    return [columns] if isinstance(columns, str) else list(columns)


def is_strict(on_error: str, out_of_range_datetime: str) -> bool:
    """Whether values that are not of their type are refused, by the arguments of a reading."""
    for name, given in (("on_error", on_error), ("out_of_range_datetime", out_of_range_datetime)):
        if given not in ("null", "fail"):
            raise UserErrorException("{} is 'null' or 'fail', not {!r}.".format(name, given))
    return "fail" in (on_error, out_of_range_datetime)


class _Delivered:
    """What a run got: a dataset whose files lie on this machine."""

    def __init__(
        self, entry: "Mapping[str, Any]", steps: "Sequence[Mapping[str, Any]]" = ()
    ) -> None:
        self._entry = entry
        self._steps = list(steps)

    def _with(self, step: "Mapping[str, Any]") -> "Any":
        return type(self)(self._entry, self._steps + [step])

    @property
    def id(self) -> "Optional[str]":
        return self._entry.get("id")

    @property
    def name(self) -> "Optional[str]":
        """The name it is registered under."""
        return self._entry.get("dataset")

    @property
    def version(self) -> "Optional[int]":
        return self._entry.get("version")

    def _files(self) -> "List[Tuple[str, str]]":
        """Path and name of each file, by name."""
        return listed(self._entry["path"])

    def __getattr__(self, name: str) -> "Any":
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(
            "{}.{} is not offered inside a run, which has the files at hand. Use it in the "
            "notebook or script that submits runs.".format(type(self).__name__, name)
        )

    def __repr__(self) -> str:
        return "{}({!r})".format(type(self).__name__, self.name or self._entry.get("name"))


def listed(path: str) -> "List[Tuple[str, str]]":
    """The files at a path: path and name of each, by name; names have forward slashes."""
    if os.path.isfile(path):
        return [(path, os.path.basename(path))]
    if not os.path.isdir(path):
        raise UserErrorException(
            "The data is not there any more: {} was removed or moved.".format(path)
        )
    found: "List[Tuple[str, str]]" = []
    for folder, _, names in os.walk(path, followlinks=True):
        for name in names:
            whole = os.path.join(folder, name)
            found.append((whole, os.path.relpath(whole, path).replace(os.sep, "/")))
    return sorted(found, key=lambda each: each[1])


class FileDataset(_Delivered, FileSteps):
    """Files, inside a run."""

    def _chosen(self) -> "List[Tuple[str, str]]":
        return stepping.files(self._files(), self._steps, _facts)

    def to_path(self) -> "List[str]":
        """The files' names, each with a slash before it."""
        return ["/" + name for _, name in self._chosen()]

    def download(
        self,
        target_path: "Optional[str]" = None,
        overwrite: bool = False,
        ignore_not_found: bool = False,
    ) -> "List[str]":
        """Copy the files into a folder, by default a temporary one; returns their paths there."""
        import shutil
        import tempfile

        target = target_path or tempfile.mkdtemp(prefix="dataset-")
        paths: "List[str]" = []
        for path, name in self._chosen():
            copy = os.path.join(target, *name.split("/"))
            if os.path.exists(copy) and not overwrite:
                raise UserErrorException(
                    "{} is there already. Choose another folder, or overwrite=True.".format(copy)
                )
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            shutil.copyfile(path, copy)
            paths.append(copy)
        return paths

    def mount(self, mount_point: "Optional[str]" = None, **kwargs: "Any") -> "Mounted":
        """The files as a folder that is read, not written."""
        return Mounted([(path, name) for path, name in self._chosen()], mount_point)


class TabularDataset(_Delivered, TableSteps):
    """Rows, inside a run."""

    def _all_steps(self) -> "Sequence[Mapping[str, Any]]":
        return list(self._entry.get("steps") or ()) + self._steps

    def to_pandas_dataframe(
        self, on_error: str = "null", out_of_range_datetime: str = "null"
    ) -> "Any":
        """The rows as a `pandas.DataFrame`.

        Parameters
        ----------
        on_error, out_of_range_datetime
            What becomes of values that are not of their column's type: "null", or "fail".
        """
        from .tabular import frame

        strict = is_strict(on_error, out_of_range_datetime)
        return frame(self._files(), self._entry.get("read") or {}, self._all_steps(), strict)


class Mounted:
    """A folder of links to files: there between `start` and `stop`, or in a ``with``."""

    def __init__(
        self, files: "Sequence[Tuple[str, str]]", mount_point: "Optional[str]" = None
    ) -> None:
        import tempfile

        self._files = files
        self._made: "List[str]" = []
        self._links: "List[str]" = []
        if mount_point is None:
            self.mount_point = os.path.join(tempfile.gettempdir(), "dataset-" + os.urandom(8).hex())
        else:
            self.mount_point = os.path.abspath(mount_point)
            self._check_empty()

    def _check_empty(self) -> None:
        if os.path.isdir(self.mount_point) and os.listdir(self.mount_point):
            raise UserErrorException(
                "{} is not empty. Name a folder that is, or none.".format(self.mount_point)
            )

    def start(self) -> None:
        """Make the links; a second time changes nothing."""
        if self._links or self._made:
            return
        self._check_empty()
        self._folder(self.mount_point)
        for path, name in self._files:
            link = os.path.join(self.mount_point, *name.split("/"))
            self._folder(os.path.dirname(link))
            os.symlink(os.path.abspath(path), link)
            self._links.append(link)

    def _folder(self, path: str) -> None:
        if not os.path.isdir(path):
            self._folder(os.path.dirname(path))
            os.mkdir(path)
            self._made.append(path)

    def stop(self) -> None:
        """Take the links away, and the folders that were made for them."""
        for link in self._links:
            if os.path.islink(link):
                os.unlink(link)
        for folder in reversed(self._made):
            if os.path.isdir(folder) and not os.listdir(folder):
                os.rmdir(folder)
        self._links, self._made = [], []

    def __enter__(self) -> "Mounted":
        self.start()
        return self

    def __exit__(self, *ending: "Any") -> None:
        self.stop()


def _facts(file: "Tuple[str, str]") -> "Dict[str, Any]":
    from datetime import datetime, timezone

    stat = os.stat(file[0])
    return {
        "Path": "/" + file[1],
        "Size": stat.st_size,
        "LastModifiedTime": datetime.fromtimestamp(stat.st_mtime, timezone.utc),
    }


def of(entry: "Mapping[str, Any]") -> "Union[FileDataset, TabularDataset]":
    """The dataset of an entry in ``data/inputs.json``."""
    return TabularDataset(entry) if entry.get("kind") == "tabular" else FileDataset(entry)
