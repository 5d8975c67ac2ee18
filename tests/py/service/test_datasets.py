"""Datastores and datasets have names; datasets have versions that never change."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from data_rig import a_dataset, a_folder_store, launched
from loops import in_loop
from service_http import served
from service_rig import Rig
from web_server import Web, serving

from jupyter_mltrain.data.web import WebPlace
from jupyter_mltrain.errors import (
    DataUnavailable,
    InvalidSpec,
    NoSuchDataset,
    NoSuchDatastore,
)
from jupyter_mltrain.spec import (
    DEFAULT_DATASTORE,
    DataInput,
    DataPath,
    Dataset,
    DatasetKind,
    DatasetSpec,
    DatastoreKind,
)
from jupyter_mltrain.wire import DatasetChange, DatasetRequest, DatastoreRequest

SECRET = "planted-token-value-42"


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return Rig(tmp_path / "workspace")


@pytest.fixture
def site() -> Iterator[Web]:
    with serving() as web:
        yield web


async def registered(rig: Rig, name: str, *paths: str, **given: Any) -> Dataset:
    return await rig.datasets.register(
        DatasetRequest(name=name, spec=a_dataset(*(paths or ("mnist",))), **given)
    )


async def a_web_store(rig: Rig, url: str, **given: Any) -> None:
    request = DatastoreRequest(name="web", kind=DatastoreKind.REMOTE, url=url, **given)
    await rig.datastores.register(request)


# Datastores


@in_loop
async def test_every_workspace_has_a_datastore_of_its_own(rig: Rig) -> None:
    async with rig:
        (own,) = rig.datastores.all()
        assert (own.name, own.default, own.kind) == (
            DEFAULT_DATASTORE,
            True,
            DatastoreKind.WORKSPACE,
        )
        assert Path(own.url).is_dir()
        with pytest.raises(InvalidSpec, match="is the workspace's own and stays"):
            await rig.datastores.delete(DEFAULT_DATASTORE)


@in_loop
async def test_exactly_one_datastore_is_the_default(rig: Rig, tmp_path: Path) -> None:
    async with rig:
        await a_folder_store(rig, "raw", tmp_path / "raw")
        await a_folder_store(rig, "cooked", tmp_path / "cooked")
        for name in ("raw", "cooked", DEFAULT_DATASTORE, "raw"):
            await rig.datastores.set_default(name)
            assert [each.name for each in rig.datastores.all() if each.default] == [name]
        await rig.datastores.delete("raw")
        assert rig.datastores.get(DEFAULT_DATASTORE).default


@in_loop
async def test_a_datastore_is_found_again_by_the_next_service(rig: Rig, tmp_path: Path) -> None:
    async with rig:
        await a_folder_store(rig, "raw", tmp_path / "raw")
    async with rig:
        assert rig.datastores.get("raw").url == str(tmp_path / "raw")


@in_loop
async def test_the_same_again_is_the_one_there_is_and_another_is_refused(
    rig: Rig, tmp_path: Path
) -> None:
    async with rig:
        await a_folder_store(rig, "raw", tmp_path / "raw")
        await a_folder_store(rig, "raw", tmp_path / "raw")
        with pytest.raises(InvalidSpec, match="There is a datastore 'raw' already, at "):
            await a_folder_store(rig, "raw", tmp_path / "other")
        request = DatastoreRequest(
            name="raw", kind=DatastoreKind.FOLDER, url=str(tmp_path / "other"), overwrite=True
        )
        await rig.datastores.register(request)
        assert rig.datastores.get("raw").url == str(tmp_path / "other")


@in_loop
@pytest.mark.parametrize(
    ("kind", "url", "given", "words"),
    [
        ("folder", "relative", {}, "not an absolute path"),
        ("folder", "/tmp", {"secrets": {"key": "x"}}, "takes no secrets"),
        ("remote", "file:///etc", {}, "begins with nothing that can be reached"),
        ("remote", "memory://x", {}, "begins with nothing that can be reached"),
        ("remote", "nosuch://x", {}, "begins with nothing that can be reached"),
        ("remote", "simplecache::s3://x", {}, "begins with nothing that can be reached"),
        ("remote", "https://me:hush@host/x", {}, "has a user or password in it"),
        ("remote", "sftp://me:hush@host/x", {}, "has a user or password in it"),
        ("remote", "s3://x", {"options": {"secret": "hush"}}, "looks like a secret"),
        ("remote", "s3://x", {"options": {"c": {"my_token": "hush"}}}, "looks like a secret"),
        ("remote", "https://h/x", {"options": {"headers": {"Cookie": "hush"}}}, "looks like a sec"),
        ("remote", "abfs://x", {"options": {"connection_string": "hush"}}, "looks like a secret"),
        ("remote", "https://h/x?sig=hush", {}, "goes on behind a"),
        ("workspace", "/tmp", {}, "has its own datastore"),
    ],
)
async def test_what_can_be_no_datastore_is_refused(
    rig: Rig, kind: str, url: str, given: dict[str, Any], words: str
) -> None:
    async with rig:
        request = DatastoreRequest(name="x", kind=DatastoreKind(kind), url=url, **given)
        with pytest.raises(InvalidSpec, match=words) as caught:
            await rig.datastores.register(request)
        assert "hush" not in caught.value.message


@in_loop
@pytest.mark.parametrize("name", ["", "a b", "a/b", "..", "a-b"])
async def test_what_can_be_no_name_of_a_datastore_is_refused(rig: Rig, name: str) -> None:
    async with rig:
        request = DatastoreRequest(name=name, kind=DatastoreKind.FOLDER, url="/tmp")
        with pytest.raises(InvalidSpec, match="cannot name a datastore"):
            await rig.datastores.register(request)


@in_loop
async def test_a_folder_that_is_not_there_is_not_registered(rig: Rig, tmp_path: Path) -> None:
    async with rig:
        request = DatastoreRequest(
            name="raw", kind=DatastoreKind.FOLDER, url=str(tmp_path / "nowhere")
        )
        with pytest.raises(DataUnavailable, match="the datastore 'raw' cannot be used: No such"):
            await rig.datastores.register(request)
        assert len(rig.datastores.all()) == 1


@in_loop
async def test_a_datastore_that_is_missing_is_said_with_what_is_near(
    rig: Rig, tmp_path: Path
) -> None:
    async with rig:
        await a_folder_store(rig, "rawdata", tmp_path / "raw")
        with pytest.raises(NoSuchDatastore, match=r"Did you mean 'rawdata'\?"):
            rig.datastores.get("rawdat")


# Credentials


@in_loop
async def test_credentials_that_fail_are_said_when_it_is_registered(rig: Rig, site: Web) -> None:
    site.files["/d/a"] = b"1"
    site.wants = f"Bearer {SECRET}"
    async with rig:
        with pytest.raises(DataUnavailable, match=r"the datastore 'web'.*other credentials"):
            await a_web_store(rig, f"{site.url}/d", secrets={"token": "wrong"})
        assert len(rig.datastores.all()) == 1
        await a_web_store(rig, f"{site.url}/d", secrets={"token": SECRET})
        assert rig.datastores.get("web").credentials == ("token",)


@in_loop
async def test_a_secret_opens_the_datastore_and_is_written_nowhere(
    rig: Rig, site: Web, tmp_path: Path
) -> None:
    site.files["/d/a.txt"] = b"data"
    site.wants = f"Bearer {SECRET}"
    async with rig, served(rig) as http:
        body = {
            "name": "web",
            "kind": "remote",
            "url": f"{site.url}/d",
            "secrets": {"token": SECRET},
        }
        replies = [
            await http.post("/v1/datastores", body),
            await http.get("/v1/datastores"),
            await http.get("/v1/datastores/web"),
        ]
        assert [reply.status for reply in replies] == [201, 200, 200]
        given = DataInput(name="x", spec=a_dataset(DataPath(datastore="web", path="a.txt")))
        run, launch = await launched(rig, given, arguments=(given.argument,))
        assert Path(launch.argv[-1]).read_text() == "data"
        site.wants = "another"
        again = await rig.exit(run)
        assert SECRET not in repr((again, rig.datastores.all(), launch))
        assert not any(SECRET.encode() in reply.body for reply in replies)
    found = [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes()
    ]
    assert [path.relative_to(tmp_path / "home").as_posix() for path in found] == [
        "mltrain/credentials/secrets.json"
    ]
    assert found[0].stat().st_mode & 0o777 == 0o600


@in_loop
async def test_deleting_a_datastore_forgets_its_secrets_and_not_its_data(
    rig: Rig, site: Web, tmp_path: Path
) -> None:
    site.files["/d/a"] = b"1"
    async with rig:
        await a_web_store(rig, f"{site.url}/d", secrets={"token": SECRET})
        await rig.datastores.delete("web")
    assert not any(
        SECRET.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
    )


@in_loop
async def test_a_secret_that_is_not_kept_any_more_is_said_with_the_datastore(
    rig: Rig, site: Web, tmp_path: Path
) -> None:
    site.files["/d/a"] = b"1"
    async with rig:
        await a_web_store(rig, f"{site.url}/d", secrets={"token": SECRET})
        shutil.rmtree(tmp_path / "home")
        given = DataInput(name="x", spec=a_dataset(DataPath(datastore="web", path="a")))
        with pytest.raises(DataUnavailable, match="The token of the datastore 'web' is not kept"):
            await launched(rig, given)


# Datasets


@in_loop
async def test_a_dataset_has_versions_that_count_up(rig: Rig) -> None:
    async with rig:
        first = await registered(rig, "digits", "one")
        second = await registered(rig, "digits", "two", create_new_version=True)
        assert (first.version, second.version) == (1, 2)
        assert rig.datasets.get("digits") == second
        assert rig.datasets.get("digits", 1) == first
        assert rig.datasets.by_id(first.id) == first
        assert rig.datasets.details("digits").versions == (second, first)
        assert rig.datasets.all() == (second,)


@in_loop
@pytest.mark.parametrize("create_new_version", [True, False])
async def test_the_same_definition_again_is_the_version_there_is(
    rig: Rig, create_new_version: bool
) -> None:
    async with rig:
        first = await registered(rig, "digits")
        again = await registered(rig, "digits", create_new_version=create_new_version)
        assert again == first


@in_loop
async def test_another_definition_under_a_name_that_is_there_is_refused(rig: Rig) -> None:
    async with rig:
        await registered(rig, "digits", "one")
        with pytest.raises(InvalidSpec, match="There is a dataset 'digits' already, version 1"):
            await registered(rig, "digits", "two")


@in_loop
async def test_a_deleted_version_is_gone_and_its_number_is_not_given_again(rig: Rig) -> None:
    async with rig:
        first = await registered(rig, "digits", "one")
        gone = await rig.datasets.delete("digits")
        assert gone.versions == (first,)
        with pytest.raises(NoSuchDataset):
            rig.datasets.by_id(first.id)
        assert (await registered(rig, "digits", "two")).version == 2


@in_loop
async def test_what_is_missing_is_said_with_what_there_is(rig: Rig) -> None:
    async with rig:
        with pytest.raises(NoSuchDataset, match=r"no dataset 'digits'\. There are none yet."):
            rig.datasets.get("digits")
        await registered(rig, "digits")
        with pytest.raises(NoSuchDataset, match=r"no dataset 'digit'\. Did you mean 'digits'\?"):
            rig.datasets.get("digit")
        with pytest.raises(NoSuchDataset, match=r"'digits' has no version 7\. It has 1."):
            rig.datasets.get("digits", 7)


@in_loop
async def test_tags_and_description_can_change_and_the_definition_cannot(rig: Rig) -> None:
    async with rig:
        first = await registered(rig, "digits", tags={"a": "1", "b": None}, description="old")
        request = DatasetChange(set_tags={"c": "3"}, remove_tags=("a",), description="new")
        changed = await rig.datasets.change("digits", request)
        assert (changed.tags, changed.description) == ({"b": None, "c": "3"}, "new")
        assert changed.spec == first.spec
        assert rig.datasets.get("digits") == changed


@in_loop
@pytest.mark.parametrize("name", ["", "/x", "a/b", "x" * 300, ".hidden"])
async def test_what_can_be_no_name_of_a_dataset_is_refused(rig: Rig, name: str) -> None:
    async with rig:
        with pytest.raises(InvalidSpec, match="cannot name a dataset"):
            await registered(rig, name)


@in_loop
@pytest.mark.parametrize(
    "spec",
    [
        DatasetSpec(kind=DatasetKind.FILE, paths=()),
        DatasetSpec(kind=DatasetKind.FILE, paths=(DataPath(),)),
        DatasetSpec(kind=DatasetKind.FILE, paths=(DataPath(url="http://x/y", datastore="z"),)),
        DatasetSpec(kind=DatasetKind.TABULAR, paths=(DataPath(url="http://x/y"),)),
        DatasetSpec(
            kind=DatasetKind.TABULAR, paths=(DataPath(url="http://x/y"),), read={"format": "x"}
        ),
    ],
)
async def test_a_definition_that_contradicts_itself_is_refused(rig: Rig, spec: DatasetSpec) -> None:
    async with rig:
        with pytest.raises(InvalidSpec):
            await rig.datasets.register(DatasetRequest(name="x", spec=spec))


@in_loop
async def test_the_api_answers_as_it_is_written(rig: Rig) -> None:
    async with rig, served(rig) as http:
        spec = {"kind": "file", "paths": [{"datastore": DEFAULT_DATASTORE, "path": "x"}]}
        made = await http.post("/v1/datasets", {"name": "my data", "spec": spec})
        assert made.status == 201
        assert (await http.get("/v1/datasets")).json == [made.json]
        details = await http.get("/v1/datasets/my%20data")
        assert details.json == {"name": "my data", "versions": [made.json]}
        one = await http.get(f"/v1/datasets/by-id/{made.json['id']}")
        assert one.json == made.json
        assert (await http.get("/v1/datasets/my%20data?version=latest")).json == details.json
        assert (await http.get("/v1/datasets/my%20data?version=2")).status == 404
        changed = await http.post("/v1/datasets/my%20data", {"description": "new"})
        assert changed.json["description"] == "new"
        assert (await http.ask("DELETE", "/v1/datasets/my%20data")).status == 200
        assert (await http.get("/v1/datasets")).json == []
        assert (await http.get("/v1/datastores/none")).json["code"] == "no_such_datastore"


@in_loop
@pytest.mark.parametrize("token", [f"{SECRET}\0", f"{SECRET}\N{EURO SIGN}", f"{SECRET}\nmore"])
async def test_a_token_that_cannot_be_sent_is_refused_and_in_no_word_of_that(
    rig: Rig, site: Web, token: str
) -> None:
    async with rig:
        with pytest.raises(InvalidSpec, match="has characters that cannot be sent") as refused:
            await a_web_store(rig, site.url, secrets={"token": token})
        assert SECRET not in str(refused.value)


@in_loop
async def test_a_token_out_of_a_file_may_end_with_a_line_break(rig: Rig, site: Web) -> None:
    site.wants = f"Bearer {SECRET}"
    async with rig:
        await a_web_store(rig, site.url, secrets={"token": f"{SECRET}\n"})


@in_loop
async def test_datastores_that_do_not_answer_hold_up_nobody_else(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(WebPlace, "look", lambda _: go_on.wait(10))
    async with rig:
        run = await rig.running()
        given = {"kind": DatastoreKind.REMOTE, "url": "http://127.0.0.1:9/"}
        requests = [DatastoreRequest(name=f"web{number}", **given) for number in range(20)]
        waiting = [asyncio.create_task(rig.datastores.register(each)) for each in requests]
        await asyncio.wait(waiting, timeout=0.05)
        await asyncio.wait_for(rig.verbs.files(run.id), 5)
        assert not any(each.done() for each in waiting)
        go_on.set()
        await asyncio.gather(*waiting)
