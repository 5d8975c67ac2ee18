"""Environments that are images: pulled, or built from a Dockerfile, with packages on top.

What only builds need is imported when the first one comes: every service has an `ImageBuilder`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from jupyter_mltrain.engine import Engine, images, pulling, references, workbench
from jupyter_mltrain.engine.images import Image
from jupyter_mltrain.engine.pulling import Login
from jupyter_mltrain.environments import dockerfile
from jupyter_mltrain.environments.base import Made, Site
from jupyter_mltrain.environments.counted import Counted
from jupyter_mltrain.environments.credentials import Credentials
from jupyter_mltrain.environments.dockerfile import Dockerfile
from jupyter_mltrain.environments.probing import Facts, Probe
from jupyter_mltrain.errors import ComputeUnavailable, EnvironmentFailed, InvalidSpec
from jupyter_mltrain.spec import Built, EnvironmentSpec, ImageSpec

if TYPE_CHECKING:
    from jupyter_mltrain.environments.layer import Layered

_OF_WORKSPACE: Final = "mltrain.workspace"
_OF_BUILD: Final = "mltrain.build"
_USUAL: Final = (None, "python")
"""Interpreters that mean whichever the image has."""

_LAYER_STEPS: Final = 4
"""Usually; a layer that has more says so itself."""


class _Identified(NamedTuple):
    """How `identify` went before `build`, when it did."""

    steps: int
    """That it took."""
    fresh: bool


class ImageBuilder:
    """Makes them with the engine of the compute target that they are for."""

    def __init__(self, engines: Mapping[str, Engine], credentials: Credentials) -> None:
        """Say which engines there are.

        Parameters
        ----------
        engines
            Name of the compute target -> its engine; may change any time.
        """
        self._engines = engines
        self._credentials = credentials
        self._probe = Probe()
        self._identified: dict[str, _Identified] = {}
        """Build id -> what `build` has to know of that."""

    async def identify(self, definition: EnvironmentSpec, site: Site, *, fresh: bool) -> str:
        """Digests of what it is made from: of its image, or of all that its Dockerfile begins
        with, as ``NAME DIGEST`` a line."""
        spec = _image_of(definition)
        engine = self._engine(site.compute)
        if spec.image is not None:
            names: tuple[str, ...] = (references.within(spec.image, spec.registry),)
        else:
            names = _parsed(spec).bases
        digests = []
        for name in names:
            found = await self._there(engine, site, spec, name, fresh=fresh)
            digests.append(found.digest_in(references.repository_of(name)))
        self._identified[site.id] = _Identified(len(names), fresh)
        if spec.image is not None:
            return digests[0]
        return "\n".join(f"{name} {digest}" for name, digest in zip(names, digests, strict=True))

    async def build(self, definition: EnvironmentSpec, site: Site) -> Made:
        identified = self._identified.pop(site.id, _Identified(0, False))
        counted = Counted(site, identified.steps)
        try:
            return await self._build(
                definition, _image_of(definition), counted, fresh=identified.fresh
            )
        except InvalidSpec as error:
            raise EnvironmentFailed(error.message) from None

    async def _build(
        self, definition: EnvironmentSpec, spec: ImageSpec, site: Counted, *, fresh: bool
    ) -> Made:
        engine = self._engine(site.compute)
        labels = {_OF_WORKSPACE: site.workspace, _OF_BUILD: site.id}
        more_steps = 1 + (_LAYER_STEPS if definition.packages is not None else 0)
        if spec.image is not None:
            reference = references.within(spec.image, spec.registry)
            site.ahead(more_steps)
            image = await self._exactly(engine, site, spec, reference, site.identity)
            name, base, below = f"Image `{reference}`", site.identity, image.size_bytes
        else:
            image, below = await self._from_dockerfile(
                engine, site, spec, labels, fresh=fresh, more_steps=more_steps
            )
            name, base = f"The image of {definition.name}", image.id
        try:
            facts = await self._facts(engine, definition, site, image, name, labels)
            layered: Layered | None = None
            if definition.packages is not None:
                from jupyter_mltrain.environments.layer import Layer

                layer = Layer(
                    engine, site, image, facts, name=name, platform=spec.platform, labels=labels
                )
                layered = await layer.add(definition.packages)
            if layered is None and spec.dockerfile is not None:
                await engine.call(partial(images.name, image=image.id, tag=site.tag))
        except asyncio.CancelledError:
            if spec.dockerfile is not None:
                await images.discard(engine, image.id)
            raise
        return await _made(engine, image, facts, layered, base=base, below=below)

    async def _from_dockerfile(
        self,
        engine: Engine,
        site: Counted,
        spec: ImageSpec,
        labels: Mapping[str, str],
        *,
        fresh: bool,
        more_steps: int,
    ) -> tuple[Image, int]:
        """Build it; also how large the image is that it begins with."""
        from jupyter_mltrain.environments import building

        parsed = _parsed(spec)
        exactly: dict[str, str] = {}
        bases = []
        for line in site.identity.splitlines():
            base, _, digest = line.partition(" ")
            found = await self._exactly(engine, site, spec, base, digest)
            now = await engine.call(partial(images.inspect, reference=base))
            if now is None or now.id != found.id:
                exactly[base] = _exact_name(base, digest, found)
            bases.append(found)
        image_id = await building.build(
            engine,
            site,
            parsed,
            parsed.pinned(exactly) if exactly else parsed.text,
            folder=Path(spec.context) if spec.context is not None else None,
            platform=spec.platform,
            labels=labels,
            fresh=fresh,
            more_steps=more_steps,
        )
        image = await engine.call(lambda client: images.inspect(client, image_id))
        if image is None:
            raise EnvironmentFailed(
                "The engine has built the image and does not have it any more. Build it again."
            )
        below = [base.size_bytes for base in bases if image.begins_with(base)]
        return image, max(below, default=0)

    async def _facts(
        self,
        engine: Engine,
        definition: EnvironmentSpec,
        site: Site,
        image: Image,
        name: str,
        labels: Mapping[str, str],
    ) -> Facts:
        wanted = None if definition.interpreter in _USUAL else definition.interpreter
        spec = _image_of(definition)
        with site.step("look into the image", cached=self._probe.knows(image, wanted)):
            return await self._probe.facts(
                engine, image, name, interpreter=wanted, platform=spec.platform, labels=labels
            )

    async def _there(
        self, engine: Engine, site: Site, spec: ImageSpec, reference: str, *, fresh: bool
    ) -> Image:
        """The image of that name, pulled where the engine lacks it.

        A fresh look does not replace an image that no registry knows: it was made here.
        """
        if (problem := references.problem_of(reference)) is not None:
            raise EnvironmentFailed(f"`{reference}` is no name of an image: {problem}.")
        here = await engine.call(lambda client: images.inspect(client, reference))
        if here is not None and not _is_for(here, spec.platform):
            here = None
        repository = references.repository_of(reference)
        stays = here is not None and (
            not fresh or "@" in reference or here.digest_in(repository) == here.id
        )
        with site.step(f"pull {reference}", cached=stays):
            if here is not None and stays:
                return here
            await self._pull(engine, site, spec, reference)
        pulled = await engine.call(lambda client: images.inspect(client, reference))
        if pulled is None:
            raise EnvironmentFailed(
                f"Image `{reference}` was pulled and is not on this engine. Build again."
            )
        return pulled

    async def _exactly(
        self, engine: Engine, site: Site, spec: ImageSpec, reference: str, digest: str
    ) -> Image:
        """The image that the name stood for when it was identified."""
        exact = f"{references.repository_of(reference)}@{digest}"
        for name in (exact, digest):
            found = await engine.call(partial(images.inspect, reference=name))
            if found is not None:
                return found
        with site.step(f"pull {reference}"):
            try:
                await self._pull(engine, site, spec, exact)
            except EnvironmentFailed as failed:
                raise EnvironmentFailed(
                    f"The image that `{reference}` stood for, {digest}, is not on this engine any "
                    f"more. {failed.message} Build with fresh versions to use what it stands for "
                    "now."
                ) from failed
        found = await engine.call(lambda client: images.inspect(client, exact))
        if found is None:
            raise EnvironmentFailed(f"Image `{exact}` was pulled and is not on this engine.")
        return found

    async def _pull(self, engine: Engine, site: Site, spec: ImageSpec, reference: str) -> None:
        login = await asyncio.to_thread(self._login, spec, references.registry_of(reference))
        await pulling.pull(engine, reference, platform=spec.platform, login=login, say=site.write)

    def _login(self, spec: ImageSpec, registry: str) -> Login | None:
        """The environment's user; `None` leaves it to docker's own configuration."""
        address = references.address_of(spec.registry or registry)
        if spec.username is None or address != registry:
            return None
        password = self._credentials.password(address, spec.username)
        if password is None:
            raise EnvironmentFailed(
                f"There is no password for user {spec.username!r} of the registry {address}. Set "
                "the password of base_image_registry once more."
            )
        return Login(username=spec.username, password=password)

    async def is_there(self, built: Built, compute: str, directory: Path) -> bool:
        image = built.image
        if image is None:
            return False
        found = await self._engine(compute).call(lambda client: images.inspect(client, image))
        return found is not None

    async def remove(self, built: Built, compute: str, directory: Path) -> None:
        image = built.image
        if image is not None and compute in self._engines:
            await images.delete(self._engines[compute], image, f"{_OF_BUILD}={built.id}")

    async def clean(self, workspace: str, compute: str) -> None:
        engine = self._engine(compute)
        mine = f"{_OF_WORKSPACE}={workspace}"
        await workbench.sweep(engine, (mine, _OF_BUILD))
        await images.discard_unnamed(engine, (mine, _OF_BUILD))

    def _engine(self, compute: str) -> Engine:
        engine = self._engines.get(compute)
        if engine is None:
            raise ComputeUnavailable(
                f"Compute target {compute!r} has no Docker Engine, which images need. Choose one "
                "that has, or leave out the image."
            )
        return engine


async def _made(
    engine: Engine,
    image: Image,
    facts: Facts,
    layered: Layered | None,
    *,
    base: str,
    below: int,
) -> Made:
    python, lock = facts.python, None
    if layered is not None:
        python, lock = layered.python, layered.lock
        found = await engine.call(partial(images.inspect, reference=layered.image))
        if found is None:
            raise EnvironmentFailed(
                "The engine has made the image and does not have it any more. Build it again."
            )
        image = found
    return Made(
        interpreter=None if python is None else python.path,
        python=None if python is None else python.text,
        image=image.id,
        base=base,
        packages=0 if lock is None else lock.packages,
        lock=None if lock is None else lock.text,
        size_bytes=image.size_bytes - below,
        modules=None if python is None else python.modules,
    )


def _image_of(definition: EnvironmentSpec) -> ImageSpec:
    assert definition.image is not None  # what this builder is for
    return definition.image


def _parsed(spec: ImageSpec) -> Dockerfile:
    try:
        return dockerfile.parse(spec.dockerfile or "")
    except InvalidSpec as error:
        raise EnvironmentFailed(error.message) from None


def _exact_name(reference: str, digest: str, image: Image) -> str:
    """What FROM finds the very image by."""
    return digest if digest == image.id else f"{references.repository_of(reference)}@{digest}"


def _is_for(image: Image, platform: str | None) -> bool:
    parts = (platform or "").split("/")
    return len(parts) < 2 or parts[1] == image.architecture
