"""What a page does with the extension, in short words."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from waiting import wait_until_gone

from jupyter_mltrain import workspaces
from jupyter_mltrain.client import Client

WS = "workspaces/default"


async def submitted(api: Any, files: Any, text: str = "print('hello')", **form: Any) -> Any:
    """The record of a run of a script with this text."""
    return await api.json(f"{WS}/submit", {"path": files("work/train.py", text), **form})


async def final(run: dict[str, Any]) -> dict[str, Any]:
    """The run's record once it has ended."""

    def wait() -> str:
        client = Client(workspaces.default_directory())
        for _ in client.follow(run["id"]):
            pass
        state = str(client.get(run["id"]).state)
        client.close()
        return state

    return {**run, "state": await asyncio.to_thread(wait)}


def kill_service(directory: Path) -> int:
    """End the workspace's service as a crash would; returns its process id."""
    endpoint = workspaces.endpoint(directory)
    assert endpoint is not None
    os.kill(endpoint.pid, signal.SIGKILL)
    wait_until_gone(endpoint.pid)
    return endpoint.pid


async def frames(socket: Any) -> AsyncIterator[Any]:
    """What comes over a WebSocket until it is closed: text decoded, bytes as they are."""
    while (message := await socket.read_message()) is not None:
        yield message if isinstance(message, bytes) else json.loads(message)
