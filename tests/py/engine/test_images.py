"""Deleting images while containers hold them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

import pytest
from loops import in_loop
from registries import a_client

from jupyter_mltrain.engine import Engine, images
from jupyter_mltrain.errors import WrongState

LABEL = f"mltrain-test.images=p{os.getpid()}"


@pytest.fixture
def image(engine: Engine) -> Iterator[str]:
    """Id of an image with a name and the label; gone afterwards, as what was made of it."""
    with a_client() as client:
        name = f"mltrain-test-held-{os.getpid()}"
        client.import_image_from_data(b"", repository=name, changes=[f"LABEL {LABEL}"])
        yield client.inspect_image(name)["Id"]
        for container in client.containers(all=True, filters={"label": LABEL}):
            client.remove_container(container["Id"])
        for left in client.images(filters={"label": LABEL}):
            client.remove_image(left["Id"], force=True)


def a_container(image: str) -> str:
    """Id of one that was never started."""
    with a_client() as client:
        return str(client.create_container_from_config({"Image": image, "Cmd": ["x"]})["Id"])


async def is_there(engine: Engine, image: str) -> bool:
    return await engine.call(lambda client: images.inspect(client, image)) is not None


@in_loop
async def test_an_image_is_deleted_as_soon_as_its_last_container_is_gone(
    engine: Engine, image: str
) -> None:
    container = a_container(image)
    deleting = asyncio.create_task(images.delete(engine, image, LABEL))
    await asyncio.wait([deleting], timeout=0.3)
    assert not deleting.done()
    await engine.call(lambda client: client.remove_container(container))
    await deleting
    assert not await is_there(engine, image)


@in_loop
async def test_who_holds_an_image_is_named_and_nothing_is_deleted(
    engine: Engine, image: str
) -> None:
    container = a_container(image)
    named = await engine.call(lambda client: client.inspect_container(container)["Name"][1:])
    with pytest.raises(WrongState, match=f"held by the container {named}. Delete that first"):
        await images.delete(engine, image, LABEL, patience_s=0)
    found = await engine.call(lambda client: client.inspect_image(image))
    assert found["RepoTags"]


@in_loop
async def test_an_image_without_the_label_is_not_deleted(engine: Engine, image: str) -> None:
    await images.delete(engine, image, f"{LABEL}-other")
    assert await is_there(engine, image)
