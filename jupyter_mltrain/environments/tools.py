"""Running the tools that make environments: their output line by line, and no process left."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import re
import signal
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

_MARK: Final = "MLTRAIN_BUILDS"
"""Variable by which tools are found again: workspace and process id of the service."""

_GRACE_S: Final = 2.0
"""From the request to end until a tool is killed."""

_NOT_STARTED: Final = 127
"""As a shell has it."""

_PIECE: Final = 65_536
_KEPT_LINES: Final = 200

MASK: Final = "****"

_IN_URL: Final = re.compile(r"(?<=://)(?!git@)[^\s/]+@")
_TOKEN: Final = re.compile(r"(?<=/t/)[^\s/]+(?=/)")
_COLOURS: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class ToolFailed(Exception):
    """A tool ended with something other than 0, or did not end in time."""

    def __init__(self, tool: str, status: int | None, output: Sequence[str]) -> None:
        """Say which.

        Parameters
        ----------
        status
            Negative for a signal, 127 where it could not be started; `None`: it took too long.
        output
            Its last lines, which may be without any of use.
        """
        how = "took too long" if status is None else f"ended with {status}"
        super().__init__(f"{tool} {how}")
        self.tool = tool
        self.status = status
        self.output = tuple(output)


def masked(text: str) -> str:
    """`text` without the users and passwords of URLs, and without conda's tokens."""
    return _TOKEN.sub(MASK, _IN_URL.sub(f"{MASK}@", text))


async def run(
    argv: Sequence[str],
    *,
    each_line: Callable[[str], None],
    stdin: str = "",
    variables: Mapping[str, str],
    timeout_s: float | None = None,
) -> None:
    """Run a tool to its end, in a session of its own and with ``/`` as its folder.

    Whatever ends the wait, a cancel among it, ends every process that the tool has started.

    Parameters
    ----------
    each_line
        Gets every line of output and errors, without its end, secrets of URLs masked.
    variables
        Its whole environment.

    Raises
    ------
    ToolFailed
        It cannot be started, ended with something other than 0, or takes longer than `timeout_s`.
    """
    name = Path(argv[0]).name
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(variables),
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        why = f"error: {argv[0]} cannot be started: {error.strerror}"
        raise ToolFailed(name, _NOT_STARTED, (why,)) from None
    last: deque[str] = deque(maxlen=_KEPT_LINES)

    def said(line: str) -> None:
        line = masked(_COLOURS.sub("", line)).rstrip()
        last.append(line)
        each_line(line)

    try:
        await asyncio.wait_for(_talk(process, stdin.encode(), said), timeout_s)
    except asyncio.TimeoutError:
        raise ToolFailed(name, None, last) from None
    finally:
        await asyncio.shield(_end(process))
    if process.returncode:
        raise ToolFailed(name, process.returncode, last)


def mark(workspace: str) -> dict[str, str]:
    """Variables for tools that `end_strays` is to find, should this process be killed."""
    return {_MARK: f"{workspace} {os.getpid()}"}


def end_strays(workspace: str) -> None:
    """End the tools that another service of this workspace has left running (Linux only)."""
    of_workspace = f"{_MARK}={workspace} "
    own = f"{of_workspace}{os.getpid()}"
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environ = (process / "environ").read_bytes().decode("utf-8", "replace").split("\0")
            if any(each.startswith(of_workspace) and each != own for each in environ):
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            continue  # it has ended meanwhile, or is somebody else's


async def _talk(
    process: asyncio.subprocess.Process, stdin: bytes, said: Callable[[str], None]
) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may not read it
        process.stdin.write(stdin)
        await process.stdin.drain()
    process.stdin.close()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    begun = ""
    while piece := await process.stdout.read(_PIECE):
        # A carriage return draws the line again, as progress bars do.
        *lines, begun = re.split(r"\r\n|[\r\n]", begun + decoder.decode(piece))
        for line in lines:
            said(line)
    if begun:
        said(begun)
    await process.wait()


async def _end(process: asyncio.subprocess.Process) -> None:
    """End what is left of the session; a tool that has ended may have left children."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            break
        try:
            await asyncio.wait_for(asyncio.shield(_emptied(process)), _GRACE_S)
            break
        except asyncio.TimeoutError:
            continue
    await process.wait()


async def _emptied(process: asyncio.subprocess.Process) -> None:
    """Wait until no process of the session's group executes."""
    await process.wait()
    while _executes(process.pid):  # noqa: ASYNC110 - nobody tells when a group is empty
        await asyncio.sleep(0.02)


def _executes(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    if not Path("/proc/self/stat").exists():
        return True
    # In a container whose first process does not care, orphans that have ended stay listed.
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _parent, its_group = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue  # it has ended meanwhile
        if int(its_group) == group and state != "Z":
            return True
    return False
