"""What Azure's `Workspace` has: making, finding, describing and deleting one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from services import end_service

from jupyter_mltrain import Experiment, ScriptRunConfig, Workspace, workspaces
from jupyter_mltrain.core.datastore import Datastore
from jupyter_mltrain.errors import (
    NoSuchWorkspace,
    NotOffered,
    UserError,
    WorkspaceError,
    WrongState,
)
from jupyter_mltrain.secrets import Secrets


@pytest.fixture(autouse=True)
def a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))


def test_a_created_workspace_is_there_and_can_be_got() -> None:
    made = Workspace.create("team", subscription_id="s", resource_group="g", show_output=False)
    assert made.exists
    assert Workspace.get("team", subscription_id="s", resource_group="g") == made
    assert Workspace.list("s") == {"team": [made]}
    assert workspaces.registered() == {made.id: str(made.directory)}


def test_creating_one_says_where_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    made = Workspace.create("team")
    assert capsys.readouterr().out == f"Workspace team: {made.directory} (created)\n"


def test_creating_what_is_there_is_an_error_unless_that_is_fine() -> None:
    made = Workspace.create("team", show_output=False)
    with pytest.raises(WorkspaceError, match=r"already: .*exist_ok=True"):
        Workspace.create("team")
    assert Workspace.create("team", exist_ok=True) == made


def test_getting_what_is_not_there_lists_what_is() -> None:
    Workspace.create("team", show_output=False)
    with pytest.raises(NoSuchWorkspace, match=r"No workspace 'tame'\. You have 'team'"):
        Workspace.get("tame")


def test_one_in_a_folder_of_ones_own_is_found_by_its_name(tmp_path: Path) -> None:
    mine = Workspace.at(tmp_path / "mine")
    workspaces.register(workspaces.identify(mine.directory), mine.directory)
    assert Workspace.get("mine") == mine


def test_one_whose_folder_is_gone_is_not_listed(tmp_path: Path) -> None:
    mine = Workspace.at(tmp_path / "mine")
    identity = workspaces.identify(mine.directory)
    workspaces.register(identity, mine.directory)
    (mine.directory / "workspace.json").unlink()
    assert Workspace.list() == {}


def test_what_notebooks_print_of_a_workspace_are_texts(tmp_path: Path) -> None:
    for workspace in (Workspace.at(tmp_path), Workspace("s", "g", "team")):
        told = (workspace.name, workspace.location, workspace.resource_group)
        assert all(isinstance(each, str) for each in (*told, workspace.subscription_id))


def test_what_has_no_counterpart_here_is_empty(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path)
    assert workspace.webservices == workspace.images == workspace.linked_services == {}
    assert workspace.private_endpoints == {}
    assert workspace.list_connections() == []
    assert workspace.sync_keys() is None
    assert workspace.update_dependencies() is workspace


@pytest.mark.parametrize(
    "ask",
    [
        lambda ws: ws.list_keys(),
        lambda ws: ws.diagnose_workspace({}),
        lambda ws: ws.add_private_endpoint(None),
        lambda ws: ws.delete_private_endpoint_connection("name"),
        lambda ws: ws.set_connection("name", "Git", "here", "PAT", "planted-value"),
        lambda ws: ws.get_connection("name"),
        lambda ws: ws.delete_connection("name"),
    ],
)
def test_what_cannot_be_offered_says_what_to_use(
    ask: Callable[[Workspace], None], tmp_path: Path
) -> None:
    with pytest.raises(NotOffered, match=r"^Workspace\.\w+: .+\. .+\.$") as caught:
        ask(Workspace.at(tmp_path))
    assert "planted-value" not in caught.value.message


def test_details_are_under_azures_keys(workspace: Workspace) -> None:
    workspace.update(friendly_name="Ours", description="For the team", tags={"a": "1"})
    details = workspace.get_details()
    assert details["id"].endswith(f"/workspaces/{workspace.name}")
    assert details["workspaceid"] == workspace.id
    assert (details["friendlyName"], details["description"]) == ("Ours", "For the team")
    assert (details["tags"], workspace.tags) == ({"a": "1"}, {"a": "1"})
    assert (details["type"], details["provisioningState"]) == (
        "Microsoft.MachineLearningServices/workspaces",
        "Succeeded",
    )
    assert json.dumps(details)


def test_what_is_said_of_it_stays_unless_it_is_said_anew(workspace: Workspace) -> None:
    workspace.update(friendly_name="Ours", tags={"a": "1"})
    workspace.update(tags={"b": "2"})
    details = workspace.get_details()
    assert (details["friendlyName"], details["tags"]) == ("Ours", {"b": "2"})


def test_the_default_compute_target_of_a_type_is_the_cluster_of_that_name(
    workspace: Workspace,
) -> None:
    assert workspace.get_default_compute_target("CPU") is None
    with pytest.raises(UserError, match="'CPU' or 'GPU', not 'TPU'"):
        workspace.get_default_compute_target("TPU")


def test_mlflows_address_names_the_workspace_by_its_id(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path / "ws")
    assert workspace.get_mlflow_tracking_uri() == f"mltrain://{workspace.id}"


# Deleting


def test_a_deleted_workspace_is_gone_with_its_secrets(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace.client.status()
    vault = Secrets(f"keyvault/{workspace.id}")
    workspace.get_default_keyvault().set_secret("token", "abc")
    workspace.delete(delete_dependent_resources=True)
    assert not workspace.directory.exists()
    assert workspaces.registered() == {}
    assert vault.names() == ()
    assert capsys.readouterr().out == f"Deleted the workspace {workspace.directory}.\n"


def test_what_is_not_the_workspaces_stays_and_is_named(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace.client.status()
    (workspace.directory / "notes.txt").write_text("mine")
    data = workspace.directory / "datastores" / "workspaceblobstore" / "digits.csv"
    data.parent.mkdir(parents=True, exist_ok=True)
    data.write_text("1,2")
    workspace.delete()
    assert data.read_text() == "1,2"
    assert sorted(path.name for path in workspace.directory.iterdir()) == [
        "datastores",
        "notes.txt",
    ]
    assert "Left there: datastores and notes.txt." in capsys.readouterr().out


def test_one_with_runs_to_finish_is_not_deleted(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "wait.py").write_text("import time; time.sleep(600)")
    config = ScriptRunConfig(str(tmp_path / "code"), "wait.py")
    Experiment(workspace, "waiting").submit(config)
    with pytest.raises(WrongState, match="has 1 run to finish"):
        workspace.delete()
    end_service(workspace)
    assert workspace.exists


def test_what_is_no_workspace_of_the_users_is_not_deleted(tmp_path: Path) -> None:
    with pytest.raises(NoSuchWorkspace, match="There is no workspace in"):
        Workspace.at(tmp_path / "nothing").delete()
    workspaces.identify(tmp_path / "found")
    with pytest.raises(NoSuchWorkspace, match="not one that you have used"):
        Workspace.at(tmp_path / "found").delete()
    assert (tmp_path / "found" / "workspace.json").exists()


def test_a_new_workspace_has_what_every_workspace_has(workspace: Workspace) -> None:
    assert list(workspace.datastores) == [workspace.get_default_datastore().name]
    assert (workspace.datasets, workspace.models, workspace.experiments) == ({}, {}, {})
    assert "local" in workspace.compute_targets
    assert "python" in workspace.environments


def test_another_datastore_can_be_the_default_one(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(exist_ok=True)
    Datastore.register(workspace, "mine", tmp_path / "data")
    assert set(workspace.datastores) == {"workspaceblobstore", "mine"}
    workspace.set_default_datastore("mine")
    assert workspace.get_default_datastore().name == "mine"
