"""Files of runs on an engine that does not see ours: carried there, followed, fetched back."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from jupyter_mltrain.engine.containers import STDERR, STDOUT, Output, archive

if TYPE_CHECKING:
    import docker

_FETCHED: Final = (
    "files",
    "work/outputs",
    "work/logs",
    "written",
    "variables",
    "children",
    "journal.jsonl",
    "control/exit.json",
)
"""What of a run's directory comes back, the record of its end last: then all is here."""

_KEPT: Final = ("files", "work/outputs", "work/logs")
"""What of it is kept with the run. The log in there is followed already."""

_FOLLOWED: Final = ("journal.jsonl",)
"""What is followed, and completed rather than replaced."""

_SPOOL_BYTES: Final = 16_000_000
_PIECE_BYTES: Final = 1_000_000


def carry(
    client: docker.APIClient,
    name: str,
    paths: list[str],
    owner: tuple[int, int],
    links: Collection[str] = (),
) -> None:
    """Put folders into a container that has not begun, under the names they have here.

    Parameters
    ----------
    links
        What lies in these folders, and is packed as what it leads to.
    """
    give, apart = _given_to(owner), {link.lstrip("/") for link in links}

    def without_links(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        return None if member.name in apart else give(member)

    with tempfile.TemporaryFile() as packed:
        with tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            for path in paths:
                tar.add(path, arcname=path.lstrip("/"), filter=without_links)
            tar.dereference = True
            for link in links:
                tar.add(link, arcname=link.lstrip("/"), filter=give)
        packed.seek(0)
        client.put_archive(name, "/", _pieces(packed))


def _given_to(owner: tuple[int, int]) -> Callable[[tarfile.TarInfo], tarfile.TarInfo | None]:
    def changed(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        if not (member.isfile() or member.isdir() or member.issym()):
            return None  # sockets and the like mean nothing elsewhere
        member.uid, member.gid = owner
        member.uname = member.gname = ""
        return member

    return changed


def bring(
    client: docker.APIClient,
    name: str,
    run_dir: Path,
    paths: Iterable[Path],
    owner: tuple[int, int],
) -> None:
    """Put files and folders of a run's directory into its container, which executes."""
    give = _given_to(owner)
    with tempfile.TemporaryFile() as packed:
        with tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            for path in paths:
                # The folders above as well, or they would be root's.
                for above in reversed(path.relative_to(run_dir).parents[:-1]):
                    folder = run_dir / above
                    tar.add(folder, str(folder).lstrip("/"), recursive=False, filter=give)
                tar.add(path, str(path).lstrip("/"), filter=give)
        packed.seek(0)
        client.put_archive(name, "/", _pieces(packed))


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE_BYTES):
        yield piece


def follow(output: Output, log: Path, journal: Path) -> None:
    """Write what a container says to where its run's files are, from where they end.

    Whatever was written before, by us or by an earlier service, is in the files and skipped here:
    the engine tells everything from the beginning.
    """
    with open(log, "ab") as to_log, open(journal, "ab") as to_journal:
        files = {STDOUT: to_log, STDERR: to_journal}
        there = {stream: file.tell() for stream, file in files.items()}
        for stream, data in output:
            already = min(there[stream], len(data))
            there[stream] -= already
            files[stream].write(data[already:])
            files[stream].flush()


def fetch(client: docker.APIClient, name: str, run_dir: Path, log: Path) -> None:
    """Bring back what an ended run has written; may be repeated after a crash."""
    follow(Output(client, name, follow=False), log, run_dir / "journal.jsonl")
    _fetch(client, name, run_dir, log, _FETCHED)


def take_back(client: docker.APIClient, name: str, run_dir: Path, log: Path) -> None:
    """Bring back the files that a run, which goes on, has written so far."""
    _fetch(client, name, run_dir, log, _KEPT)


def _fetch(
    client: docker.APIClient, name: str, run_dir: Path, log: Path, paths: tuple[str, ...]
) -> None:
    for each in paths:
        with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as packed:
            for piece in archive(client, name, str(run_dir / each)):
                packed.write(piece)
            if not packed.tell():
                continue  # the script has deleted it, or there never was one
            packed.seek(0)
            with tarfile.open(fileobj=packed, mode="r:") as tar:
                _unpack(tar, (run_dir / each).parent, run_dir, keep=log)


def _unpack(tar: tarfile.TarFile, into: Path, run_dir: Path, keep: Path) -> None:
    """Put what is packed into a folder of the run's, and nothing anywhere else."""
    root = os.path.realpath(run_dir)
    for member in tar:
        path = into / member.name
        if ".." in path.parts or path == keep:
            continue
        parent = os.path.realpath(path.parent)
        if parent != root and not parent.startswith(root + os.sep):
            continue  # behind a link that leads elsewhere
        if member.isdir():
            if not os.path.lexists(path):
                path.mkdir(parents=True)
            continue
        if path.is_dir() and not path.is_symlink():
            continue  # what we have as a folder is not replaced
        if member.issym() and path.relative_to(run_dir).as_posix() in _FETCHED:
            continue  # these are ours, and written to
        path.parent.mkdir(parents=True, exist_ok=True)
        if member.issym():
            path.unlink(missing_ok=True)
            path.symlink_to(member.linkname)
        elif (data := _content(tar, member)) is not None:
            if path.name in _FOLLOWED and path.parent == run_dir:
                _complete(path, data)
                continue
            if path.is_symlink():
                path.unlink()
            with open(path, "wb") as file:
                shutil.copyfileobj(data, file, _PIECE_BYTES)
            path.chmod(member.mode & 0o777 | 0o600)
            os.utime(path, (member.mtime, member.mtime))


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes] | None:
    """Of a file, or of the file in there that a hard link is another name of."""
    if not member.isfile() and not member.islnk():
        return None
    try:
        return tar.extractfile(member)
    except KeyError:
        return None  # it was in another archive


def _complete(path: Path, data: IO[bytes]) -> None:
    """Append what is not there yet."""
    with open(path, "ab") as file:
        data.seek(file.tell(), io.SEEK_SET)
        shutil.copyfileobj(data, file, _PIECE_BYTES)
