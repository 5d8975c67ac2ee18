"""A site that counts its steps, so that how many are ahead can be said at any time."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from jupyter_mltrain.environments.base import Site


class Counted:
    """A `Site` like the one it is made from."""

    def __init__(self, site: Site, begun: int = 0) -> None:
        self._site = site
        self.begun = begun
        """Steps that have begun."""

    def ahead(self, steps: int) -> None:
        """Say how many steps come after those that have begun."""
        self._site.expect(self.begun + steps)

    def step(self, name: str, *, cached: bool = False) -> AbstractContextManager[None]:
        self.begun += 1
        return self._site.step(name, cached=cached)

    def expect(self, steps: int) -> None:
        self._site.expect(steps)

    def write(self, text: str) -> None:
        self._site.write(text)

    @property
    def workspace(self) -> str:
        return self._site.workspace

    @property
    def id(self) -> str:
        return self._site.id

    @property
    def compute(self) -> str:
        return self._site.compute

    @property
    def identity(self) -> str:
        return self._site.identity

    @property
    def directory(self) -> Path:
        return self._site.directory

    @property
    def lock(self) -> str | None:
        return self._site.lock

    @property
    def tag(self) -> str:
        return self._site.tag
