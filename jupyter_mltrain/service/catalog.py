"""Environments by name: those that were registered, and those that ship with the product."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import Executor
from typing import Final

from msgspec.structs import replace

from jupyter_mltrain import units
from jupyter_mltrain.environments import curated, definition
from jupyter_mltrain.errors import InvalidSpec, NoSuchEnvironment
from jupyter_mltrain.service import contexts, known_names
from jupyter_mltrain.service.durability import Durability
from jupyter_mltrain.service.gate import Gate
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.service.roster import Clock
from jupyter_mltrain.service.validation import check_environment
from jupyter_mltrain.spec import (
    Build,
    BuildState,
    EnvironmentSpec,
    EnvironmentVersion,
    PackagesSpec,
    is_environment_name,
    is_reserved_name,
)
from jupyter_mltrain.store.builds import BuildStore
from jupyter_mltrain.store.environments import EnvironmentStore
from jupyter_mltrain.store.snapshots import Snapshots
from jupyter_mltrain.wire import EnvironmentDetails, EnvironmentSummary

_AZURE: Final = "azureml-"


class Catalog:
    """What there is under which name.

    A version never changes. Deleting one leaves the runs alone: each carries the definition that it
    was submitted with.
    """

    def __init__(
        self,
        *,
        store: EnvironmentStore,
        builds: BuildStore,
        hub: Hub,
        durability: Durability,
        clock: Clock,
        snapshots: Snapshots,
        gate: Gate,
        threads: Executor,
        base_image: str = curated.BASE_IMAGE,
    ) -> None:
        """Look after the environments of a store.

        Parameters
        ----------
        gate
            Passed between the snapshot of a build context and the record that needs it.
        base_image
            What the default image is made from.
        """
        self._store = store
        self._builds = builds
        self._hub = hub
        self._durability = durability
        self._clock = clock
        self._snapshots = snapshots
        self._gate = gate
        self._threads = threads
        self._base_image = base_image

    # Registering

    async def register(self, spec: EnvironmentSpec) -> EnvironmentVersion:
        """Keep a definition under its name, on disk when this returns.

        One that is the same as the latest version of the name, or as the version that it says it
        is, is that version.

        Raises
        ------
        InvalidSpec
            The name cannot be one, or is reserved; or the definition contradicts itself.
        """
        _check_name(spec.name)
        check_environment(spec)
        found = self._same(spec)
        if found is None:
            _check_not_reserved(spec.name)
            async with self._gate.passing():
                spec = await self._with_context_kept(spec)
                found = self._same(spec) or self._add(spec)
        await self._durability.sync()
        return self._with_build(found)

    async def _with_context_kept(self, spec: EnvironmentSpec) -> EnvironmentSpec:
        if not contexts.is_folder(spec):
            return spec
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, contexts.kept, spec, self._snapshots)

    def implied(self, spec: EnvironmentSpec) -> EnvironmentSpec:
        """What a run that is submitted in this definition carries: with name and version.

        Something to be built is registered, unless it is already; its build context has to be a
        snapshot by now. What was written is on disk after the next sync.

        Raises
        ------
        InvalidSpec
            As for `register`.
        """
        if not spec.is_built:
            return spec
        _check_name(spec.name)
        found = self._same(spec)
        if found is None:
            _check_not_reserved(spec.name)
            found = self._add(spec)
        return replace(spec, version=found.spec.version)

    def _add(self, spec: EnvironmentSpec) -> EnvironmentVersion:
        # A shell's variables belong to an interpreter of this machine, and to nothing else.
        inherited = {} if spec.is_built else spec.inherited
        added = self._store.add(replace(spec, inherited=inherited), self._clock())
        self._hub.changed(Hub.ENVIRONMENTS)
        return added

    def _same(self, spec: EnvironmentSpec) -> EnvironmentVersion | None:
        """The version of its name that this is: the one that it says, or the latest."""
        ours = curated.ENVIRONMENTS.get(spec.name)
        if ours is not None:
            return EnvironmentVersion(spec=ours) if _are_same(ours, spec) else None
        said = self._store.get(spec.name, spec.version) if spec.version is not None else None
        for found in (said, self._store.latest(spec.name)):
            if found is not None and _are_same(found.spec, spec):
                return found
        return None

    # Looking

    def resolve(self, text: str) -> EnvironmentSpec:
        """The definition that ``NAME``, for its latest version, or ``NAME:VERSION`` stands for.

        Raises
        ------
        NoSuchEnvironment
            There is none; the sentence says what there is.
        """
        name, colon, version = text.partition(":")
        return self._one(name, version if colon else None).spec

    def get(self, name: str, version: str | None = None) -> EnvironmentDetails:
        """An environment with all its versions, the latest first, or with one of them.

        Raises
        ------
        NoSuchEnvironment
            There is none; the sentence says what there is.
        """
        found = (self._one(name, version),) if version is not None else self._versions(name)
        return EnvironmentDetails(
            name=name,
            reserved=name in curated.ENVIRONMENTS,
            versions=tuple(map(self._with_build, found)),
        )

    def all(self) -> tuple[EnvironmentSummary, ...]:
        """Every environment by name, those that ship with the product last."""
        versions: dict[str, list[EnvironmentVersion]] = {}
        for each in self._store.all():
            versions.setdefault(each.spec.name, []).append(each)
        for name, spec in curated.ENVIRONMENTS.items():
            versions[name] = [EnvironmentVersion(spec=spec)]
        return tuple(self._summary(name, found) for name, found in versions.items())

    def _summary(self, name: str, versions: list[EnvironmentVersion]) -> EnvironmentSummary:
        latest = versions[0]
        build = self._build_of(latest.spec)
        builds = [each for version in versions for each in self._builds_of(version.spec)]
        # Several builds may stand for one result, and several versions for one build.
        sizes = {
            each.built.id: each.size_bytes
            for each in builds
            if each.state is BuildState.BUILT and each.built is not None
        }
        summary = EnvironmentSummary(
            name=name,
            kind=kind_of(latest.spec),
            latest=latest.spec.version or "",
            versions=len(versions),
            reserved=name in curated.ENVIRONMENTS,
            size_bytes=_total(sizes.values()),
            used_at=max(filter(None, (each.used_at for each in builds)), default=None),
            changed_at=latest.registered_at,
        )
        if build is None:
            return summary
        return replace(summary, state=build.state, reason=build.reason, build=build.id)

    def _with_build(self, version: EnvironmentVersion) -> EnvironmentVersion:
        return replace(version, build=self._build_of(version.spec))

    def _build_of(self, spec: EnvironmentSpec) -> Build | None:
        return self._builds.latest(self._key(spec)) if spec.is_built else None

    def _builds_of(self, spec: EnvironmentSpec) -> tuple[Build, ...]:
        return self._builds.of(self._key(spec)) if spec.is_built else ()

    def _key(self, spec: EnvironmentSpec) -> str:
        return definition.key(curated.resolved(spec, self._base_image))

    def _versions(self, name: str) -> tuple[EnvironmentVersion, ...]:
        ours = curated.ENVIRONMENTS.get(name)
        found = (EnvironmentVersion(spec=ours),) if ours else self._store.versions(name)
        if not found:
            raise self._unknown(name)
        return found

    def _one(self, name: str, version: str | None) -> EnvironmentVersion:
        if name in curated.ENVIRONMENTS:
            ours = EnvironmentVersion(spec=curated.ENVIRONMENTS[name])
            found = ours if version in (None, ours.spec.version) else None
        elif version is None:
            found = self._store.latest(name)
        else:
            found = self._store.get(name, version)
        if found is not None:
            return found
        there = known_names.versions(each.spec.version for each in self._versions(name))
        raise NoSuchEnvironment(
            f"The environment {name!r} has no version {version!r}. It has {there}."
        )

    def _unknown(self, name: str) -> NoSuchEnvironment:
        ours = units.listed([repr(each) for each in curated.ENVIRONMENTS])
        if name.lower() == "current":
            return NoSuchEnvironment(
                "'current' stands for the Python that asks for a run. It is never registered, and "
                "there is nothing to build."
            )
        if name.lower().startswith(_AZURE):
            return NoSuchEnvironment(
                f"There is no environment {name!r}: those of Azure ML's service are not here. "
                f"These come with mltrain: {ours}."
            )
        hint = known_names.near(name, (*self._store.names(), *curated.ENVIRONMENTS))
        hint = hint or "`jupyter mltrain environments ls` lists them."
        return NoSuchEnvironment(f"There is no environment {name!r}. {hint}")

    # Deleting

    async def delete(self, name: str, version: str | None = None) -> EnvironmentDetails:
        """Forget one version, or all of them; gives what was deleted.

        What was built from them stays until it is reclaimed.

        Raises
        ------
        NoSuchEnvironment
            There is none.
        InvalidSpec
            It ships with the product.
        """
        details = self.get(name, version)
        if details.reserved:
            raise InvalidSpec(
                f"The environment {name!r} comes with mltrain and cannot be deleted. "
                "Its builds can, to reclaim their space."
            )
        self._store.delete(name, [each.spec.version or "" for each in details.versions])
        self._hub.changed(Hub.ENVIRONMENTS)
        await self._durability.sync()
        return details


def kind_of(spec: EnvironmentSpec) -> str:
    """ "interpreter", "packages", "image" or "dockerfile"."""
    if spec.image is not None:
        return "image" if spec.image.image is not None else "dockerfile"
    return "packages" if spec.packages is not None else "interpreter"


def _check_name(name: str) -> None:
    if not is_environment_name(name):
        raise InvalidSpec(
            f"{name[:120]!r} cannot name an environment. Use 1 to 100 letters, digits, '_', '-' "
            "and '.', the first a letter or digit."
        )


def _check_not_reserved(name: str) -> None:
    if not is_reserved_name(name):
        return
    if name.lower() in curated.ENVIRONMENTS:
        why = "is that of an environment that comes with mltrain"
    elif name.lower() == "current":
        why = "stands for the Python that asks for the run"
    else:
        why = "begins as only names of environments do that are given"
    raise InvalidSpec(f"The name {name!r} {why}. Choose another one, such as 'my-{name.lower()}'.")


def _are_same(one: EnvironmentSpec, other: EnvironmentSpec) -> bool:
    return definition.key(one) == definition.key(other) and _rest(one) == _rest(other)


def _rest(spec: EnvironmentSpec) -> EnvironmentSpec:
    """What of a definition `definition.key` does not see, its version left out."""
    packages = spec.packages and PackagesSpec()
    return replace(spec, version=None, inherited={}, packages=packages)


def _total(sizes: Iterable[int | None]) -> int | None:
    known = [size for size in sizes if size is not None]
    return sum(known) if known else None
