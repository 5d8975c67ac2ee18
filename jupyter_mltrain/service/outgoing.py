"""Sends what runs have written for their outputs to its datastores, once they have ended."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from jupyter_mltrain import units
from jupyter_mltrain.data.names import inside
from jupyter_mltrain.data.places import Place
from jupyter_mltrain.data.progress import Progress, Stopped
from jupyter_mltrain.data.resolving import Places
from jupyter_mltrain.errors import DataUnavailable, FileExists, MltrainError
from jupyter_mltrain.service import finishing, written
from jupyter_mltrain.service.datasets import Datasets
from jupyter_mltrain.service.datastores import Datastores
from jupyter_mltrain.service.roster import Clock
from jupyter_mltrain.spec import (
    DataOutput,
    DataPath,
    DatasetKind,
    DatasetSpec,
    Frozen,
    Run,
    RunState,
)
from jupyter_mltrain.store.confined import Leaves, open_below, open_to_append
from jupyter_mltrain.store.removal import remove_tree
from jupyter_mltrain.store.source_tree import shown
from jupyter_mltrain.wire import DatasetRequest

_log = logging.getLogger(__name__)

_JOURNAL: Final = "control/sending.jsonl"
"""Which files were begun: a service after a kill may send those again over what is there. And what
became of which output: that one is done."""

_LONGEST: Final = 65_536
"""Bytes of a line of it."""

_STOPPED: Final = "the upload was stopped"

_SAY_S: Final = 0.5
_LEAVE_S: Final = 5.0
"""For which a datastore that does not answer keeps the service from ending."""

_RUNS_AT_ONCE: Final = 32
_FILES_AT_ONCE: Final = 4


def target_of(output: DataOutput, run: Run) -> str:
    """The folder on its datastore where it goes."""
    path = output.path.replace("{run-id}", run.id).replace("{output-name}", output.name)
    return inside(path, f"the datastore {output.datastore!r}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """What became of a run's outputs."""

    problem: str | None = None
    """Why not all of them have arrived."""
    stopped: bool = False
    """Because somebody asked for that."""

    @property
    def advice(self) -> str:
        return (
            f"What was written is among the run's files, below {written.KEPT}/. Download it there, "
            "or upload it from there when the datastore takes it again."
        )


class Outgoing:
    """Sends outputs. Done again after a crash, it goes on where it was."""

    def __init__(self, *, datastores: Datastores, datasets: Datasets, clock: Clock) -> None:
        self._datastores = datastores
        self._datasets = datasets
        self._clock = clock
        self._threads = ThreadPoolExecutor(_RUNS_AT_ONCE, thread_name_prefix="outputs")
        self._going: dict[str, Progress] = {}

    async def is_any(self, run: Run, run_dir: Path) -> bool:
        """Whether the run has written anything that is to be sent."""
        if not run.spec.outputs:
            return False
        if run.state is RunState.FINALIZING:
            return True  # begun by a service that was killed
        return await asyncio.to_thread(written.is_any, run, run_dir)

    async def send(
        self, run: Run, run_dir: Path, said: Callable[[str], None], *, completed: bool
    ) -> Sent:
        """Send everything, and register what is to be registered.

        Parameters
        ----------
        said
            Is told what is going on, now and then.
        completed
            The script has done all that it was to do: only then is its output a dataset.
        """
        progress = self._going[run.id] = Progress()
        work = _Sending(run, run_dir, self._datastores.places(), progress, self._clock)
        working = asyncio.get_running_loop().run_in_executor(self._threads, work.do)
        try:
            while not (await asyncio.wait([working], timeout=_SAY_S))[0]:
                said(f"uploading {work}")
            problems, sent = await working
        except asyncio.CancelledError:
            work.leave()
            await asyncio.wait([working], timeout=_LEAVE_S)
            raise
        finally:
            del self._going[run.id]
        if completed:
            problems += await self._register(run, sent)
        if problems:
            lines = [f"data: {problem}" for problem in problems]
            await asyncio.to_thread(finishing.note, run_dir, self._clock(), *lines)
        return Sent(problem=problems[0] if problems else None, stopped=progress.stopped)

    async def stop(self, run: Run, run_dir: Path) -> None:
        """Give up what is not sent yet, which the service after a crash does as well."""
        progress = self._going.get(run.id)
        if progress is not None:
            progress.stop()
        over = _Over(output=None, why=_STOPPED)
        try:
            await asyncio.to_thread(_note, run_dir, over)
        except OSError as error:
            _log.warning("%s: the cancel is not noted: %s", run.id, error)

    async def _register(self, run: Run, sent: Sequence[DataOutput]) -> list[str]:
        problems = []
        for output in sent:
            if output.register_as is None:
                continue
            path = DataPath(datastore=output.datastore, path=target_of(output, run))
            request = DatasetRequest(
                name=output.register_as,
                spec=DatasetSpec(kind=DatasetKind.FILE, paths=(path,)),
                description=output.description,
                tags=output.tags,
                create_new_version=True,
            )
            try:
                await self._datasets.register(request)
            except MltrainError as error:
                problems.append(f"The output {output.name!r} is not registered: {error.message}")
        return problems

    def close(self) -> None:
        """Begin nothing more; what was stopped comes to its end."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _check_names(names: Iterable[str]) -> None:
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise DataUnavailable(
                f"{shown(name)} is no UTF-8, as names on datastores are. Have the script write it "
                "under another name."
            ) from None


class _Over(Frozen, frozen=True, kw_only=True):
    """What became of an output."""

    output: str | None
    """`None`: every one that nothing else is known of."""
    why: str | None
    """It has not arrived; `None`: it has."""


_decode: Final = msgspec.json.Decoder(str | _Over).decode


def _note(run_dir: Path, *lines: str | _Over) -> None:
    """Write down what is about to be sent, so that it counts as ours, or what became of it."""
    with open(open_to_append(run_dir, _JOURNAL), "ab") as file:
        for line in lines:
            file.write(b"\n" + msgspec.json.encode(line) + b"\n")  # ends one that was torn
        file.flush()
        os.fsync(file.fileno())


class _Sending:
    """The outputs of one run on their way, in a thread."""

    def __init__(
        self, run: Run, run_dir: Path, places: Places, progress: Progress, clock: Clock
    ) -> None:
        self._run = run
        self._run_dir = run_dir
        self._places = places
        self._progress = progress
        self._clock = clock
        self._begun: set[str] = set()
        self._over: dict[str, str | None] = {}
        self._leaving = False
        self._at = ""

    def __str__(self) -> str:
        return f"{self._at}: {self._progress}" if self._at else "outputs"

    def leave(self) -> None:
        """Stop, and leave the rest to the next service."""
        self._leaving = True
        self._progress.stop()

    def _read_journal(self) -> None:
        try:
            with open(open_below(self._run_dir, _JOURNAL), "rb") as file:
                for line in iter(lambda: file.readline(_LONGEST), b""):
                    self._take_in(line)
        except FileNotFoundError:
            return
        except (OSError, Leaves) as error:
            _log.warning("%s: what was uploaded before is not known: %s", self._run.id, error)

    def _take_in(self, line: bytes) -> None:
        try:
            found = _decode(line)
        except (msgspec.MsgspecError, ValueError):
            return  # torn by a kill: what it was about had not begun
        if isinstance(found, str):
            self._begun.add(found)
        elif found.output is None:
            self._progress.stop()
        else:
            self._over[found.output] = found.why

    def do(self) -> tuple[list[str], list[DataOutput]]:
        """Send all; gives what went wrong, and which outputs have arrived."""
        problems, sent = [], []
        self._read_journal()
        with self._places:
            for output in self._run.spec.outputs:
                if output.name in self._over:
                    why = self._over[output.name]
                else:
                    why = self._try(output)
                    if self._leaving:
                        break
                    self._end(output, why)
                if why is None:
                    sent.append(output)
                    if output.source is None:
                        remove_tree(written.folder_of(output, self._run_dir))
                else:
                    written.keep(output, self._run_dir)
                    problems.append(f"The output {output.name!r} was not uploaded: {why}.")
        return problems, sent

    def _try(self, output: DataOutput) -> str | None:
        """Send an output; gives why it has not arrived."""
        try:
            self._send(output)
        except Stopped:
            return _STOPPED
        except MltrainError as error:
            return error.message.rstrip(".")
        except OSError as error:
            return error.strerror or str(error)
        return None

    def _end(self, output: DataOutput, why: str | None) -> None:
        """Write down what became of it, before what was written goes."""
        try:
            _note(self._run_dir, _Over(output=output.name, why=why))
        except OSError as error:
            # A full disk. A service after a kill finds out once more.
            _log.warning("%s: %s is over, which is not noted: %s", self._run.id, output.name, error)

    def _send(self, output: DataOutput) -> None:
        self._at = f"output {output.name}"
        folder = written.place_of(output, self._run_dir)
        if not written.is_inside(folder, self._run_dir):
            raise DataUnavailable(f"{folder} is a link by now that leads out of the run's folder.")
        names = [""] if folder.is_file() else list(written.files_of(folder))
        if not names:
            return
        self._progress.check()
        _check_names(names)
        place = self._places[output.datastore]
        base = target_of(output, self._run)
        targets = {name: f"{base}/{name or folder.name}".lstrip("/") for name in names}
        self._progress.expect(len(names), sum((folder / n).lstat().st_size for n in names))
        with ThreadPoolExecutor(_FILES_AT_ONCE, thread_name_prefix="send") as threads:
            if not output.overwrite:
                self._check_free(output, place, list(targets.values()), threads)
            _note(self._run_dir, *targets.values())
            coming = [
                threads.submit(self._one, place, folder, name, target)
                for name, target in targets.items()
            ]
            try:
                for each in coming:
                    each.result()
            except BaseException:
                for each in coming:
                    each.cancel()
                raise
        finishing.note(
            self._run_dir,
            self._clock(),
            f"data: output {output.name}: {units.plural(len(names), 'file')} to {base or '/'} of "
            f"the datastore {output.datastore!r}",
        )

    def _check_free(
        self, output: DataOutput, place: Place, targets: Sequence[str], threads: ThreadPoolExecutor
    ) -> None:
        new = [target for target in targets if target not in self._begun]
        for target, size in zip(new, threads.map(place.size_of, new), strict=True):
            if size is not None:
                raise FileExists(
                    f"{target} is on {place.label} already, and the output {output.name!r} does "
                    "not overwrite."
                )

    def _one(self, place: Place, folder: Path, name: str, target: str) -> None:
        self._progress.check()
        root, inner = (folder.parent, folder.name) if not name else (folder, name)
        opened = open_below(root, inner)
        try:
            place.put(opened, target)
            self._progress.moved(os.fstat(opened).st_size)
        finally:
            os.close(opened)
        self._progress.done(name)
