"""Datastores and datasets."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from jupyter_mltrain import errors, wire
from jupyter_mltrain.client.requests import Requests
from jupyter_mltrain.spec import Dataset, Datastore


class DataVerbs(Requests):
    """What can be asked about where data lies. Files themselves do not go through the service."""

    def datastores(self) -> tuple[Datastore, ...]:
        """Every datastore by name."""
        return self._ask("GET", "/v1/datastores", tuple[Datastore, ...])

    def datastore(self, name: str | None = None) -> Datastore:
        """One datastore; `None` is the default one.

        Raises
        ------
        NoSuchDatastore
            There is none of that name; the sentence says what there is.
        """
        if name is None:
            return next(store for store in self.datastores() if store.default)
        return self._ask("GET", _datastore(name), Datastore)

    def register_datastore(self, request: wire.DatastoreRequest) -> Datastore:
        """Register a place where data lies; on disk when this returns.

        Raises
        ------
        DataUnavailable
            It can't be reached, or refuses its credentials.
        InvalidSpec
            It can be none, or the name is taken by another one.
        """
        return self._ask("POST", "/v1/datastores", Datastore, request)

    def set_default_datastore(self, name: str) -> Datastore:
        """Make it the one that is meant where none is named."""
        return self._ask("POST", _datastore(name, "/default"), Datastore)

    def delete_datastore(self, name: str) -> Datastore:
        """Forget a datastore and its secrets; what lies there stays. Gives what it was."""
        before = self.datastore(name)

        def done(refusal: errors.MltrainError) -> Datastore | None:
            return before if isinstance(refusal, errors.NoSuchDatastore) else None

        return self._ask("DELETE", _datastore(name), Datastore, None, done)

    def datasets(self) -> tuple[Dataset, ...]:
        """Of every name the latest version, by name."""
        return self._ask("GET", "/v1/datasets", tuple[Dataset, ...])

    def dataset(self, name: str, version: int | str | None = None) -> Dataset:
        """One version of a dataset; `None` is the latest.

        Raises
        ------
        NoSuchDataset
            There is none of that name or version; the sentence says what there is.
        """
        path = _dataset(name, "latest" if version is None else version)
        return self._ask("GET", path, wire.DatasetDetails).versions[0]

    def dataset_versions(self, name: str) -> tuple[Dataset, ...]:
        """Every version of a dataset, the latest first."""
        return self._ask("GET", _dataset(name), wire.DatasetDetails).versions

    def dataset_by_id(self, dataset_id: str) -> Dataset:
        """The version with this id."""
        return self._ask("GET", f"/v1/datasets/by-id/{_quoted(dataset_id)}", Dataset)

    def register_dataset(self, request: wire.DatasetRequest) -> Dataset:
        """Keep a definition under a name; the same again is the version there is.

        Raises
        ------
        InvalidSpec
            The name can be none, the definition contradicts itself, or there is another one of
            that name and no new version is asked for.
        NoSuchDatastore
            It is of a datastore that there is not.
        """
        return self._ask("POST", "/v1/datasets", Dataset, request)

    def change_dataset(self, name: str, request: wire.DatasetChange) -> Dataset:
        """Give a version another description or other tags."""
        return self._ask("POST", _dataset(name), Dataset, request)

    def delete_dataset(self, name: str, version: int | str | None = None) -> tuple[Dataset, ...]:
        """Forget one version, or all; the data itself stays. Gives what was forgotten."""
        path = _dataset(name, version)
        before = self._ask("GET", path, wire.DatasetDetails)

        def done(refusal: errors.MltrainError) -> wire.DatasetDetails | None:
            return before if isinstance(refusal, errors.NoSuchDataset) else None

        return self._ask("DELETE", path, wire.DatasetDetails, None, done).versions


def _datastore(name: str, rest: str = "") -> str:
    return f"/v1/datastores/{_quoted(name)}{rest}"


def _dataset(name: str, version: int | str | None = None) -> str:
    path = f"/v1/datasets/{_quoted(name)}"
    return path if version is None else f"{path}?{urlencode({'version': str(version)})}"


def _quoted(name: str) -> str:
    """A name within a path; one that would change where the path leads is no name of anything."""
    quoted = quote(name, safe="", errors="replace")
    return quoted if quoted.strip(".") else quote(repr(name), safe="")
