"""Datastores as a notebook has them: found, registered, uploaded to and downloaded from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from web_server import Web

from jupyter_mltrain import Workspace
from jupyter_mltrain.core.abstract_datastore import (
    AbstractAzureStorageDatastore,
    AbstractDatastore,
    AzureBlobDatastore,
)
from jupyter_mltrain.core.data_reference import DataReference
from jupyter_mltrain.core.datastore import Datastore
from jupyter_mltrain.errors import DataUnavailable, NoSuchDatastore, UserError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files, one of them in a folder."""
    folder = tmp_path / "source"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "sub" / "b.txt").write_text("bb")
    return folder


def there(folder: Path) -> list[str]:
    """The files below a folder."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_the_default_datastore_is_what_azures_code_expects(workspace: Workspace) -> None:
    store = Datastore.get_default(workspace)
    assert isinstance(store, AzureBlobDatastore)
    assert isinstance(store, AbstractAzureStorageDatastore)
    assert (store.name, store.datastore_type) == ("workspaceblobstore", "AzureBlob")
    assert store.workspace is workspace
    assert store.account_name == workspace.name
    assert Path(store.container_name) == workspace.directory / "datastores/workspaceblobstore"
    assert (store.account_key, store.sas_token, store.is_sas) == (None, None, False)
    assert Datastore(workspace) == Datastore(workspace, "workspaceblobstore") == store
    assert repr(store) == "AzureBlobDatastore(name='workspaceblobstore', type='AzureBlob')"


def test_an_unknown_datastore_names_those_there_are(workspace: Workspace) -> None:
    with pytest.raises(NoSuchDatastore, match=r"no datastore 'nope'.*'workspaceblobstore'"):
        Datastore(workspace, "nope")


def test_a_folder_is_uploaded_and_told_line_by_line(
    workspace: Workspace, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Datastore.get_default(workspace)
    reference = store.upload(str(folder), target_path="mnist")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Uploading an estimated of 2 files"
    assert f"Uploading {folder}/a.txt" in lines
    assert lines[-2].endswith(", 2 files out of an estimated total of 2")
    assert lines[-1] == "Uploaded 2 files"
    assert there(Path(store.container_name)) == ["mnist/a.txt", "mnist/sub/b.txt"]
    assert isinstance(reference, DataReference)
    assert reference.path_on_datastore == "mnist"


def test_what_is_there_is_left_unless_it_is_to_be_overwritten(
    workspace: Workspace, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Datastore.get_default(workspace)
    store.upload(folder, show_progress=False)
    assert capsys.readouterr().out == ""
    (folder / "a.txt").write_text("new")
    store.upload(folder)
    out = capsys.readouterr().out
    assert "Target already exists. Skipping upload for a.txt" in out
    assert out.endswith("Uploaded 0 files\n")
    uploaded = Path(store.container_name, "a.txt")
    assert uploaded.read_text() == "a"
    store.upload(folder, overwrite=True)
    assert uploaded.read_text() == "new"


def test_files_keep_their_folders_below_the_root(workspace: Workspace, folder: Path) -> None:
    store = Datastore.get_default(workspace)
    files = [folder / "a.txt", folder / "sub/b.txt"]
    store.upload_files(files, target_path="common", show_progress=False)
    store.upload_files([str(files[1])], str(folder), "rooted", show_progress=False)
    store.upload_files([files[1]], target_path="alone", show_progress=False)
    assert there(Path(store.container_name)) == [
        *("alone/b.txt", "common/a.txt", "common/sub/b.txt", "rooted/sub/b.txt"),
    ]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda store, at: store.upload(at / "nope"), "There is no folder"),
        (lambda store, at: store.upload_files([at / "nope"]), "There is no file"),
        (lambda store, at: store.upload_files(str(at)), "files is a list of files"),
        (lambda store, at: store.upload_files([at / "a.txt"], at / "sub"), "does not lie in"),
        (lambda store, at: store.upload(at, "../out"), "leads out of"),
    ],
)
def test_what_cannot_be_uploaded_is_named(
    workspace: Workspace, folder: Path, call: Any, sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        call(Datastore.get_default(workspace), folder)
    assert not list((workspace.directory / "datastores").rglob("*.txt"))


def test_files_are_downloaded_under_their_whole_paths(
    workspace: Workspace, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Datastore.get_default(workspace)
    store.upload(folder, "mnist", show_progress=False)
    store.upload(folder, "other", show_progress=False)
    target = tmp_path / "target"
    assert store.download(target, prefix="mnist/su") == 1
    assert "Downloading an estimated of 1 files" in capsys.readouterr().out
    assert there(target) == ["mnist/sub/b.txt"]
    assert store.download(target, show_progress=False) == 3
    assert store.download(target, overwrite=True, show_progress=False) == 4
    assert store.download(target, prefix="nothing", show_progress=False) == 0
    assert capsys.readouterr().out == ""


def test_a_folder_of_this_machine_is_registered_and_forgotten(
    workspace: Workspace, folder: Path
) -> None:
    store = Datastore.register(workspace, "raw", folder, description="as it came")
    assert (store.name, store.datastore_type, store.container_name) == (
        "raw",
        "Folder",
        str(folder),
    )
    assert isinstance(store, AbstractDatastore)
    assert store.record.description == "as it came"
    assert {each.name for each in workspace.client.datastores()} == {"raw", "workspaceblobstore"}
    store.unregister()
    with pytest.raises(NoSuchDatastore):
        Datastore.get(workspace, "raw")
    assert there(folder) == ["a.txt", "sub/b.txt"]


def test_another_datastore_can_be_the_default(workspace: Workspace, folder: Path) -> None:
    Datastore.register(workspace, "raw", folder).set_as_default()
    assert Datastore.get_default(workspace).name == "raw"


def test_a_site_is_registered_and_read(workspace: Workspace, site: Web, tmp_path: Path) -> None:
    site.files["/data/a.txt"] = b"hello"
    store = Datastore.register(workspace, "web", f"{site.url}/data")
    assert store.datastore_type == "Http"
    with pytest.raises(DataUnavailable, match="'web' is on the web: it is read"):
        store.upload_files([Path(__file__)], show_progress=False)


def test_a_place_that_is_not_there_is_refused_with_its_name(
    workspace: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(DataUnavailable, match="'raw'"):
        Datastore.register(workspace, "raw", tmp_path / "nope")
    store = Datastore.register(workspace, "raw", tmp_path / "nope", check=False)
    assert store.name == "raw"


def test_secrets_are_nowhere_in_the_object(user: Path, workspace: Workspace, site: Web) -> None:
    site.wants = "Bearer tr0ub4dor"
    store = Datastore.register(workspace, "web", site.url, secrets={"token": "tr0ub4dor"})
    assert store.record.credentials == ("token",)
    assert "tr0ub4dor" not in repr(store) + repr(store.record) + repr(vars(store))


def test_a_blob_container_is_registered_by_its_account(user: Path, workspace: Workspace) -> None:
    store = Datastore.register_azure_blob_container(
        workspace, "blobs", "images", "acct", account_key="a2V5", skip_validation=True
    )
    assert isinstance(store, AzureBlobDatastore)
    assert (store.container_name, store.account_name) == ("images", "acct")
    assert (store.datastore_type, store.credential_type) == ("AzureBlob", "AccountKey")
    assert store.account_key is None
    record = store.record
    assert (record.url, dict(record.options)) == ("abfs://images", {"account_name": "acct"})


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("register_azure_file_share", ("s", "share", "acct"), "Mount it on this machine"),
        ("register_azure_data_lake", ("s", "lake"), "first generation"),
        ("register_azure_sql_database", ("s", "server", "db"), "Databases are not datastores"),
        ("register_azure_my_sql", ("s", "h", "db", "u", "p"), "Databases are not datastores"),
        ("register_azure_postgre_sql", ("s", "h", "db", "u", "p"), "Databases are not"),
        ("register_dbfs", ("s",), "Databricks is not reached"),
        ("register_hdfs", ("s", *"abcdef"), "Register HDFS by its address"),
    ],
)
def test_what_is_not_offered_says_what_to_use(
    workspace: Workspace, name: str, arguments: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        getattr(Datastore, name)(workspace, *arguments)


def test_a_container_is_not_made(workspace: Workspace) -> None:
    with pytest.raises(UserError, match="is not made here"):
        Datastore.register_azure_blob_container(
            workspace, "blobs", "images", "acct", create_if_not_exists=True
        )


def test_azures_own_client_is_not_there(workspace: Workspace) -> None:
    with pytest.raises(UserError, match="upload, upload_files, download and path"):
        _ = Datastore.get_default(workspace).blob_service
