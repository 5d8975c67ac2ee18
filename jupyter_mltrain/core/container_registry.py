"""`ContainerRegistry`: where a base image is pulled from, and as whom."""

from __future__ import annotations

from typing import Any

from jupyter_mltrain.core.strict import Strict


class ContainerRegistry(Strict):
    """A registry and who logs in to it.

    The password goes to the service's keyring before a run, a registration or a build, and nowhere
    else: it is not shown, pickled or saved. A copy in memory keeps it.
    """

    __slots__ = ("address", "password", "username")

    def __init__(self) -> None:
        self.address: str | None = None
        """As in ``registry.example.com:5000``."""
        self.username: str | None = None
        self.password: str | None = None

    @property
    def host(self) -> str | None:
        """The address without a scheme and a slash at its end."""
        return (self.address or "").strip().rpartition("://")[2].rstrip("/") or None

    def __copy__(self) -> ContainerRegistry:
        copied = ContainerRegistry()
        copied.address, copied.username = self.address, self.username
        copied.password = self.password
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> ContainerRegistry:
        return self.__copy__()

    def __getstate__(self) -> tuple[None, dict[str, Any]]:
        return None, {"address": self.address, "username": self.username, "password": None}

    def __repr__(self) -> str:
        password = "None" if self.password is None else "'…'"
        return (
            f"ContainerRegistry(address={self.address!r}, username={self.username!r}, "
            f"password={password})"
        )
