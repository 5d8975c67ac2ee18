"""Models of a service: registered from a run or a folder, looked up, changed, deleted."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import stat
import zipfile
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from loops import in_loop
from service_http import served
from service_rig import Rig

from jupyter_mltrain.errors import (
    DiskFull,
    InvalidSpec,
    NoSuchFile,
    NoSuchModel,
    NoSuchRun,
    WrongState,
)
from jupyter_mltrain.spec import (
    DataInput,
    DatasetKind,
    DatasetSpec,
    Model,
    ModelDataset,
    Run,
)
from jupyter_mltrain.store.copying import Copier
from jupyter_mltrain.wire import ModelChange, ModelRequest


def opened(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test within an open service."""

    @wraps(test)
    async def within(rig: Rig, **given: Any) -> None:
        async with rig:
            await test(rig, **given)

    return in_loop(within)


async def trained(rig: Rig, *names: str, **given: Any) -> Run:
    """A run that has written these files and ended."""
    run = await rig.running(**given)
    for name in names or ("outputs/model.pt",):
        rig.writes(run, name, f"content of {name}")
    return await rig.exit(run)


async def registered(rig: Rig, name: str = "net", **given: Any) -> Model:
    """A model of a run that there is for it, unless it is given."""
    if "run" not in given and "source" not in given:
        given["run"] = (await trained(rig)).id
        given.setdefault("path", "outputs/model.pt")
    return await rig.models.register(ModelRequest(name=name, **given))


def contents(rig: Rig, model: Model) -> dict[str, str]:
    folder = rig.models.folder(model)
    return {file.name: (folder / file.name).read_text() for file in model.files}


# Registering


@opened
async def test_a_file_of_a_run_becomes_version_1_with_its_lineage(rig: Rig) -> None:
    run = await trained(rig, experiment="digits")
    model = await registered(rig, run=run.id, path="outputs/model.pt")
    assert (model.name, model.version, model.id) == ("net", 1, "net:1")
    assert (model.run_id, model.experiment) == (run.id, "digits")
    assert contents(rig, model) == {"model.pt": "content of outputs/model.pt"}
    assert model.size_bytes == len("content of outputs/model.pt")


@opened
async def test_the_same_name_again_is_the_next_version(rig: Rig) -> None:
    versions = [(await registered(rig)).version for _ in range(3)]
    assert versions == [1, 2, 3]


@opened
async def test_a_folder_is_registered_with_all_below_it_under_its_name(rig: Rig) -> None:
    run = await trained(rig, "outputs/model/a.json", "outputs/model/deep/b.bin", "outputs/other")
    model = await registered(rig, run=run.id, path="outputs/model/")
    assert [file.name for file in model.files] == ["model/a.json", "model/deep/b.bin"]


@opened
async def test_a_path_may_begin_with_a_dot_and_a_slash(rig: Rig) -> None:
    run = await trained(rig)
    model = await registered(rig, run=run.id, path="./outputs/model.pt")
    assert [file.name for file in model.files] == ["model.pt"]


@opened
async def test_a_path_may_leave_out_outputs_where_mlflows_artifacts_are(rig: Rig) -> None:
    run = await trained(rig, "outputs/model/MLmodel", "outputs/model/model.pkl")
    one = await registered(rig, run=run.id, path="model/model.pkl")
    whole = await registered(rig, run=run.id, path="model")
    assert [file.name for file in one.files] == ["model.pkl"]
    assert [file.name for file in whole.files] == ["model/MLmodel", "model/model.pkl"]


@opened
async def test_without_a_path_the_name_is_the_path(rig: Rig) -> None:
    run = await rig.running()
    (rig.run_dir(run) / "files" / "net").write_text("uploaded")
    model = await registered(rig, run=run.id)
    assert contents(rig, model) == {"net": "uploaded"}


@opened
async def test_a_run_that_goes_on_can_register_what_it_has_written(rig: Rig) -> None:
    run = await rig.running()
    rig.writes(run, "outputs/model.pt", "early")
    model = await registered(rig, run=run.id, path="outputs/model.pt")
    rig.writes(run, "outputs/model.pt", "late")
    assert contents(rig, model) == {"model.pt": "early"}


@opened
async def test_a_path_that_is_not_there_is_answered_with_what_there_is(rig: Rig) -> None:
    run = await trained(rig, "outputs/best.pt", "outputs/last.pt")
    with pytest.raises(NoSuchFile) as refused:
        await registered(rig, run=run.id, path="outputs/model")
    assert "no file or folder 'outputs/model'" in str(refused.value)
    assert "It has outputs/best.pt, outputs/last.pt" in str(refused.value)


@opened
async def test_a_path_that_is_nearly_right_is_answered_with_the_right_one(rig: Rig) -> None:
    run = await trained(rig, "outputs/model.pt")
    with pytest.raises(NoSuchFile, match=r"Did you mean 'outputs/model\.pt'\?"):
        await registered(rig, run=run.id, path="outputs/modle.pt")


@opened
async def test_a_default_path_that_is_not_there_says_what_the_default_is(rig: Rig) -> None:
    run = await trained(rig)
    with pytest.raises(NoSuchFile, match="unless model_path says another"):
        await registered(rig, run=run.id)


@pytest.mark.parametrize("path", ["../../store.sqlite", "/etc/passwd", "outputs/../../x", ""])
@opened
async def test_no_path_leads_out_of_the_run(rig: Rig, path: str) -> None:
    run = await trained(rig)
    with pytest.raises(InvalidSpec, match="does not name a file of a run"):
        await registered(rig, run=run.id, path=path)


@opened
async def test_a_symlink_out_of_the_run_is_not_followed(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    run = await rig.running()
    folder = rig.run_dir(run) / "files" / "kept"
    folder.mkdir()
    (folder / "model.pt").symlink_to(tmp_path / "secret")
    (folder / "real.pt").write_text("y")
    model = await registered(rig, run=run.id, path="kept")
    assert [file.name for file in model.files] == ["kept/real.pt"]


@pytest.mark.parametrize("name", ["", "a b", "../x", ".hidden", "a/b", "x" * 256, "é"])
@opened
async def test_a_name_that_cannot_be_one_is_refused(rig: Rig, name: str) -> None:
    run = await trained(rig)
    with pytest.raises(InvalidSpec, match="cannot name a model"):
        await registered(rig, name, run=run.id, path="outputs/model.pt")


@opened
async def test_a_run_that_is_not_there_is_said(rig: Rig) -> None:
    with pytest.raises(NoSuchRun):
        await registered(rig, run="nothing", path="x")


@pytest.mark.parametrize("given", [{"run": "1", "source": "/x"}, {"run": None}])
@opened
async def test_a_model_is_of_a_run_or_of_this_machine(rig: Rig, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec, match="either from a run's files or from"):
        await registered(rig, **given)


@opened
async def test_the_datasets_of_the_run_are_those_of_the_model_unless_others_are_given(
    rig: Rig,
) -> None:
    spec = DatasetSpec(kind=DatasetKind.FILE, paths=())
    taken = DataInput(name="mnist", spec=spec, dataset_id="d1", dataset="digits", version=3)
    given = ModelDataset(label="training", dataset_id="d2")
    run = await trained(rig)
    record = rig.verbs.get(run.id)
    from msgspec.structs import replace

    rig.supervisor.roster.amend(run.id, spec=replace(record.spec, inputs=(taken,)))
    first = await registered(rig, run=run.id, path="outputs/model.pt")
    second = await registered(rig, run=run.id, path="outputs/model.pt", datasets=(given,))
    assert [(each.label, each.dataset, each.version) for each in first.datasets] == [
        ("mnist", "digits", 3)
    ]
    assert second.datasets == (given,)


# From this machine


@opened
async def test_a_file_of_this_machine_becomes_a_model(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_text("x")
    model = await registered(rig, source=str(tmp_path / "m.onnx"), framework="Onnx")
    assert contents(rig, model) == {"m.onnx": "x"}
    assert (model.run_id, model.framework) == (None, "Onnx")


@opened
async def test_a_folder_of_this_machine_is_taken_with_what_its_symlinks_lead_to(
    rig: Rig, tmp_path: Path
) -> None:
    blobs = tmp_path / "blobs"
    blobs.mkdir()
    (blobs / "0af").write_text("weights")
    folder = tmp_path / "bert"
    folder.mkdir()
    (folder / "model.bin").symlink_to(blobs / "0af")
    (folder / "self").symlink_to(folder)
    model = await registered(rig, source=str(folder))
    assert contents(rig, model) == {"bert/model.bin": "weights"}


@opened
async def test_only_some_of_a_folder_can_be_taken(rig: Rig, tmp_path: Path) -> None:
    folder = tmp_path / "net"
    (folder / "sub").mkdir(parents=True)
    for name in ("a", "b", "sub/c"):
        (folder / name).write_text(name)
    model = await registered(rig, source=str(folder), include=("a", "sub"))
    assert [file.name for file in model.files] == ["net/a", "net/sub/c"]
    with pytest.raises(NoSuchFile, match=r"'x' is not in 'net'\. It has a, b, sub/c\."):
        await registered(rig, source=str(folder), include=("x",))


@opened
async def test_a_source_that_is_not_there_is_answered_with_what_there_is(
    rig: Rig, tmp_path: Path
) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "model.pkl").touch()
    with pytest.raises(
        NoSuchFile, match=r"no file or folder 'net' in .*made\. It has model\.pkl\."
    ):
        await registered(rig, source=str(folder / "net"))
    with pytest.raises(NoSuchFile, match=r"Did you mean 'model\.pkl'\?"):
        await registered(rig, source=str(folder / "modle.pkl"))
    with pytest.raises(NoSuchFile, match="nor the folder"):
        await registered(rig, source=str(tmp_path / "lost" / "model.pkl"))


@opened
async def test_an_empty_folder_is_no_model(rig: Rig, tmp_path: Path) -> None:
    with pytest.raises(NoSuchFile, match="holds no files"):
        await registered(rig, source=str(tmp_path / "workspace" / "staging"))


@opened
async def test_a_pipe_is_no_part_of_a_model(rig: Rig, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidSpec, match="pipe is no file"):
        await registered(rig, source=str(tmp_path / "pipe"))


# Copies


@opened
async def test_the_files_are_copies_that_cannot_be_written(rig: Rig) -> None:
    run = await trained(rig)
    model = await registered(rig, run=run.id, path="outputs/model.pt")
    original = rig.run_dir(run) / "files" / "outputs" / "model.pt"
    copied = rig.models.folder(model) / "model.pt"
    assert copied.stat().st_ino != original.stat().st_ino
    assert stat.S_IMODE(copied.stat().st_mode) == 0o444


@opened
async def test_a_run_that_is_deleted_leaves_its_models(rig: Rig) -> None:
    run = await trained(rig)
    model = await registered(rig, run=run.id, path="outputs/model.pt")
    await rig.verbs.delete(run.id)
    assert rig.models.get("net") == model
    assert contents(rig, model) == {"model.pt": "content of outputs/model.pt"}


@opened
async def test_a_full_disk_is_said_and_leaves_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Copier, source: int, target: int) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    run = await trained(rig)
    monkeypatch.setattr(Copier, "copy", full)
    with pytest.raises(DiskFull, match="the model is not registered"):
        await registered(rig, run=run.id, path="outputs/model.pt")
    monkeypatch.undo()
    assert rig.models.all() == ()
    assert not any((rig.directory / "models" / ".staging").iterdir())
    assert (await registered(rig, run=run.id, path="outputs/model.pt")).version == 1


@opened
async def test_a_file_that_changes_while_it_is_copied_is_not_registered(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await rig.running()
    rig.writes(run, "outputs/model.pt", "first")
    copy = Copier.copy

    def meanwhile(self: Copier, source: int, target: int) -> int:
        copied = copy(self, source, target)
        os.utime(rig.run_dir(run) / "work" / "outputs" / "model.pt", ns=(1, 1))
        return copied

    monkeypatch.setattr(Copier, "copy", meanwhile)
    with pytest.raises(WrongState, match="was written to while it was copied"):
        await registered(rig, run=run.id, path="outputs/model.pt")


@opened
async def test_the_same_request_twice_is_one_version(rig: Rig) -> None:
    run = await trained(rig)
    request = ModelRequest(name="net", run=run.id, path="outputs/model.pt", request_id="r1")
    one, other = await asyncio.gather(rig.models.register(request), rig.models.register(request))
    assert one == other == await rig.models.register(request)
    assert len(rig.models.all()) == 1


@opened
async def test_models_of_one_name_at_once_get_versions_of_their_own(rig: Rig) -> None:
    run = await trained(rig)
    made = await asyncio.gather(
        *(registered(rig, run=run.id, path="outputs/model.pt") for _ in range(5))
    )
    assert sorted(model.version for model in made) == [1, 2, 3, 4, 5]


# Another service


@in_loop
async def test_the_next_service_knows_them(tmp_path: Path) -> None:
    async with Rig(tmp_path) as rig:
        model = await registered(rig)
    async with Rig(tmp_path, rig.world) as rig:
        assert rig.models.get("net", 1) == model


@in_loop
async def test_what_a_killed_registration_has_left_is_deleted(tmp_path: Path) -> None:
    async with Rig(tmp_path) as rig:
        await registered(rig)
    staged = tmp_path / "models" / ".staging" / "0123"
    unrecorded = tmp_path / "models" / "net" / "2"
    for folder in (staged, unrecorded):
        folder.mkdir(parents=True)
        (folder / "half").write_text("x")
    async with Rig(tmp_path, rig.world) as rig:
        rig.models.clear()
        assert not staged.exists()
        assert not unrecorded.exists()
        assert [model.version for model in rig.models.all()] == [1]
        assert (await registered(rig)).version == 2


@in_loop
async def test_a_model_whose_row_was_not_written_before_the_kill_is_there(tmp_path: Path) -> None:
    async with Rig(tmp_path) as rig:
        run = await trained(rig)
        request = ModelRequest(name="net", run=run.id, path="outputs/model.pt", request_id="r")
        model = await rig.models.register(request)
        with rig.database.writing() as sql:
            sql.execute("DELETE FROM models")
    async with Rig(tmp_path, rig.world) as rig:
        assert await rig.models.register(request) == model
        assert rig.models.all() == (model,)


@in_loop
async def test_a_deletion_that_was_cut_off_is_finished(tmp_path: Path) -> None:
    async with Rig(tmp_path) as rig:
        model = await registered(rig)
        with rig.database.writing() as sql:
            sql.execute("UPDATE models SET record = CAST('null' AS BLOB)")
    async with Rig(tmp_path, rig.world) as rig:
        assert rig.models.all() == ()
        assert not rig.models.folder(model).exists()


# Looking


@opened
async def test_a_name_that_there_is_not_is_answered_with_a_near_one(rig: Rig) -> None:
    with pytest.raises(NoSuchModel, match=r"There are none yet: `run\.register_model`"):
        rig.models.get("net")
    await registered(rig, "resnet")
    with pytest.raises(NoSuchModel, match=r"Did you mean 'resnet'\?"):
        rig.models.get("resnets")


@opened
async def test_a_version_that_there_is_not_is_answered_with_those_there_are(rig: Rig) -> None:
    await registered(rig)
    await registered(rig)
    for version in (7, "x", "0", "-1"):
        with pytest.raises(NoSuchModel, match=f"no version {version}. It has 2 and 1."):
            rig.models.get("net", version)


@opened
async def test_models_are_listed_the_one_made_last_first(rig: Rig) -> None:
    for name in ("a", "b", "a"):
        rig.clock.advance(1)
        await registered(rig, name)
    assert [model.id for model in rig.models.all()] == ["a:2", "b:1", "a:1"]
    assert [model.id for model in rig.models.all(latest=True)] == ["a:2", "b:1"]
    assert [model.id for model in rig.models.all(name="a")] == ["a:2", "a:1"]


@opened
async def test_models_are_found_by_tag_and_by_run(rig: Rig) -> None:
    run = await trained(rig)
    one = await registered(rig, run=run.id, path="outputs/model.pt", tags={"stage": "test"})
    await registered(rig, tags={"stage": "live"})
    assert rig.models.all(tags={"stage": "test"}) == (one,)
    assert len(rig.models.all(tags={"stage": None})) == 2
    assert rig.models.all(run=run.id) == (one,)


# Changing


@in_loop
async def test_tags_and_the_description_change_and_survive_the_service(tmp_path: Path) -> None:
    async with Rig(tmp_path) as rig:
        await registered(rig, tags={"a": "1", "b": None})
        change = ModelChange(description="good", set_tags={"c": "3"}, remove_tags=("a",))
        changed = await rig.models.change("net", 1, change)
    assert (changed.description, dict(changed.tags)) == ("good", {"b": None, "c": "3"})
    async with Rig(tmp_path, rig.world) as rig:
        assert rig.models.get("net") == changed


@opened
async def test_a_property_is_added_and_never_changed(rig: Rig) -> None:
    await registered(rig)
    await rig.models.change("net", 1, ModelChange(add_properties={"k": "v"}))
    await rig.models.change("net", 1, ModelChange(add_properties={"k": "v"}))
    with pytest.raises(WrongState, match="properties never change"):
        await rig.models.change("net", 1, ModelChange(add_properties={"k": "w"}))


@opened
async def test_the_number_of_a_deleted_version_is_not_given_again(rig: Rig) -> None:
    model = await registered(rig)
    assert await rig.models.delete("net", 1) == model
    assert not rig.models.folder(model).exists()
    assert (await registered(rig)).version == 2
    with pytest.raises(NoSuchModel):
        rig.models.get("net", 1)


@opened
async def test_only_a_version_with_a_number_is_deleted(rig: Rig) -> None:
    await registered(rig)
    with pytest.raises(InvalidSpec, match="Say which version"):
        await rig.models.delete("net", "latest")


@opened
async def test_whoever_looks_is_told_of_every_change(rig: Rig) -> None:
    changed = asyncio.Event()
    with rig.hub.listen(changed, rig.hub.ENVIRONMENTS):
        await registered(rig)
        assert changed.is_set()
        changed.clear()
        await rig.models.change("net", 1, ModelChange(description="x"))
        assert changed.is_set()
        changed.clear()
        await rig.models.delete("net", 1)
        assert changed.is_set()


@opened
async def test_a_brief_list_has_the_first_files_of_each_and_says_how_many_there_are(
    rig: Rig, tmp_path: Path
) -> None:
    for name, count in (("few", 20), ("many", 21)):
        (tmp_path / name).mkdir()
        for number in range(count):
            (tmp_path / name / f"{number:02}").write_text("")
        await registered(rig, name, source=str(tmp_path / name))
    listed = {each.name: each for each in rig.models.all(brief=True)}
    assert (len(listed["few"].files), listed["few"].file_count) == (20, None)
    assert (len(listed["many"].files), listed["many"].file_count) == (20, 21)
    assert len(rig.models.get("many").files) == 21
    async with served(rig) as http:
        (many,) = (await http.get("/v1/models?name=many&brief=1")).json
        assert (len(many["files"]), many["file_count"]) == (20, 21)
        (many,) = (await http.get("/v1/models?name=many")).json
        assert len(many["files"]) == 21


# Over HTTP


@opened
async def test_the_routes_register_list_change_and_delete(rig: Rig) -> None:
    run = await trained(rig)
    async with served(rig) as http:
        body = {"name": "net", "run": run.id, "path": "outputs/model.pt"}
        made = await http.post("/v1/models", body)
        assert (made.status, made.json["version"]) == (201, 1)
        assert [each["name"] for each in (await http.get("/v1/models?latest=1")).json] == ["net"]
        assert (await http.get("/v1/models?tag=no")).json == []
        assert (await http.get("/v1/models/net/latest")).json == made.json
        change = {"set_tags": {"a": "b"}}
        assert (await http.post("/v1/models/net/1", change)).json["tags"] == {"a": "b"}
        assert (await http.ask("DELETE", "/v1/models/net/1")).status == 200
        gone = await http.get("/v1/models/net/1")
        assert (gone.status, gone.json["code"]) == (404, "no_such_model")


@opened
async def test_a_model_of_one_file_is_downloaded_as_it_is_and_from_any_byte(rig: Rig) -> None:
    await registered(rig)
    async with served(rig) as http:
        for path in ("download", "files/model.pt"):
            whole = await http.get(f"/v1/models/net/latest/{path}")
            assert whole.body == b"content of outputs/model.pt"
            part = await http.get(f"/v1/models/net/1/{path}", Range="bytes=11-")
            assert (part.status, part.body) == (206, b"outputs/model.pt")


@opened
async def test_a_model_of_several_files_is_downloaded_as_a_zip_from_any_byte(rig: Rig) -> None:
    run = await trained(rig, "outputs/m/a", "outputs/m/b")
    await registered(rig, run=run.id, path="outputs/m")
    async with served(rig) as http:
        whole = await http.get("/v1/models/net/1/download")
        with zipfile.ZipFile(io.BytesIO(whole.body)) as archive:
            assert archive.namelist() == ["m/a", "m/b"]
            assert archive.read("m/b") == b"content of outputs/m/b"
        half = len(whole.body) // 2
        rest = await http.get("/v1/models/net/1/download", Range=f"bytes={half}-")
        assert (rest.status, rest.body) == (206, whole.body[half:])
        head = await http.head("/v1/models/net/1/download")
        assert int(head.headers["content-length"]) == len(whole.body)


@pytest.mark.parametrize("path", ["nothing", "../1.json", "..%2f1.json", "%2e%2e/1.json"])
@opened
async def test_no_file_but_those_of_the_model_is_given_out(rig: Rig, path: str) -> None:
    await registered(rig)
    async with served(rig) as http:
        reply = await http.get(f"/v1/models/net/1/files/{path}")
        assert reply.status in (400, 404)
