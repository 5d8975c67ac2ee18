"""Images of an engine: looking at them, finding near names, deleting them."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from jupyter_mltrain.engine import Engine
from jupyter_mltrain.engine.references import repository_of, same_repository
from jupyter_mltrain.errors import WrongState
from jupyter_mltrain.spec import Frozen

if TYPE_CHECKING:
    import docker

_PATIENCE_S: Final = 5.0
"""For a container to go that still holds an image: that of a run goes a moment after its end."""

_LOOK_AGAIN_S: Final = 0.1


class Image(Frozen, frozen=True, kw_only=True):
    """What an engine says about one of its images."""

    id: str
    """``sha256:…``"""
    digests: tuple[str, ...]
    """``NAME@sha256:…`` in every registry that it is known to be in."""
    layers: tuple[str, ...]
    """Digests, the lowest first."""
    architecture: str
    """In the engine's words: ``amd64``, ``arm64``."""
    size_bytes: int
    config: Mapping[str, Any]
    """Its defaults for containers, as the API has them."""

    def begins_with(self, base: Image) -> bool:
        """Whether it is made on top of that image."""
        return self.layers[: len(base.layers)] == base.layers

    def digest_in(self, repository: str) -> str:
        """What identifies it: its digest in the registry, else its id."""
        for each in self.digests:
            name, _, digest = each.partition("@")
            if same_repository(name, repository):
                return digest
        return self.id


def inspect(client: docker.APIClient, reference: str) -> Image | None:
    """Look at an image by name or id; `None` when the engine does not have it."""
    import docker.errors

    try:
        said = client.inspect_image(reference)
    except docker.errors.NotFound:
        return None
    return Image(
        id=said["Id"],
        digests=tuple(said.get("RepoDigests") or ()),
        layers=tuple((said.get("RootFS") or {}).get("Layers") or ()),
        architecture=said.get("Architecture") or "",
        size_bytes=said.get("Size") or 0,
        config=said.get("Config") or {},
    )


def near(client: docker.APIClient, reference: str) -> list[str]:
    """Up to three names of images that the engine has and that may have been meant."""
    names = {
        name
        for image in client.images()
        for name in image.get("RepoTags") or ()
        if name != "<none>:<none>" and not name.startswith("mltrain/")
    }
    repository = repository_of(reference)
    wanted = reference if repository != reference else f"{reference}:latest"
    same = sorted(
        (name for name in names if same_repository(repository_of(name), repository)),
        key=lambda name: difflib.SequenceMatcher(None, wanted, name).ratio(),
        reverse=True,
    )
    likely = difflib.get_close_matches(wanted, sorted(names), 3, 0.75)
    return list(dict.fromkeys((*same, *likely)))[:3]


def name(client: docker.APIClient, image: str, tag: str) -> None:
    """Give an image a name."""
    repository, _, version = tag.rpartition(":")
    client.tag(image, repository, version)


async def delete(
    engine: Engine, image: str, label: str, *, patience_s: float = _PATIENCE_S
) -> None:
    """Delete an image and what only it is made of, if it has that label, ``name=value``.

    Parameters
    ----------
    patience_s
        For so long a container that holds it is waited for.

    Raises
    ------
    WrongState
        A container holds it; nothing was deleted.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience_s
    while holders := await engine.call(lambda client: _deleted(client, image, label)):
        if loop.time() > deadline:
            raise WrongState(_held(holders))
        await asyncio.sleep(_LOOK_AGAIN_S)


def _deleted(client: docker.APIClient, image: str, label: str) -> list[str]:
    """Delete it, or name the containers that hold it."""
    import docker.errors

    for found in client.images(filters={"label": [label]}):
        if found["Id"] != image:
            continue
        if holders := _holders(client, image):
            return holders
        for tag in found.get("RepoTags") or (image,):
            try:
                client.remove_image(image if tag == "<none>:<none>" else tag)
            except docker.errors.APIError as error:
                if error.status_code == 409 and (holders := _holders(client, image)):
                    return holders
                if error.status_code not in (404, 409):  # gone, or another is made of it
                    raise
    return []


def _holders(client: docker.APIClient, image: str) -> list[str]:
    """Names of the containers that are made of the very image."""
    found = client.containers(all=True, filters={"ancestor": image})
    return [each["Names"][0].lstrip("/") for each in found if each["ImageID"] == image]


def _held(holders: Sequence[str]) -> str:
    names = ", ".join(holders)
    one = len(holders) == 1
    return (
        f"The image is still held by the container{'' if one else 's'} {names}. Delete "
        f"{'that' if one else 'these'} first, with `docker rm -f {' '.join(holders)}`, or wait for "
        f"{'its' if one else 'their'} end."
    )


async def discard_unnamed(engine: Engine, labels: Sequence[str]) -> None:
    """Delete all images that have these labels and no name."""

    def work(client: docker.APIClient) -> list[str]:
        filters = {"label": list(labels), "dangling": True}
        return [str(found["Id"]) for found in client.images(filters=filters)]

    for image in await engine.call(work):
        await discard(engine, image)


async def discard(engine: Engine, image: str) -> None:
    """Delete an image that has no name, with what only it is made of, unless it is used."""

    def work(client: docker.APIClient) -> None:
        import docker.errors

        try:
            if not client.inspect_image(image).get("RepoTags"):
                client.remove_image(image)
        except docker.errors.APIError:
            return  # a container uses it, or another image is made from it

    await engine.call(work)
