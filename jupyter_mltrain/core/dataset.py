"""`Dataset`: where datasets are made, and found again by name."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

from jupyter_mltrain import runtime
from jupyter_mltrain.core.abstract_dataset import AbstractDataset
from jupyter_mltrain.core.file_dataset import FileDataset, FileDatasetFactory
from jupyter_mltrain.core.tabular_dataset import TabularDataset, TabularDatasetFactory
from jupyter_mltrain.errors import UserError

if TYPE_CHECKING:
    from jupyter_mltrain.core.workspace import Workspace

__all__ = ["AbstractDataset", "Dataset", "FileDataset", "TabularDataset"]


class Dataset:
    """A versioned reference to data: `Dataset.File` makes one of files, `Dataset.Tabular` a table.

    >>> mnist = Dataset.File.from_files("https://host/mnist/train.gz")
    >>> mnist = mnist.register(workspace, "mnist", create_new_version=True)
    >>> ScriptRunConfig("src", "train.py", ["--data", mnist.as_mount()])
    """

    File = FileDatasetFactory
    Tabular = TabularDatasetFactory

    Scenario = runtime.load("registered").Scenario

    def __init__(
        self, definition: Any = None, workspace: Any = None, name: Any = None, id: Any = None
    ) -> None:
        raise UserError(
            "A Dataset is not made by itself. Dataset.File.from_files, "
            "Dataset.Tabular.from_delimited_files and Dataset.get_by_name give one."
        )

    get_by_name = staticmethod(AbstractDataset.get_by_name)
    get_by_id = staticmethod(AbstractDataset.get_by_id)
    get_all = staticmethod(AbstractDataset.get_all)

    # Azure's first datasets, which are tables

    @staticmethod
    def get(workspace: Workspace, name: str | None = None, id: str | None = None) -> Any:
        """The dataset of that name, or of that id."""
        if (name is None) == (id is None):
            raise UserError("Dataset.get takes either a name or an id.")
        if name is not None:
            return AbstractDataset.get_by_name(workspace, name)
        return AbstractDataset.get_by_id(workspace, str(id))

    @staticmethod
    def list(workspace: Workspace) -> builtins.list[Any]:
        """The latest version of every dataset, by name."""
        return [dataset for _, dataset in sorted(AbstractDataset.get_all(workspace).items())]

    @staticmethod
    def auto_read_files(
        path: Any, include_path: bool = False, partition_format: str | None = None
    ) -> TabularDataset:
        """The table of files whose names tell what they are: .csv, .tsv, .parquet, .jsonl.

        Raises
        ------
        UserError
            The name of the first file tells nothing.
        """
        first = FileDatasetFactory.from_files(path)._files()[0].name.lower()
        name = first.removesuffix(".gz")
        made = TabularDatasetFactory
        if name.endswith((".csv", ".tsv", ".txt")):
            return made.from_delimited_files(
                path,
                include_path=include_path,
                separator="\t" if name.endswith(".tsv") else ",",
                partition_format=partition_format,
            )
        if name.endswith(".parquet"):
            return made.from_parquet_files(
                path, include_path=include_path, partition_format=partition_format
            )
        if name.endswith((".jsonl", ".ndjson", ".json")):
            return made.from_json_lines_files(
                path, include_path=include_path, partition_format=partition_format
            )
        raise UserError(
            f"The name {first!r} does not tell how it is read. Use "
            "Dataset.Tabular.from_delimited_files, from_parquet_files or from_json_lines_files."
        )

    @staticmethod
    def from_delimited_files(path: Any, separator: str = ",", **options: Any) -> TabularDataset:
        """As `Dataset.Tabular.from_delimited_files`."""
        return TabularDatasetFactory.from_delimited_files(path, separator=separator, **options)

    @staticmethod
    def from_parquet_files(
        path: Any, include_path: bool = False, partition_format: str | None = None
    ) -> TabularDataset:
        """As `Dataset.Tabular.from_parquet_files`."""
        return TabularDatasetFactory.from_parquet_files(
            path, include_path=include_path, partition_format=partition_format
        )

    @staticmethod
    def from_binary_files(path: Any) -> FileDataset:
        """As `Dataset.File.from_files`."""
        return FileDatasetFactory.from_files(path)


AbstractDataset.File = FileDatasetFactory
AbstractDataset.Tabular = TabularDatasetFactory
