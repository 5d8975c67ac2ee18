"""Builds images with the engine's own builder."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import IO, TYPE_CHECKING, Final

from jupyter_mltrain.engine import Engine
from jupyter_mltrain.engine.images import discard
from jupyter_mltrain.engine.streaming import Exchange, until_done
from jupyter_mltrain.engine.workbench import remove

if TYPE_CHECKING:
    import docker

_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")
_IMAGE: Final = re.compile(r" ---> ([0-9a-f]{12})\s*")
_CONTAINER: Final = re.compile(r" ---> Running in ([0-9a-f]{12})\s*")


class Refused(Exception):
    """The builder gave up."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


async def build(
    engine: Engine,
    archive: IO[bytes],
    *,
    dockerfile: str,
    platform: str | None,
    arguments: Mapping[str, str],
    labels: Mapping[str, str],
    host_network: bool,
    fresh: bool,
    heard: Callable[[str], None],
) -> str:
    """Build, and return the image's id; cancelled, nothing of it stays.

    Parameters
    ----------
    archive
        A tar file with everything that is needed.
    dockerfile
        Its name in there.
    fresh
        Execute every command, also where the engine has its result from before.
    heard
        Takes every piece of text that the builder says, colours taken out.

    Raises
    ------
    Refused
        With the builder's own words.
    """
    exchange = Exchange()
    params = {
        "dockerfile": dockerfile,
        "buildargs": json.dumps(dict(arguments)),
        "labels": json.dumps(dict(labels)),
        "rm": "1",
        "forcerm": "1",
    }
    if platform is not None:
        params["platform"] = platform
    if host_network:
        params["networkmode"] = "host"
    if fresh:
        params["nocache"] = "1"
    image = intermediate = container = problem = ""

    def talk(client: docker.APIClient) -> None:
        nonlocal image, intermediate, container, problem
        import docker.errors

        headers = {"Content-Type": "application/x-tar"}
        try:
            for message in exchange.messages(
                client, "/build", params=params, headers=headers, data=archive
            ):
                problem = str(message.get("error") or problem).strip()
                image = str((message.get("aux") or {}).get("ID") or image)
                if text := _COLOURS.sub("", str(message.get("stream") or "")):
                    if found := _IMAGE.fullmatch(text):
                        intermediate = found[1]
                    elif found := _CONTAINER.fullmatch(text):
                        container = found[1]
                    heard(text)
        except docker.errors.APIError as error:
            problem = str(error.explanation or error).strip()

    try:
        await until_done(engine.in_thread(engine.do, talk), exchange.hang_up)
    except asyncio.CancelledError:
        # The builder gives up in its own time; a cancel is over when nothing is left.
        if container:
            await engine.call(partial(remove, container=container))
        if intermediate:
            await discard(engine, intermediate)
        raise
    if problem:
        raise Refused(problem)
    return image
