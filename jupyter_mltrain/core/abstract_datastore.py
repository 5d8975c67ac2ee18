"""The classes of datastores: what each can do, under the names that Azure's SDK has for them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn
from urllib.parse import urlsplit

from jupyter_mltrain import spec
from jupyter_mltrain.core import data_access
from jupyter_mltrain.core.data_reference import DataReference, inside, random_name
from jupyter_mltrain.core.transferring import Told
from jupyter_mltrain.data import transfer
from jupyter_mltrain.data.resolving import Found
from jupyter_mltrain.errors import DataMissing, UserError
from jupyter_mltrain.spec import DatastoreKind

if TYPE_CHECKING:
    from typing_extensions import Self

    from jupyter_mltrain.core.workspace import Workspace

ENDPOINT: Final = "core.windows.net"
"""Where Azure's storage is, unless someone says otherwise."""

_BLOB = ("abfs", "abfss", "az", "wasb", "wasbs")


class AbstractDatastore:
    """A datastore of a workspace, by its name."""

    def __init__(self, workspace: Workspace, name: str, datastore_type: str | None) -> None:
        self._workspace = workspace
        self._name = name
        self._datastore_type = datastore_type

    @property
    def workspace(self) -> Workspace:
        """The workspace that knows it."""
        return self._workspace

    @property
    def name(self) -> str:
        """What it is registered under."""
        return self._name

    @property
    def datastore_type(self) -> str | None:
        """What it stands on: "AzureBlob" (so is the default one called), "Folder", "S3" …"""
        return self._datastore_type

    @property
    def record(self) -> spec.Datastore:
        """Everything the service knows about it, as of now; secrets are not among it."""
        return self._workspace.client.datastore(self._name)

    def set_as_default(self) -> None:
        """Let it be what `Workspace.get_default_datastore` gives."""
        self._workspace.client.set_default_datastore(self._name)

    def unregister(self) -> None:
        """Forget it and its secrets. The data itself stays where it lies."""
        self._workspace.client.delete_datastore(self._name)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, AbstractDatastore)
            and other.name == self.name
            and other.workspace == self.workspace
        )

    def __hash__(self) -> int:
        return hash((self._name, self._workspace))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Itself: run configurations that refer to it are copied, and it is one place."""
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self._name!r}, type={self._datastore_type!r})"


class AbstractAzureStorageDatastore(AbstractDatastore):
    """A datastore of files: all of ours are."""

    def __init__(
        self,
        workspace: Workspace,
        name: str,
        datastore_type: str,
        container_name: str,
        account_name: str,
        sas_token: str | None = None,
        account_key: str | None = None,
        protocol: str | None = None,
        endpoint: str | None = None,
    ) -> None:
        """Azure's parameters; `Datastore(workspace, name)` is how a datastore is found."""
        super().__init__(workspace, name, datastore_type)
        self.container_name = container_name
        self.account_name = account_name
        self.sas_token = sas_token
        self.account_key = account_key
        self.protocol = protocol
        self.endpoint = endpoint
        self.credential_type = "None"

    @property
    def is_sas(self) -> bool:
        """Whether a token is all that its credentials are."""
        return self.credential_type == "Sas"

    # References

    def path(
        self, path: str | None = None, data_reference_name: str | None = None
    ) -> DataReference:
        """A reference to a path on it, for a run; without a path, to all of it."""
        name = data_reference_name or (random_name() if path else None)
        return DataReference(self, name, path)

    def as_mount(self) -> DataReference:
        """A reference to all of it, read where it lies."""
        return DataReference(self)

    def as_download(self, path_on_compute: str | None = None) -> DataReference:
        """A reference to all of it, as a copy of the run's own."""
        return DataReference(self, mode="download", path_on_compute=path_on_compute)

    def as_upload(self, path_on_compute: str | None = None) -> DataReference:
        """A reference for what the run writes to `path_on_compute`, which goes there at its end."""
        return DataReference(self, mode="upload", path_on_compute=path_on_compute)

    # To and fro

    def upload(
        self,
        src_dir: str | Path,
        target_path: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> DataReference:
        """Upload a folder with everything in it.

        Parameters
        ----------
        target_path
            The folder on the datastore that its files go to; by default the datastore itself.
        overwrite
            Replace files that are there; else they are left as they are.

        Returns
        -------
        DataReference
            To `target_path`.

        Raises
        ------
        UserError
            The folder is not there.
        DataUnavailable
            The datastore cannot be reached, or does not take it.
        """
        files = transfer.files_below(Path(src_dir).expanduser())
        return self._send(files, target_path, overwrite, show_progress)

    def upload_files(
        self,
        files: Sequence[str | Path],
        relative_root: str | Path | None = None,
        target_path: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> DataReference:
        """Upload files.

        Parameters
        ----------
        relative_root
            A folder that all of them lie in; below it they keep their folders. By default the
            deepest one that they have in common.
        target_path, overwrite
            As of `upload`.

        Returns
        -------
        DataReference
            To `target_path`.

        Raises
        ------
        UserError
            A file is not there, or lies outside `relative_root`.
        DataUnavailable
            The datastore cannot be reached, or does not take it.
        """
        if isinstance(files, str | Path):
            raise UserError(f"files is a list of files, as in [{str(files)!r}].")
        paths = [Path(each).expanduser().absolute() for each in files]
        root = Path(relative_root).expanduser().absolute() if relative_root else _common(paths)
        placed = [_below(path, root) for path in paths]
        return self._send(placed, target_path, overwrite, show_progress)

    def _send(
        self,
        files: Sequence[transfer.ToSend],
        target_path: str | None,
        overwrite: bool,
        show_progress: bool,
    ) -> DataReference:
        target = inside(self._name, target_path)
        placed = [
            transfer.ToSend(source=each.source, target=inside(self._name, target, each.target))
            for each in files
        ]
        existing = transfer.Existing.REPLACE if overwrite else transfer.Existing.SKIP
        told = Told("Upload", len(placed), shown=show_progress)
        with data_access.opened_store(self._workspace, self.record) as place:
            left = transfer.upload(place, placed, existing=existing, progress=told)
        told.end(left)
        return self.path(target or None)

    def download(
        self,
        target_path: str | Path,
        prefix: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> int:
        """Download its files into a folder, below which they keep their whole paths.

        Parameters
        ----------
        prefix
            Only files whose paths begin with it.
        overwrite
            Replace files that are there; else they are left as they are.

        Returns
        -------
        int
            How many were written.

        Raises
        ------
        DataUnavailable
            The datastore cannot be reached.
        """
        folder = Path(target_path).expanduser().absolute()
        with data_access.opened_store(self._workspace, self.record) as place:
            wanted = inside(self._name, prefix)
            try:
                entries = place.find(wanted.rpartition("/")[0]).files
            except DataMissing:
                entries = ()
            found = [
                Found(
                    name=entry.path,
                    place=place,
                    entry=entry,
                    source=spec.DataPath(datastore=self._name, path=entry.path),
                )
                for entry in entries
                if entry.path.startswith(wanted)
                and (overwrite or not (folder / entry.path).exists())
            ]
            told = Told("Download", len(found), shown=show_progress)
            cache = data_access.cache_of(self._workspace)
            transfer.download(found, cache, folder, overwrite=overwrite, progress=told)
        told.end()
        return len(found)


class AzureBlobDatastore(AbstractAzureStorageDatastore):
    """A blob container of Azure's; and the default datastore, a folder of the workspace."""

    def __init__(
        self,
        workspace: Workspace,
        name: str,
        container_name: str,
        account_name: str,
        sas_token: str | None = None,
        account_key: str | None = None,
        protocol: str | None = None,
        endpoint: str | None = None,
        request_session: Any = None,
        workspace_msi_has_access: bool = False,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        service_data_access_auth_identity: Any = None,
    ) -> None:
        super().__init__(
            workspace,
            name,
            "AzureBlob",
            container_name,
            account_name,
            sas_token,
            account_key,
            protocol,
            endpoint,
        )
        self.workspace_msi_has_access = workspace_msi_has_access
        self.subscription_id = subscription_id
        self.resource_group = resource_group
        self.service_data_access_auth_identity = service_data_access_auth_identity

    @property
    def blob_service(self) -> NoReturn:
        """Azure's own client, which is not used here."""
        raise UserError(
            "The client of Azure's storage is not used here. upload, upload_files, download and "
            "path do what it is for."
        )


class AzureFileDatastore(AbstractAzureStorageDatastore):
    """A file share of Azure's, mounted on this machine."""

    def __init__(
        self,
        workspace: Workspace,
        name: str,
        container_name: str,
        account_name: str,
        sas_token: str | None = None,
        account_key: str | None = None,
        protocol: str | None = None,
        endpoint: str = ENDPOINT,
        request_session: Any = None,
    ) -> None:
        super().__init__(
            workspace,
            name,
            "AzureFile",
            container_name,
            account_name,
            sas_token,
            account_key,
            protocol,
            endpoint,
        )

    @property
    def file_service(self) -> NoReturn:
        """Azure's own client, which is not used here."""
        raise UserError(
            "The client of Azure's storage is not used here. upload, upload_files, download and "
            "path do what it is for."
        )


def datastore_of(workspace: Workspace, record: spec.Datastore) -> AbstractAzureStorageDatastore:
    """The datastore of a record, of the class that Azure's code asks for."""
    parts = urlsplit(record.url)
    if record.kind is DatastoreKind.WORKSPACE:
        return AzureBlobDatastore(workspace, record.name, record.url, workspace.name)
    if record.kind is DatastoreKind.FOLDER:
        return AbstractAzureStorageDatastore(workspace, record.name, "Folder", record.url, "")
    container, _, host = parts.netloc.partition("@")
    account = str(record.options.get("account_name") or host.partition(".")[0])
    if parts.scheme in _BLOB:
        found: AbstractAzureStorageDatastore = AzureBlobDatastore(
            workspace, record.name, container, account, protocol="https", endpoint=ENDPOINT
        )
    else:
        kind = "Http" if parts.scheme in ("http", "https") else parts.scheme.capitalize()
        found = AbstractAzureStorageDatastore(
            workspace, record.name, kind, parts.netloc, "", protocol=parts.scheme
        )
    kinds = {"sas_token": "Sas", "account_key": "AccountKey", "client_secret": "ServicePrincipal"}
    found.credential_type = next(
        (kind for name, kind in kinds.items() if name in record.credentials), "None"
    )
    return found


def _common(paths: Sequence[Path]) -> Path:
    return Path(os.path.commonpath([path.parent for path in paths])) if paths else Path()


def _below(path: Path, root: Path) -> transfer.ToSend:
    try:
        return transfer.ToSend(source=path, target=path.relative_to(root).as_posix())
    except ValueError:
        raise UserError(
            f"{path} does not lie in {root}. Name a relative_root that all files lie in."
        ) from None
