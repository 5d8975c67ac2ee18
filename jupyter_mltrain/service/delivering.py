"""Brings runs the data that they take, before they are queued.

``runs/<id>/data/<input>`` is what a run finds: a link to the one folder of this machine that the
data is, or a folder of links to its files, those of other places in the workspace's cache; or a
copy of the run's own. ``inputs.json`` beside them tells the script what it got.
"""

from __future__ import annotations

import asyncio
import errno
import os
import posixpath
import shutil
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import msgspec

from jupyter_mltrain import runtime, units, workspaces
from jupyter_mltrain.data.cache import Cache, Cached
from jupyter_mltrain.data.fingerprint import fingerprint
from jupyter_mltrain.data.progress import Progress
from jupyter_mltrain.data.resolving import Found, Places, Resolved, chosen, resolve
from jupyter_mltrain.data.transfer import place_copy
from jupyter_mltrain.errors import DataUnavailable, DiskFull, InvalidSpec, MltrainError
from jupyter_mltrain.service import finishing
from jupyter_mltrain.service.data_paths import FOLDER, entry, is_below, path_of
from jupyter_mltrain.service.datastores import Datastores
from jupyter_mltrain.service.roster import Clock
from jupyter_mltrain.spec import (
    DataInput,
    DataMode,
    DatasetKind,
    Delivered,
    Run,
)
from jupyter_mltrain.store.removal import remove_tree

_LIST: Final = "inputs.json"

_SAY_S: Final = 0.5
"""How often a run's reason says how far it has got."""

_NOTE_S: Final = 10.0
"""How often its log does."""

_LEAVE_S: Final = 5.0
"""For which a place that does not answer keeps a run, or the service, from ending."""

_AT_ONCE: Final = 64
"""Runs that are brought data at the same time."""

_MOST_MOUNTS: Final = 64
"""So many single files a container gets; with more, the folder of all of them."""


class Deliverer:
    """Brings data to runs. What is the same for several of them is fetched once."""

    def __init__(self, *, datastores: Datastores, cache: Cache, clock: Clock) -> None:
        self._datastores = datastores
        self.cache = cache
        self._clock = clock
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="data")
        self._targets: dict[str, tuple[str, ...]] = {}

    async def deliver(
        self, run: Run, run_dir: Path, said: Callable[[str], None]
    ) -> tuple[Delivered, ...]:
        """Have all of a run's data where it finds it; may be repeated after a crash.

        Cancelled, it has stopped working when this returns, or waits for a place that does not
        answer, and does nothing more when that does.

        Parameters
        ----------
        said
            Is told what is going on, now and then.

        Raises
        ------
        DataUnavailable
            Something can't be had, or a datastore that it is to write to refuses.
        DiskFull
            It doesn't fit.
        """
        work = _Delivery(run, run_dir, self._datastores.places(), self.cache, self._clock)
        working = asyncio.get_running_loop().run_in_executor(self._threads, work.do)
        working.add_done_callback(_seen)  # also of one that nobody waits for any more
        noted = self._clock().timestamp()
        try:
            while not (await asyncio.wait([working], timeout=_SAY_S))[0]:
                text = f"bringing the data: {work}"
                said(text)
                if self._clock().timestamp() - noted > _NOTE_S:
                    noted = self._clock().timestamp()
                    await asyncio.to_thread(finishing.note, run_dir, self._clock(), text)
        except BaseException:
            work.stop()
            await asyncio.wait([working], timeout=_LEAVE_S)
            raise
        done = await working
        self._targets[run.id] = work.targets
        return done

    async def targets(self, run: Run, run_dir: Path) -> tuple[str, ...]:
        """Files and folders of this machine that the links of a run lead to.

        Never read from the run's directory, where an earlier attempt could have changed it.
        """
        if run.id not in self._targets:
            work = _Delivery(run, run_dir, self._datastores.places(), self.cache, self._clock)
            loop = asyncio.get_running_loop()
            self._targets[run.id] = await loop.run_in_executor(self._threads, work.look)
        return self._targets[run.id]

    def forget(self, run_id: str) -> None:
        """The run has ended."""
        self._targets.pop(run_id, None)

    def in_use(self, run_dirs: Iterable[Path]) -> set[str]:
        """Contents of the cache that the links of these runs lead to; in a thread."""
        blobs = f"{os.path.realpath(self.cache.folder)}/blobs/"
        found = set()
        for run_dir in run_dirs:
            for where, _, names in os.walk(run_dir / FOLDER):
                for name in names:
                    path = f"{where}/{name}"
                    if os.path.islink(path) and (to := os.path.realpath(path)).startswith(blobs):  # noqa: PTH114
                        found.add(posixpath.basename(to))
        return found

    def close(self) -> None:
        """Begin nothing more; what was stopped comes to its end."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Delivery:
    """The data of one run on its way, in a thread."""

    def __init__(self, run: Run, run_dir: Path, places: Places, cache: Cache, clock: Clock) -> None:
        self._run = run
        self._run_dir = run_dir
        self._folder = run_dir / FOLDER
        self._places = places
        self._cache = cache
        self._clock = clock
        self._at: tuple[str, Progress] | None = None
        self._guard = threading.Lock()
        self._stopped = False
        self.targets: tuple[str, ...] = ()

    def __str__(self) -> str:
        at = self._at
        return "looking" if at is None else f"{at[0]}, {at[1]}"

    def stop(self) -> None:
        with self._guard:
            self._stopped = True
            if self._at is not None:
                self._at[1].stop()

    def _begin(self, given: DataInput) -> Progress:
        progress = Progress()
        with self._guard:
            self._at = (given.name, progress)
            if self._stopped:
                progress.stop()
        progress.check()
        return progress

    def do(self) -> tuple[Delivered, ...]:
        """Bring it all, and write down what came."""
        spec = self._run.spec
        try:
            with self._places:
                for name in {output.datastore for output in spec.outputs}:
                    self._places[name].look()
                _unlink(self._folder)
                self._folder.mkdir(exist_ok=True)
                done = [self._one(given) for given in spec.inputs]
        except OSError as error:
            raise _unwritable(self._folder, error) from None
        entries = [entry(given, each) for given, each in zip(spec.inputs, done, strict=True)]
        workspaces.replace(self._folder / _LIST, msgspec.json.encode(entries), lasting=True)
        return tuple(done)

    def look(self) -> tuple[str, ...]:
        """What links lead to, and nothing else."""
        with self._places:
            for given in self._run.spec.inputs:
                self._add_targets(given, self._resolved(given, self._begin(given)), None)
        return self.targets

    def _resolved(self, given: DataInput, progress: Progress) -> Resolved:
        try:
            found = resolve(given.spec.paths, self._places, progress.check)
        except MltrainError as error:
            raise type(error)(f"The input {given.name!r}: {error.message}") from None
        if given.spec.kind is not DatasetKind.FILE or not given.spec.steps:
            return found
        errors = runtime.load("errors")
        try:
            files = runtime.load("steps").files(found.files, given.spec.steps, facts)
        except errors.UserErrorException as error:
            raise InvalidSpec(f"The input {given.name!r}: {error.message}") from None
        if not files:
            raise DataUnavailable(
                f"The input {given.name!r}: its steps leave none of its "
                f"{units.plural(len(found.files), 'file')}."
            )
        return chosen(found, files)

    def _one(self, given: DataInput) -> Delivered:
        progress = self._begin(given)
        found = self._resolved(given, progress)
        try:
            cached = self._cache.bring(found.files, progress)
        except MltrainError as error:
            raise type(error)(f"The input {given.name!r}: {error.message}") from None
        self._add_targets(given, found, cached)
        self._lay(given, found, cached, progress)
        size = sum(each.size_bytes for each in cached)
        delivered = Delivered(
            name=given.name,
            path=path_of(given, found, self._run_dir),
            files=len(cached),
            size_bytes=size,
            fingerprint=fingerprint(found.files, cached),
            dataset=given.dataset,
            version=given.version,
        )
        fetched = max(0, progress.fetched_bytes)
        how = "a copy" if given.mode is DataMode.DOWNLOAD else "where it lies"
        note = (
            f"data: input {given.name}: {units.plural(delivered.files, 'file')}, "
            f"{units.size(size)}, {how}"
            f"{f', {units.size(fetched)} of it fetched now' if fetched else ''}; fingerprint "
            f"{delivered.fingerprint}"
        )
        finishing.note(self._run_dir, self._clock(), note)
        return delivered

    def _lay(
        self, given: DataInput, found: Resolved, cached: Sequence[Cached], progress: Progress
    ) -> None:
        """Put what the run finds there, afresh: what an interrupted try left is gone first."""
        place = self._folder / given.name
        if problems := remove_tree(place):
            raise DataUnavailable(f"{problems[0]}.")
        copies = given.mode is DataMode.DOWNLOAD
        if found.folder is not None and not copies:
            place.symlink_to(found.folder)
            return
        if copies:
            self._check_room(given, cached)
        place.mkdir()
        if not copies:
            _link(
                place,
                {e.name: here.path for e, here in zip(found.files, cached, strict=True)},
                progress,
            )
            return
        for each, here in zip(found.files, cached, strict=True):
            progress.check()
            place_copy(here.path, place / each.name)

    def _check_room(self, given: DataInput, cached: Sequence[Cached]) -> None:
        size = sum(each.size_bytes for each in cached)
        free = shutil.disk_usage(self._run_dir).free
        if size > free:
            raise DiskFull(
                f"The input {given.name!r} is a copy of {units.size(size)}, and "
                f"{units.size(free)} are free where the workspace lies. Mount it instead, or free "
                "some with `jupyter mltrain gc`."
            )

    def _add_targets(
        self, given: DataInput, found: Resolved, cached: Sequence[Cached] | None
    ) -> None:
        """Add what its links lead to; `cached` is `None` where that is not known any more."""
        if given.mode is DataMode.DOWNLOAD:
            return
        local = [each for each in found.files if each.entry.local is not None]
        targets = {str(found.folder)} if found.folder is not None else set()
        if len(local) < len(found.files):
            blobs = {each.path for each in cached or () if each.sha256 is not None}
            if cached is None or len(blobs) > _MOST_MOUNTS:
                blobs = {str(self._cache.folder / "blobs")}
            targets |= {os.path.realpath(path) for path in blobs}
        if found.folder is None:
            targets |= _targets_of(local, single=found.single)
        self.targets = tuple(sorted({*self.targets, *targets}))


def _seen(done: asyncio.Future[Any]) -> None:
    """Know how it ended, which asyncio else would say in the log, with a traceback."""
    if not done.cancelled():
        done.exception()


def _unlink(folder: Path) -> None:
    """Take away a link that a script has put in the place of its folder, to lead us elsewhere."""
    if folder.is_symlink():
        folder.unlink()


def _link(place: Path, files: Mapping[str, str], progress: Progress) -> None:
    """Make links below a folder, name -> path; each of its folders is made and opened once."""
    folders: dict[str, list[str]] = {}
    for name in files:
        folders.setdefault(posixpath.dirname(name), []).append(name)
    for folder, names in folders.items():
        (place / folder).mkdir(parents=True, exist_ok=True)
        opened = os.open(place / folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for name in names:
                progress.check()
                os.symlink(files[name], posixpath.basename(name), dir_fd=opened)
        finally:
            os.close(opened)


def _unwritable(folder: Path, error: OSError) -> MltrainError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"No room left for {folder}. `jupyter mltrain gc` frees some.")
    return DataUnavailable(f"{folder} cannot be written: {error.strerror}.")


def _targets_of(files: Sequence[Found], *, single: bool) -> set[str]:
    """What of this machine a container has to see for these files: as little as it takes."""
    if single or len(files) <= _MOST_MOUNTS:
        return {each.entry.local for each in files if each.entry.local is not None}
    found = set()
    for each in files:
        assert each.entry.local is not None
        found.add(os.path.dirname(each.entry.local))  # noqa: PTH120
    return found if len(found) <= _MOST_MOUNTS else {os.path.commonpath(found)}


def facts(found: Found) -> Mapping[str, Any]:
    """What the files of a dataset are filtered by."""
    return {
        "Path": f"/{found.name}",
        "Size": found.entry.size_bytes,
        "LastModifiedTime": found.entry.modified_at,
    }


def cautions(run: Run, first: Run | None, delivered: Collection[Delivered]) -> tuple[str, ...]:
    """What the user should know of the data that came.

    Parameters
    ----------
    first
        The run that this one repeats.
    """
    found = [
        f"The input {given.name!r} is not at {given.path_on_compute}: a run has its data in its "
        "own folder. The script gets the path as its argument, or in the variable of that name."
        for given in run.spec.inputs
        if given.path_on_compute is not None and not is_below(given.path_on_compute)
    ]
    before = {each.name: each.fingerprint for each in first.data} if first else {}
    found += [
        f"The data of the input {each.name!r} is not what {first.label} had: it has changed since."
        for each in delivered
        if first and before.get(each.name, each.fingerprint) != each.fingerprint
    ]
    return tuple(found)


def clear(run_dir: Path) -> None:
    """Take away what an ended run had of data and models: links, and copies of its own."""
    folder = run_dir / FOLDER
    _unlink(folder)
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if path.name != _LIST:
            remove_tree(path)
