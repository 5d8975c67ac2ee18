"""Secrets of the user: in the system's keyring, else in a file that only the user can read."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from pathlib import Path
from typing import Final

from jupyter_mltrain import workspaces
from jupyter_mltrain.errors import MltrainError, WorkspaceError

_SERVICE: Final = "jupyter_mltrain"
"""What the keyring files them under."""

_guard: Final = threading.Lock()

_Known = dict[str, dict[str, str | None]]
"""Scope -> name -> value; `None` where the keyring has the value."""


class Secrets:
    """Values by name within one scope. They are in no workspace, log, reply or `repr`.

    Every method may wait for the keyring, so none is for the event loop. Several processes may
    use a scope at once.
    """

    def __init__(
        self,
        scope: str,
        *,
        file: Path | None = None,
        keyring: bool = True,
        listed: bool = True,
        failure: type[MltrainError] = WorkspaceError,
    ) -> None:
        """Say whose they are.

        Parameters
        ----------
        scope
            As in ``keyvault/<workspace id>``: the same name in another scope is another secret.
        file
            Used where the system has no keyring, by default ``credentials/secrets.json`` beside
            the workspaces; made when there is something to keep. Never in a workspace.
        keyring
            `False` leaves the keyring alone.
        listed
            Whether `names` is asked for: no keyring can list what it has, so that the names of
            what it keeps are written to the file.
        failure
            What is raised when the file cannot be read or written.
        """
        self._scope = scope
        self._file = file or workspaces.home() / "credentials" / "secrets.json"
        self._keyring = keyring
        self._listed = listed
        self._failure = failure

    def get(self, name: str) -> str | None:
        """The value that was kept, `None` when there is none."""
        with _guard:
            kept = self._read().get(self._scope, {}).get(name)
            return kept if kept is not None else self._ask(name)

    def names(self) -> tuple[str, ...]:
        """The names in this scope, in order."""
        with _guard:
            return tuple(sorted(self._read().get(self._scope, {})))

    def scopes(self) -> tuple[str, ...]:
        """Every scope of the file, in order."""
        with _guard:
            return tuple(sorted(self._read()))

    def keep(self, name: str, value: str) -> None:
        """Keep a value in place of an earlier one.

        Raises
        ------
        MltrainError
            The one given as `failure`: there is no keyring, and the file cannot be written.
        """
        with _guard:
            if not self._put(name, value):
                self._change(name, value)
            elif self._listed:
                self._change(name, None)
            else:
                self._drop(name)

    def delete(self, name: str) -> None:
        """Forget a value, if there is one."""
        with _guard:
            self._forget(name)
            self._drop(name)

    def _ask(self, name: str) -> str | None:
        if not self._keyring:
            return None
        import keyring
        import keyring.errors

        try:
            found: str | None = keyring.get_password(_SERVICE, self._entry(name))
        except keyring.errors.KeyringError:
            return None  # there is none, or it stays locked: then it counts as not kept
        return found

    def _put(self, name: str, value: str) -> bool:
        """Whether the keyring has taken it."""
        if not self._keyring:
            return False
        import keyring
        import keyring.errors

        entry = self._entry(name)
        try:
            keyring.set_password(_SERVICE, entry, value)
            # One that is switched off takes everything and keeps nothing.
            return bool(keyring.get_password(_SERVICE, entry) == value)
        except keyring.errors.KeyringError:
            return False

    def _forget(self, name: str) -> None:
        if not self._keyring:
            return
        import keyring
        import keyring.errors

        entry = self._entry(name)
        try:
            if keyring.get_password(_SERVICE, entry) is not None:
                keyring.delete_password(_SERVICE, entry)
        except keyring.errors.KeyringError as error:
            if self._read().get(self._scope, {}).get(name, "") is None:
                raise self._failure(
                    f"The keyring does not delete {name!r}: {error}. Unlock it, and try again."
                ) from None
            # There is no keyring, or nothing that it was known to keep.

    def _entry(self, name: str) -> str:
        return f"{name}@{self._scope}"

    def _drop(self, name: str) -> None:
        """Take the name out of the file, which is not made for that."""
        if self._file.exists():
            self._change(name)

    def _read(self) -> _Known:
        try:
            text = self._file.read_text("utf-8")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._failure(
                f"{self._file} with your credentials cannot be read: "
                f"{error.strerror}. Make it yours, or remove it and set them again."
            ) from None
        known = _decoded(text)
        if known is None:
            raise self._failure(
                f"{self._file} with your credentials is damaged. Remove it, and set them again."
            )
        return known

    def _change(self, name: str, *values: str | None) -> None:
        """Write the file anew with that value, or without the name when none is given."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(f"{self._file}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)  # other processes of the user keep theirs here too
            known = self._read()
            here = known.pop(self._scope, {})
            here.pop(name, None)
            here.update((name, value) for value in values)
            self._write({**known, self._scope: here} if here else known)
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

    def _unwritable(self, error: OSError) -> MltrainError:
        return self._failure(
            f"The secret cannot be kept in {self._file}: {error.strerror}. Make that folder "
            "yours and writable, or set up a keyring."
        )


def delete_below(start: str) -> None:
    """Forget every secret of the scopes that begin like this."""
    for scope in Secrets("").scopes():
        if scope.startswith(start):
            secrets = Secrets(scope)
            for name in secrets.names():
                secrets.delete(name)


def _decoded(text: str) -> _Known | None:
    """What the file says; `None` when it is damaged, and no error, which would quote it."""
    try:
        return {
            str(scope): {
                str(name): None if value is None else str(value) for name, value in values.items()
            }
            for scope, values in json.loads(text).items()
        }
    except (ValueError, AttributeError):
        return None
