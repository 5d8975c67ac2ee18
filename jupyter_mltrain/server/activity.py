"""What runs while nobody looks: queued runs go on after a reboot, running ones keep the server."""

from __future__ import annotations

import asyncio
import http.client
import logging
import socket
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

import msgspec

from jupyter_mltrain import errors, wire, workspaces
from jupyter_mltrain.server import places
from jupyter_mltrain.server.places import Places

INTERVAL_S: Final = 30.0
_ANSWER_S: Final = 5.0

_log = logging.getLogger(__name__)


async def resume(known: Places) -> None:
    """Start the services that left work behind, one after the other; what fails is logged."""
    try:
        unfinished = await asyncio.to_thread(places.unfinished)
    except errors.MltrainError as error:
        _log.warning("%s", error.message)
        return
    for workspace_id in unfinished:
        try:
            upstream = await known.upstream(workspace_id)
            await upstream.start()
        except errors.MltrainError as error:
            _log.warning("Queued runs do not go on: %s", error.message)


async def watch(active: Callable[[datetime], None], interval_s: float = INTERVAL_S) -> None:
    """Report the time, now and again, as long as any workspace of the user has a run going."""
    while True:
        if await asyncio.to_thread(any_run_going):
            active(datetime.now(timezone.utc))
        await asyncio.sleep(interval_s)


def any_run_going() -> bool:
    """Whether a run is going, or about to; services that do not run are not started for that."""
    try:
        directories = set(workspaces.registered().values())
    except errors.MltrainError:
        return False  # a registry that cannot be read names no workspace
    return any(_has_run_going(Path(directory)) for directory in sorted(directories))


def _has_run_going(directory: Path) -> bool:
    try:
        endpoint = workspaces.endpoint(directory)
        if endpoint is None:
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as opened:
            opened.settimeout(_ANSWER_S)
            opened.connect(endpoint.socket)
            connection = http.client.HTTPConnection("service")
            connection.sock = opened
            # Otherwise it would stay for being asked whether it is of use.
            connection.request("GET", "/v1/status?no_track_activity=1")
            with connection.getresponse() as response:
                status = wire.decode_reply(response.read(), wire.ServiceStatus)
    except (errors.MltrainError, OSError, http.client.HTTPException, msgspec.DecodeError):
        return False  # nobody is there, or nobody who can tell
    return status.running > 0 or (status.queued > 0 and status.queue_paused is None)
