"""Azure's exceptions catch what is raised here."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mltrain import ComputeTarget, Workspace, errors
from jupyter_mltrain.core import exceptions

AZURES = [name for name in dir(exceptions) if name.endswith("Exception")]


@pytest.mark.parametrize("name", AZURES)
def test_each_is_below_azures_base(name: str) -> None:
    assert issubclass(getattr(exceptions, name), exceptions.AzureMLException)
    assert getattr(exceptions, name)("The sentence.").message == "The sentence."


def test_a_users_mistake_and_a_missing_model_are_told_apart_as_in_azure() -> None:
    assert issubclass(exceptions.AuthenticationException, exceptions.UserErrorException)
    assert issubclass(exceptions.ModelNotFoundException, exceptions.WebserviceException)
    assert not issubclass(exceptions.ComputeTargetException, exceptions.UserErrorException)


def test_what_is_created_if_missing_is_created_by_catching_it(workspace: Workspace) -> None:
    with pytest.raises(exceptions.ComputeTargetException):
        ComputeTarget(workspace, "cpu-cluster")


def test_a_config_that_is_not_there_is_azures_user_error(tmp_path: Path) -> None:
    with pytest.raises(exceptions.UserErrorException):
        Workspace.from_config(tmp_path)


def test_a_workspace_that_is_not_there_is_azures_workspace_error() -> None:
    with pytest.raises(exceptions.WorkspaceException) as caught:
        Workspace.get("nowhere")
    assert isinstance(caught.value, errors.NoSuchWorkspace)
