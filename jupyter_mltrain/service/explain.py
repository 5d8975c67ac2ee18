"""How a run ended, in one sentence, and what to do next."""

from __future__ import annotations

import re
import signal
from typing import Final

from jupyter_mltrain import units
from jupyter_mltrain.environments.packages import package_of
from jupyter_mltrain.service.tracebacks import Raised, last_raised, lines_of
from jupyter_mltrain.spec import ExitRecord, Frozen, RunState

_LONGEST: Final = 300
"""Characters of a reason; a sentence, not a log."""


class Ending(Frozen, frozen=True, kw_only=True):
    """The final state of a run."""

    state: RunState
    reason: str
    advice: str | None = None


def explain(
    record: ExitRecord,
    tail: str,
    *,
    script: str,
    cell: bool = False,
    timeout_s: float,
    memory_bytes: int | None = None,
    node_bytes: int = 0,
    duration_s: float | None = None,
    disk_full: bool = False,
    installs: bool = False,
) -> Ending:
    """Put into words how the script's process ended.

    Parameters
    ----------
    tail
        The end of its output, some 16 kB; it may start within a line.
    script
        Path in the snapshot.
    memory_bytes
        The memory that it asked for; None where it asked for none.
    node_bytes
        What it could have at most all the same, as on a node of a cluster; 0 where all there is.
    disk_full
        The disk that takes its output has no room left, so the output's end may be missing.
    installs
        Packages can be added to its environment by asking for them.
    """
    asked = _asked_for(record, timeout_s, memory_bytes, node_bytes, duration_s)
    if asked is not None:
        return asked
    if record.status == 0:
        return Ending(state=RunState.COMPLETED, reason="completed")
    lines = lines_of(tail)
    raised = last_raised(lines, script, cell)
    if record.signal is not None:
        full = disk_full and record.signal == signal.SIGBUS
        return _disk_full() if full else _signalled(record, raised, lines)
    if record.status is None:
        return lost(record.message or "nobody saw how it ended")
    if script.endswith(".ipynb") and (ending := _of_notebook(record, lines, installs)) is not None:
        return ending
    if raised is not None and (raised.lines_after == 0 or record.status == 1):
        return _excepted(raised, cell, installs)
    return _disk_full() if disk_full else _exited(record, lines)


def lost(reason: str) -> Ending:
    """The ending of a run that is not there any more; `reason` is no whole sentence."""
    return _failed(f"Lost: {reason}", "Its output up to then is kept. Run it again.")


def _asked_for(
    record: ExitRecord,
    timeout_s: float,
    memory_bytes: int | None,
    node_bytes: int,
    duration_s: float | None,
) -> Ending | None:
    """The ending of a run that was ended on purpose, or never began."""
    if record.cause == "cancel":
        after = "" if duration_s is None else f" after {units.duration(duration_s)}"
        return Ending(state=RunState.CANCELED, reason=f"cancelled by you{after}")
    if record.cause == "timeout":
        # As Azure does it: a run over its max_run_duration is cancelled, not failed.
        return Ending(
            state=RunState.CANCELED,
            reason=f"cancelled: over its limit of {_limit(timeout_s)}",
            advice="Give it longer with `--timeout`.",
        )
    if record.cause == "memory":
        if memory_bytes is None and node_bytes:
            return _failed(
                f"Out of memory: it needs more than the {units.asked_size(node_bytes)} of its node",
                "Submit it to a cluster with a larger VM size, or to 'local'.",
            )
        if memory_bytes is None:
            return _failed("Out of memory: it asked for more than it may have")
        more = units.asked_size(2 * memory_bytes).replace(" ", "")
        return _failed(
            f"Out of memory: it asked for more than its {units.asked_size(memory_bytes)}",
            f"Give it more, for example `--memory {more}`.",
        )
    if record.cause == "start":
        return _failed(
            f"The script could not be started: {record.message or 'no reason is known'}",
            "Check that the environment's interpreter is there and can be executed.",
        )
    return None


def _signalled(record: ExitRecord, raised: Raised | None, lines: list[str]) -> Ending:
    number = record.signal or 0
    if number == signal.SIGKILL:
        if record.oom_killed:
            return _failed(
                "Out of memory: the kernel killed it",
                "Work on less data at a time, or run fewer things beside it.",
            )
        used = (
            f"It had used up to {units.size(record.max_rss_bytes)}. "
            if record.max_rss_bytes
            else ""
        )
        return _failed(
            "Ended by SIGKILL from outside",
            f"{used}A machine that is short of memory ends processes this way.",
        )
    name = _signal_name(number)
    if number == signal.SIGINT:
        return _failed(f"Interrupted: SIGINT from outside{raised.where if raised else ''}")
    if name in _CRASHES:
        what, advice = _CRASHES[name]
        said = _quoted(lines) if number == signal.SIGABRT else ""
        return _failed(f"Crashed: {what} ({name}){said}", advice)
    if name in _LIMITS:
        return _failed(f"{_LIMITS[name]} ({name})")
    return _failed(f"Ended by {name} from outside")


def _of_notebook(record: ExitRecord, lines: list[str], installs: bool) -> Ending | None:
    """The ending that what executes notebooks has put into its last line, if it has."""
    last = next((line for line in reversed(lines) if line.strip()), "")
    if last.startswith("The notebook"):
        return _failed(last)
    found = _CELL_FAILED.fullmatch(last)
    if found is not None:
        line = f" line {found['line']}" if found["line"] else ""
        where = f" (cell {found['cell']}{line})"
        raised = Raised(
            kind=found["kind"].rpartition(".")[2],
            message=found["message"] or "",
            where=where,
            lines_after=0,
        )
        return _excepted(raised, False, installs)
    found = _KERNEL_DIED.fullmatch(last)
    if found is None:
        return None
    how, where = found["how"], f" (cell {found['cell']})"
    if how == "SIGKILL" and record.oom_killed:
        return _failed(
            "Out of memory: the notebook's kernel was killed",
            "Work on less data at a time, or run fewer things beside it.",
            where,
        )
    what, advice = _CRASHES.get(how, (None, None))
    return _failed(
        f"The notebook's kernel died: {f'{what} ({how})' if what else how}", advice, where
    )


_CELL_FAILED: Final = re.compile(
    r"Cell (?P<cell>\d+) of \d+ failed(?: at line (?P<line>\d+))?: "
    r"(?P<kind>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?"
)
_KERNEL_DIED: Final = re.compile(r"Cell (?P<cell>\d+) of \d+ ended the kernel: (?P<how>.+)")

_CRASHES: Final = {
    "SIGSEGV": (
        "segmentation fault",
        "Compiled code of a package failed. Set the variable PYTHONFAULTHANDLER=1 to see where.",
    ),
    "SIGBUS": ("bus error", "Often shared memory (/dev/shm) or the disk is full."),
    "SIGABRT": ("aborted", "The last lines of its output say what gave up."),
    "SIGFPE": ("arithmetic error", "Compiled code divided an integer by zero."),
    "SIGILL": ("illegal instruction", "A package was built for a newer processor than this one."),
    "SIGSYS": ("forbidden system call", None),
    "SIGTRAP": ("trap", None),
}
_LIMITS: Final = {
    "SIGPIPE": "A program that it wrote to had ended",
    "SIGXCPU": "Over the machine's limit of CPU time",
    "SIGXFSZ": "Over the machine's limit of file size",
}


def _excepted(raised: Raised, cell: bool, installs: bool) -> Ending:
    """The ending by an exception that nobody caught."""
    kind, message, where = raised.kind, raised.message, raised.where
    if kind == "ModuleNotFoundError" and (found := re.search(r"named '?([\w.]+)", message)):
        return _failed(message, _advice_on_module(found[1], installs), where)
    if "CUDA out of memory" in message or message.startswith("OOM when allocating"):
        amount = re.search(r"allocate ([\d.]+ \w+)", message)
        more = f": {amount[1]} more did not fit" if amount else ""
        return _failed(
            f"The GPU is out of memory{more}", "Use smaller batches or a larger GPU.", where
        )
    if kind.endswith(("MemoryError", "OutOfMemoryError")):
        return _failed(
            f"Out of memory: {message or 'Python got no more'}",
            "Work on less data at a time, or ask for more with `--memory`.",
            where,
        )
    if "No space left on device" in message:
        return _disk_full(where)
    keyboard = kind == "EOFError" and message == "EOF when reading a line"
    if keyboard or kind == "StdinNotImplementedError":
        return _failed(
            "A run has no keyboard: input() has nobody to ask",
            "Pass the value as an argument.",
            where,
        )
    if kind == "FileNotFoundError" and (found := re.search(r"directory: b?'([^']+)'", message)):
        return _failed(f"No such file: '{found[1]}'", _advice_on_file(found[1]), where)
    if kind == "NameError" and cell and (found := re.match(r"name '(\w+)' is not", message)):
        advice = f"If {found[1]} is a notebook variable, add `-i {found[1]}` to the %%train line."
        return _failed(f"{kind}: {message}", advice, where)
    if kind == "KeyboardInterrupt":
        return _failed("Interrupted", None, where)
    return _failed(f"{kind}: {message}" if message else kind, None, where)


def _disk_full(where: str = "") -> Ending:
    return _failed(
        "The disk is full: no space left on device",
        "Make room; `jupyter mltrain gc` takes old runs away.",
        where,
    )


def _advice_on_module(module: str, installs: bool) -> str:
    if "." in module:  # Python names the first part that is missing
        parent = module.rpartition(".")[0]
        return f"{parent} is there but has no such part. Check its version and the spelling."
    package = package_of(module)
    how = (
        f"Add it to the environment (`--pip {package}`)"
        if installs
        else f"Install it where the run executes (`pip install {package}`)"
    )
    return (
        f"{how}. If it is a file of yours, check that it is in the source folder and not ignored."
    )


def _advice_on_file(name: str) -> str:
    if name.startswith("/"):
        return "A run sees the files of the machine it executes on. Check that it is there."
    return (
        "Check that it is in the source folder (`--source`) and not left out by .gitignore or "
        ".amlignore."
    )


def _exited(record: ExitRecord, lines: list[str]) -> Ending:
    """The ending by an exit status that no exception explains."""
    status = record.status or 0
    last = next((line for line in reversed(lines) if line.strip()), "")
    refusal = re.match(r"(\S.*?): error: (.+)", last)
    if status == 2 and refusal:
        return _failed(
            f"{refusal[1]} does not accept its arguments: {refusal[2]}",
            "Correct the arguments. Its output shows how it is used.",
        )
    if "No space left on device" in last:
        return _disk_full()
    name = _signal_name(status - 128) if status > 128 else ""
    stands = f", which stands for {name}" if name.startswith("SIG") else ""
    advice = None
    if record.oom_killed:
        advice = "The kernel killed a process for memory while it ran. Work on less data at a time."
    return _failed(f"Exit status {status}{stands}{_quoted(lines)}", advice)


def _quoted(lines: list[str]) -> str:
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f'. Last output: "{_cut(last, 200)}"' if last else ""


def _failed(text: str, advice: str | None = None, where: str = "") -> Ending:
    """A failure whose reason is `text` as a sentence, with the place kept when it is cut."""
    body = _cut(text.strip().rstrip("."), _LONGEST - len(where) - 1)
    end = "" if body.endswith(("…", '"', "?", "!")) and not where else "."
    return Ending(state=RunState.FAILED, reason=f"{body}{where}{end}", advice=advice)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _limit(seconds: float) -> str:
    if seconds <= 120 or seconds % 60:
        return f"{seconds:g} s"
    if seconds % 3600:
        return f"{seconds / 60:g} min"
    return f"{seconds / 3600:g} h"
