"""A server extension of the benchmarks: how long the server's event loop is held up, and by what.

It times every callback. What a callback waited for a processor is told apart, since here a browser
and the runs share the machine with the server.
"""

from __future__ import annotations

import asyncio
import functools
import os
import time
from typing import Any, Final

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado.web import RequestHandler, authenticated

PATH: Final = "benchmarks/stalls"
_NOTED_S: Final = 0.002
_KEPT: Final = 5

_OURS: Final = "/mltrain/api/"
_THEIRS: Final = ("/jupyter", "/ipykernel", "/nbformat", "/zmq")
"""Where the code of JupyterLab, its server and its kernels lies, among other packages."""

_longest: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
"""Whether it is of our doing -> the longest callbacks."""


class StallsHandler(JupyterHandler):
    """`GET` the longest callbacks since the last `DELETE`, the longest first."""

    auth_resource = "benchmarks"

    @authenticated
    async def get(self) -> None:
        self.finish({"ours": _longest[True], "theirs": _longest[False]})

    @authenticated
    async def delete(self) -> None:
        for kept in _longest.values():
            kept.clear()
        self.finish({})

    def check_xsrf_cookie(self) -> None:
        """None is needed: only the benchmark has the token."""


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(serverapp: Any) -> None:
    _time_callbacks()
    path = url_path_join(serverapp.base_url, PATH)
    serverapp.web_app.add_handlers(".*$", [(path, StallsHandler)])


def _time_callbacks() -> None:
    run = asyncio.Handle._run
    # Of the thread that loads extensions, which is the loop's own.
    schedule = os.open("/proc/thread-self/schedstat", os.O_RDONLY)

    def timed(handle: asyncio.Handle) -> None:
        what, path = _work(handle)
        waited = _waited_ns(schedule)
        start = time.perf_counter()
        try:
            run(handle)
        finally:
            took_s = time.perf_counter() - start
            if took_s > _NOTED_S:
                _note(what, path, took_s, (_waited_ns(schedule) - waited) / 1e9)

    asyncio.Handle._run = timed  # type: ignore[method-assign]


def _work(handle: asyncio.Handle) -> tuple[Any, str]:
    """The function or coroutine that goes on; of a request also its path.

    Before it does: then nothing may be left of it.
    """
    work: Any = handle._callback  # type: ignore[attr-defined]
    task = getattr(work, "__self__", None)
    if isinstance(task, asyncio.Task):
        work = task.get_coro()
        frame = getattr(work, "cr_frame", None)
        if frame is not None and frame.f_code is RequestHandler._execute.__code__:
            request = frame.f_locals["self"].request
            return work, f"{request.method} {request.path}"
    while isinstance(work, functools.partial):
        work = work.func
    return work, ""


def _note(work: Any, path: str, took_s: float, queued_s: float) -> None:
    code = getattr(work, "cr_code", None) or getattr(work, "__code__", None)
    file = getattr(code, "co_filename", "")
    # What is nobody's for sure, such as the reading of a socket, counts as ours.
    is_ours = _OURS in path if path else "/jupyter_mltrain/" in file or not _is_theirs(file)
    kept = _longest[is_ours]
    what = path or f"{getattr(work, '__qualname__', work)} in {file}"
    kept.append({"what": what, "took_s": took_s, "queued_s": queued_s})
    kept.sort(key=lambda stall: stall["queued_s"] - stall["took_s"])
    del kept[_KEPT:]


def _is_theirs(file: str) -> bool:
    return any(package in file for package in _THEIRS)


def _waited_ns(schedule: int) -> int:
    """How long the thread has been ready and had no processor, since its start.

    References
    ----------
    Linux, Documentation/scheduler/sched-stats.rst: /proc/<pid>/schedstat, the second number.
    """
    return int(os.pread(schedule, 100, 0).split()[1])
