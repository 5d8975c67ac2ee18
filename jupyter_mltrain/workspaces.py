"""Where workspaces are: the default one, the user's registry of them, and their sockets."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from jupyter_mltrain.errors import WorkspaceError
from jupyter_mltrain.spec import Frozen

_T = TypeVar("_T")

VARIABLE: Final = "MLTRAIN_WORKSPACE"
"""Environment variable that names the default workspace's directory."""

_SOCKET_BYTES: Final = 104
"""Longest socket path that every system takes: sun_path has 108 bytes on Linux, 104 on macOS."""

_NETWORK: Final = ("nfs", "nfs4", "cifs", "smb3", "lustre", "gpfs", "beegfs", "afs", "9p")
"""File systems on which a socket binds, but nobody on another host can connect."""


class Identity(Frozen, frozen=True, kw_only=True):
    """What ``workspace.json`` says: written once, when the workspace is made."""

    id: str
    name: str


class Endpoint(Frozen, frozen=True, kw_only=True):
    """What ``service.json`` says: where the running service listens."""

    socket: str
    pid: int
    version: str


def default_directory() -> Path:
    """`$MLTRAIN_WORKSPACE`, else ``mltrain/default`` under Jupyter's data directory."""
    given = os.environ.get(VARIABLE)
    return Path(given).expanduser().absolute() if given else home() / "default"


def home() -> Path:
    """The folder that named workspaces lie in."""
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()).absolute() / "mltrain"


def identify(directory: Path) -> Identity:
    """The workspace's identity, made now when the directory is new.

    Raises
    ------
    WorkspaceError
        The directory cannot be made or written, or its identity cannot be read.
    """
    path = directory / "workspace.json"
    try:
        return _read(path, Identity)
    except FileNotFoundError:
        pass  # a new workspace
    identity = Identity(id=os.urandom(6).hex(), name=directory.name)
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace(path, msgspec.json.encode(identity), lasting=True)
    except OSError as error:
        raise WorkspaceError(
            f"The workspace {directory} cannot be written ({error.strerror}). Make it writable "
            f"for you, or choose another with {VARIABLE}."
        ) from None
    return identity


def endpoint(directory: Path) -> Endpoint | None:
    """Where the workspace's service said it listens; `None` when none did."""
    path = directory / "service.json"
    try:
        return msgspec.json.decode(_bytes(path), type=Endpoint)
    except (FileNotFoundError, msgspec.DecodeError, msgspec.ValidationError):
        return None  # torn by a power cut: then that service is gone as well


def unfinished(directory: Path) -> bool:
    """Whether a service of the workspace is gone that may have left runs: the next one goes on.

    A service that leaves with no run waiting or running takes ``service.json`` along. It stays
    when the service was killed, the machine went down, or runs were left to go on, so a file that
    names a socket where nobody listens tells of unfinished business. Starts nothing; false for a
    workspace that is served, and for one that is gone or cannot be read.
    """
    try:
        found = endpoint(directory)
        if found is None:  # none, or one torn by a power cut
            return (directory / "service.json").exists()
    except (WorkspaceError, OSError):
        return False
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(found.socket)
        except (TimeoutError, BlockingIOError):
            return False  # somebody listens who is busy
        except OSError:
            return True
    return False


def _read(path: Path, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(_bytes(path), type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise WorkspaceError(f"{path} cannot be understood: {error}. Move it away.") from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except NotADirectoryError:
        file = next(folder for folder in path.parents if folder.is_file())
        raise WorkspaceError(
            f"The workspace {path.parent} cannot be made: {file} is a file. Choose another place "
            f"with {VARIABLE}."
        ) from None
    except PermissionError as error:
        raise WorkspaceError(
            f"{path} cannot be read ({error.strerror}). Make it readable for you, or choose "
            f"another workspace with {VARIABLE}."
        ) from None


def replace(path: Path, data: bytes, *, lasting: bool = False) -> None:
    """Put a small file there whole or not at all, readable by its owner alone.

    Parameters
    ----------
    lasting
        Make it survive a power cut: it would be empty else.
    """
    import tempfile

    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with open(handle, "wb") as file:
            file.write(data)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def register(identity: Identity, directory: Path) -> None:
    """Remember the workspace for this user, so that cards and URLs can name it by id."""
    known = dict(registered())
    if known.get(identity.id) == str(directory):
        return
    known[identity.id] = str(directory)
    try:
        home().mkdir(parents=True, exist_ok=True, mode=0o700)
        replace(home() / "workspaces.json", msgspec.json.encode(known), lasting=True)
    except OSError as error:
        raise WorkspaceError(
            f"{home()} cannot be written ({error.strerror}), so the workspace {directory} cannot "
            "be remembered. Set JUPYTER_DATA_DIR to a folder of yours."
        ) from None


def forget(workspace_id: str) -> None:
    """Let this user's registry no longer name that workspace."""
    known = {key: path for key, path in registered().items() if key != workspace_id}
    replace(home() / "workspaces.json", msgspec.json.encode(known), lasting=True)


def registered() -> Mapping[str, str]:
    """Workspace id -> directory, of every workspace this user has used."""
    try:
        return _read(home() / "workspaces.json", dict[str, str])
    except FileNotFoundError:
        return {}


def socket_path(identity: Identity) -> Path:
    """Where the workspace's service listens: short, private, on a local file system.

    Raises
    ------
    WorkspaceError
        The directory for sockets belongs to somebody else.
    """
    from jupyter_core.paths import jupyter_runtime_dir

    name = f"{identity.id}.sock"
    for folder in (
        Path(jupyter_runtime_dir()).absolute() / "mltrain",
        Path(os.environ.get("XDG_RUNTIME_DIR") or "/nonexistent") / "mltrain",
    ):
        path = folder / name
        if len(os.fsencode(path)) <= _SOCKET_BYTES and _is_usable(folder):
            return path
    folder = Path("/tmp") / f"mltrain-{os.getuid()}"
    if not _is_usable(folder):
        raise WorkspaceError(
            f"{folder} is not a private folder of yours, so no socket can be put there. Remove "
            "it, or set JUPYTER_RUNTIME_DIR to a short path on a local disk."
        )
    # Workspaces of different homes meet here: the id alone would do, the hash makes sure.
    import hashlib

    digest = hashlib.sha256(os.fsencode(home())).hexdigest()[:8]
    return folder / f"{digest}-{name}"


def _is_usable(folder: Path) -> bool:
    """Whether the folder is there (made now), ours alone, and local."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            return False
        if found.st_mode & 0o077:
            folder.chmod(0o700)
    except OSError:
        return False  # no such place, or no right to it: the next one then
    return is_local(folder)


def is_local(folder: Path) -> bool:
    """Whether the folder lies on a file system of this machine, as far as the system tells."""
    device = os.stat(folder).st_dev  # noqa: PTH116 - asked for at every submit
    known = _locals.get(device)
    if known is None:
        known = _locals[device] = _file_system(folder) not in _NETWORK
    return known


_locals: Final[dict[int, bool]] = {}


def _file_system(folder: Path) -> str:
    """Type of the file system that the folder lies on; empty where the system does not tell."""
    try:
        mounts = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    for line in mounts:
        _, point, this, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        if len(point) >= len(best) and (folder == Path(point) or Path(point) in folder.parents):
            best, kind = point, this
    return kind
