"""What the documents' readers share: an image, a world of loopback, Azure's names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from readers import Reader, azure_names, forget_images, the_image, the_world
from registries import Registry, registry  # noqa: F401 - a fixture

from jupyter_mltrain import Workspace


@pytest.fixture(scope="session")
def _image(registry: Registry, base_image: str) -> Iterator[str]:  # noqa: F811
    with the_image(registry, base_image) as image:
        yield image


@pytest.fixture(scope="session")
def values(
    _image: str,
    registry: Registry,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, str]]:
    """What is put into the substitutions."""
    with the_world(_image, registry, tmp_path_factory.mktemp("world")) as values:
        yield values


@pytest.fixture
def reader(
    values: dict[str, str],
    workspace: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[str], Reader]]:
    """Makes the reader of a document, with a configuration and a folder of their own."""
    folder = tmp_path / "notebook"
    folder.mkdir()
    monkeypatch.chdir(folder)
    workspace.write_config(folder)
    with azure_names():
        yield lambda document: Reader(document, folder, values)
    forget_images(workspace)
