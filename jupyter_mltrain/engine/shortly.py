"""Short containers: made, run to their end, read and removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from jupyter_mltrain.engine import Engine
from jupyter_mltrain.engine.streaming import until_done
from jupyter_mltrain.engine.workbench import remove

if TYPE_CHECKING:
    import docker

_LIMIT_S: Final = 60


async def output_of(
    engine: Engine,
    image: str,
    entrypoint: Sequence[str],
    *,
    labels: Mapping[str, str],
    platform: str | None = None,
) -> tuple[int, str]:
    """Run a command in a container of its own: how it ended, and everything it wrote.

    It has no network and takes what the image sets for user and variables.

    Raises
    ------
    ComputeTargetError
        It cannot be started, for one because the image does not have that command.
    """

    container = ""

    def work(client: docker.APIClient) -> tuple[int, str]:
        nonlocal container
        container = client.create_container_from_config(
            {
                "Image": image,
                "Entrypoint": list(entrypoint),
                "User": "0:0",
                "NetworkDisabled": True,
                "Labels": dict(labels),
                "HostConfig": {"NetworkMode": "none", "CapDrop": ["ALL"]},
            },
            platform=platform,
        )["Id"]
        try:
            client.start(container)
            status = int(client.wait(container, timeout=_LIMIT_S)["StatusCode"])
            return status, client.logs(container).decode("utf-8", "replace")
        finally:
            remove(client, container)

    def stop() -> bool:
        if container:
            engine.in_thread(engine.do, partial(remove, container=container))
        return True

    return await until_done(engine.in_thread(engine.do, work), stop)
