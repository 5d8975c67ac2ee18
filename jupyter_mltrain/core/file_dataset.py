"""`FileDataset`: files, wherever they lie; and its factory, `Dataset.File`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote, urlsplit

from jupyter_mltrain import runtime, spec
from jupyter_mltrain.core import data_access
from jupyter_mltrain.core.abstract_dataset import AbstractDataset, raising_ours, said_as_ours
from jupyter_mltrain.core.data_sources import on_datastore, sources
from jupyter_mltrain.errors import UserError

if TYPE_CHECKING:
    from jupyter_mltrain.core.dataset_consumption import DatasetConsumptionConfig
    from jupyter_mltrain.data.resolving import Found
    from jupyter_mltrain.runtime.path._mltrain_run.datasets import FileSteps, Mounted
else:
    FileSteps = runtime.load("datasets").FileSteps

__all__ = ["AbstractDataset", "FileDataset", "FileDatasetFactory"]


@raising_ours
class FileDataset(AbstractDataset, FileSteps):
    """Files by reference: they stay where they lie until someone reads them.

    A run gets them as a folder (`as_mount`, `as_download`); made from a single file, as that file.
    """

    _kind = spec.DatasetKind.FILE

    def to_path(self) -> list[str]:
        """The files' names, each with a slash before it; of URLs with host and path, quoted."""
        return [_shown(file) for file in self._files()]

    def download(
        self,
        target_path: str | Path | None = None,
        overwrite: bool = False,
        ignore_not_found: bool = False,
    ) -> list[str]:
        """Copy the files into a folder, by default a temporary one; gives their paths there.

        Remote files come through the workspace's cache: what a run has fetched is not fetched
        again.

        Raises
        ------
        UserError
            A file is there already, and `overwrite` is not set.
        DataUnavailable
            A file is not there, or its source does not answer.
        """
        from jupyter_mltrain.data.transfer import place_copy

        folder = Path(target_path or tempfile.mkdtemp(prefix="dataset-")).expanduser().absolute()

        def check(found: tuple[Found, ...]) -> None:
            there = [folder / file.name for file in found if (folder / file.name).exists()]
            if there and not overwrite:
                raise UserError(
                    f"{there[0]} is there already. Choose another folder, or overwrite=True."
                )

        with said_as_ours():
            fetched = data_access.fetched(self._spec, self._workspace, check)
        for here, file in fetched:
            place_copy(str(here), folder / file.name)
        return [str(folder / file.name) for _, file in fetched]

    def mount(self, mount_point: str | Path | None = None, **kwargs: Any) -> Mounted:
        """The files as a folder of links to read from, between its `start` and `stop`.

        What is remote is fetched first. It is a context manager, too; `mount_point` is where the
        folder is.
        """
        with said_as_ours():
            fetched = data_access.fetched(self._spec, self._workspace)
            links = [(str(here), file.name) for here, file in fetched]
            where = None if mount_point is None else str(mount_point)
            return runtime.load("datasets").Mounted(links, where)  # type: ignore[no-any-return]

    def as_mount(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """An input of a run that is read where it lies; what is remote is fetched once for all."""
        return self._unnamed().as_mount(path_on_compute)

    def as_download(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """An input of a run, as a copy of the run's own."""
        return self._unnamed().as_download(path_on_compute)

    def _unnamed(self) -> DatasetConsumptionConfig:
        from jupyter_mltrain.core.dataset_consumption import input_name

        return self.as_named_input(input_name())

    def as_hdfs(self) -> NoReturn:
        """Azure's way into Spark, which is not offered here."""
        raise UserError("Runs here have no HDFS. Use as_mount() or as_download().")

    def as_cache(self, datacache_store: Any) -> NoReturn:
        """Azure's data cache, which is not needed here."""
        raise UserError(_CACHE)

    def hydrate(self, datacache_store: Any, replica_count: int | None = None) -> NoReturn:
        """Azure's data cache, which is not needed here."""
        raise UserError(_CACHE)


_CACHE = (
    "There is no data cache to set up: what is remote is fetched once and shared by all runs. Use "
    "as_mount()."
)


def _shown(file: Found) -> str:
    if file.source.url is None:
        return f"/{file.name}"
    parts = urlsplit(file.source.url)
    return f"/{quote(f'{parts.scheme}:', safe='')}/%2F{parts.netloc}{parts.path}"


class FileDatasetFactory:
    """`Dataset.File`: makes datasets of files."""

    @staticmethod
    def from_files(
        path: Any,
        validate: bool = True,
        partition_format: str | None = None,
        is_file: bool = False,
    ) -> FileDataset:
        """A dataset of the files at URLs or on datastores.

        Parameters
        ----------
        path
            A URL; a path on a datastore as in ``(datastore, 'mnist/*.gz')`` (a file, a folder, or
            with ``* ? **`` a pattern), a `DataPath` or a `DataReference`; or a list of them.
        validate
            Look at once whether they are there.
        is_file
            Azure's; what a path is shows when it is looked at.

        Raises
        ------
        UserError
            `path` names nothing, or a local path.
        DataUnavailable
            Something is not there, or its source does not answer; the sentence says which.
        """
        if partition_format is not None:
            raise UserError(
                "partition_format is for tables, as of Dataset.Tabular.from_delimited_files. Files "
                "are chosen by a pattern in the path."
            )
        paths, workspace = sources(path)
        definition = spec.DatasetSpec(kind=spec.DatasetKind.FILE, paths=paths)
        dataset = FileDataset._of(definition, workspace)
        if validate:
            dataset._files()
        return dataset

    @staticmethod
    def upload_directory(
        src_dir: str | Path,
        target: Any,
        pattern: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> FileDataset:
        """Upload a folder to a datastore, and make the dataset of what is there then.

        Parameters
        ----------
        target
            A path on a datastore: ``(datastore, 'mnist')``.
        pattern
            Upload only files below the folder that fit it, as in ``**/*.csv``.
        overwrite
            Replace files that are there; else they are left as they are.

        Raises
        ------
        UserError
            The folder is not there, or nothing in it fits the pattern.
        """
        datastore, path = on_datastore(target)
        folder = Path(src_dir).expanduser()
        if not folder.is_dir():
            raise UserError(f"The folder {str(src_dir)!r} is not there. Name one to upload.")
        if pattern is None:
            datastore.upload(str(folder), path, overwrite, show_progress)
        else:
            files = data_access.files_below(folder, pattern)
            if not files:
                raise UserError(
                    f"There is nothing to upload: no file of {str(src_dir)!r} fits the pattern "
                    f"{pattern!r}."
                )
            datastore.upload_files(files, str(folder), path, overwrite, show_progress)
        return FileDatasetFactory.from_files((datastore, path))
