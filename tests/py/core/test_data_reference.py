"""References to places on datastores, and how they are written."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_mltrain import Workspace
from jupyter_mltrain.core.abstract_datastore import AzureBlobDatastore
from jupyter_mltrain.core.data_reference import (
    Data,
    DataPath,
    DataPathComputeBinding,
    DataReference,
    DataReferenceConfiguration,
)
from jupyter_mltrain.core.dataset import Dataset
from jupyter_mltrain.errors import UserError


@pytest.fixture
def store(tmp_path: Any) -> AzureBlobDatastore:
    """A datastore as an object alone: nothing here asks a service."""
    return AzureBlobDatastore(Workspace.at(tmp_path), "workspaceblobstore", "container", "account")


def test_a_reference_to_a_whole_datastore_has_its_name(store: AzureBlobDatastore) -> None:
    assert str(store.as_mount()) == "$AZUREML_DATAREFERENCE_workspaceblobstore"
    assert repr(store.as_mount()) == "$AZUREML_DATAREFERENCE_workspaceblobstore"


def test_a_reference_to_a_path_has_a_name_of_32_digits_that_can_be_a_variables(
    store: AzureBlobDatastore,
) -> None:
    first, second = store.path("mnist"), store.path("mnist")
    assert len(first.data_reference_name) == 32
    assert int(first.data_reference_name, 16)
    assert first.data_reference_name.isidentifier()
    assert first.data_reference_name != second.data_reference_name


@pytest.mark.parametrize(
    ("make", "mode", "path_on_compute", "overwrite"),
    [
        (lambda ref: ref.as_mount(), "mount", None, False),
        (lambda ref: ref.as_download("d", overwrite=True), "download", "d", True),
        (lambda ref: ref.as_upload("out"), "upload", "out", False),
    ],
)
def test_a_reference_says_how_the_run_gets_at_it(
    store: AzureBlobDatastore, make: Any, mode: str, path_on_compute: str, overwrite: bool
) -> None:
    config = make(store.path("a/b", "named")).to_config()
    assert isinstance(config, DataReferenceConfiguration)
    assert config.data_store_name == "workspaceblobstore"
    assert config.path_on_data_store == "a/b"
    assert (config.mode, config.path_on_compute, config.overwrite) == (
        mode,
        path_on_compute,
        overwrite,
    )


def test_a_path_below_a_reference_is_joined(store: AzureBlobDatastore) -> None:
    below = store.path("a").path("b/c", data_reference_name="deep")
    assert (below.path_on_datastore, below.data_reference_name) == ("a/b/c", "deep")


@pytest.mark.parametrize("path", ["../x", "a/../../x", "a\\..\\..\\x"])
def test_no_path_leads_out_of_the_datastore(store: AzureBlobDatastore, path: str) -> None:
    with pytest.raises(UserError, match="leads out of the datastore 'workspaceblobstore'"):
        store.path(path)


@pytest.mark.parametrize("name", ["1st", "my-data", "a b", "ä"])
def test_a_name_that_cannot_be_a_variables_is_refused(store: AzureBlobDatastore, name: str) -> None:
    with pytest.raises(UserError, match="cannot name a data reference"):
        store.path("x", data_reference_name=name)


def test_an_unknown_mode_is_refused(store: AzureBlobDatastore) -> None:
    with pytest.raises(UserError, match="'hdfs' is no mode of a data reference"):
        DataReference(store, mode="hdfs")


def test_a_typo_in_a_configuration_is_refused() -> None:
    with pytest.raises(AttributeError, match="Did you mean path_on_compute"):
        DataReferenceConfiguration().path_on_computer = "x"


def test_paths_and_bindings_make_references_and_come_back(store: AzureBlobDatastore) -> None:
    path = DataPath(store, "a/b", name="given")
    reference = path.create_data_reference(
        datapath_compute_binding=DataPathComputeBinding("download", "here", overwrite=True)
    )
    assert (reference.data_reference_name, reference.mode) == ("given", "download")
    again = DataPath.create_from_data_reference(reference)
    assert (again.datastore_name, again.path_on_datastore) == ("workspaceblobstore", "a/b")
    binding = DataPathComputeBinding.create_from_data_reference(reference)
    assert (binding.mode, binding.path_on_compute, binding.overwrite) == ("download", "here", True)
    assert str(binding.create_data_reference("x", path)) == "$AZUREML_DATAREFERENCE_x"


def test_a_path_without_a_datastore_makes_no_reference() -> None:
    with pytest.raises(UserError, match="needs a datapath with a datastore"):
        DataPath().create_data_reference("x")


def test_data_of_a_configuration_is_made_of_a_named_input() -> None:
    dataset = Dataset.File.from_files("https://host/a.csv", validate=False)
    data = Data.create(dataset.as_named_input("x").as_download("/there"))
    assert data.data_location is not None
    assert data.data_location.dataset is dataset
    assert (data.mechanism, data.environment_variable_name) == ("download", "x")
    assert data.path_on_compute == "/there"
    with pytest.raises(UserError, match="not str"):
        Data.create("x")
