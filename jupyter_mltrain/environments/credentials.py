"""Passwords of registries: in the system's keyring, else in a file that only its user can read."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from pathlib import Path
from typing import Final

from jupyter_mltrain.engine.references import address_of
from jupyter_mltrain.errors import EnvironmentFailed

_SERVICE: Final = "jupyter_mltrain"
"""What the keyring files them under."""

_Known = dict[str, dict[str, str]]


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
        self._guard = threading.Lock()

    def password(self, address: str, username: str) -> str | None:
        """The password that was kept, `None` when there is none."""
        address = address_of(address)
        with self._guard:
            kept = self._read().get(address, {}).get(username)
            return kept if kept is not None else self._ask(address, username)

    def keep(self, address: str, username: str, password: str) -> None:
        """Keep a password in place of an earlier one; an empty one forgets it.

        Raises
        ------
        EnvironmentFailed
            There is no keyring, and the file cannot be written.
        """
        address = address_of(address)
        with self._guard:
            if self._put(address, username, password):
                password = ""
            if password or self._file.exists():
                self._change(address, username, password)

    def _ask(self, address: str, username: str) -> str | None:
        if not self._keyring:
            return None
        import keyring
        import keyring.errors

        try:
            found: str | None = keyring.get_password(_SERVICE, f"{username}@{address}")
        except keyring.errors.KeyringError:
            return None  # there is none, or it stays locked: then the password is asked for again
        return found

    def _put(self, address: str, username: str, password: str) -> bool:
        """Whether the keyring has taken it."""
        if not self._keyring:
            return False
        import keyring
        import keyring.errors

        entry = f"{username}@{address}"
        try:
            if password:
                keyring.set_password(_SERVICE, entry, password)
                # One that is switched off takes everything and keeps nothing.
                return bool(keyring.get_password(_SERVICE, entry) == password)
            if keyring.get_password(_SERVICE, entry) is not None:
                keyring.delete_password(_SERVICE, entry)
        except keyring.errors.KeyringError:
            return False
        return True

    def _read(self) -> _Known:
        try:
            text = self._file.read_text("utf-8")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise EnvironmentFailed(
                f"{self._file} with the passwords of registries cannot be read: "
                f"{error.strerror}. Make it yours, or remove it and set the passwords again."
            ) from None
        known = _decoded(text)
        if known is None:
            raise EnvironmentFailed(
                f"{self._file} with the passwords of registries is damaged. Remove it, and set "
                "the passwords again."
            )
        return known

    def _change(self, address: str, username: str, password: str) -> None:
        """Write the file anew with that password, or without one."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(f"{self._file}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)  # services of other workspaces use it too
            known = self._read()
            users = known.pop(address, {})
            users.pop(username, None)
            if password:
                users[username] = password
            self._write({**known, address: users} if users else known)
        finally:
            os.close(lock)

    def _write(self, known: _Known) -> None:
        new = Path(f"{self._file}.new")
        try:
            new.unlink(missing_ok=True)
            # The mode is given as it is made: at no moment can others read it.
            made = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(made, "w", encoding="utf-8") as file:
                json.dump(known, file)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._file)
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> EnvironmentFailed:
        return EnvironmentFailed(
            f"The password cannot be kept in {self._file}: {error.strerror}. Make that folder "
            "yours and writable, or set up a keyring."
        )


def _decoded(text: str) -> _Known | None:
    """What the file says; `None` when it is damaged, and no error, which would quote it."""
    try:
        return {
            str(address): {str(name): str(each) for name, each in users.items()}
            for address, users in json.loads(text).items()
        }
    except (ValueError, AttributeError):
        return None
