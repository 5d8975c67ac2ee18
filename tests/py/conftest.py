"""What all Python tests share: places of their own, and a workspace whose service ends with it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from engines import base_image, engine, running_engine, ssh_engine  # noqa: F401 - fixtures
from services import end_service

from jupyter_mltrain import Workspace, workspaces


@pytest.fixture(scope="session", autouse=True)
def _own_places() -> Iterator[None]:
    """Keep every test, and every process it starts, away from the user's own folders."""
    # Short, so that sockets below it have room for their names.
    root = Path(tempfile.mkdtemp(prefix="mlt-", dir="/tmp"))
    with pytest.MonkeyPatch.context() as patch:
        for variable, name in (
            ("MLTRAIN_WORKSPACE", "default"),
            ("JUPYTER_DATA_DIR", "data"),
            ("JUPYTER_RUNTIME_DIR", "runtime"),
            ("JUPYTER_CONFIG_DIR", "config"),
            ("IPYTHONDIR", "ipython"),
        ):
            patch.setenv(variable, str(root / name))
        yield
    shutil.rmtree(root)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace in a folder of its own; no run and no service of it outlives the test."""
    workspace = Workspace.at(tmp_path / "workspace")
    yield workspace
    if workspaces.endpoint(workspace.directory) is not None:
        end_service(workspace)
