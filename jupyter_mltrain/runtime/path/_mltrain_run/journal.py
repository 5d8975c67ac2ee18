"""A run's journal: what it logs, as JSON lines that are only ever appended to.

Every record has "k", its kind, first, and "t", unix seconds, last:

========  =================================================================================
metric    "n" name, "v" number | string | boolean | null, "s" step where one was given
list      "n" name, "v" [...]
row       "n" name, "v" {column: value}
table     "n" name, "v" {column: [...]}
image     "n" name, "v" name of a file of the run
tag       "n" key, "v" string | null
untag     "n" key
property  "n" key, "v" string; "p" where it is an MLflow parameter
about     "n" "name" | "description", "v" string: of the run itself
note      "n" key, "v" anything; null removes it: what MLflow's client alone reads
child     "id", "name", "parent" id; in the journal of the run itself, not of the parent
end       "id", "state" Completed | Failed | Canceled, "reason"; in the same journal
attempt   "n" number of the one that begins, by the service: what the run said of its end is over
ask       "id", "verb", "args": a question to the service, see `asking`; in the same journal
========  =================================================================================

`values` says how the values are written, `metrics` reads it all back.
"""

import json
import os
import time

from . import notices

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Tuple, Type

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode


class Journal:
    """Appends records, one `write` each, so that several processes can share the file.

    Nothing here raises: a full disk, or a run directory that is gone, costs records and one line
    on stderr, never the training.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor: "Optional[int]" = None
        self._torn = False
        self._quoted: "Dict[str, str]" = {}

    def append(self, record: "Dict[str, Any]") -> None:
        record["t"] = time.time()
        try:
            line = _encode(record)
        except (TypeError, ValueError) as error:  # an integer of thousands of digits
            notices.say_once(
                "encode", "{} can't be logged: {}.".format(record.get("n"), str(error).rstrip("."))
            )
            return
        self._append(line)

    def append_number(self, name: str, value: float, step: "Optional[int]") -> None:
        """Append what `append` would for a finite number, in half the time: there are many."""
        quoted = self._quoted.get(name)
        if quoted is None:
            quoted = self._quoted[name] = _encode(name)
        at = "" if step is None else ',"s":%d' % step
        self._append('{"k":"metric","n":%s,"v":%r%s,"t":%r}' % (quoted, value, at, time.time()))

    def _append(self, line: str) -> None:
        try:
            self._write((line + "\n").encode("ascii"))
        except OSError as error:
            notices.say_once(
                "journal",
                "Metrics and tags can't be written to {}: {}. The run goes on without them.".format(
                    self.path, notices.reason(error)
                ),
            )

    def _write(self, line: bytes) -> None:
        if self._descriptor is None:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
            self._descriptor = os.open(self.path, flags, 0o666)
        if self._torn:
            line = b"\n" + line  # ends the line that an earlier write left unfinished
        written = os.write(self._descriptor, line)
        while written < len(line):
            self._torn = True
            line = line[written:]
            written = os.write(self._descriptor, line)
        self._torn = False

    def __reduce__(self) -> "Tuple[Type[Journal], Tuple[str]]":
        # A descriptor means nothing in the process that a run object is sent to.
        return Journal, (self.path,)

    def close(self) -> None:
        """Give the file back; the next record opens it again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
