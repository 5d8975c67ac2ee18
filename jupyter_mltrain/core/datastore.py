"""`Datastore`: finds datastores, and registers places where data lies as such."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_mltrain.core.abstract_datastore import (
    ENDPOINT,
    AzureBlobDatastore,
    datastore_of,
)
from jupyter_mltrain.errors import UserError
from jupyter_mltrain.spec import DatastoreKind
from jupyter_mltrain.wire import DatastoreRequest

if TYPE_CHECKING:
    from jupyter_mltrain.core.workspace import Workspace

__all__ = [
    *("AbstractAzureStorageDatastore", "AbstractDatastore", "AzureBlobDatastore"),
    *("AzureFileDatastore", "Datastore", "datastore_of"),
]


class Datastore:
    """Finds and registers datastores: ``Datastore(workspace, name)`` is the one of that name."""

    def __new__(cls, workspace: Workspace, name: str | None = None) -> Any:
        """The datastore of that name, by default the default one; raises `NoSuchDatastore`."""
        if name is None:
            return Datastore.get_default(workspace)
        return Datastore.get(workspace, name)

    def __init__(self, workspace: Workspace, name: str | None = None) -> None:
        """Azure's signature; what is made is of the datastore's own class."""

    @staticmethod
    def get(workspace: Workspace, datastore_name: str) -> Any:
        """The datastore of that name.

        Raises
        ------
        UserError
            There is none; the sentence names those there are.
        """
        return datastore_of(workspace, workspace.client.datastore(datastore_name))

    @staticmethod
    def get_default(workspace: Workspace) -> Any:
        """The datastore that data goes to when none is named."""
        return datastore_of(workspace, workspace.client.datastore())

    @staticmethod
    def register(
        workspace: Workspace,
        datastore_name: str,
        url: str | Path,
        *,
        options: Mapping[str, Any] | None = None,
        secrets: Mapping[str, str] | None = None,
        description: str | None = None,
        overwrite: bool = False,
        check: bool = True,
    ) -> Any:
        """Register a folder of this machine, or anything that fsspec reaches.

        Parameters
        ----------
        url
            A folder, or as in ``s3://bucket/prefix``, ``https://host/data``, ``abfs://container``.
        options
            Further keywords of the fsspec filesystem: ``{"endpoint_url": …}``.
        secrets
            Keywords whose values are secret: kept in the system's keyring, or in a file that only
            you can read, and nowhere else.
        overwrite
            Replace the one of that name.
        check
            Look at it first, and refuse it when it cannot be reached.

        Raises
        ------
        UserError
            The name cannot be one or is taken, or the folder is not there.
        DataUnavailable
            It cannot be reached with these credentials.
        """
        place = str(url)
        remote = "://" in place
        request = DatastoreRequest(
            name=datastore_name,
            kind=DatastoreKind.REMOTE if remote else DatastoreKind.FOLDER,
            url=place if remote else str(Path(place).expanduser().absolute()),
            options=dict(options or {}),
            secrets={name: value for name, value in (secrets or {}).items() if value},
            description=description,
            overwrite=overwrite,
            check=check,
        )
        return datastore_of(workspace, workspace.client.register_datastore(request))

    @staticmethod
    def register_azure_blob_container(
        workspace: Workspace,
        datastore_name: str,
        container_name: str,
        account_name: str,
        sas_token: str | None = None,
        account_key: str | None = None,
        protocol: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,
        create_if_not_exists: bool = False,
        skip_validation: bool = False,
        blob_cache_timeout: int | None = None,
        grant_workspace_access: bool = False,
        subscription_id: str | None = None,
        resource_group: str | None = None,
    ) -> AzureBlobDatastore:
        """Register a blob container of Azure's; reaching it needs adlfs.

        Without a key or token it is read as a public one.

        Raises
        ------
        UserError, DataUnavailable
            As of `register`; or `create_if_not_exists` is set: the container has to be there.
        """
        if create_if_not_exists:
            raise UserError(
                f"The container {container_name!r} is not made here. Create it at Azure first, and "
                "leave create_if_not_exists out."
            )
        options: dict[str, Any] = {"account_name": account_name}
        if endpoint not in (None, ENDPOINT):
            options["account_host"] = f"{account_name}.blob.{endpoint}"
        if not (sas_token or account_key):
            options["anon"] = True
        found = Datastore.register(
            workspace,
            datastore_name,
            f"abfs://{container_name}",
            options=options,
            secrets={"account_key": account_key or "", "sas_token": sas_token or ""},
            overwrite=overwrite,
            check=not skip_validation,
        )
        assert isinstance(found, AzureBlobDatastore)
        return found

    @staticmethod
    def register_azure_data_lake_gen2(
        workspace: Workspace,
        datastore_name: str,
        filesystem: str,
        account_name: str,
        tenant_id: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        resource_url: str | None = None,
        authority_url: str | None = None,
        protocol: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        grant_workspace_access: bool = False,
    ) -> Any:
        """Register a file system of a data lake, second generation; reaching it needs adlfs."""
        options = {"account_name": account_name, "tenant_id": tenant_id, "client_id": client_id}
        return Datastore.register(
            workspace,
            datastore_name,
            f"abfs://{filesystem}",
            options={name: value for name, value in options.items() if value},
            secrets={"client_secret": client_secret or ""},
            overwrite=overwrite,
        )

    @staticmethod
    def register_azure_file_share(
        workspace: Workspace,
        datastore_name: str,
        file_share_name: str,
        account_name: str,
        sas_token: str | None = None,
        account_key: str | None = None,
        protocol: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,
        create_if_not_exists: bool = False,
        skip_validation: bool = False,
    ) -> NoReturn:
        """Azure's file shares are not reached by fsspec; a mounted one is a folder like others."""
        raise UserError(
            f"The file share {file_share_name!r} cannot be reached by itself. Mount it on this "
            f"machine (it speaks SMB), and register its folder: Datastore.register(workspace, "
            f"{datastore_name!r}, '/mnt/{file_share_name}')."
        )

    @staticmethod
    def register_azure_data_lake(
        workspace: Workspace,
        datastore_name: str,
        store_name: str,
        tenant_id: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        resource_url: str | None = None,
        authority_url: str | None = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        overwrite: bool = False,
        grant_workspace_access: bool = False,
    ) -> NoReturn:
        """Azure has ended data lakes of the first generation."""
        raise UserError(
            "Azure has ended data lakes of the first generation. "
            "Datastore.register_azure_data_lake_gen2 registers one of the second."
        )

    @staticmethod
    def register_azure_sql_database(
        workspace: Workspace,
        datastore_name: str,
        server_name: str,
        database_name: str,
        tenant_id: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        resource_url: str | None = None,
        authority_url: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,
        username: str | None = None,
        password: str | None = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        grant_workspace_access: bool = False,
        **kwargs: Any,
    ) -> NoReturn:
        """Databases are not datastores here."""
        raise UserError(_DATABASE)

    @staticmethod
    def register_azure_postgre_sql(
        workspace: Workspace,
        datastore_name: str,
        server_name: str,
        database_name: str,
        user_id: str,
        user_password: str,
        port_number: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,
        enforce_ssl: bool = True,
        **kwargs: Any,
    ) -> NoReturn:
        """Databases are not datastores here."""
        raise UserError(_DATABASE)

    @staticmethod
    def register_azure_my_sql(
        workspace: Workspace,
        datastore_name: str,
        server_name: str,
        database_name: str,
        user_id: str,
        user_password: str,
        port_number: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,
        **kwargs: Any,
    ) -> NoReturn:
        """Databases are not datastores here."""
        raise UserError(_DATABASE)

    @staticmethod
    def register_dbfs(workspace: Workspace, datastore_name: str) -> NoReturn:
        """Databricks is not reached from here."""
        raise UserError(
            "Databricks is not reached from here. Copy the files to a datastore: "
            "Datastore.register(workspace, 'name', url)."
        )

    @staticmethod
    def register_hdfs(
        workspace: Workspace,
        datastore_name: str,
        protocol: str,
        namenode_address: str,
        hdfs_server_certificate: str,
        kerberos_realm: str,
        kerberos_kdc_address: str,
        kerberos_principal: str,
        kerberos_keytab: str | None = None,
        kerberos_password: str | None = None,
        overwrite: bool = False,
    ) -> NoReturn:
        """HDFS is registered by its address, with the machine's own Kerberos ticket."""
        raise UserError(
            "Register HDFS by its address, with the machine's own Kerberos ticket: "
            f"Datastore.register(workspace, {datastore_name!r}, 'hdfs://host:port/path')."
        )


_DATABASE = (
    "Databases are not datastores here. Keep the password with "
    "workspace.get_default_keyvault().set_secret, and read the query with pandas.read_sql."
)
