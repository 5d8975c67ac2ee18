"""Containers through the low-level API: one request each, and what is no error is none."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from jupyter_mltrain.errors import ComputeTargetError, EnvironmentGone

if TYPE_CHECKING:
    import docker

STDOUT: Final = 1
STDERR: Final = 2


def create(client: docker.APIClient, name: str, config: Mapping[str, Any]) -> bool:
    """Make a container; false when there is one of that name already.

    Raises
    ------
    EnvironmentGone
        The engine does not have the image.
    """
    import docker.errors

    try:
        client.create_container_from_config(config, name)
    except docker.errors.ImageNotFound as error:
        raise EnvironmentGone(f"The image {config['Image']} is not there any more.") from error
    except docker.errors.APIError as error:
        if error.status_code == 409:
            return False
        raise
    return True


def start(client: docker.APIClient, name: str) -> None:
    """Let a container begin; nothing when it has begun.

    Raises
    ------
    ComputeTargetError
        Its image has no shell.
    """
    import docker.errors

    try:
        client.start(name)
    except docker.errors.APIError as error:
        if "/bin/sh" in str(error.explanation):
            raise ComputeTargetError(
                "The image has no shell: runs need /bin/sh in it. Build it from one that has, "
                "which almost every distribution's is."
            ) from error
        raise


def state(client: docker.APIClient, name: str) -> dict[str, Any] | None:
    """The engine's `State` of a container; `None` when there is none."""
    import docker.errors

    try:
        found: dict[str, Any] = client.inspect_container(name)["State"]
    except docker.errors.NotFound:
        return None
    return found


def send(client: docker.APIClient, name: str, signal: str) -> bool:
    """Signal a container; false when it does not execute."""
    import docker.errors

    try:
        client.kill(name, signal)
    except docker.errors.APIError as error:
        if error.status_code in (404, 409):
            return False
        raise
    return True


def remove(client: docker.APIClient, name: str) -> None:
    """Delete a container and its anonymous volumes, executing or not; nothing without one."""
    import docker.errors

    try:
        client.remove_container(name, v=True, force=True)
    except docker.errors.APIError as error:
        if error.status_code not in (404, 409):  # gone, or just being deleted
            raise


def ended(client: docker.APIClient, name: str) -> int:
    """Wait for the end of a container that executes no user's code; its exit status."""
    status: int = client.wait(name)["StatusCode"]
    return status


class Output:
    """What a container has written, from its beginning on."""

    def __init__(self, client: docker.APIClient, name: str, *, follow: bool) -> None:
        """Ask for it.

        Parameters
        ----------
        follow
            Go on until the container ends, or until `close`.
        """
        from docker.types.daemon import CancellableStream

        # `client.logs` cannot tell the two streams apart.
        url = client._url("/containers/{0}/logs", name)
        given = {"stdout": 1, "stderr": 1, "follow": int(follow)}
        response = client._get(url, params=given, stream=True, timeout=None)
        client._raise_for_status(response)
        self._stream = CancellableStream(_frames(response.raw), response)

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Pieces, each with the stream that it was written to."""
        yield from self._stream

    def close(self) -> None:
        """End the iteration, from any thread."""
        self._stream.close()


def _frames(raw: Any) -> Iterator[tuple[int, bytes]]:
    """Pieces of a multiplexed stream.

    References
    ----------
    Docker Engine API, "Attach to a container", stream format: one byte for the stream, three
    of padding, four for the length in network order.
    """
    while len(header := raw.read(8)) == 8:
        stream, length = struct.unpack(">BxxxL", header)
        yield stream, raw.read(length)


def archive(client: docker.APIClient, name: str, path: str) -> Iterator[bytes]:
    """A file or folder of a container as a tar; nothing when there is none."""
    import docker.errors

    try:
        pieces, _ = client.get_archive(name, path)
    except docker.errors.NotFound:
        return
    yield from pieces


def names(client: docker.APIClient, labels: Mapping[str, str]) -> list[str]:
    """Names of all containers with these labels, executing or not."""
    wanted = [f"{name}={value}" for name, value in labels.items()]
    found = client.containers(all=True, filters={"label": wanted})
    return [str(each["Names"][0]).lstrip("/") for each in found if each.get("Names")]
