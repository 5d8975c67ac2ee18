"""What the tests of the service share."""

from __future__ import annotations

from pathlib import Path

import pytest
from service_rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """A service over a new workspace, to be opened by the test."""
    return Rig(tmp_path / "workspace")
