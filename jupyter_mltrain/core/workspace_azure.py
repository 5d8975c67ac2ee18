"""What Azure's `Workspace` has and a folder does not need: empty, nothing to do, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_mltrain.errors import NotOffered

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self

    from jupyter_mltrain.core.workspace import Workspace


class AzureOnly:
    """The part of `Workspace` that is about Azure's cloud."""

    directory: Path

    @property
    def sku(self) -> str:
        """Azure's name for the plainest kind of workspace."""
        return "basic"

    @property
    def discovery_url(self) -> str:
        """Where the workspace is; Azure has the address of a service here."""
        return self.directory.as_uri()

    @property
    def webservices(self) -> dict[str, Any]:
        """Empty: models are not deployed from here."""
        return {}

    @property
    def images(self) -> dict[str, Any]:
        """Empty: images of models are not built here."""
        return {}

    @property
    def linked_services(self) -> dict[str, Any]:
        """Empty: a workspace here stands by itself."""
        return {}

    @property
    def private_endpoints(self) -> dict[str, Any]:
        """Empty: the service listens on a socket that only its user can open."""
        return {}

    @staticmethod
    def setup() -> Workspace:
        """The default workspace; Azure asks for a name and makes one."""
        from jupyter_mltrain.core.workspace import Workspace

        return Workspace.default()

    def sync_keys(self, no_wait: bool = False) -> None:
        """Do nothing: there are no keys to renew."""

    def update_dependencies(
        self, container_registry: str | None = None, force: bool = False
    ) -> Self:
        """Do nothing, and return the workspace: it depends on no other service."""
        return self

    def list_connections(self, category: str | None = None, target: str | None = None) -> list[Any]:
        """Empty: see `set_connection`."""
        return []

    def set_connection(
        self,
        name: str,
        category: str,
        target: str,
        authType: str,
        value: str,
    ) -> NoReturn:
        """Refuse: passwords are kept where they are used."""
        self._no_connections("set_connection")

    def get_connection(self, name: str) -> NoReturn:
        """Refuse, as `set_connection` does."""
        self._no_connections("get_connection")

    def delete_connection(self, name: str) -> NoReturn:
        """Refuse, as `set_connection` does."""
        self._no_connections("delete_connection")

    def add_private_endpoint(
        self,
        private_endpoint_config: Any,
        private_endpoint_auto_approval: bool = True,
        location: str | None = None,
        show_output: bool = True,
        tags: dict[str, str] | None = None,
    ) -> NoReturn:
        """Refuse: there is no network to be private in."""
        self._no_network("add_private_endpoint")

    def delete_private_endpoint_connection(self, private_endpoint_connection_name: str) -> NoReturn:
        """Refuse: there is no network to be private in."""
        self._no_network("delete_private_endpoint_connection")

    def list_keys(self) -> NoReturn:
        """Refuse: a workspace here has no keys."""
        raise NotOffered(
            "Workspace.list_keys: a workspace here has no keys; it belongs to the user of the "
            "system. `get_default_keyvault` has your own secrets."
        )

    def diagnose_workspace(self, diagnose_parameters: Any) -> NoReturn:
        """Refuse: what it looks at is Azure's."""
        raise NotOffered(
            "Workspace.diagnose_workspace: there are no services of Azure's to diagnose. "
            "`jupyter mltrain status` says how the workspace stands."
        )

    def _no_connections(self, name: str) -> NoReturn:
        raise NotOffered(
            f"Workspace.{name}: connections are Azure's. `Environment.docker.base_image_registry` "
            "takes the password of a registry, `get_default_keyvault` any other secret."
        )

    def _no_network(self, name: str) -> NoReturn:
        raise NotOffered(
            f"Workspace.{name}: private endpoints belong to Azure's network. The service of a "
            "workspace listens on a socket that only you can open."
        )
