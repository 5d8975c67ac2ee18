"""One service per workspace: who has the lock, and who had it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_mltrain.errors import WorkspaceError, WorkspaceLocked
from jupyter_mltrain.service.lock import WorkspaceLock

_HOLD = """
import sys, time
from pathlib import Path
from jupyter_mltrain.service.lock import WorkspaceLock
lock = WorkspaceLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def left_behind(folder: Path, host: str, pid: int = 1) -> None:
    """A lock file as a process that did not release it leaves it."""
    (folder / "lock").write_text(json.dumps({"host": host, "pid": pid}))


def test_a_lock_that_is_held_is_refused_with_who_holds_it(tmp_path: Path) -> None:
    held = WorkspaceLock(tmp_path)
    with pytest.raises(WorkspaceLocked) as caught:
        WorkspaceLock(tmp_path)
    held.release()
    assert caught.value.message == (
        f"The workspace {tmp_path} is in use by process {os.getpid()} on {socket.gethostname()}. "
        "Use it from there, or end that process."
    )


def test_a_lock_that_is_released_can_be_taken(tmp_path: Path) -> None:
    WorkspaceLock(tmp_path).release()
    second = WorkspaceLock(tmp_path)
    assert not second.was_left_open
    second.release()


def test_a_new_workspace_was_not_left_open(tmp_path: Path) -> None:
    lock = WorkspaceLock(tmp_path)
    assert not lock.was_left_open
    lock.release()


def test_a_killed_holder_gives_the_lock_free_and_is_noticed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(WorkspaceLocked, match=f"process {holder.pid} on "):
            WorkspaceLock(tmp_path)
        holder.send_signal(signal.SIGKILL)
    lock = WorkspaceLock(tmp_path)
    assert lock.was_left_open
    lock.release()


def test_a_lock_that_another_host_left_is_believed(tmp_path: Path) -> None:
    # A lock does not cross every network file system, so that it is free here says little.
    left_behind(tmp_path, "elsewhere", 77)
    with pytest.raises(WorkspaceLocked) as caught:
        WorkspaceLock(tmp_path)
    assert "in use on the host elsewhere (process 77)" in caught.value.message
    assert f"delete {tmp_path / 'lock'}" in caught.value.message


def test_a_refusal_leaves_the_other_hosts_note_as_it_was(tmp_path: Path) -> None:
    left_behind(tmp_path, "elsewhere", 77)
    before = (tmp_path / "lock").read_bytes()
    with pytest.raises(WorkspaceLocked):
        WorkspaceLock(tmp_path)
    assert (tmp_path / "lock").read_bytes() == before


@pytest.mark.parametrize("torn", ['{"host": "a', "[]", "\0\0\0"])
def test_a_torn_note_is_nobodys(tmp_path: Path, torn: str) -> None:
    (tmp_path / "lock").write_text(torn)
    lock = WorkspaceLock(tmp_path)
    assert not lock.was_left_open
    lock.release()


def test_only_the_owner_can_read_the_lock(tmp_path: Path) -> None:
    lock = WorkspaceLock(tmp_path)
    assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600
    lock.release()


def test_a_workspace_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()  # stands in for what only another user would see
    with pytest.raises(WorkspaceError, match=r"cannot be written .* MLTRAIN_WORKSPACE"):
        WorkspaceLock(tmp_path)
