"""``python -m jupyter_mltrain.service --workspace DIR --ready-fd N``: started by clients.

Says one line on the ready descriptor: ``ready <socket>``, ``taken <reason>`` when another
service has the workspace, or ``error <code> <sentence>``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

# Forked while this process is small and has no threads; see compute.launcher.
from jupyter_mltrain.compute import launcher

_LOG_BYTES = 5_000_000


def main(arguments: list[str]) -> int:
    """Run the service; returns the exit status."""
    options = dict(zip(arguments[::2], arguments[1::2], strict=True))
    directory = Path(options["--workspace"])
    ready_fd = int(options["--ready-fd"])
    if os.fork():
        # The client waits for this process and so collects it; the service has no parent.
        os._exit(0)
    os.setsid()
    os.chdir("/")
    os.set_inheritable(ready_fd, False)
    try:
        return _serve(directory, ready_fd)
    finally:
        os.close(ready_fd)


def _say(ready_fd: int, line: str) -> None:
    try:
        os.write(ready_fd, line.replace("\n", " ").encode() + b"\n")
    except BrokenPipeError:
        pass  # the client has gone; the service is there for the next one


def _serve(directory: Path, ready_fd: int) -> int:
    from jupyter_mltrain.errors import MltrainError, WorkspaceLocked

    try:
        from jupyter_mltrain import workspaces
        from jupyter_mltrain.service.lock import WorkspaceLock

        # Before the lock is taken: a copy of it would live on in every reaper.
        to_launcher, _ = launcher.fork()
        workspaces.identify(directory)
        lock = WorkspaceLock(directory)
    except WorkspaceLocked as error:
        _say(ready_fd, f"taken {error}")
        return 1
    except MltrainError as error:
        _say(ready_fd, f"error {error.code} {error}")
        return 1
    _open_log(directory / "service.log")

    import asyncio
    import logging

    from jupyter_mltrain.service.host import Service

    async def serve() -> None:
        service = Service(directory, lock, to_launcher)
        await service.serve(lambda path: _say(ready_fd, f"ready {path}"))

    # Worker threads that compute must not keep the event loop waiting for long.
    sys.setswitchinterval(0.0002)
    try:
        asyncio.run(serve())
    except MltrainError as error:
        _say(ready_fd, f"error {error.code} {error}")
        logging.error("%s", error)
        return 1
    except Exception as error:
        _say(ready_fd, f"error error The service failed: {error!r}. See {directory}/service.log.")
        logging.exception("the service failed")
        return 1
    return 0


def _open_log(path: Path) -> None:
    """Send what the service says, and what breaks in it, to its log; one older is kept."""
    import logging

    if path.exists() and path.stat().st_size > _LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(fd, 1)
    os.dup2(fd, 2)
    os.close(fd)
    os.close(nothing)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")


def _leave(status: int) -> NoReturn:
    """End now, even where a thread still waits for a datastore that does not answer."""
    import threading

    if threading.active_count() > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


if __name__ == "__main__":
    _leave(main(sys.argv[1:]))
