"""Which workspace is meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_mltrain import Experiment, Workspace, workspaces
from jupyter_mltrain.errors import UserError, WorkspaceError

KEYS = {"subscription_id": "s", "resource_group": "g", "workspace_name": "team"}


def write(path: Path, config: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(config))
    return path


@pytest.mark.parametrize(
    "name", [".azureml/config.json", "config.json", "aml_config/config.json", "project.json"]
)
def test_a_config_file_is_found_in_the_folder_and_above(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, KEYS)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    for start in (tmp_path, below):
        workspace = Workspace.from_config(start)
        assert workspace.directory == workspaces.home() / "team"
        assert (workspace.subscription_id, workspace.resource_group) == ("s", "g")


def test_the_nearest_config_file_counts(tmp_path: Path) -> None:
    write(tmp_path / "config.json", KEYS)
    write(tmp_path / "a" / ".azureml" / "config.json", {**KEYS, "workspace_name": "mine"})
    assert Workspace.from_config(tmp_path / "a").name == "mine"


def test_a_config_file_itself_can_be_given(tmp_path: Path) -> None:
    path = write(tmp_path / "elsewhere.json", KEYS)
    assert Workspace.from_config(path).name == "team"


def test_the_scope_that_later_sdks_write_is_understood(tmp_path: Path) -> None:
    scope = "/subscriptions/s/resourceGroups/g/providers/x/workspaces/team"
    write(tmp_path / "config.json", {"Id": None, "Scope": scope})
    workspace = Workspace.from_config(tmp_path)
    assert (workspace.name, workspace.subscription_id) == ("team", "s")


def test_without_a_config_file_the_default_is_used_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLTRAIN_WORKSPACE", str(tmp_path / "ws"))
    workspace = Workspace.from_config()
    assert workspace.directory == tmp_path / "ws"
    assert capsys.readouterr().out == f"Workspace ws: {tmp_path}/ws (no config.json found)\n"


def test_a_path_that_was_given_and_has_no_config_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No workspace configuration at"):
        Workspace.from_config(tmp_path)


def test_a_file_that_is_not_there_is_not_another_one_above_it(tmp_path: Path) -> None:
    write(tmp_path / "config.json", KEYS)
    with pytest.raises(UserError, match="No workspace configuration at"):
        Workspace.from_config(tmp_path / "team.json")


def test_missing_keys_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "config.json", {"workspace_name": "team"})
    with pytest.raises(UserError, match="lacks subscription_id, resource_group"):
        Workspace.from_config(path)


def test_a_config_that_is_no_json_is_an_error_of_json(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(json.JSONDecodeError):
        Workspace.from_config(tmp_path)


@pytest.mark.parametrize("inside", [True, False])
def test_a_written_config_leads_back(tmp_path: Path, inside: bool) -> None:
    workspace = Workspace("s", "g", "team") if inside else Workspace.at(tmp_path / "somewhere")
    workspace.write_config(tmp_path)
    assert Workspace.from_config(tmp_path) == workspace


def test_a_config_cannot_be_written_into_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not there"):
        Workspace.at(tmp_path).write_config(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden"])
def test_a_name_that_is_no_folder_of_ours_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="cannot name a workspace"):
        Workspace("s", "g", name)


def test_a_directory_may_have_any_name(tmp_path: Path) -> None:
    assert Workspace.at(tmp_path / ".ws").name == ".ws"


def test_a_file_is_no_workspace(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="is a file"):
        _ = Workspace.at(tmp_path / "file").client


def test_making_the_object_starts_nothing(tmp_path: Path) -> None:
    Workspace.at(tmp_path / "ws")
    assert not (tmp_path / "ws").exists()


@pytest.mark.parametrize("name", ["", "-a", "a b", "a/b", "é", "x" * 256])
def test_what_cannot_name_an_experiment_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="cannot name an experiment"):
        Experiment(Workspace.at(tmp_path), name)
