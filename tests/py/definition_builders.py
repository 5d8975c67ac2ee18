"""Definitions of environments, and a database to keep them in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jupyter_mltrain.spec import EnvironmentSpec, ImageSpec, PackagesSpec
from jupyter_mltrain.store.database import Database

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)


@contextmanager
def a_store(directory: Path) -> Iterator[Database]:
    """An empty workspace's database."""
    database = Database(directory / "store.sqlite")
    try:
        yield database
    finally:
        database.close()


def a_definition(
    name: str = "mine", pip: tuple[str, ...] = ("rich",), **given: Any
) -> EnvironmentSpec:
    """Packages to be installed; what else is given goes into the definition."""
    return EnvironmentSpec(name=name, packages=PackagesSpec(pip=pip), **given)


def an_image(name: str = "mine", image: str | None = "debian", **given: Any) -> EnvironmentSpec:
    """An image as it is; what else is given goes into its section."""
    return EnvironmentSpec(name=name, image=ImageSpec(image=image, **given))
