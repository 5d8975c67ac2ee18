"""Answers what runs ask from inside: a question in the journal, its answer a file of the run.

``{"k": "ask", "id": …, "verb": …, "args": {…}}`` is answered by ``asks/<id>.json`` in the run's
folder, ``{"ok": …}`` or ``{"error": {"code": …, "message": …}}``. The script deletes what it has
read, and what is left goes when the run ends: there may be a secret in it. Which questions were
answered is noted, so that the service after a kill answers the others, and those only.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import msgspec

from jupyter_mltrain.errors import InvalidSpec, MltrainError
from jupyter_mltrain.service import handing
from jupyter_mltrain.service.observing import LOOK_AGAIN_S
from jupyter_mltrain.service.roster import Roster
from jupyter_mltrain.spec import Run
from jupyter_mltrain.store.confined import open_to_append, plain
from jupyter_mltrain.store.removal import remove_tree

T = TypeVar("T")
_log = logging.getLogger(__name__)

FOLDER: Final = "asks"
_ANSWERED: Final = "control/answered"
_ALL_ANSWERED: Final = "control*/answered"
_AT_ONCE: Final = 8
"""Questions of one run that are worked on at the same time."""

_MOST: Final = 1 << 26
"""Characters of the file of those that were answered: a script can write there, too."""

_ID: Final = re.compile(r"[0-9a-f]{8,64}\Z")

Record = Mapping[str, Any]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a run asks for."""

    id: str
    """Also that of what is made for it: asked twice, it is made once."""
    verb: str
    args: Mapping[str, Any] = {}


Answer = Callable[[Run, Question], Awaitable[Any]]


class Carrier(Protocol):
    """Carries files between here and where a run executes, if that is elsewhere."""

    async def bring(self, run: Run, paths: tuple[Path, ...]) -> None:
        """Put files or folders of the run's directory there, under the same names."""

    async def take_back(self, run: Run) -> None:
        """Have here what the run has written so far."""


class Asking:
    """The questions of all runs."""

    def __init__(
        self,
        roster: Roster,
        answers: Mapping[str, Answer],
        carrier: Carrier,
        threads: Executor,
    ) -> None:
        """Answer from now on.

        Parameters
        ----------
        answers
            Verb -> what gives its answer, as JSON has it.
        """
        self._roster = roster
        self._answers = answers
        self._carrier = carrier
        self._threads = threads
        self._runs: dict[str, _Asked] = {}

    def take(self, run_id: str, record: Record) -> None:
        """Begin to answer a question that was read; one that came before is passed over.

        Raises
        ------
        ValueError
            It has no id by which it could be answered.
        """
        question_id = record.get("id")
        if not isinstance(question_id, str) or not _ID.match(question_id):
            raise ValueError("a question without an id")
        run = self._roster.active.get(run_id)
        if run is None:
            return
        asked = self._runs.get(run_id)
        if asked is None:
            asked = self._runs[run_id] = _Asked(_answered(self._roster.run_dir(run)))
        if question_id in asked.ids:
            return
        asked.ids.add(question_id)
        task = asyncio.create_task(self._work(run_id, question_id, record, asked))
        asked.tasks.add(task)
        task.add_done_callback(asked.tasks.discard)

    def ended(self, run: Run) -> None:
        """Work no more for a run that has ended: nobody waits for its answers."""
        asked = self._runs.pop(run.id, None)
        if asked is None:
            return
        for task in asked.tasks:
            task.cancel()

    async def _work(self, run_id: str, id_: str, record: Record, asked: _Asked) -> None:
        async with asked.turns:
            answer = await self._answer(run_id, id_, record)
            said = False
            while (run := self._roster.active.get(run_id)) is not None:
                try:
                    await self._give(run, id_, answer)
                    return
                except (MltrainError, OSError) as error:
                    if not said:
                        _log.error("%s: an answer cannot be given yet: %s", run_id, error)
                    said = True
                await asyncio.sleep(LOOK_AGAIN_S)  # for room on the disk, or the engine

    async def _give(self, run: Run, id_: str, answer: bytes) -> None:
        run_dir = self._roster.run_dir(run)
        await self._in_thread(self._put, run.id, run_dir, f"{id_}.json", answer)
        await self._carrier.bring(run, (run_dir / FOLDER / f"{id_}.json",))
        await self._in_thread(_note, run_dir, id_)

    def _put(self, run_id: str, run_dir: Path, name: str, answer: bytes) -> None:
        handing.put(run_dir, FOLDER, name, answer)
        if run_id not in self._runs:  # it has ended meanwhile, and was tidied
            remove_tree(run_dir / FOLDER)

    async def _answer(self, run_id: str, id_: str, record: Record) -> bytes:
        try:
            question = msgspec.convert({**record, "id": id_}, Question)
            work = self._answers.get(question.verb)
            if work is None:
                raise InvalidSpec(
                    f"The service does not know the question {question.verb[:60]!r}. Restart it, "
                    "if this run's jupyter_mltrain is newer."
                )
            found = await work(self._roster.active[run_id], question)
            return msgspec.json.encode({"ok": found})
        except MltrainError as error:
            return _refused(error.code, error.message)
        except (msgspec.ValidationError, KeyError) as error:
            return _refused(InvalidSpec.code, f"The question cannot be understood: {error}.")
        except OSError as error:
            what = error.strerror or str(error)
            code = "disk_full" if error.errno == errno.ENOSPC else "error"
            return _refused(code, f"The service cannot do that: {what}.")
        except Exception as error:
            _log.exception("%s: a question", run_id)
            return _refused("error", f"The service failed: {type(error).__name__}.")

    def _in_thread(self, work: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    async def close(self) -> None:
        """Stop; what is not answered yet, the next service answers."""
        tasks = [task for asked in self._runs.values() for task in asked.tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Asked:
    """What one run has asked."""

    def __init__(self, ids: set[str]) -> None:
        self.ids = ids
        self.tasks: set[asyncio.Task[None]] = set()
        self.turns = asyncio.Semaphore(_AT_ONCE)


def _refused(code: str, message: str) -> bytes:
    message = message.encode("utf-8", "backslashreplace").decode("utf-8")
    return msgspec.json.encode({"error": {"code": code, "message": message}})


def _answered(run_dir: Path) -> set[str]:
    """By this attempt of the run, and those before, whose questions are in the journal, too."""
    found: set[str] = set()
    for path in run_dir.glob(_ALL_ANSWERED):
        try:
            with open(path, opener=plain) as file:
                found.update(file.read(_MOST).split())
        except (OSError, ValueError):
            continue  # the script put something else there: they are answered again
    return found


def _note(run_dir: Path, id_: str) -> None:
    with open(open_to_append(run_dir, _ANSWERED), "a") as file:
        file.write(f"{id_}\n")
