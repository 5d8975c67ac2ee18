"""A container in which an image is changed: commands run in it, then what it became is kept."""

from __future__ import annotations

import asyncio
import codecs
import io
import logging
import re
import tarfile
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from jupyter_mltrain.engine import Engine
from jupyter_mltrain.engine.images import Image
from jupyter_mltrain.engine.streaming import Exchange, to_the_end, until_done

if TYPE_CHECKING:
    import docker

_log = logging.getLogger(__name__)

# It waits for a word that never comes, with nothing but a shell, and as process 1 of the
# container, so that whatever a command leaves behind ends with it.
_WAIT: Final = "read _"

_KEPT: Final = ("Cmd", "Env", "ExposedPorts", "Healthcheck", "Labels", "OnBuild", "Shell")
_KEPT_TOO: Final = ("StopSignal", "StopTimeout", "User", "Volumes", "WorkingDir")


class Workbench:
    """One container; made by `workbench`."""

    def __init__(self, engine: Engine, container: str, image: Image) -> None:
        self._engine = engine
        self._container = container
        self._image = image
        self.kept = False
        """An image was made of it."""

    async def put(self, folder: str, files: Mapping[str, bytes | Path], mode: int = 0o644) -> None:
        """Put files into a folder of the container, as root's; made where it is not there."""

        def work(client: docker.APIClient) -> None:
            with tempfile.TemporaryFile() as archive:
                _pack(archive, folder, files, mode)
                client.put_archive(self._container, "/", archive)

        await self._engine.call(work)

    async def put_archive(self, folder: str, archive: IO[bytes]) -> None:
        """Unpack a tar file in a folder that is there."""
        await self._engine.call(lambda client: client.put_archive(self._container, folder, archive))

    async def run(
        self,
        argv: Sequence[str],
        *,
        variables: Mapping[str, str] | None = None,
        each_line: Callable[[str], None] = lambda line: None,
    ) -> int:
        """Run a command as root and return how it ended, as a shell would.

        Parameters
        ----------
        variables
            Set for this command only: neither the container nor the image knows them.
        each_line
            Gets each line of output and errors, without its end.
        """
        work = self._engine.in_thread(
            self._engine.do, lambda client: self._run(client, argv, variables or {}, each_line)
        )
        return await until_done(work, self._kill)

    def _run(
        self,
        client: docker.APIClient,
        argv: Sequence[str],
        variables: Mapping[str, str],
        each_line: Callable[[str], None],
    ) -> int:
        command = client.exec_create(
            self._container, list(argv), user="0:0", environment=dict(variables), workdir="/"
        )
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        begun = ""
        said = Exchange().output(
            client, f"/exec/{command['Id']}/start", json={"Detach": False, "Tty": False}
        )
        for piece in said:
            *lines, begun = re.split(r"\r\n|[\r\n]", begun + decoder.decode(piece))
            for line in lines:
                each_line(line)
        if begun:
            each_line(begun)
        return int(client.exec_inspect(command["Id"])["ExitCode"] or 0)

    def _kill(self) -> bool:
        """End what runs in it; from the event loop, so somebody else has to wait."""
        self._engine.in_thread(self._engine.do, lambda client: remove(client, self._container))
        return True

    async def keep(
        self, tag: str, *, labels: Mapping[str, str], variables: Mapping[str, str], comment: str
    ) -> str:
        """Make an image of what it is now, and return its id.

        Its defaults for containers are those of the image that the container was made from.

        Parameters
        ----------
        variables
            Added to these defaults.
        comment
            What its history shows.
        """
        config = {
            name: value
            for name, value in self._image.config.items()
            if name in (*_KEPT, *_KEPT_TOO) and value is not None
        }
        # Said even if empty: else the engine would take the entry point of this container.
        config["Entrypoint"] = self._image.config.get("Entrypoint") or []
        config["Labels"] = {**(config.get("Labels") or {}), **labels}
        env = dict(each.partition("=")[::2] for each in config.get("Env") or ())
        config["Env"] = [f"{name}={value}" for name, value in {**env, **variables}.items()]
        repository, _, name = tag.rpartition(":")

        made = ""

        def work(client: docker.APIClient) -> None:
            nonlocal made
            # Nothing runs in it, so it need not stand still. The name comes after: an image that
            # is made when nobody is there any more has none, and is found by that.
            said = client.commit(self._container, message=comment, pause=False, conf=config)
            made = str(said["Id"])
            client.tag(made, repository, name)

        try:
            await until_done(self._engine.in_thread(self._engine.do, work), to_the_end)
        except asyncio.CancelledError:
            if made:
                await self._engine.call(lambda client: client.remove_image(made, force=True))
            raise
        self.kept = True
        return made


@asynccontextmanager
async def workbench(
    engine: Engine,
    image: Image,
    *,
    labels: Mapping[str, str],
    mounts: Sequence[Mapping[str, Any]] = (),
    platform: str | None = None,
    host_network: bool = False,
) -> AsyncIterator[Workbench]:
    """A container of the image for as long as the block lasts; it and its volumes go with it.

    After an image was made of it nobody waits for that: it takes seconds to delete gigabytes.

    Parameters
    ----------
    mounts
        As the API has them: ``{"Type": "volume", "Target": …}``.
    """

    def begin(client: docker.APIClient) -> str:
        made = client.create_container_from_config(
            {
                "Image": image.id,
                "Entrypoint": ["/bin/sh", "-c", _WAIT],
                "OpenStdin": True,
                "Labels": dict(labels),
                "HostConfig": {
                    "Mounts": list(mounts),
                    "NetworkMode": "host" if host_network else "default",
                },
            },
            platform=platform,
        )
        return str(made["Id"])

    container = ""
    bench: Workbench | None = None

    def made(client: docker.APIClient) -> None:
        nonlocal container
        container = begin(client)
        client.start(container)

    try:
        # Cancelled, it is waited for: else nobody would know what there is to remove.
        await until_done(engine.in_thread(engine.do, made), to_the_end)
        bench = Workbench(engine, container, image)
        yield bench
    finally:
        if container:
            removal = engine.in_thread(engine.do, lambda client: remove(client, container))
            if bench is not None and bench.kept:
                removal.add_done_callback(_note)
            else:
                await until_done(removal, to_the_end)


def _note(removal: asyncio.Future[None]) -> None:
    if not removal.cancelled() and (error := removal.exception()) is not None:
        # The sweep before the next service's first build finds it again.
        _log.warning("a container of a build stays behind: %s", error)


def remove(client: docker.APIClient, container: str) -> None:
    """Remove a container with its volumes; it is gone when this returns, whoever removed it."""
    import docker.errors

    try:
        client.remove_container(container, v=True, force=True)
    except docker.errors.NotFound:
        return
    except docker.errors.APIError as error:
        if error.status_code != 409:  # somebody else is at it
            raise
        with suppress(docker.errors.NotFound):
            client.wait(container, condition="removed")


async def sweep(engine: Engine, labels: Sequence[str]) -> None:
    """Remove every container that has all these labels, ``name`` or ``name=value``."""

    def work(client: docker.APIClient) -> None:
        for found in client.containers(all=True, filters={"label": list(labels)}):
            remove(client, found["Id"])

    await engine.call(work)


def _pack(archive: IO[bytes], folder: str, files: Mapping[str, bytes | Path], mode: int) -> None:
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"{folder.strip('/')}/{name}")
            entry.mode = mode
            with (
                open(content, "rb") if isinstance(content, Path) else io.BytesIO(content)
            ) as source:
                entry.size = source.seek(0, io.SEEK_END)
                source.seek(0)
                tar.addfile(entry, source)
    archive.seek(0)
