"""Images of an engine: looking at them, finding near names, deleting them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_mltrain.engine import Engine
from jupyter_mltrain.engine.references import repository_of, same_repository
from jupyter_mltrain.spec import Frozen

if TYPE_CHECKING:
    import docker


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


async def delete(engine: Engine, image: str, label: str) -> None:
    """Delete an image and what only it is made of, if it has that label, ``name=value``.

    One that a container uses stays.
    """

    def work(client: docker.APIClient) -> None:
        import docker.errors

        for found in client.images(filters={"label": [label]}):
            if found["Id"] != image:
                continue
            for tag in found.get("RepoTags") or (image,):
                try:
                    client.remove_image(image if tag == "<none>:<none>" else tag)
                except docker.errors.APIError as error:
                    if error.status_code not in (404, 409):  # gone, or in use
                        raise

    await engine.call(work)


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
