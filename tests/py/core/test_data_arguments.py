"""What a run is given: arguments become text, and what they stand for inputs and outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_mltrain import ScriptRunConfig, Workspace
from jupyter_mltrain.core.abstract_datastore import AzureBlobDatastore
from jupyter_mltrain.core.data_arguments import Passed, passed
from jupyter_mltrain.core.data_reference import (
    Data,
    DataLocation,
    DataPath,
    DataReferenceConfiguration,
    OutputData,
)
from jupyter_mltrain.core.dataset import Dataset
from jupyter_mltrain.core.output_dataset import OutputFileDatasetConfig
from jupyter_mltrain.core.run_configuration import RunConfiguration
from jupyter_mltrain.errors import InvalidSpec, UserError
from jupyter_mltrain.spec import DataMode, DataOutput

URL = "https://host/a.csv"


@pytest.fixture
def store(tmp_path: Path) -> AzureBlobDatastore:
    """A datastore as an object alone: nothing here asks a service."""
    return AzureBlobDatastore(Workspace.at(tmp_path), "raw", "container", "account")


def a_dataset(url: str = URL) -> Any:
    return Dataset.File.from_files(url, validate=False)


def a_table() -> Any:
    return Dataset.Tabular.from_delimited_files(URL, validate=False)


def only_input(given: Passed) -> Any:
    assert given.outputs == ()
    (found,) = given.inputs
    return found


def only_output(given: Passed) -> DataOutput:
    assert given.inputs == ()
    (found,) = given.outputs
    return found


def test_numbers_and_paths_become_text() -> None:
    assert passed(["--lr", 0.1, 50, Path("a/b"), True]).arguments == (
        *("--lr", "0.1", "50", "a/b", "True"),
    )


def test_a_mounted_dataset_gets_a_name_of_its_own() -> None:
    given = passed(["--data", a_dataset().as_mount()])
    found = only_input(given)
    assert given.arguments == ("--data", f"DatasetConsumptionConfig:{found.name}")
    assert found.name.startswith("input__")
    assert len(found.name) == len("input__") + 8
    assert (found.mode, found.spec.paths[0].url) == (DataMode.MOUNT, URL)


def test_files_by_themselves_are_mounted_and_a_table_is_read_in_the_script() -> None:
    assert only_input(passed([a_dataset()])).mode is DataMode.MOUNT
    assert only_input(passed([a_table()])).mode is DataMode.DIRECT


def test_a_named_input_keeps_name_mode_and_place() -> None:
    found = only_input(passed([a_dataset().as_named_input("x").as_download("here")]))
    assert (found.name, found.mode, found.path_on_compute) == ("x", DataMode.DOWNLOAD, "here")


def test_the_same_input_twice_is_one() -> None:
    mount = a_dataset().as_named_input("x").as_mount()
    given = passed(["--train", mount, "--test", mount])
    assert only_input(given).name == "x"
    assert given.arguments[1] == given.arguments[3]


def test_two_inputs_of_one_name_are_refused() -> None:
    first = a_dataset().as_named_input("x")
    second = a_dataset("https://host/b.csv").as_named_input("x")
    with pytest.raises(InvalidSpec, match="have the name 'x'"):
        passed([first, second])
    with pytest.raises(InvalidSpec, match="have the name 'x'"):
        passed([first, OutputFileDatasetConfig("x")])


def test_a_reference_is_an_input_of_its_name(store: AzureBlobDatastore) -> None:
    given = passed(["--data-folder", store.as_mount()])
    found = only_input(given)
    assert given.arguments == ("--data-folder", "$AZUREML_DATAREFERENCE_raw")
    assert found.reference
    assert (found.spec.paths[0].datastore, found.spec.paths[0].path) == ("raw", "")


def test_a_reference_as_text_is_found_in_the_configuration(store: AzureBlobDatastore) -> None:
    reference = store.path("mnist", "digits")
    config = RunConfiguration()
    config.data_references = {"digits": reference.to_config()}
    given = passed(["--data", str(reference), f"--again={reference}"], config)
    assert only_input(given).name == "digits"
    assert given.arguments == (
        *("--data", "$AZUREML_DATAREFERENCE_digits", "--again=$AZUREML_DATAREFERENCE_digits"),
    )


def test_a_reference_as_text_that_nothing_defines_is_refused(store: AzureBlobDatastore) -> None:
    with pytest.raises(InvalidSpec, match="names the data reference 'digits', which the run"):
        passed([str(store.path("mnist", "digits"))])


def test_a_reference_for_upload_is_an_output(store: AzureBlobDatastore) -> None:
    reference = store.path("results", "res").as_upload("out", overwrite=True)
    config = RunConfiguration()
    config.data_references = {"res": reference.to_config()}
    given = passed(["--to", str(reference)], config)
    found = only_output(given)
    assert given.arguments == ("--to", "DatasetOutputConfig:res")
    assert (found.datastore, found.path, found.source) == ("raw", "results", "out")
    assert (found.mode, found.overwrite) == (DataMode.UPLOAD, True)


def test_a_path_on_a_datastore_is_a_reference_too(store: AzureBlobDatastore) -> None:
    assert only_input(passed([DataPath(store, "a")])).reference


def test_references_of_a_configuration_need_no_argument() -> None:
    config = RunConfiguration()
    config.data_references = {"d": DataReferenceConfiguration("raw", "download", "a", "/tmp/a")}
    found = only_input(passed([], config))
    assert (found.name, found.mode, found.path_on_compute) == ("d", DataMode.DOWNLOAD, "/tmp/a")


@pytest.mark.parametrize(
    "value",
    [
        a_dataset(),
        a_dataset().as_named_input("x").as_mount(),
        Data(DataLocation(dataset=a_dataset()), mechanism="mount"),
        Data(DataLocation(uri=URL), mechanism="mount", environment_variable_name="x"),
    ],
    ids=["dataset", "named input", "data", "address"],
)
def test_data_of_a_configuration_is_an_input(value: Any) -> None:
    config = RunConfiguration()
    config.data = {"x": value}
    found = only_input(passed([], config))
    assert (found.name, found.mode, found.spec.paths[0].url) == ("x", DataMode.MOUNT, URL)


def test_data_that_is_none_is_refused() -> None:
    config = RunConfiguration()
    config.data = {"x": Data()}
    with pytest.raises(InvalidSpec, match=r"run_config\.data\['x'\] has no dataset"):
        passed([], config)
    config.data = {"x": "mnist"}  # type: ignore[dict-item]
    with pytest.raises(InvalidSpec, match="not str"):
        passed([], config)
    config.data = ["mnist"]  # type: ignore[assignment]
    with pytest.raises(InvalidSpec, match=r"run_config\.data is a dict of names, not list"):
        passed([], config)


def test_inputs_besides_the_arguments_count_too(store: AzureBlobDatastore) -> None:
    given = passed(["--lr", 1], inputs=[a_dataset().as_named_input("x"), store.as_mount()])
    assert [each.name for each in given.inputs] == ["x", "raw"]
    assert given.arguments == ("--lr", "1")
    with pytest.raises(InvalidSpec, match="a dataset or a data reference, not str"):
        passed([], inputs=["mnist"])


def test_an_output_goes_to_the_workspaces_datastore_by_default() -> None:
    output = OutputFileDatasetConfig()
    given = passed(["--out", output])
    found = only_output(given)
    assert output.name.startswith("output_")
    assert given.arguments == ("--out", output.arg_val)
    assert (found.datastore, found.path) == (
        "workspaceblobstore",
        "dataset/{run-id}/{output-name}",
    )
    assert found.mode is DataMode.MOUNT


def test_an_output_says_where_it_goes_and_what_it_becomes(store: AzureBlobDatastore) -> None:
    output = (
        OutputFileDatasetConfig("res", (store, "runs/{run-id}"), source="out")
        .as_upload(overwrite=True)
        .register_on_complete("result", "what came out", {"k": 1})
    )
    found = only_output(passed([output]))
    assert (found.datastore, found.path, found.source) == ("raw", "runs/{run-id}", "out")
    assert (found.mode, found.overwrite) == (DataMode.UPLOAD, True)
    assert (found.register_as, found.description) == ("result", "what came out")
    assert found.tags == {"k": "1"}


def test_an_output_in_the_configuration_counts(store: AzureBlobDatastore) -> None:
    config = RunConfiguration()
    place = DataLocation(data_path=DataPath(store, "a"))
    config.output_data = {"o": OutputData(output_location=place)}
    assert (only_output(passed([], config)).datastore, config) == ("raw", config)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: OutputFileDatasetConfig("1x"), "'1x' cannot name an input or output"),
        (lambda: OutputFileDatasetConfig(destination="out"), "is a datastore and a path on it"),
        (
            lambda: OutputFileDatasetConfig().register_on_complete("a/b"),
            "'a/b' cannot name a dataset",
        ),
        (lambda: OutputFileDatasetConfig().as_input("x"), "only in a pipeline"),
        (lambda: OutputFileDatasetConfig().read_delimited_files(), "steps of a pipeline"),
        (lambda: OutputFileDatasetConfig().as_upload(source_globs="*.csv"), "not offered: every"),
        (lambda: a_dataset().as_named_input("my-data"), "'my-data' cannot name an input"),
        (lambda: a_dataset().as_named_input("1st"), "no digit first"),
        (lambda: a_table().as_named_input("x").as_mount(), "A table is not mounted"),
        (lambda: a_dataset().as_named_input("x").as_hdfs(), "no HDFS"),
    ],
)
def test_what_cannot_be_is_refused_where_it_is_written(make: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        make()


def test_a_script_run_config_sends_all_of_it(store: AzureBlobDatastore, tmp_path: Path) -> None:
    mount = a_dataset().as_named_input("x").as_mount()
    output = OutputFileDatasetConfig("o")
    config = ScriptRunConfig(tmp_path, "train.py", ["--data", mount, "--out", output, "--n", 3])
    config.run_config.data_references = {"raw": store.as_mount().to_config()}
    spec = config.request("digits").spec
    assert spec.arguments == (
        *("--data", "DatasetConsumptionConfig:x", "--out", "DatasetOutputConfig:o", "--n", "3"),
    )
    assert [each.name for each in spec.inputs] == ["raw", "x"]
    assert [each.name for each in spec.outputs] == ["o"]
    assert config.arguments[1] is mount


def test_data_may_stand_in_a_command(tmp_path: Path) -> None:
    config = ScriptRunConfig(tmp_path, command=["cat", a_dataset().as_named_input("x").as_mount()])
    spec = config.request("digits").spec
    assert spec.arguments == ("cat", "DatasetConsumptionConfig:x")
    assert [each.name for each in spec.inputs] == ["x"]
