"""Compute targets by name: this machine, and engines that are attached."""

from __future__ import annotations

import pytest

from jupyter_mltrain import ComputeTarget, Workspace
from jupyter_mltrain.core.compute_target import ComputeTargetException

ENGINE = "unix:///var/run/docker.sock"


def test_this_machine_is_always_there(workspace: Workspace) -> None:
    local = ComputeTarget(workspace, "local")
    status = local.get_status().serialize()
    assert status["cpus"] > 0
    assert (status["state"], status["running"]) == ("Succeeded", 0)
    assert (local.is_attached, local.provisioning_state) == (False, "Succeeded")
    assert list(workspace.compute_targets) == ["local"]


def test_one_that_is_not_there_is_named(workspace: Workspace) -> None:
    said = r"No compute target 'gpu-cluster' in this workspace, which has 'local'\."
    with pytest.raises(ComputeTargetException, match=said):
        ComputeTarget(workspace, "gpu-cluster")


def test_waiting_for_it_returns_at_once(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    ComputeTarget(workspace, "local").wait_for_completion(show_output=True)
    assert capsys.readouterr().out == "Succeeded\n"


def test_an_engine_is_attached_and_forgotten(running_engine: None, workspace: Workspace) -> None:
    box = ComputeTarget.attach(workspace, "box", ENGINE, cpus=1, memory="1GB")
    assert box.is_attached
    assert box.serialize()["cpus"] == 1
    assert box.serialize()["memoryBytes"] == 1024**3
    assert set(workspace.compute_targets) == {"local", "box"}
    box.detach()
    with pytest.raises(ComputeTargetException):
        box.refresh_state()


def test_this_machine_cannot_be_detached(workspace: Workspace) -> None:
    with pytest.raises(ComputeTargetException):
        ComputeTarget(workspace, "local").delete()
