"""`TabularDataset`: files read as one table; and its factory, `Dataset.Tabular`."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_mltrain import runtime, spec
from jupyter_mltrain.core import data_access
from jupyter_mltrain.core.abstract_dataset import AbstractDataset, raising_ours, said_as_ours
from jupyter_mltrain.core.data_sources import on_datastore, sources
from jupyter_mltrain.core.data_types import HEADERS, DataType, PromoteHeadersBehavior, types_of
from jupyter_mltrain.errors import UserError

if TYPE_CHECKING:
    from jupyter_mltrain.runtime.path._mltrain_run.datasets import TableSteps
else:
    TableSteps = runtime.load("datasets").TableSteps

__all__ = ["DataType", "PromoteHeadersBehavior", "TabularDataset", "TabularDatasetFactory"]

_ENCODINGS = ("utf8", "iso88591", "latin1", "ascii", "utf16", "utf32", "utf8bom", "windows1252")


@raising_ours
class TabularDataset(AbstractDataset, TableSteps):
    """A table by reference: its files stay where they lie until it is read."""

    _kind = spec.DatasetKind.TABULAR

    def to_pandas_dataframe(
        self, on_error: str = "null", out_of_range_datetime: str = "null"
    ) -> Any:
        """All its rows as a `pandas.DataFrame`; empty cells are null.

        Parameters
        ----------
        on_error, out_of_range_datetime
            What becomes of values that are not of their column's type: "null", or "fail".

        Raises
        ------
        UserError
            pandas is missing, a file cannot be read as that, or a column is not there.
        DataUnavailable
            A file is not there, or its source does not answer.
        """
        with said_as_ours():
            strict = runtime.load("datasets").is_strict(on_error, out_of_range_datetime)
            fetched = data_access.fetched(self._spec, self._workspace)
            files = [(str(here), file.name) for here, file in fetched]
            read, steps = self._spec.read, self._spec.steps
            return runtime.load("tabular").frame(files, read, steps, strict)

    def to_csv_files(self, separator: str = ",") -> NoReturn:
        """Azure's way to files of another format, which is not offered here."""
        raise UserError(_CONVERSION)

    def to_parquet_files(self) -> NoReturn:
        """Azure's way to files of another format, which is not offered here."""
        raise UserError(_CONVERSION)

    def partition_by(
        self,
        partition_keys: Sequence[str],
        target: Any,
        name: str | None = None,
        show_progress: bool = True,
        partition_as_file_dataset: bool = False,
    ) -> NoReturn:
        """Azure's way to a folder for each value, which is not offered here."""
        raise UserError(
            "Tables are not written by partitions here. Write one file for each value with pandas "
            "and upload the folder: Dataset.File.upload_directory(folder, (datastore, 'name'))."
        )

    def to_spark_dataframe(self) -> NoReturn:
        """Azure's way into Spark, which is not offered here."""
        raise UserError("There is no Spark here. Use to_pandas_dataframe().")

    def to_dask_dataframe(
        self,
        sample_size: int = 10000,
        dtypes: Any = None,
        on_error: str = "null",
        out_of_range_datetime: str = "null",
    ) -> NoReturn:
        """Azure's way into Dask, which is not offered here."""
        raise UserError(
            "Dask is not offered here. Use to_pandas_dataframe(), which dask.dataframe.from_pandas "
            "takes."
        )

    def download(
        self,
        stream_column: str,
        target_path: Any = None,
        overwrite: bool = False,
        ignore_not_found: bool = True,
    ) -> NoReturn:
        """Azure's columns of files, which are not offered here."""
        raise UserError(_STREAM)

    def mount(self, stream_column: str, mount_point: Any = None) -> NoReturn:
        """Azure's columns of files, which are not offered here."""
        raise UserError(_STREAM)

    def get_profile(self, workspace: Any = None) -> NoReturn:
        """Azure's statistics of the columns, which are not offered here."""
        raise UserError(_PROFILE)

    def get_profile_runs(self, workspace: Any = None) -> NoReturn:
        """Azure's statistics of the columns, which are not offered here."""
        raise UserError(_PROFILE)

    def submit_profile_run(
        self, compute_target: Any, experiment: Any, cache_datastore_name: str | None = None
    ) -> NoReturn:
        """Azure's statistics of the columns, which are not offered here."""
        raise UserError(_PROFILE)


_CONVERSION = (
    "Tables are not converted by reference here. to_pandas_dataframe() reads it, pandas writes it, "
    "and Dataset.Tabular.register_pandas_dataframe keeps it as parquet."
)
_STREAM = (
    "A column cannot be a stream of files here. Make a dataset of the files themselves with "
    "Dataset.File.from_files, and download or mount that."
)
_PROFILE = (
    "Datasets have no profiles here. dataset.to_pandas_dataframe().describe(include='all') tells "
    "the same."
)


class TabularDatasetFactory:
    """`Dataset.Tabular`: makes datasets that are read as a table.

    `path` is what `Dataset.File.from_files` takes, and so are the errors.
    """

    @staticmethod
    def from_delimited_files(
        path: Any,
        validate: bool = True,
        include_path: bool = False,
        infer_column_types: bool = True,
        set_column_types: Mapping[str, DataType] | None = None,
        separator: str = ",",
        header: bool | PromoteHeadersBehavior = True,
        partition_format: str | None = None,
        support_multi_line: bool = False,
        empty_as_string: bool = False,
        encoding: str = "utf8",
    ) -> TabularDataset:
        """A table of delimited text; files whose names end in .gz, .bz2, .xz or .zip are unpacked.

        Parameters
        ----------
        include_path
            Put each row's file into a column ``Path``.
        infer_column_types
            Make numbers, truth values and dates of columns that are all that; else all is text.
        set_column_types
            Column -> `DataType`, for columns that are to be something else.
        header
            Whether files begin with the columns' names; without, they are Column1, Column2 …
        partition_format
            Columns out of the files' paths: ``/{country}/{day:yyyy/MM/dd}/data.csv``.
        support_multi_line
            Azure's; line breaks within quotes belong to the cell in any case.
        empty_as_string
            Let empty cells of text be empty text, not null.
        encoding
            As in "utf8", "latin1" or "windows1252".
        """
        if header not in HEADERS:
            raise UserError(f"header is True, False or a PromoteHeadersBehavior, not {header!r}.")
        if not isinstance(separator, str) or not separator:
            raise UserError(f"separator is text such as ',' or '\\t', not {separator!r}.")
        return _table(
            "delimited",
            path,
            validate,
            separator=(separator, ","),
            header=(HEADERS[header], "same"),
            include_path=(include_path, False),
            infer_column_types=(infer_column_types, True),
            types=(types_of(set_column_types), {}),
            partition_format=(partition_format, None),
            empty_as_string=(empty_as_string, False),
            encoding=(_encoding(encoding), "utf8"),
        )

    @staticmethod
    def from_parquet_files(
        path: Any,
        validate: bool = True,
        include_path: bool = False,
        set_column_types: Mapping[str, DataType] | None = None,
        partition_format: str | None = None,
    ) -> TabularDataset:
        """A table of parquet files; reading it needs pyarrow."""
        return _table(
            "parquet",
            path,
            validate,
            include_path=(include_path, False),
            types=(types_of(set_column_types), {}),
            partition_format=(partition_format, None),
        )

    @staticmethod
    def from_json_lines_files(
        path: Any,
        validate: bool = True,
        include_path: bool = False,
        set_column_types: Mapping[str, DataType] | None = None,
        partition_format: str | None = None,
        invalid_lines: str = "error",
        encoding: str = "utf8",
    ) -> TabularDataset:
        """A table of files with an object of JSON in each line.

        Parameters
        ----------
        invalid_lines
            What becomes of lines that are none: "error", or "drop".
        """
        if invalid_lines not in ("error", "drop"):
            raise UserError(f"invalid_lines is 'error' or 'drop', not {invalid_lines!r}.")
        return _table(
            "json_lines",
            path,
            validate,
            include_path=(include_path, False),
            types=(types_of(set_column_types), {}),
            partition_format=(partition_format, None),
            invalid_lines=(invalid_lines, "error"),
            encoding=(_encoding(encoding), "utf8"),
        )

    @staticmethod
    def register_pandas_dataframe(
        dataframe: Any,
        target: Any,
        name: str,
        description: str | None = None,
        tags: Mapping[str, Any] | None = None,
        show_progress: bool = True,
        row_group_size: int | None = None,
        make_target_path_unique: bool = True,
    ) -> TabularDataset:
        """Keep a `pandas.DataFrame` as parquet on a datastore, registered as a dataset's version.

        Parameters
        ----------
        target
            A path on a datastore: ``(datastore, 'tables')``.
        make_target_path_unique
            Put it into a folder of its own there, so that earlier versions stay as they are.

        Raises
        ------
        UserError
            It is no DataFrame, or cannot be written as parquet.
        """
        datastore, path = on_datastore(target)
        if not hasattr(dataframe, "to_parquet"):
            raise UserError(f"dataframe is a pandas.DataFrame, not {type(dataframe).__name__}.")
        if make_target_path_unique:
            path = str(PurePosixPath(path, str(uuid.uuid4())))
        with tempfile.TemporaryDirectory(prefix="dataset-") as folder:
            file = Path(folder, "part-00000.parquet")
            _write(dataframe, file, row_group_size)
            datastore.upload_files([str(file)], folder, path, True, show_progress)
        table = TabularDatasetFactory.from_parquet_files(
            (datastore, str(PurePosixPath(path, file.name)))
        )
        return table.register(datastore.workspace, name, description, tags, create_new_version=True)

    @staticmethod
    def from_sql_query(
        query: Any, validate: bool = True, set_column_types: Any = None, query_timeout: int = 30
    ) -> NoReturn:
        """Azure's tables out of databases, which are not offered here."""
        raise UserError(
            "Databases are not read as datasets here. Read the query with pandas.read_sql and keep "
            "the result: Dataset.Tabular.register_pandas_dataframe."
        )

    @staticmethod
    def register_spark_dataframe(
        dataframe: Any,
        target: Any,
        name: str,
        description: str | None = None,
        tags: Any = None,
        show_progress: bool = True,
    ) -> NoReturn:
        """Azure's way out of Spark, which is not offered here."""
        raise UserError(
            "There is no Spark here. Dataset.Tabular.register_pandas_dataframe takes "
            "dataframe.toPandas()."
        )

    @staticmethod
    def register_dask_dataframe(
        dataframe: Any,
        target: Any,
        name: str,
        description: str | None = None,
        tags: Any = None,
        show_progress: bool = True,
    ) -> NoReturn:
        """Azure's way out of Dask, which is not offered here."""
        raise UserError(
            "Dask is not offered here. Dataset.Tabular.register_pandas_dataframe takes "
            "dataframe.compute()."
        )


def _table(format_: str, path: Any, validate: bool, **options: tuple[Any, Any]) -> TabularDataset:
    """The dataset with those options that are not as they are by default."""
    paths, workspace = sources(path)
    read = {name: given for name, (given, usual) in options.items() if given != usual}
    pattern = read.get("partition_format")
    if pattern is not None and (not isinstance(pattern, str) or "{" not in pattern):
        raise UserError(
            "partition_format names columns in the files' paths, as in "
            f"'/{{country}}/{{day:yyyy/MM/dd}}/data.csv'. {pattern!r} names none."
        )
    definition = spec.DatasetSpec(
        kind=spec.DatasetKind.TABULAR, paths=paths, read={"format": format_, **read}
    )
    dataset = TabularDataset._of(definition, workspace)
    if validate:
        dataset._files()
    return dataset


def _encoding(encoding: str) -> str:
    if encoding not in _ENCODINGS:
        raise UserError(f"encoding is one of {', '.join(_ENCODINGS)}; not {encoding!r}.")
    return encoding


def _write(dataframe: Any, file: Path, row_group_size: int | None) -> None:
    settings = {} if row_group_size is None else {"row_group_size": row_group_size}
    try:
        dataframe.to_parquet(file, index=False, **settings)
    except ImportError:
        raise UserError(
            "Keeping a DataFrame needs pyarrow, which this Python does not have. Install it: "
            "pip install pyarrow"
        ) from None
    except (ValueError, TypeError) as error:  # what pandas' and pyarrow's own errors are
        said = str(error).partition("\n")[0].rstrip(".")
        raise UserError(f"The DataFrame cannot be written as parquet: {said}.") from None
