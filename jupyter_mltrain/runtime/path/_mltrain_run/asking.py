"""Questions to the workspace's service from inside a run, and their answers, as files.

A question is a record of the run's journal, an answer is the file ``asks/<id>.json`` of its folder:
so it works without a network and in containers, and while no service is there the wait goes on
until the next one has read the journal.

References
----------
`jupyter_mltrain/service/asking.py` is the other side and says which questions there are.
"""

import json
import os
import time

from . import notices
from .errors import AzureMLException, ModelNotFoundException, UserErrorException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

_SHORTEST_S, _LONGEST_S = 0.0005, 0.1
"""Between two looks for the answer."""
_SAY_AFTER_S = 10.0
_LIMIT_S = 1800.0
"""For an answer; data may have to be fetched for it. `MLTRAIN_ASK_TIMEOUT_S` says another."""

_NOT_THEIRS = frozenset(
    {"error", "disk_full", "data_unavailable", "compute_target", "service_unavailable"}
)
"""Codes of what is not the caller's mistake."""


def ask(run: "Any", verb: str, **args: "Any") -> "Any":
    """Put a question and wait for its answer.

    Parameters
    ----------
    run
        Any run of this process: what is asked, the run at the top asks.

    Raises
    ------
    UserErrorException
        What is asked for is not there, or can't be done; also when nobody answers.
    """
    root = run._root
    question = os.urandom(8).hex()
    record = {"k": "ask", "id": question, "verb": verb, "args": args, "t": time.time()}
    try:
        # A line of its own, even after one that was torn by a full disk.
        line = "\n{}\n".format(json.dumps(record, separators=(",", ":"))).encode("ascii")
    except (TypeError, ValueError) as error:
        raise UserErrorException(
            "{} can't be asked for: {}. Names, tags and properties are strings.".format(verb, error)
        ) from None
    _append(root._journal.path, line, verb)
    return _result(_wait(os.path.join(root._path, "asks", question + ".json"), verb))


def _append(journal: str, line: bytes, verb: str) -> None:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
    try:
        descriptor = os.open(journal, flags, 0o666)
        try:
            written = os.write(descriptor, line)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise AzureMLException(
            "{} can't be asked for in {}: {}.".format(verb, journal, notices.reason(error))
        ) from None
    if written < len(line):
        raise AzureMLException("{} can't be asked for: the disk is full.".format(verb))


def _wait(path: str, verb: str) -> "Dict[str, Any]":
    began = time.monotonic()
    limit = _limit_s()
    pause = _SHORTEST_S
    while True:
        try:
            with open(path, encoding="utf-8") as file:
                answer: "Dict[str, Any]" = json.load(file)
        except FileNotFoundError:
            pass  # not answered yet: it comes whole or not at all
        else:
            _forget(path)
            return answer
        waited = time.monotonic() - began
        if waited > limit:
            raise AzureMLException(
                "Nobody has answered in {:.0f} s when this run asked for {}. `jupyter mltrain ls` "
                "starts the workspace's service, which answers; MLTRAIN_ASK_TIMEOUT_S gives it "
                "longer.".format(waited, verb)
            )
        if waited > _SAY_AFTER_S:
            notices.say_once(
                "asking",
                "Waiting for the workspace's service to answer ({}). It goes on when the service "
                "is there.".format(verb),
            )
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_S)


def _limit_s() -> float:
    try:
        return float(os.environ["MLTRAIN_ASK_TIMEOUT_S"])
    except (KeyError, ValueError):
        return _LIMIT_S


def _forget(path: str) -> None:
    """An answer is read once: there may be a secret in it."""
    try:
        os.unlink(path)
    except OSError:
        pass  # read-only by now; the service deletes it when the run ends


def _result(answer: "Dict[str, Any]") -> "Any":
    error = answer.get("error")
    if error is None:
        return answer.get("ok")
    if error["code"] == "no_such_model":
        raise ModelNotFoundException(error["message"])
    if error["code"] in _NOT_THEIRS:
        raise AzureMLException(error["message"])
    raise UserErrorException(error["message"])
