"""Passwords of registries, by registry and user."""

from __future__ import annotations

from pathlib import Path

from jupyter_mltrain.engine.references import address_of
from jupyter_mltrain.errors import EnvironmentFailed
from jupyter_mltrain.secrets import Secrets


class Credentials:
    """Passwords by registry and user. They are in no log, reply or `repr`.

    Every method may wait for the keyring, so none is for the event loop.
    """

    def __init__(self, file: Path, *, keyring: bool = True) -> None:
        """Say where.

        Parameters
        ----------
        file
            Used where the system has no keyring; made when there is something to keep. It must
            not lie in a workspace.
        keyring
            `False` leaves the keyring alone.
        """
        self._file = file
        self._keyring = keyring

    def password(self, address: str, username: str) -> str | None:
        """The password that was kept, `None` when there is none."""
        return self._of(address).get(username)

    def keep(self, address: str, username: str, password: str) -> None:
        """Keep a password in place of an earlier one; an empty one forgets it.

        Raises
        ------
        EnvironmentFailed
            There is no keyring, and the file cannot be written.
        """
        secrets = self._of(address)
        if password:
            secrets.keep(username, password)
        else:
            secrets.delete(username)

    def _of(self, address: str) -> Secrets:
        return Secrets(
            address_of(address),
            file=self._file,
            keyring=self._keyring,
            listed=False,
            failure=EnvironmentFailed,
        )
