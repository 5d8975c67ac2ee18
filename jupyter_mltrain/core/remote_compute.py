"""`RemoteCompute`: the Docker Engine of a machine that ssh reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_mltrain.core.compute_target import (
    ComputeTarget,
    ComputeTargetAttachConfiguration,
)
from jupyter_mltrain.errors import ComputeTargetError
from jupyter_mltrain.spec import ComputeStatus

if TYPE_CHECKING:
    from jupyter_mltrain.core.workspace import Workspace


class RemoteComputeAttachConfiguration(ComputeTargetAttachConfiguration):
    """Where a machine is, and who signs in there."""

    def __init__(
        self,
        username: str,
        resource_id: str | None = None,
        address: str | None = None,
        ssh_port: int = 22,
        password: str = "",
        private_key_file: str = "",
        private_key_passphrase: str = "",
    ) -> None:
        super().__init__(RemoteCompute)
        self.username = username
        self.resource_id = resource_id
        self.address = address
        self.ssh_port = ssh_port
        self._has_password = bool(password or private_key_passphrase)
        self.private_key_file = private_key_file

    def validate_configuration(self) -> None:
        """Raise `ComputeTargetException` when ssh alone cannot get there."""
        if not self.address:
            raise ComputeTargetError(
                "The machine has no address. Give address=, the name or number that ssh knows it "
                "by; resources of Azure are not looked up."
            )
        if self._has_password:
            raise ComputeTargetError(
                f"A password for {self.address} cannot be kept here. Let ssh sign in by a key, "
                "from an agent where it has a passphrase, and leave the password out."
            )
        if self.private_key_file:
            raise ComputeTargetError(
                f"ssh finds keys by its own configuration. Put `Host {self.address}` with "
                f"`IdentityFile {self.private_key_file}` into ~/.ssh/config, and leave "
                "private_key_file out."
            )

    def __str__(self) -> str:
        port = "" if int(self.ssh_port) == 22 else f":{self.ssh_port}"
        return f"ssh://{self.username}@{self.address}{port}"


class RemoteCompute(ComputeTarget):
    """A machine whose Docker Engine executes runs, in containers."""

    _kind = "RemoteCompute"

    def _of(self, workspace: Workspace, record: ComputeStatus) -> None:
        super()._of(workspace, record)
        self.type = "Remote"

    @staticmethod
    def attach_configuration(
        username: str,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        vm_name: str | None = None,
        resource_id: str | None = None,
        address: str | None = None,
        ssh_port: int = 22,
        password: str = "",
        private_key_file: str = "",
        private_key_passphrase: str = "",
    ) -> RemoteComputeAttachConfiguration:
        """What `ComputeTarget.attach` attaches a machine by; ssh has to get there by a key."""
        return RemoteComputeAttachConfiguration(
            username,
            resource_id,
            address,
            ssh_port,
            password,
            private_key_file,
            private_key_passphrase,
        )

    @classmethod
    def attach(  # type: ignore[override]
        cls,
        workspace: Workspace,
        name: str,
        username: str,
        address: str,
        ssh_port: int = 22,
        password: str = "",
        private_key_file: str = "",
        private_key_passphrase: str = "",
    ) -> ComputeTarget:
        """Attach a machine; raises `ComputeTargetException` when its engine does not answer."""
        configuration = cls.attach_configuration(
            username=username,
            address=address,
            ssh_port=ssh_port,
            password=password,
            private_key_file=private_key_file,
            private_key_passphrase=private_key_passphrase,
        )
        return ComputeTarget.attach(workspace, name, configuration)

    @property
    def address(self) -> str:
        """The name or number that ssh knows the machine by."""
        host = self._host
        return host.rpartition(":")[0] if ":" in host else host

    @property
    def ssh_port(self) -> int:
        """22 where no other was given."""
        _, _, port = self._host.partition(":")
        return int(port or 22)

    @property
    def _host(self) -> str:
        return (self._record.url or "").rpartition("@")[2].removeprefix("ssh://").rstrip("/")

    vm_size = None

    def get_credentials(self) -> dict[str, Any]:
        """Who signs in there; keys are ssh's own."""
        user, _, _ = (self._record.url or "").removeprefix("ssh://").rpartition("@")
        return {"username": user or None, "password": None, "publicKey": None, "privateKey": None}
