"""Fixtures for what is made with a real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from images_made import Workshop, a_workshop
from registries import registry  # noqa: F401 - a fixture

from jupyter_mltrain.engine import Engine


@pytest.fixture
def workshop(engine: Engine, tmp_path: Path) -> Iterator[Workshop]:
    """Builds images; none is left."""
    with a_workshop(engine, tmp_path) as workshop:
        yield workshop
