"""One small process beside each run: starts it, outlives it, writes down how it ended.

Forked by the launcher, it needs nobody else alive. On Linux it is the subreaper of the run:
whatever the script starts and abandons, in whatever session, becomes its child, so that "no
process of the run is left" is something it can know and not only hope.

References
----------
prctl(2), PR_SET_CHILD_SUBREAPER; signal(7); wait4(2).
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import socket
import time
from typing import Any, NoReturn

from jupyter_mltrain.compute import processes

_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND
_DEFAULTS = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
"""What Python, and the launcher, have set otherwise; the script gets it as a shell would."""
_WAKE = {signal.SIGCHLD, signal.SIGTERM}
_PR_SET_CHILD_SUBREAPER = 36
MESSAGE_BYTES = 65_536
TAKEN = b"taken"
IDLE = b"idle"
CANCELED_MODE = 0o400
"""Mode of ``reaper.json`` once the run is to end: a mode can be set on a full disk as well."""
_MEMORY_CHECK_S = 0.25
_KILL_AGAIN_S = 0.02
_GIVE_UP_S = 30.0
"""A process in uninterruptible sleep ignores even SIGKILL; after this we say so and end."""
_LEFTOVER_GRACE_S = 2.0
_RECORD_BYTES = 4096
"""As long as an exit record can get."""
_OOM_SCORE = b"300"
"""Before the user's kernel or the service, the kernel should choose the run."""

if processes.LINUX:
    _libc = ctypes.CDLL(None, use_errno=True)


def main(service: socket.socket, launcher: socket.socket) -> NoReturn:
    """Wait for runs and execute them, one after another; never returns, never raises.

    Parameters
    ----------
    service
        Gives the control directory of a run and what to launch, to one of the reapers that wait;
        takes who has it. Given up with a run, or nobody could tell that the launcher has died.
    launcher
        Takes `TAKEN` and, when the run has ended, `IDLE`; gives the service's socket again.
        Closed, it ends the waiting.
    """
    waiting: socket.socket | None = service
    try:
        identity = _prepare()
        while waiting is not None and (request := _next(waiting, launcher)):
            control, _, launch = request.partition(b"\0")
            reaper = _Reaper(os.fsdecode(control))
            try:
                claimed = reaper.claim(identity)
            except OSError as error:
                _tell(waiting, control + f"\0!{error.strerror}".encode())
                break
            if not claimed:
                _tell(waiting, control + b"\0!")
                continue
            reaper.start(launch)
            _tell(waiting, control + f"\0{identity['pid']} {identity['ticks']}".encode())
            waiting.close()
            _tell(launcher, TAKEN)
            if not reaper.finish():
                break
            _tell(launcher, IDLE)
            waiting = _receive(launcher)
    except BaseException as error:
        os.write(2, f"jupyter_mltrain: a reaper failed: {error!r}\n".encode())
    finally:
        os._exit(0)


def _next(service: socket.socket, launcher: socket.socket) -> bytes:
    """The next run for this reaper; nothing when it should not wait any longer."""
    with _Waiting(service, launcher) as waiting:
        while True:
            waiting.wait()
            try:
                # First of all: whoever is woken for a run has to take it.
                return service.recv(MESSAGE_BYTES, socket.MSG_DONTWAIT)
            except BlockingIOError:
                if waiting.is_over():
                    return b""


class _Waiting:
    """Waits for both sockets; of several reapers one is woken for each run, where possible."""

    def __init__(self, service: socket.socket, launcher: socket.socket) -> None:
        self._launcher = launcher
        self._poll: Any
        if processes.LINUX:
            self._poll = select.epoll(2)
            self._poll.register(service, select.EPOLLIN | select.EPOLLEXCLUSIVE)
        else:
            self._poll = select.poll()
            self._poll.register(service, select.POLLIN)
        self._poll.register(launcher, select.POLLIN)

    def __enter__(self) -> _Waiting:
        return self

    def __exit__(self, *error: object) -> None:
        if processes.LINUX:
            self._poll.close()

    def wait(self) -> None:
        self._poll.poll()

    def is_over(self) -> bool:
        """Whether the launcher has closed its end."""
        try:
            return not self._launcher.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False


def _receive(launcher: socket.socket) -> socket.socket | None:
    """The service's socket, to wait on it again; `None` when no more runs are wanted."""
    _, fds, _, _ = socket.recv_fds(launcher, 16, 1)
    for fd in fds:
        os.set_inheritable(fd, False)
        return socket.socket(fileno=fd)
    return None


def _tell(whom: socket.socket, message: bytes) -> None:
    try:
        whom.send(message)
    except OSError:
        pass  # it has left; the run goes on


def _prepare() -> dict[str, Any]:
    """Everything that can be done before there is a run; returns who this process is."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _WAKE)
    os.setsid()
    if processes.LINUX:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    pid = os.getpid()
    return {"pid": pid, "ticks": processes.start_ticks(pid) or 0, "boot": processes.boot_id()}


class _Reaper:
    def __init__(self, control: str) -> None:
        self.control = control
        self.record: dict[str, Any] = {}
        self.status: int | None = None
        self.main_pid = 0
        self.childless = False
        self.launch: dict[str, Any] = {}
        self.problem: str | None = None
        self.oom_kills = 0

    def start(self, message: bytes) -> None:
        """Execute the script."""
        if not message:
            with open(f"{self.control}/launch.json", "rb") as file:
                message = file.read()
        self.launch = json.loads(message)
        self.problem = self._start(self.launch)
        self.oom_kills = processes.oom_kills()

    def finish(self) -> bool:
        """See it to its end; returns whether this process is fit for another run."""
        if self.problem is not None:
            self.record.update(cause="start", message=self.problem)
            return _write(self.control, self.record)
        self._wait(self.launch)
        if self.status is None:
            self.record["message"] = "a process of the run does not end even when killed"
        else:
            code = os.waitstatus_to_exitcode(self.status)
            self.record["status" if code >= 0 else "signal"] = abs(code)
        if self.record.get("signal") == signal.SIGKILL:
            self.record["oom_killed"] = processes.oom_kills() > self.oom_kills
        return _write(self.control, self.record) and self.childless

    def claim(self, identity: dict[str, Any]) -> bool:
        """Become the one reaper of this run; a second start finds the first."""
        try:
            fd = os.open(f"{self.control}/reaper.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        os.write(fd, json.dumps(identity).encode())
        os.close(fd)
        return True

    def _start(self, launch: dict[str, Any]) -> str | None:
        """Execute the script; returns a sentence when that is not possible.

        By `posix_spawn`, which does not copy this process's memory map first.
        """
        try:
            os.chdir(launch["cwd"])
        except OSError as error:
            return f"the folder {launch['cwd']} cannot be entered: {error.strerror}"
        try:
            self.main_pid = os.posix_spawn(
                launch["argv"][0],
                launch["argv"],
                {**os.environ, **launch["variables"]},
                file_actions=(
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 1, launch["log"], _APPEND, 0o644),
                    (os.POSIX_SPAWN_DUP2, 1, 2),
                ),
                setsid=True,
                setsigmask=(),
                setsigdef=_DEFAULTS,
            )
            os.chdir("/")  # the working copy is not ours to keep busy
        except OSError as error:
            return f"{launch['argv'][0]} cannot be executed: {error.strerror}"
        if processes.LINUX:
            self._prefer_for_oom_killer()
        _reserve(self.control)
        return None

    def _prefer_for_oom_killer(self) -> None:
        try:
            fd = os.open(f"/proc/{self.main_pid}/oom_score_adj", os.O_WRONLY)
        except OSError:
            return  # it has ended already, or this is a sandbox without it
        try:
            os.write(fd, _OOM_SCORE)
        except OSError:
            pass  # its score was set higher already, and may not be lowered
        finally:
            os.close(fd)

    def _wait(self, launch: dict[str, Any]) -> None:
        deadline = time.monotonic() + launch["timeout_s"]
        limit = launch["memory_bytes"]
        while self.status is None:
            left = deadline - time.monotonic()
            if left <= 0:
                return self._stop("timeout", launch["grace_s"])
            woken = signal.sigtimedwait(_WAKE, min(left, _MEMORY_CHECK_S) if limit else left)
            if woken is not None and woken.si_signo == signal.SIGTERM and self._is_canceled():
                return self._stop("cancel", launch["grace_s"])
            self._reap()
            if limit and self.status is None:
                used = processes.memory_bytes(self._below())
                if used > limit:
                    return self._stop("memory", 0.0)
        if not self.childless:
            self.record["leftovers"] = len(self._below())
            self._end_all(_LEFTOVER_GRACE_S)
        return None

    def _is_canceled(self) -> bool:
        """Whether a SIGTERM is meant for this run, and not for one that ended just before."""
        try:
            mode = os.stat(f"{self.control}/reaper.json").st_mode
        except OSError:
            return True  # deleted by the script: then the signal alone has to do
        return mode & 0o777 == CANCELED_MODE

    def _below(self) -> list[int]:
        return processes.descendants(os.getpid()) if processes.LINUX else [self.main_pid]

    def _stop(self, cause: str, grace_s: float) -> None:
        self.record["cause"] = cause
        self._end_all(grace_s)

    def _end_all(self, grace_s: float) -> None:
        """SIGTERM, grace, SIGKILL, until no process is left below this one."""
        if grace_s > 0:
            self._signal(signal.SIGTERM)
            deadline = time.monotonic() + grace_s
            while not self.childless and time.monotonic() < deadline:
                # Not below 0, which the time since the line above may have made of it.
                signal.sigtimedwait({signal.SIGCHLD}, max(0.0, deadline - time.monotonic()))
                self._reap()
        deadline = time.monotonic() + _GIVE_UP_S
        while not self.childless and time.monotonic() < deadline:
            # Stopped first: one that forks faster than we look cannot get away.
            self._signal(signal.SIGSTOP)
            self._signal(signal.SIGKILL)
            signal.sigtimedwait({signal.SIGCHLD}, _KILL_AGAIN_S)
            self._reap()

    def _signal(self, signum: int) -> None:
        if processes.LINUX:
            processes.send(self._below(), signum)
            return
        try:
            os.killpg(self.main_pid, signum)
        except (ProcessLookupError, PermissionError):
            return  # its group has ended

    def _reap(self) -> None:
        """Collect every child that has ended."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                self.childless = True
                return
            if pid == 0:
                return
            if pid == self.main_pid:
                self.status = status
                self.record["cpu_s"] = usage.ru_utime + usage.ru_stime
                self.record["max_rss_bytes"] = usage.ru_maxrss * (1024 if processes.LINUX else 1)
                self.record["ended_at"] = time.time()


def _reserve(control: str) -> None:
    """Take the room for the exit record now: the script may fill the disk."""
    try:
        fd = os.open(f"{control}/exit.json.new", os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError:
        return  # full already; there may be room at the end
    try:
        os.write(fd, bytes(_RECORD_BYTES))
    except OSError:
        pass  # likewise
    finally:
        os.close(fd)


def _write(control: str, record: dict[str, Any]) -> bool:
    """Put the exit record there whole or not at all; returns whether it is there."""
    record.setdefault("ended_at", time.time())
    temporary = f"{control}/exit.json.new"
    data = json.dumps(record).encode()
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.write(fd, data)  # over what was reserved
            os.ftruncate(fd, len(data))
        finally:
            os.close(fd)
        os.rename(temporary, f"{control}/exit.json")
    except OSError as error:
        # Nowhere left to write (a full disk, a deleted directory): the service will find the
        # run gone without an exit status, and says so.
        os.write(2, f"jupyter_mltrain: no exit record: {error}\n".encode())
        return False
    return True
