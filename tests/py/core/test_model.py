"""`Model` as its holder sees it: a real service, files of a real run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from services import end_service

from jupyter_mltrain import Experiment, Run, ScriptRunConfig, Workspace
from jupyter_mltrain.core.model import Model
from jupyter_mltrain.errors import (
    FileExists,
    InvalidSpec,
    NoSuchFile,
    NoSuchModel,
    UserError,
    WrongState,
)

pytestmark = pytest.mark.slow

SCRIPT = """
import os
os.makedirs("outputs/model/deep")
open("outputs/model/net.json", "w").write("{}")
open("outputs/model/deep/weights.bin", "wb").write(bytes(range(256)) * 1000)
open("outputs/sk.pkl", "w").write("pickled")
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A run with outputs."""
    root = tmp_path_factory.mktemp("model")
    workspace = Workspace.at(root / "workspace")
    (root / "train.py").write_text(SCRIPT)
    done = Experiment(workspace, "digits").submit(ScriptRunConfig(root, "train.py"))
    done.wait_for_completion()
    yield done
    end_service(workspace)


@pytest.fixture
def ws(run: Run) -> Iterator[Workspace]:
    """The workspace, without any model after the test."""
    workspace = run.experiment.workspace
    yield workspace
    for model in Model.list(workspace):
        model.delete()


def a_model(run: Run, name: str = "sk", path: str = "outputs/sk.pkl", **given: Any) -> Model:
    return run.register_model(name, path, **given)


# Registering


def test_a_registered_model_has_everything_that_it_was_given(run: Run, ws: Workspace) -> None:
    model = a_model(
        run,
        tags={"stage": "test", "n": 1, "alone": None},
        properties={"p": 2},
        model_framework=Model.Framework.SCIKITLEARN,
        model_framework_version="1.7",
        description="small",
    )
    assert model.id == f"{model.name}:{model.version}"
    assert (model.name, model.run_id, model.experiment_name) == ("sk", run.id, "digits")
    assert model.tags == {"stage": "test", "n": "1", "alone": None}
    assert (model.properties, model.description) == ({"p": "2"}, "small")
    assert (model.model_framework, model.model_framework_version) == ("ScikitLearn", "1.7")
    assert isinstance(model.version, int)
    assert model.run == run
    assert model.workspace == ws


def test_a_path_with_a_dot_and_a_slash_is_the_same(run: Run, ws: Workspace) -> None:
    assert [file.name for file in a_model(run, path="./outputs/sk.pkl").record.files] == ["sk.pkl"]


def test_a_path_that_is_not_there_lists_what_there_is(run: Run, ws: Workspace) -> None:
    with pytest.raises(NoSuchFile, match=r"no file or folder 'model\.pkl'.*outputs/sk\.pkl"):
        a_model(run, path="model.pkl")


def test_a_folder_of_this_machine_is_registered(tmp_path: Path, ws: Workspace) -> None:
    folder = tmp_path / "bert"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / name).write_text(name)
    model = Model.register(ws, str(folder), "bert", tags={"k": "v"}, child_paths=["a"])
    assert [file.name for file in model.record.files] == ["bert/a"]
    assert (model.run_id, model.run) == (None, None)


def test_a_local_path_counts_from_the_current_directory(
    tmp_path: Path, ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.pkl").write_text("x")
    assert Model.register(workspace=ws, model_path="m.pkl", model_name="m").version >= 1
    with pytest.raises(NoSuchFile, match=r"no file or folder 'nope\.pkl'"):
        Model.register(workspace=ws, model_path="nope.pkl", model_name="m")


def test_a_dataset_of_a_model_has_to_be_registered(run: Run, ws: Workspace) -> None:
    with pytest.raises(UserError, match="'training' is not registered"):
        a_model(run, datasets=[("training", object())])
    with pytest.raises(UserError, match="pairs"):
        a_model(run, datasets=["training"])


def test_tags_are_a_dict(run: Run, ws: Workspace) -> None:
    with pytest.raises(UserError, match="a dict, not list"):
        a_model(run, tags=["x"])


# Looking up


def test_a_model_is_found_by_name_by_version_and_by_id(run: Run, ws: Workspace) -> None:
    one, two = a_model(run), a_model(run)
    assert Model(ws, "sk") == Model(ws, name="sk") == two
    assert Model(ws, "sk", version=one.version) == Model(ws, id=one.id) == one
    assert Model(ws, "sk", version=str(one.version)).version == one.version


def test_a_model_is_found_by_what_is_true_of_it(run: Run, ws: Workspace) -> None:
    one = a_model(run, tags={"stage": "live"}, properties={"p": "1"}, model_framework="Onnx")
    a_model(run, tags={"stage": "test"})
    assert Model(ws, "sk", tags={"stage": "live"}) == one
    assert Model(ws, "sk", tags=[["stage", "live"]]) == one
    assert Model(ws, "sk", properties=["p"]) == one
    assert Model(ws, "sk", model_framework="Onnx") == one
    with pytest.raises(NoSuchModel, match="is as asked for"):
        Model(ws, "sk", tags={"stage": "none"})


def test_a_model_that_is_not_there_is_an_error_that_says_what_is(run: Run, ws: Workspace) -> None:
    with pytest.raises(NoSuchModel, match="There are none yet"):
        Model(ws, "sk")
    model = a_model(run)
    with pytest.raises(NoSuchModel, match=f"no version 99. It has {model.version}"):
        Model(ws, "sk", version=99)


def test_a_name_or_an_id_has_to_be_given(ws: Workspace) -> None:
    with pytest.raises(UserError, match="Say which model"):
        Model(ws)


def test_models_are_listed_by_what_is_true_of_them(run: Run, ws: Workspace) -> None:
    one = a_model(run, "a", tags={"t": "1"})
    two = a_model(run, "a")
    other = a_model(run, "b")
    assert Model.list(ws) == [other, two, one]
    assert Model.list(ws, name="a") == [two, one]
    assert Model.list(ws, latest=True) == [other, two]
    assert Model.list(ws, tags="t") == [one]
    assert Model.list(ws, run_id=run.id) == [other, two, one]
    assert Model.list(ws, run_id="nothing") == Model.list(ws, dataset_id="d") == []


# Files


def test_one_file_is_downloaded_and_its_path_given_back(
    run: Run, ws: Workspace, tmp_path: Path
) -> None:
    path = a_model(run).download(tmp_path)
    assert path == str(tmp_path / "sk.pkl")
    assert Path(path).read_text() == "pickled"


def test_a_folder_is_downloaded_and_its_path_given_back(
    run: Run, ws: Workspace, tmp_path: Path
) -> None:
    path = Path(a_model(run, path="outputs/model").download(str(tmp_path / "new")))
    assert path == tmp_path / "new" / "model"
    assert (path / "deep" / "weights.bin").read_bytes() == bytes(range(256)) * 1000
    assert sorted(each.name for each in path.iterdir()) == ["deep", "net.json"]


def test_what_is_there_is_only_overwritten_on_request(
    run: Run, ws: Workspace, tmp_path: Path
) -> None:
    model = a_model(run)
    (tmp_path / "sk.pkl").write_text("mine")
    with pytest.raises(FileExists, match="exist_ok=True"):
        model.download(tmp_path)
    assert (tmp_path / "sk.pkl").read_text() == "mine"
    model.download(tmp_path, exist_ok=True)
    assert (tmp_path / "sk.pkl").read_text() == "pickled"


def test_a_path_is_looked_for_in_azureml_models_the_newest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for version in (2, 10):
        folder = tmp_path / "azureml-models" / "sk" / str(version)
        folder.mkdir(parents=True)
        (folder / "sk.pkl").write_text(str(version))
    assert Model.get_model_path("sk") == "azureml-models/sk/10/sk.pkl"
    assert Model.get_model_path("sk", version=2) == "azureml-models/sk/2/sk.pkl"
    with pytest.raises(NoSuchModel, match="has the versions 2 and 10"):
        Model.get_model_path("sk", version=3)


def test_a_path_is_looked_for_in_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sk.pkl").write_text("x")
    assert Model.get_model_path("sk.pkl") == "sk.pkl"
    with pytest.raises(NoSuchModel, match="fetches a registered one"):
        Model.get_model_path("other")


def test_a_path_in_the_workspace_is_given_on_request(run: Run, ws: Workspace) -> None:
    a_model(run)
    assert Path(Model.get_model_path("sk", _workspace=ws)).read_text() == "pickled"


# Changing


def test_tags_are_added_removed_and_replaced(run: Run, ws: Workspace) -> None:
    model = a_model(run, tags={"a": "1"})
    model.add_tags({"b": "2", "c": None})
    model.remove_tags(["a", "not there"])
    assert model.tags == Model(ws, "sk").tags == {"b": "2", "c": None}
    model.update(tags={"d": "4"}, description="new")
    assert (model.tags, model.description) == ({"d": "4"}, "new")
    model.update_tags_properties({"e": "5"}, "d", {"p": "1"})
    assert (model.tags, model.properties) == ({"e": "5"}, {"p": "1"})


def test_properties_never_change(run: Run, ws: Workspace) -> None:
    model = a_model(run, properties={"p": "1"})
    with pytest.raises(WrongState, match="never change"):
        model.add_properties({"p": "2"})


def test_a_deleted_version_is_gone_and_its_number_too(run: Run, ws: Workspace) -> None:
    model = a_model(run)
    model.delete()
    with pytest.raises(NoSuchModel):
        Model(ws, "sk")
    assert a_model(run).version == model.version + 1


# As text and dict


def test_a_model_is_serialized_and_found_again(run: Run, ws: Workspace) -> None:
    model = a_model(run, tags={"a": "b"})
    payload = model.serialize()
    assert (payload["name"], payload["version"], payload["runId"]) == ("sk", model.version, run.id)
    assert Model.deserialize(ws, payload) == model


def test_a_models_table_escapes_what_users_wrote(run: Run, ws: Workspace) -> None:
    model = a_model(run, description="<b>x</b>")
    assert "&lt;b&gt;x&lt;/b&gt;" in model._repr_html_()
    assert f"id={model.id}" in repr(model)


def test_a_name_that_cannot_be_one_is_refused(run: Run, ws: Workspace) -> None:
    with pytest.raises(InvalidSpec, match="'a/b' cannot name a model"):
        a_model(run, "a/b")


@pytest.mark.parametrize(
    "call",
    [
        lambda: Model.deploy(None, "x", []),  # type: ignore[arg-type]
        lambda: Model.package(None, []),  # type: ignore[arg-type]
        lambda: Model.profile(None, "x", [], None, None),  # type: ignore[arg-type]
        lambda: Model.print_configuration([], None, None, None),
    ],
)
def test_what_is_for_serving_says_so(call: Any) -> None:
    with pytest.raises(UserError, match=r"`Model\.download` fetches the files"):
        call()
