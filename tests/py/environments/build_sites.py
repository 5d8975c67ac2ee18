"""Where the tests build environments."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jupyter_mltrain.environments.base import Made
from jupyter_mltrain.environments.process_builder import ProcessBuilder
from jupyter_mltrain.errors import EnvironmentFailed
from jupyter_mltrain.spec import EnvironmentSpec, PackagesSpec


@dataclass(kw_only=True)
class ASite:
    """A `Site` that remembers what it was told."""

    directory: Path
    lock: str | None = None
    workspace: str = "ws-of-tests"
    id: str = "b1"
    compute: str = "local"
    tag: str = "mltrain/tests:1"
    identity: str = ""
    log: str = ""
    steps: list[str] = field(default_factory=list)
    cached: list[str] = field(default_factory=list)
    expected: int = 0

    def __post_init__(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)

    def write(self, text: str) -> None:
        self.log += text

    @contextmanager
    def step(self, name: str, *, cached: bool = False) -> Iterator[None]:
        self.steps.append(name)
        if cached:
            self.cached.append(name)
        yield

    def expect(self, steps: int) -> None:
        self.expected = steps


async def build(site: ASite, **packages: object) -> Made:
    """Build a process environment with these fields of `PackagesSpec`."""
    definition = EnvironmentSpec(packages=PackagesSpec(**packages))  # type: ignore[arg-type]
    return await ProcessBuilder().build(definition, site)


def said_by(interpreter: str | None, code: str) -> str:
    """What a Python prints."""
    assert interpreter is not None
    done = subprocess.run([interpreter, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


async def failing(site: ASite, **packages: object) -> str:
    """Why these packages cannot be had."""
    with pytest.raises(EnvironmentFailed) as caught:
        await build(site, **packages)
    return caught.value.message
