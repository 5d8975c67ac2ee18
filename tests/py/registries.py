"""A real private registry on loopback: Debian's ``docker-registry``, with users by htpasswd."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from engines import BASE, tool

USER = "ann"
PASSWORD = "open-sesame-4711"


@dataclass(frozen=True)
class Registry:
    """A registry that lets only `USER` in."""

    address: str
    """As in ``127.0.0.1:40123``; engines speak plain HTTP with loopback."""

    def push(self, name: str, image: str = BASE) -> str:
        """Put an image of the engine into it, and return its reference; the engine then knows it
        no more under that name."""
        reference = f"{self.address}/{name}"
        repository, _, tag = reference.rpartition(":")
        with a_client() as client:
            client.tag(image, repository, tag)
            login = {"username": USER, "password": PASSWORD}
            said = list(client.push(repository, tag, stream=True, decode=True, auth_config=login))
            assert not [message for message in said if "error" in message], said
        forget(reference)
        return reference


@contextmanager
def a_client() -> Iterator[docker.APIClient]:
    """The engine's API, for looking behind our own code's back."""
    client = docker.APIClient(version="auto")
    try:
        yield client
    finally:
        client.close()


def forget(reference: str) -> None:
    """Take every name of that repository from the engine, by tag and by digest."""
    repository = reference.rpartition(":")[0]
    with a_client() as client:
        for image in client.images(repository):
            for name in (*(image["RepoTags"] or ()), *(image["RepoDigests"] or ())):
                if name.startswith((f"{repository}:", f"{repository}@")):
                    # The digests go with the last tag, unless the image has other names.
                    with suppress(docker.errors.NotFound):
                        client.remove_image(name)


@contextmanager
def a_registry() -> Iterator[Registry]:
    """Start one; it ends with the block, and what was pushed is gone."""
    server, htpasswd = (
        tool("docker-registry", "docker-registry"),
        tool("htpasswd", "apache2-utils"),
    )
    with tempfile.TemporaryDirectory(prefix="mltrain-registry-") as name:
        folder = Path(name)
        users = subprocess.run(
            [htpasswd, "-inB", USER], input=PASSWORD, text=True, capture_output=True, check=True
        )
        (folder / "htpasswd").write_text(users.stdout)
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        (folder / "config.yml").write_text(
            f"version: 0.1\nlog: {{level: error}}\n"
            f"storage: {{filesystem: {{rootdirectory: {folder}/images}}}}\n"
            f"http: {{addr: '{address}'}}\n"
            f"auth: {{htpasswd: {{realm: tests, path: {folder}/htpasswd}}}}\n"
        )
        with open(folder / "log", "w") as log:
            process = subprocess.Popen(
                [server, "serve", folder / "config.yml"], stdout=log, stderr=log
            )
        try:
            _wait_for(address, process, folder / "log")
            yield Registry(address)
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="session")
def registry(base_image: str) -> Iterator[Registry]:
    """A registry for all tests of a process."""
    with a_registry() as registry:
        yield registry


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    host, port = address.split(":")
    deadline = time.monotonic() + 30
    while True:
        with socket.socket() as client:
            if client.connect_ex((host, int(port))) == 0:
                return
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)
