"""The tests' own places: nothing of the user's is touched, and nothing is left running."""

from __future__ import annotations

from pathlib import Path

import pytest
from jupyter_core.paths import jupyter_config_dir, jupyter_data_dir, jupyter_runtime_dir
from services import end_service

from jupyter_mltrain import Workspace, workspaces
from jupyter_mltrain.errors import WorkspaceLocked
from jupyter_mltrain.service.lock import WorkspaceLock
from jupyter_mltrain.spec import RunSpec, RunState, Source
from jupyter_mltrain.wire import SubmitRequest


def test_workspaces_and_sockets_lie_in_folders_of_the_tests() -> None:
    jupyter = (jupyter_config_dir(), jupyter_data_dir(), jupyter_runtime_dir())
    for place in (workspaces.default_directory(), *map(Path, jupyter)):
        assert place.parent.name.startswith("mlt-")


def test_ending_a_service_ends_its_runs_and_gives_its_workspace_free(workspace: Workspace) -> None:
    request = SubmitRequest(
        spec=RunSpec(experiment="places", script="wait.py"),
        source=Source(inline={"wait.py": "import time\ntime.sleep(60)\n"}),
    )
    run = workspace.client.submit(request)
    with pytest.raises(WorkspaceLocked):
        WorkspaceLock(workspace.directory)
    end_service(workspace)
    WorkspaceLock(workspace.directory).release()
    ended = workspace.client.get(run.id)
    assert ended.state is RunState.CANCELED
