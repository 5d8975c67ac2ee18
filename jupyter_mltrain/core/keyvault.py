"""`Keyvault`: secrets of a workspace, kept for its user outside of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import TYPE_CHECKING

from jupyter_mltrain.errors import NoSuchSecret, UserError
from jupyter_mltrain.secrets import Secrets

if TYPE_CHECKING:
    from jupyter_mltrain.core.workspace import Workspace


class KeyVaultContentType(Enum):
    """What a secret is said to be. It is not kept: a secret here is a text."""

    not_provided = "application/NotProvided"


class Keyvault:
    """Names and texts, in the system's keyring, else in a file that only its user can read.

    A run gets one with `Run.get_secret`. They are in no folder of the workspace, so a copy of it
    has none.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._secrets = Secrets(f"keyvault/{workspace.id}")

    def get_secret(self, name: str) -> str:
        """The secret of that name; raises `NoSuchSecret` if there is none."""
        value = self._secrets.get(name)
        if value is None:
            raise self._unknown(name)
        return value

    def get_secrets(self, secrets: Iterable[str]) -> dict[str, str | None]:
        """Name -> secret, `None` for each that there is none of."""
        return {name: self._secrets.get(name) for name in secrets}

    def get_secret_content_type(self, name: str) -> str:
        """The same for every secret; raises `NoSuchSecret` if there is none of that name."""
        self.get_secret(name)
        return KeyVaultContentType.not_provided.value

    def set_secret(
        self,
        name: str,
        value: str,
        content_type: KeyVaultContentType = KeyVaultContentType.not_provided,
    ) -> None:
        """Keep a secret, in place of an earlier one of that name.

        Raises
        ------
        UserError
            The name is empty, or the value is no text.
        """
        self.set_secrets({name: value})

    def set_secrets(self, secrets_batch: Mapping[str, str]) -> None:
        """As `set_secret`, for several; none is kept unless all can be."""
        for name, value in secrets_batch.items():
            if not isinstance(name, str) or not name.strip():
                raise UserError(f"{name!r} cannot name a secret. Use a text.")
            if not isinstance(value, str):
                raise UserError(
                    f"The secret {name!r} is a {type(value).__name__}. Give it as a text."
                )
        for name, value in secrets_batch.items():
            self._secrets.keep(name, value)

    def list_secrets(self) -> list[dict[str, str]]:
        """A dictionary with the name of each, in order; no values."""
        return [{"name": name} for name in self._secrets.names()]

    def delete_secret(self, name: str) -> None:
        """Forget a secret; raises `NoSuchSecret` if there is none of that name."""
        self.delete_secrets([name])

    def delete_secrets(self, secrets: Iterable[str]) -> None:
        """As `delete_secret`, for several; none is forgotten unless all are there."""
        names, known = tuple(secrets), self._secrets.names()
        for name in names:
            if name not in known:
                raise self._unknown(name)
        for name in names:
            self._secrets.delete(name)

    def _unknown(self, name: str) -> NoSuchSecret:
        known = ", ".join(map(repr, self._secrets.names())) or "none"
        return NoSuchSecret(
            f"No secret {name!r} in the workspace {self.workspace.name}, which has {known}. "
            "`ws.get_default_keyvault().set_secret` keeps one."
        )

    def __repr__(self) -> str:
        return f"Keyvault(workspace={self.workspace!r})"
