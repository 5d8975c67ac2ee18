"""Datasets as a notebook has them: made, registered, found, downloaded, read as tables."""

from __future__ import annotations

import inspect
import json
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from web_server import Web

from jupyter_mltrain import Workspace
from jupyter_mltrain.core.abstract_dataset import AbstractDataset
from jupyter_mltrain.core.data_reference import DataPath
from jupyter_mltrain.core.dataset import Dataset
from jupyter_mltrain.core.datastore import Datastore
from jupyter_mltrain.core.file_dataset import FileDataset
from jupyter_mltrain.core.tabular_dataset import (
    DataType,
    PromoteHeadersBehavior,
    TabularDataset,
    TabularDatasetFactory,
)
from jupyter_mltrain.errors import DataUnavailable, NoSuchDataset, UserError


@pytest.fixture
def own_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A default workspace of this test's own, whose cache holds what has no other."""
    monkeypatch.setenv("MLTRAIN_WORKSPACE", str(tmp_path / "default"))
    return tmp_path / "default"


@pytest.fixture
def store(workspace: Workspace) -> Any:
    """The default datastore, with three files below ``mnist``."""
    store = Datastore.get_default(workspace)
    folder = Path(store.container_name, "mnist")
    (folder / "sub").mkdir(parents=True)
    for name, text in {"a.txt": "a", "b.csv": "x\n1\n", "sub/c.txt": "ccc"}.items():
        (folder / name).write_text(text)
    return store


def of(*path: Any, **options: Any) -> FileDataset:
    """A dataset of files; several places are a list of them."""
    return Dataset.File.from_files(path[0] if len(path) == 1 else list(path), **options)


def names_in(folder: str) -> list[str]:
    """What a folder has, by name."""
    return sorted(each.name for each in Path(folder).iterdir())


def a_table(store: Any, text: str, name: str = "t.csv", **options: Any) -> TabularDataset:
    """A table of one delimited file."""
    Path(store.container_name, name).write_text(text)
    return Dataset.Tabular.from_delimited_files((store, name), **options)


# Where it comes from


def test_a_folder_a_file_and_a_pattern_of_a_datastore(store: Any) -> None:
    assert of((store, "mnist")).to_path() == ["/a.txt", "/b.csv", "/sub/c.txt"]
    assert of((store, "mnist/a.txt")).to_path() == ["/a.txt"]
    assert of((store, "mnist/**/*.txt")).to_path() == ["/a.txt", "/sub/c.txt"]
    assert of((store, "/mnist/*")).to_path() == ["/a.txt", "/b.csv"]


def test_every_way_to_write_a_place(store: Any) -> None:
    expected = ["/a.txt"]
    assert of(DataPath(store, "mnist/a.txt")).to_path() == expected
    assert of(store.path("mnist/a.txt")).to_path() == expected
    assert of((store, ["mnist/a.txt"])).to_path() == expected
    assert of([(store, "mnist/a.txt"), DataPath(store, "mnist/a.txt")]).to_path() == expected


def test_addresses_have_host_and_path_as_their_names(own_default: Path, site: Web) -> None:
    site.files |= {"/d/a.gz": b"1", "/d/b.gz": b"22"}
    dataset = of(f"{site.url}/d/a.gz", f"{site.url}/d/b.gz")
    host = site.url.removeprefix("http://")
    assert dataset.to_path() == [f"/http%3A/%2F{host}/d/a.gz", f"/http%3A/%2F{host}/d/b.gz"]


def test_a_dataset_of_addresses_needs_no_workspace_and_fetches_once(
    own_default: Path, site: Web, tmp_path: Path
) -> None:
    site.files["/d/a.gz"] = b"content"
    dataset = of(f"{site.url}/d/a.gz")
    host = site.url.removeprefix("http://")
    for name in ("one", "two"):
        (path,) = dataset.download(tmp_path / name)
        assert Path(path) == tmp_path / name / host / "d/a.gz"
        assert Path(path).read_bytes() == b"content"
    assert site.gets("/d/a.gz") == 1


@pytest.mark.parametrize("path", [None, [], "", "data/a.csv", "/data/a.csv", "file:///a.csv"])
def test_nothing_and_local_paths_are_refused(path: Any) -> None:
    with pytest.raises(UserError):
        of(path)


def test_a_local_path_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"Upload it first: Dataset\.File\.upload_directory"):
        of(str(tmp_path))


def test_another_kind_of_address_is_refused_with_what_to_do() -> None:
    with pytest.raises(UserError, match="Register the place as a datastore"):
        of("s3://bucket/a.csv")
    with pytest.raises(UserError, match="not of int"):
        of(5)


def test_what_is_not_there_is_said_at_once_and_which_of_the_list(
    own_default: Path, site: Web, store: Any
) -> None:
    site.files["/a"] = b""
    with pytest.raises(DataUnavailable, match=r"/b answers 404"):
        of(f"{site.url}/a", f"{site.url}/b")
    with pytest.raises(DataUnavailable, match="There is no 'nope' on the datastore"):
        of((store, "nope"))
    assert of((store, "nope"), validate=False).id is None


def test_datastores_of_two_workspaces_do_not_go_together(store: Any, tmp_path: Path) -> None:
    other = type(store)(Workspace.at(tmp_path / "other"), "raw", "c", "a")
    with pytest.raises(UserError, match="belong to several workspaces"):
        of((store, "mnist"), (other, "x"))


# Registered


def test_an_unregistered_dataset_has_no_name(store: Any) -> None:
    dataset = of((store, "mnist"))
    assert (dataset.id, dataset.name, dataset.version, dataset.description) == (None,) * 4
    assert dataset.tags == {}


def test_a_registered_dataset_is_found_by_name_and_id(workspace: Workspace, store: Any) -> None:
    made = of((store, "mnist")).register(workspace, "mnist", "digits", {"k": 1})
    assert (made.name, made.version, made.description, made.tags) == (
        *("mnist", 1, "digits"),
        {"k": "1"},
    )
    for found in (
        Dataset.get_by_name(workspace, "mnist"),
        Dataset.get_by_name(workspace, name="mnist", version="latest"),
        Dataset.get_by_name(workspace, "mnist", version=1),
        Dataset.get_by_id(workspace, made.id),
        Dataset.get_all(workspace)["mnist"],
        Dataset.get(workspace, "mnist"),
        Dataset.list(workspace)[0],
    ):
        assert type(found) is FileDataset
        assert (found.id, found.version) == (made.id, 1)
        assert found.to_path() == made.to_path()


def test_the_same_definition_is_the_version_there_is(workspace: Workspace, store: Any) -> None:
    first = of((store, "mnist")).register(workspace, "mnist")
    again = of((store, "mnist")).register(workspace, "mnist")
    assert (again.id, again.version) == (first.id, 1)


def test_another_definition_needs_to_be_a_new_version(workspace: Workspace, store: Any) -> None:
    of((store, "mnist")).register(workspace, "mnist")
    with pytest.raises(UserError, match="create_new_version=True"):
        of((store, "mnist/sub")).register(workspace, "mnist")
    second = of((store, "mnist/sub")).register(workspace, "mnist", create_new_version=True)
    assert second.version == 2
    assert Dataset.get_by_name(workspace, "mnist").version == 2
    assert Dataset.get_by_name(workspace, "mnist", version="1").to_path()[0] == "/a.txt"


def test_an_unknown_name_or_version_says_what_there_is(workspace: Workspace, store: Any) -> None:
    of((store, "mnist")).register(workspace, "mnist")
    with pytest.raises(NoSuchDataset, match=r"no dataset 'mnst'\. Did you mean 'mnist'"):
        Dataset.get_by_name(workspace, "mnst")
    with pytest.raises(NoSuchDataset, match=r"has no version 7\. It has 1"):
        Dataset.get_by_name(workspace, "mnist", version=7)
    for version in ("seven", 0, 1.5):
        with pytest.raises(UserError, match="is no version of a dataset"):
            Dataset.get_by_name(workspace, "mnist", version=version)  # type: ignore[arg-type]


def test_tags_and_description_can_be_changed(workspace: Workspace, store: Any) -> None:
    dataset = of((store, "mnist")).register(workspace, "mnist", tags={"a": "1", "b": "2"})
    assert dataset.add_tags({"c": 3}).tags == {"a": "1", "b": "2", "c": "3"}
    assert dataset.remove_tags(["a"]).tags == {"b": "2", "c": "3"}
    assert dataset.update("better", {"d": "4"}).tags == {"d": "4"}
    found = Dataset.get_by_name(workspace, "mnist")
    assert (found.description, found.tags) == ("better", {"d": "4"})


def test_all_versions_can_be_forgotten_and_the_data_stays(workspace: Workspace, store: Any) -> None:
    dataset = of((store, "mnist")).register(workspace, "mnist")
    dataset.unregister_all_versions()
    assert dataset.id is None
    assert Dataset.get_all(workspace) == {}
    assert dataset.to_path() == ["/a.txt", "/b.csv", "/sub/c.txt"]


def test_what_needs_a_registered_dataset_says_so(store: Any) -> None:
    with pytest.raises(UserError, match="is not registered, so it cannot be changed"):
        of((store, "mnist")).add_tags({"a": "1"})


def test_data_of_one_workspace_is_not_registered_in_another(store: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="lies on a datastore of the workspace"):
        of((store, "mnist")).register(Workspace.at(tmp_path / "other"), "mnist")


def test_a_dataset_shows_as_its_class_and_json(workspace: Workspace, store: Any) -> None:
    made = of((store, "mnist")).take(1).register(workspace, "mnist")
    name, _, text = repr(made).partition("\n")
    shown = json.loads(text)
    assert name == "FileDataset"
    assert shown["source"] == ["('workspaceblobstore', 'mnist')"]
    assert shown["definition"] == ["files", "take"]
    assert shown["registration"]["name"] == "mnist"


# Files


def test_files_are_downloaded_into_a_folder(store: Any, tmp_path: Path) -> None:
    dataset = of((store, "mnist"))
    paths = dataset.download(str(tmp_path / "here"))
    assert paths == [str(tmp_path / "here" / each) for each in ("a.txt", "b.csv", "sub/c.txt")]
    assert Path(paths[2]).read_text() == "ccc"
    with pytest.raises(UserError, match=r"a\.txt is there already"):
        dataset.download(tmp_path / "here")
    assert dataset.download(tmp_path / "here", overwrite=True) == paths


def test_without_a_folder_files_go_to_a_temporary_one(store: Any) -> None:
    first, second = (of((store, "mnist/a.txt")).download() for _ in range(2))
    assert first != second
    assert Path(first[0]).read_text() == "a"


def test_a_mounted_dataset_is_there_between_start_and_stop(store: Any, tmp_path: Path) -> None:
    with of((store, "mnist")).mount() as mounted:
        assert names_in(mounted.mount_point) == ["a.txt", "b.csv", "sub"]
        assert Path(mounted.mount_point, "sub/c.txt").read_text() == "ccc"
    assert not Path(mounted.mount_point).exists()
    context = of((store, "mnist")).mount(str(tmp_path / "point"))
    context.start()
    assert (tmp_path / "point/a.txt").is_symlink()
    context.stop()
    assert not (tmp_path / "point").exists()
    assert of((store, "mnist")).to_path() == ["/a.txt", "/b.csv", "/sub/c.txt"]


def test_a_mount_point_with_files_in_it_is_refused(store: Any, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    with pytest.raises(UserError, match="is not empty"):
        of((store, "mnist")).mount(tmp_path).start()


def test_files_are_taken_skipped_and_split(workspace: Workspace, store: Any) -> None:
    dataset = of((store, "mnist"))
    assert dataset.take(2).to_path() == ["/a.txt", "/b.csv"]
    assert dataset.skip(1).take(1).to_path() == ["/b.csv"]
    left, right = dataset.random_split(0.5, seed=3)
    assert sorted(left.to_path() + right.to_path()) == dataset.to_path()
    assert dataset.take_sample(0).to_path() == []
    kept = left.register(workspace, "left")
    assert Dataset.get_by_name(workspace, "left").to_path() == kept.to_path() == left.to_path()


def test_files_are_filtered_by_what_is_known_of_them(store: Any) -> None:
    dataset = of((store, "mnist"))
    size = dataset.file_metadata("Size")
    assert dataset.filter(size > 1).to_path() == ["/b.csv", "/sub/c.txt"]
    old = dataset.file_metadata("LastModifiedTime") < datetime(2001, 1, 1, tzinfo=timezone.utc)
    assert dataset.filter(~old & (size < 2)).to_path() == ["/a.txt"]
    with pytest.raises(UserError, match="Files can't be filtered by 'Owner', only by Path, Size"):
        dataset.filter(dataset.file_metadata("Owner") == "me").to_path()


@pytest.mark.parametrize(
    "call", [lambda d: d.take(-1), lambda d: d.random_split(2), lambda d: d.filter("Size > 1")]
)
def test_what_makes_no_sense_is_a_users_error(store: Any, call: Any) -> None:
    with pytest.raises(UserError):
        call(of((store, "mnist")))


def test_the_newest_file_tells_when_the_data_changed(store: Any) -> None:
    at = datetime(2030, 1, 2, tzinfo=timezone.utc)
    os.utime(Path(store.container_name, "mnist/b.csv"), (at.timestamp(), at.timestamp()))
    assert of((store, "mnist")).data_changed_time == at


def test_a_folder_is_uploaded_as_a_dataset(store: Any, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "a.csv").write_text("1")
    (source / "sub/b.txt").write_text("2")
    whole = Dataset.File.upload_directory(source, (store, "whole"), show_progress=False)
    assert whole.to_path() == ["/a.csv", "/sub/b.txt"]
    texts = Dataset.File.upload_directory(
        str(source), DataPath(store, "texts"), pattern="**/*.txt", show_progress=False
    )
    assert texts.to_path() == ["/sub/b.txt"]
    with pytest.raises(UserError, match="fits the pattern"):
        Dataset.File.upload_directory(source, (store, "x"), pattern="*.gz")
    with pytest.raises(UserError, match="is not there"):
        Dataset.File.upload_directory(source / "nope", (store, "x"))
    with pytest.raises(UserError, match="target is a path on a datastore"):
        Dataset.File.upload_directory(source, "x")


# Tables


def test_a_table_is_read_from_a_datastore_and_from_an_address(
    own_default: Path, store: Any, site: Web
) -> None:
    table = a_table(store, "x,y\n1,a\n2,\n")
    frame = table.to_pandas_dataframe()
    assert frame["x"].tolist() == [1, 2]
    assert frame["y"].isna().tolist() == [False, True]
    site.files["/t.tsv"] = b"x\ty\n5\tb\n"
    remote = Dataset.Tabular.from_delimited_files(f"{site.url}/t.tsv", separator="\t")
    assert remote.to_pandas_dataframe()["x"].tolist() == [5]


def test_a_table_keeps_its_definition_when_it_is_registered(
    workspace: Workspace, store: Any
) -> None:
    table = a_table(
        store,
        "n;d\n007;01.02.2020\n",
        separator=";",
        set_column_types={"n": DataType.to_string(), "d": DataType.to_datetime("%d.%m.%Y")},
    )
    table.keep_columns(["n", "d"]).take(1).register(workspace, "t")
    frame = Dataset.get_by_name(workspace, "t").to_pandas_dataframe()
    assert frame["n"].tolist() == ["007"]
    assert frame["d"].tolist() == [pd.Timestamp("2020-02-01")]


def test_a_tables_parts_are_kept_by_seed(workspace: Workspace, store: Any) -> None:
    table = a_table(store, "x\n" + "".join(f"{n}\n" for n in range(50)))
    train, test = table.random_split(0.8, seed=1)
    train = train.register(workspace, "train")
    again = Dataset.get_by_id(workspace, train.id).to_pandas_dataframe()["x"].tolist()
    assert again == train.to_pandas_dataframe()["x"].tolist()
    assert sorted(again + test.to_pandas_dataframe()["x"].tolist()) == list(range(50))


def test_headers_can_be_said_in_azures_words(store: Any) -> None:
    plain = a_table(store, "1,2\n", header=False)
    assert list(plain.to_pandas_dataframe().columns) == ["Column1", "Column2"]
    first = a_table(store, "x\n1\n", header=PromoteHeadersBehavior.ONLY_FIRST_FILE_HAS_HEADERS)
    assert first.spec.read == {"format": "delimited", "header": "first"}


def test_partitions_are_columns(store: Any) -> None:
    for country in ("fi", "no"):
        folder = Path(store.container_name, "by", country, "2019")
        folder.mkdir(parents=True)
        (folder / "d.csv").write_text("x\n1\n")
    table = Dataset.Tabular.from_delimited_files(
        (store, "by/**/d.csv"), partition_format="/{country}/{year:yyyy}/d.csv"
    )
    assert table.partition_keys == ["country", "year"]
    assert table.get_partition_key_values(["country"]) == [{"country": "fi"}, {"country": "no"}]
    frame = table.to_pandas_dataframe()
    assert frame["country"].tolist() == ["fi", "no"]
    assert frame["year"][0] == pd.Timestamp("2019-01-01")


def test_a_data_frame_is_kept_as_parquet_in_new_versions(workspace: Workspace, store: Any) -> None:
    frame = pd.DataFrame({"x": [1, 2], "s": ["a", None]})
    keep = Dataset.Tabular.register_pandas_dataframe
    first = keep(frame, (store, "tables"), "t", "mine", {"k": "v"}, show_progress=False)
    second = keep(frame.assign(x=[3, 4]), (store, "tables"), "t", show_progress=False)
    assert (first.version, second.version, first.description) == (1, 2, "mine")
    assert first.to_pandas_dataframe()["x"].tolist() == [1, 2]
    assert Dataset.get_by_name(workspace, "t").to_pandas_dataframe()["x"].tolist() == [3, 4]
    with pytest.raises(UserError, match=r"dataframe is a pandas\.DataFrame, not list"):
        keep([1], (store, "tables"), "t")


def test_json_lines_and_files_that_tell_what_they_are(store: Any) -> None:
    Path(store.container_name, "r.jsonl").write_text('{"x": 1}\n{"x": 2}\n')
    lines = Dataset.Tabular.from_json_lines_files((store, "r.jsonl"))
    assert lines.to_pandas_dataframe()["x"].tolist() == [1, 2]
    auto = Dataset.auto_read_files((store, "mnist/b.csv"))
    assert auto.to_pandas_dataframe()["x"].tolist() == [1]
    Path(store.container_name, "raw.bin").write_bytes(b"")
    with pytest.raises(UserError, match="does not tell how it is read"):
        Dataset.auto_read_files((store, "raw.bin"))


def test_missing_columns_and_bad_values_are_users_errors(store: Any) -> None:
    table = a_table(store, "x\n1\n", set_column_types={"x": DataType.to_bool()})
    with pytest.raises(UserError, match=r"no column 'y'\. It has x"):
        table.keep_columns("y", validate=True)
    bad = a_table(store, "x\nmaybe\n", set_column_types={"x": DataType.to_bool()})
    with pytest.raises(UserError, match="values that are no bool"):
        bad.to_pandas_dataframe(on_error="fail")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"separator": ""}, "separator is text"),
        ({"header": "yes"}, "header is True, False or"),
        ({"encoding": "klingon"}, "encoding is one of utf8"),
        ({"partition_format": "/data.csv"}, "names none"),
        ({"set_column_types": {"x": int}}, "gives each column a DataType"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        Dataset.Tabular.from_delimited_files("https://host/a.csv", validate=False, **options)


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.to_csv_files(),
        lambda t: t.to_parquet_files(),
        lambda t: t.to_spark_dataframe(),
        lambda t: t.to_dask_dataframe(),
        lambda t: t.partition_by(["x"], None),
        lambda t: t.get_profile(),
        lambda t: t.submit_profile_run("local", None),
        lambda t: t.download("x"),
        lambda t: t.mount("x"),
        lambda t: TabularDatasetFactory.from_sql_query(("db", "select 1")),
        lambda t: TabularDatasetFactory.register_spark_dataframe(None, None, "x"),
        lambda t: TabularDatasetFactory.register_dask_dataframe(None, None, "x"),
        lambda t: DataType.to_stream(None),
        lambda t: Dataset(None),
        lambda t: TabularDataset(),
    ],
)
def test_what_is_not_offered_is_one_sentence_that_says_what_to_use(call: Any) -> None:
    table = Dataset.Tabular.from_delimited_files("https://host/a.csv", validate=False)
    with pytest.raises(UserError, match=r"\. [A-Z]|_dataframe|\(\)"):
        call(table)


# As Azure's code has them


def test_factories_and_lookups_are_reached_from_every_class() -> None:
    for kind in (Dataset, AbstractDataset, FileDataset, TabularDataset):
        assert kind.File.from_files is Dataset.File.from_files
        assert kind.get_by_name is AbstractDataset.get_by_name
    assert Dataset.Scenario.TRAINING == "training"


@pytest.mark.parametrize(
    ("kind", "name", "signature"),
    [
        (FileDataset, "take", ["count"]),
        (FileDataset, "random_split", ["percentage", "seed"]),
        (FileDataset, "take_sample", ["probability", "seed"]),
        (FileDataset, "mount", ["mount_point", "kwargs"]),
        (TabularDataset, "keep_columns", ["columns", "validate"]),
        (
            TabularDataset,
            "time_between",
            ["start_time", "end_time", "include_boundary", "validate"],
        ),
        (
            TabularDataset,
            "with_timestamp_columns",
            ["timestamp", "partition_timestamp", "validate", "kwargs"],
        ),
    ],
)
def test_what_comes_from_the_runtime_keeps_its_signature(
    kind: type, name: str, signature: list[str]
) -> None:
    assert list(inspect.signature(getattr(kind, name)).parameters)[1:] == signature
