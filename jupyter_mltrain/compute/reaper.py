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
import signal
import time
from typing import Any, NoReturn

from jupyter_mltrain.compute import processes

_WAKE = {signal.SIGCHLD, signal.SIGTERM}
_PR_SET_CHILD_SUBREAPER = 36
_MEMORY_CHECK_S = 0.25
_KILL_AGAIN_S = 0.02
_GIVE_UP_S = 30.0
"""A process in uninterruptible sleep ignores even SIGKILL; after this we say so and end."""
_LEFTOVER_GRACE_S = 2.0
_OOM_SCORE = b"300"
"""Before the user's kernel or the service, the kernel should choose the run."""

if processes.LINUX:
    _libc = ctypes.CDLL(None, use_errno=True)


def main(control: str) -> NoReturn:
    """Execute what ``control/launch.json`` says; never returns, never raises."""
    try:
        _Reaper(control).run()
    except BaseException as error:
        _write(control, {"cause": "start", "message": f"The run's reaper failed: {error!r}."})
    finally:
        os._exit(0)


class _Reaper:
    def __init__(self, control: str) -> None:
        self.control = control
        self.record: dict[str, Any] = {}
        self.status: int | None = None
        self.main_pid = 0
        self.childless = False

    def run(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, _WAKE)
        os.setsid()
        if processes.LINUX:
            _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        if not self._claim():
            return
        with open(f"{self.control}/launch.json") as file:
            launch = json.load(file)
        oom_kills = processes.oom_kills()
        message = self._start(launch)
        if message is not None:
            _write(self.control, {"cause": "start", "message": message})
            return
        self._wait(launch)
        if self.status is None:
            self.record["message"] = "a process of the run does not end even when killed"
        else:
            self.record["status"] = (
                os.WEXITSTATUS(self.status) if os.WIFEXITED(self.status) else None
            )
            self.record["signal"] = (
                os.WTERMSIG(self.status) if os.WIFSIGNALED(self.status) else None
            )
        self.record["oom_killed"] = processes.oom_kills() > oom_kills
        _write(self.control, self.record)

    def _claim(self) -> bool:
        """Become the one reaper of this run; a second start finds the first."""
        pid = os.getpid()
        handle = {"pid": pid, "ticks": processes.start_ticks(pid), "boot": processes.boot_id()}
        try:
            fd = os.open(f"{self.control}/reaper.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        with open(fd, "w") as file:
            json.dump(handle, file)
        return True

    def _start(self, launch: dict[str, Any]) -> str | None:
        """Fork and execute the script; a sentence when that is not possible."""
        error_out, error_in = os.pipe()
        self.main_pid = os.fork()
        if self.main_pid == 0:
            _execute(launch, error_in)
        os.close(error_in)
        with open(error_out, "rb") as file:
            text = file.read()  # ends at once: the pipe closes when the script is executed
        if not text:
            return None
        os.waitpid(self.main_pid, 0)
        return text.decode("utf-8", "replace")

    def _wait(self, launch: dict[str, Any]) -> None:
        deadline = time.monotonic() + launch["timeout_s"]
        limit = launch["memory_bytes"]
        while self.status is None:
            left = deadline - time.monotonic()
            if left <= 0:
                return self._stop("timeout", launch["grace_s"])
            woken = signal.sigtimedwait(_WAKE, min(left, _MEMORY_CHECK_S) if limit else left)
            if woken is not None and woken.si_signo == signal.SIGTERM:
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
                signal.sigtimedwait({signal.SIGCHLD}, deadline - time.monotonic())
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


def _execute(launch: dict[str, Any], error_in: int) -> NoReturn:
    """In the child: become the script."""
    try:
        os.setsid()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _WAKE)
        for signum in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, signal.SIG_DFL)
        if processes.LINUX:
            _prefer_for_oom_killer()
        os.chdir(launch["cwd"])
        log = os.open(launch["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        variables = {**os.environ, **launch["variables"]}
        os.execve(launch["argv"][0], launch["argv"], variables)
    except BaseException as error:
        what = f"{launch['argv'][0]}: " if isinstance(error, FileNotFoundError) else ""
        reason = error.strerror if isinstance(error, OSError) and error.strerror else repr(error)
        os.write(error_in, f"{what}{reason}".encode("utf-8", "replace"))
    finally:
        os._exit(127)


def _prefer_for_oom_killer() -> None:
    try:
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
    except OSError:
        return  # a sandbox without it: the kernel chooses by size alone
    try:
        os.write(fd, _OOM_SCORE)
    except OSError:
        pass  # its score was set higher already, and may not be lowered
    finally:
        os.close(fd)


def _write(control: str, record: dict[str, Any]) -> None:
    """Put the exit record there whole or not at all."""
    record.setdefault("ended_at", time.time())
    temporary = f"{control}/exit.json.new"
    try:
        with open(temporary, "w") as file:
            json.dump(record, file)
        os.rename(temporary, f"{control}/exit.json")
    except OSError as error:
        # Nowhere left to write (a full disk, a deleted directory): the service will find the
        # run gone without an exit status, and says so.
        os.write(2, f"jupyter_mltrain: no exit record: {error}\n".encode())
