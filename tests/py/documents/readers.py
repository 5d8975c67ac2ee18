"""Somebody who has done what a document asks for first, and pastes its code block by block."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conda_channel import Channel
from document_code import GIVEN, prepare
from mnist import digits_site
from registries import PASSWORD, USER, Registry, a_client
from substitutions import substituted

from jupyter_mltrain import Run, Workspace, azureml
from jupyter_mltrain.spec import DRIVER_LOG


@contextmanager
def the_image(registry: Registry, base_image: str) -> Iterator[str]:
    """The image that stands for the documents', in the engine and in the registry; its name.

    Tests of other processes have their own.
    """
    image = f"mltrain-documents-{os.getpid()}/fastai2:latest"
    dockerfile = io.BytesIO(f"FROM {base_image}\nRUN touch /fastai2\n".encode())
    with a_client() as client:
        said = list(client.build(fileobj=dockerfile, tag=image, rm=True, decode=True))
        assert not [message for message in said if "error" in message], said
        registry.push(image, image)
        yield image
        pulled = f"{registry.address}/{image}"
        for name in (image, *([pulled] if client.images(pulled) else [])):
            client.remove_image(name)


@contextmanager
def the_world(image: str, registry: Registry, folder: Path) -> Iterator[dict[str, str]]:
    """What the substitutions name: an image, a registry, a web site, a conda channel."""
    channel = Channel(folder=folder / "channel")
    python = channel.add_python()
    with digits_site(folder / "site") as site:
        yield {
            "image": image,
            "registry": registry.address,
            "username": USER,
            "password": PASSWORD,
            "site": site,
            "channel": channel.url,
            "python": python,
        }


def forget_images(workspace: Workspace) -> None:
    """Take what was built for a workspace from the engine."""
    made = {"label": f"mltrain.workspace={workspace.client.status().workspace_id}"}
    with a_client() as client:
        for image in client.images(filters=made):
            client.remove_image(image["Id"], force=True)


class Reader:
    """Pastes blocks of a document one after the other."""

    def __init__(self, document: str, folder: Path, values: Mapping[str, str]) -> None:
        prepare(document, folder, **values)
        self._values = dict(values)
        self.names: dict[str, Any] = {}
        """What the code has defined so far."""
        if document in GIVEN:
            self.paste(GIVEN[document])

    def paste(self, *code: str) -> None:
        """Execute code of the document, substituted."""
        for block in code:
            exec(substituted(block, **self._values), self.names)

    @property
    def run(self) -> Run:
        """The run that the code has submitted."""
        run = self.names["run"]
        assert isinstance(run, Run)
        return run


@contextmanager
def azure_names() -> Iterator[None]:
    """Azure's module names, and what they stand for here."""
    azureml.install()
    try:
        yield
    finally:
        azureml.uninstall()


def output(run: Run, name: str = DRIVER_LOG) -> str:
    client = run.experiment.workspace.client
    return b"".join(client.read_file(run.id, name)).decode()
