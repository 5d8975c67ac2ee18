"""One service per workspace: the lock that makes it so."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path

import msgspec

from jupyter_mltrain.errors import WorkspaceError, WorkspaceLocked
from jupyter_mltrain.spec import Frozen


class Holder(Frozen, frozen=True, kw_only=True):
    """Who holds the lock, as the lock file says."""

    host: str
    pid: int


class WorkspaceLock:
    """An exclusive lock on a workspace, gone with the process that holds it.

    The file keeps the holder's host and pid, since a lock does not cross every network file
    system: a file that another host left is believed.
    """

    def __init__(self, directory: Path) -> None:
        """Take the lock.

        Raises
        ------
        WorkspaceLocked
            Another service has it.
        WorkspaceError
            The lock file cannot be written.
        """
        self.path = directory / "lock"
        try:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise WorkspaceError(
                f"The workspace {directory} cannot be written ({error.strerror}). Make it "
                "writable for you, or choose another with MLTRAIN_WORKSPACE."
            ) from None
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = self._holder()
            os.close(self._fd)
            who = f"process {holder.pid} on {holder.host}" if holder else "another process"
            raise WorkspaceLocked(
                f"The workspace {directory} is in use by {who}. Use it from there, or end that "
                "process."
            ) from None
        holder = self._holder()
        self.was_left_open = holder is not None
        """The last holder did not release it: it was killed, or the machine went down."""
        if holder is not None and holder.host != socket.gethostname():
            os.close(self._fd)
            raise WorkspaceLocked(
                f"The workspace {directory} is in use on the host {holder.host} (process "
                f"{holder.pid}). Use it from there; if that host is gone for good, delete "
                f"{self.path}."
            )
        mine = Holder(host=socket.gethostname(), pid=os.getpid())
        self._write(msgspec.json.encode(mine))

    def _holder(self) -> Holder | None:
        data = os.pread(self._fd, 4096, 0)
        try:
            return msgspec.json.decode(data, type=Holder) if data else None
        except (msgspec.DecodeError, msgspec.ValidationError):
            return None  # torn by a power cut: then that process is gone as well

    def _write(self, data: bytes) -> None:
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, data, 0)

    def release(self) -> None:
        """Give the workspace free, in good order."""
        self._write(b"")
        os.close(self._fd)
