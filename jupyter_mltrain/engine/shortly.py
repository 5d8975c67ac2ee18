"""Short containers: made, run to their end, read and removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jupyter_mltrain.engine import Engine
from jupyter_mltrain.engine.streaming import until_done

if TYPE_CHECKING:
    import docker

_LIMIT_S = 60


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

    def work(client: docker.APIClient) -> tuple[int, str]:
        made = client.create_container_from_config(
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
            client.start(made)
            status = int(client.wait(made, timeout=_LIMIT_S)["StatusCode"])
            return status, client.logs(made).decode("utf-8", "replace")
        finally:
            client.remove_container(made, v=True, force=True)

    return await until_done(engine.in_thread(engine.do, work), lambda: None)
