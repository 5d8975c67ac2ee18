"""Images for tests, and what builds them."""

from __future__ import annotations

import io
import itertools
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import docker
import requests
from build_sites import ASite
from engines import BASE
from registries import a_client

from jupyter_mltrain.engine import Engine
from jupyter_mltrain.environments.base import Made
from jupyter_mltrain.environments.credentials import Credentials
from jupyter_mltrain.environments.image import ImageBuilder
from jupyter_mltrain.spec import EnvironmentSpec, ImageSpec, PackagesSpec

_numbers = itertools.count(1)


class Workshop:
    """An `ImageBuilder` for one engine, with a new site for each build."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.credentials = Credentials(folder / "credentials.json", keyring=False)
        self.builder = ImageBuilder({"local": engine}, self.credentials)
        self.workspace = f"images-{os.getpid()}-{next(_numbers)}"
        self._folder = folder

    def site(self, lock: str | None = None) -> ASite:
        number = next(_numbers)
        return ASite(
            directory=self._folder / f"build-{number}",
            lock=lock,
            workspace=self.workspace,
            id=f"build-{os.getpid()}-{number}",
            tag=f"mltrain-test-images/p{os.getpid()}:{number}",
        )

    async def make(
        self, spec: EnvironmentSpec, site: ASite | None = None, *, fresh: bool = False
    ) -> Made:
        """Identify and build, as the service does."""
        site = site or self.site()
        site.identity = await self.builder.identify(spec, site, fresh=fresh)
        return await self.builder.build(spec, site)


@contextmanager
def a_workshop(engine: Engine, folder: Path) -> Iterator[Workshop]:
    """Everything that was made in it is gone afterwards; a container that is left is an error."""
    workshop = Workshop(engine, folder)
    mine = f"mltrain.workspace={workshop.workspace}"
    yield workshop
    with a_client() as client:
        for container in client.containers(all=True, filters={"label": mine}):
            # One that an image was made of goes a moment later; any other is an error. An engine
            # does not always tell of a removal that had begun before it was asked to.
            with suppress(docker.errors.NotFound, requests.exceptions.ConnectionError):
                client.wait(container["Id"], condition="removed", timeout=20)
        assert client.containers(all=True, filters={"label": mine}) == []
        for image in client.images(filters={"label": mine}):
            client.remove_image(image["Id"], force=True)


def an_image(image: str | None = BASE, **given: Any) -> EnvironmentSpec:
    """A definition with that image, and these packages (pip lines) or fields of `ImageSpec`."""
    pip, packages = given.pop("pip", None), given.pop("packages", None)
    interpreter = given.pop("interpreter", None)
    if pip is not None:
        packages = PackagesSpec(pip=tuple(pip))
    return EnvironmentSpec(
        name="tests",
        image=ImageSpec(image=image, **given),
        packages=packages,
        interpreter=interpreter,
    )


def a_dockerfile(*lines: str, **given: Any) -> EnvironmentSpec:
    """A definition with a Dockerfile of these lines; the first may be left to `BASE`."""
    if not any(line.startswith("FROM") for line in lines):
        lines = (f"FROM {BASE}", *lines)
    return an_image(None, dockerfile="".join(f"{line}\n" for line in lines), **given)


@contextmanager
def an_imported_image(
    name: str, files: Mapping[str, bytes], changes: tuple[str, ...] = ()
) -> Iterator[str]:
    """An image of these executable files and nothing else."""
    with tempfile.TemporaryFile() as archive, a_client() as client:
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for path, content in files.items():
                entry = tarfile.TarInfo(path)
                entry.size, entry.mode = len(content), 0o755
                tar.addfile(entry, io.BytesIO(content))
        archive.seek(0)
        client.import_image_from_data(archive.read(), repository=name, tag="1", changes=changes)
        try:
            yield f"{name}:1"
        finally:
            client.remove_image(f"{name}:1", force=True)


def said_in(image: str, *command: str, user: str = "12345:12345") -> str:
    """What a command writes in a container of the image, as a user who is not root."""
    with a_client() as client:
        container = client.create_container_from_config(
            {"Image": image, "Entrypoint": list(command), "User": user, "NetworkDisabled": True}
        )["Id"]
        try:
            client.start(container)
            client.wait(container)
            written: bytes = client.logs(container)
            return written.decode().strip()
        finally:
            client.remove_container(container, force=True, v=True)


def everything_of(image: str) -> bytes:
    """All that an engine tells and keeps of an image: inspect, history and every layer."""
    with a_client() as client:
        told = json.dumps([client.inspect_image(image), client.history(image)]).encode()
        return told + b"".join(client.get_image(image))
