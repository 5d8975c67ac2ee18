"""The files of a run: names that stay inside its folder, and writing each name once."""

import errno
import os
import shutil
import stat

from .errors import AlreadyThere, InvalidName

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any, List

PARTIAL = ".mltrain-"
"""What the name of a file starts with while it is written; it lies directly in `files`."""

_NO_LINKS = frozenset(
    {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV, errno.EMLINK}
)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | getattr(os, "O_CLOEXEC", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)


def clean_name(name: str) -> str:
    """Check the name of a file of a run, and write it with forward slashes and no ``./``.

    Raises
    ------
    InvalidName
        The name is absolute, leads out of the run with ``..``, or can't be a file's name.
    """
    if not isinstance(name, str):
        raise InvalidName("{!r} can't name a file of a run: give a string.".format(name))
    text = name.replace("\\", "/")
    problem = None
    if any(ord(character) < 32 for character in text):
        problem = "it holds a control character"
    elif text.startswith("/") or text[1:3] == ":/":
        problem = "it is an absolute path"
    parts = [part for part in text.split("/") if part != "."]
    if problem is None:
        if ".." in parts:
            problem = "'..' leads out of the run"
        elif not parts or "" in parts:
            problem = "a part of it is empty"
        elif any(len(os.fsencode(part)) > 255 for part in parts):
            problem = "a part of it is longer than 255 bytes"
        elif parts[0].startswith(PARTIAL):
            problem = "such names are kept for files being written"
    if problem is not None:
        raise InvalidName(
            "{!r} can't name a file of a run: {}. Give a relative name such as "
            "'outputs/model.pkl'.".format(name, problem)
        )
    return "/".join(parts)


def write_once(folder: str, run_id: str, name: str, source: "Any") -> None:
    """Put content under a cleaned name below `folder`; others see it whole or not at all.

    In an attempt that follows a failed one, the files of that one may be replaced.

    Parameters
    ----------
    source
        Bytes, or a file object whose `read` gives bytes or text (kept as UTF-8).

    Raises
    ------
    AlreadyThere
        The name, or a file where the name has a folder, exists.
    OSError
        The disk is full, say; nothing is left behind.
    """
    try:
        os.mkdir(folder)
    except FileExistsError:
        pass
    parts = name.split("/")
    root = os.open(folder, _FOLDER)
    try:
        # Folder by folder, never through a link: the run's files stay inside it.
        inner = _open_folders(root, parts[:-1], run_id, name)
        try:
            _place(root, inner, parts[-1], run_id, name, source)
        finally:
            os.close(inner)
    finally:
        os.close(root)


def _open_folders(root: int, parts: "List[str]", run_id: str, name: str) -> int:
    folder = os.dup(root)
    for part in parts:
        try:
            try:
                os.mkdir(part, dir_fd=folder)
            except FileExistsError:
                pass
            inner = os.open(part, _FOLDER, dir_fd=folder)
        except OSError as error:
            if error.errno in (errno.ENOTDIR, errno.ELOOP):
                raise AlreadyThere(
                    "{!r} can't be a file of run {}: {!r} in it is a file or a link, not a "
                    "folder. Choose another name.".format(name, run_id, part)
                ) from None
            raise
        finally:
            os.close(folder)
        folder = inner
    return folder


def _place(root: int, folder: int, last: str, run_id: str, name: str, source: "Any") -> None:
    taken = AlreadyThere(
        "{!r} is already in run {}: files are written once. Choose another name.".format(
            name, run_id
        )
    )
    partial = PARTIAL + os.urandom(8).hex() + ".part"
    try:
        with open(os.open(partial, _NEW, 0o666, dir_fd=root), "wb") as file:
            _copy(source, file)
        try:
            os.link(partial, last, src_dir_fd=root, dst_dir_fd=folder)
        except FileExistsError:
            if not _is_of_an_earlier_attempt(folder, last):
                raise taken from None
            os.rename(partial, last, src_dir_fd=root, dst_dir_fd=folder)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if _is_of_an_earlier_attempt(folder, last):
                os.unlink(last, dir_fd=folder)
            _copy_exclusively(root, partial, folder, last, taken)
    finally:
        try:
            os.unlink(partial, dir_fd=root)
        except FileNotFoundError:
            pass


def _is_of_an_earlier_attempt(folder: int, last: str) -> bool:
    """Whether a file was kept by an attempt that failed: this one may put its own in its place."""
    begun = os.environ.get("MLTRAIN_ATTEMPT_AT")
    if not begun:
        return False
    try:
        return os.stat(last, dir_fd=folder, follow_symlinks=False).st_mtime < float(begun)
    except FileNotFoundError:
        return False


def _copy_exclusively(root: int, partial: str, folder: int, last: str, taken: AlreadyThere) -> None:
    """Stand in for a hard link on a file system that has none."""
    try:
        descriptor = os.open(last, _NEW, 0o666, dir_fd=folder)
    except FileExistsError:
        raise taken from None
    with open(descriptor, "wb") as file:
        try:
            with open(os.open(partial, os.O_RDONLY, dir_fd=root), "rb") as whole:
                shutil.copyfileobj(whole, file)
            file.flush()
        except OSError:
            os.unlink(last, dir_fd=folder)
            raise


def _copy(source: "Any", file: "IO[bytes]") -> None:
    if isinstance(source, (bytes, bytearray, memoryview)):
        file.write(source)
        return
    while True:
        piece = source.read(1 << 20)
        if not piece:
            return
        file.write(piece.encode("utf-8") if isinstance(piece, str) else piece)


def is_regular(path: str) -> bool:
    """Whether a path leads to a file with content: not a folder, pipe or device."""
    return stat.S_ISREG(os.stat(path).st_mode)
