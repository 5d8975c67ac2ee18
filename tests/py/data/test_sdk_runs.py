"""Data of runs, from the notebook's objects to what the script finds, and back."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from web_server import Web

from jupyter_mltrain import Experiment, Run, ScriptRunConfig, Workspace
from jupyter_mltrain.core.dataset import Dataset
from jupyter_mltrain.core.datastore import Datastore
from jupyter_mltrain.core.output_dataset import OutputFileDatasetConfig
from jupyter_mltrain.errors import InvalidSpec, NoSuchDatastore

TELL = """
import json, os, sys
def tree(path):
    if not os.path.isdir(path):
        return os.path.basename(path)
    return sorted(os.path.relpath(os.path.join(at, name), path)
                  for at, _, names in os.walk(path, followlinks=True) for name in names)
told = {"arguments": sys.argv[1:], "trees": [tree(a) for a in sys.argv[1:] if os.path.exists(a)],
        "variables": {k: v for k, v in os.environ.items()
                      if k in ("x", "y") or k.startswith("AZUREML_DATA")}}
os.makedirs("outputs", exist_ok=True)
json.dump(told, open("outputs/told.json", "w"))
"""


@pytest.fixture
def store(workspace: Workspace) -> Any:
    """The default datastore, with files below ``mnist`` and one beside."""
    store = Datastore.get_default(workspace)
    for name, text in {"mnist/a.txt": "a", "mnist/sub/b.txt": "b", "t.csv": "x\n1\n2\n"}.items():
        path = Path(store.container_name, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return store


def run(
    workspace: Workspace, folder: Path, *arguments: Any, script: str = TELL, **set_: Any
) -> Run:
    """A run of a script that tells what it got, as it ended."""
    folder.mkdir(exist_ok=True)
    (folder / "train.py").write_text(script)
    config = ScriptRunConfig(folder, "train.py", list(arguments))
    for name, value in set_.items():
        setattr(config.run_config, name, value)
    submitted = Experiment(workspace, "data").submit(config)
    submitted.wait_for_completion(raise_on_error=True)
    return submitted


def told(submitted: Run, folder: Path) -> Any:
    """What the script has told."""
    submitted.download_file("outputs/told.json", folder / "told.json")
    return json.loads((folder / "told.json").read_text())


def test_a_mounted_folder_is_a_path_among_the_arguments(
    workspace: Workspace, store: Any, tmp_path: Path
) -> None:
    dataset = Dataset.File.from_files((store, "mnist")).register(workspace, "mnist")
    submitted = run(workspace, tmp_path / "src", "--data-folder", dataset.as_mount(), "--n", 5)
    found = told(submitted, tmp_path)
    assert found["arguments"][0] == "--data-folder"
    assert found["arguments"][2:] == ["--n", "5"]
    assert found["trees"] == [["a.txt", "sub/b.txt"]]
    delivered = submitted.record.data[0]
    assert (delivered.dataset, delivered.version, delivered.files) == ("mnist", 1, 2)
    assert found["arguments"][1] == delivered.path


def test_one_file_is_the_path_of_that_file(
    workspace: Workspace, store: Any, tmp_path: Path
) -> None:
    dataset = Dataset.File.from_files((store, "mnist/a.txt"))
    assert told(run(workspace, tmp_path / "src", dataset.as_download()), tmp_path)["trees"] == [
        "a.txt"
    ]


def test_addresses_lie_in_folders_of_host_and_path(
    workspace: Workspace, site: Web, tmp_path: Path
) -> None:
    site.files |= {"/d/a.gz": b"1", "/d/b.gz": b"22"}
    dataset = Dataset.File.from_files([f"{site.url}/d/a.gz", f"{site.url}/d/b.gz"])
    host = site.url.removeprefix("http://")
    found = told(run(workspace, tmp_path / "src", dataset.as_mount()), tmp_path)
    assert found["trees"] == [[f"{host}/d/a.gz", f"{host}/d/b.gz"]]


def test_a_named_input_is_a_variable_too(workspace: Workspace, store: Any, tmp_path: Path) -> None:
    dataset = Dataset.File.from_files((store, "mnist"))
    inputs = dataset.as_named_input("x").as_mount(), dataset.as_named_input("y").as_download()
    found = told(run(workspace, tmp_path / "src", *inputs), tmp_path)
    assert [found["variables"][name] for name in "xy"] == found["arguments"]
    assert found["variables"]["AZUREML_DATASET_ENVIRONMENT_VARS"] == "x,y"


def test_a_reference_is_none_of_the_datasets_that_went_in(
    workspace: Workspace, store: Any, tmp_path: Path
) -> None:
    dataset = Dataset.File.from_files((store, "mnist"))
    given = store.path("mnist").as_mount(), dataset.as_named_input("x").as_mount()
    submitted = run(workspace, tmp_path / "src", *given)
    details = submitted.get_details()
    assert set(submitted.input_datasets) == {"x"}
    assert len(details["inputDatasets"]) == 1
    assert len(details["runDefinition"]["dataReferences"]) == 1


def test_an_empty_datastore_is_an_empty_folder(workspace: Workspace, tmp_path: Path) -> None:
    whole = Datastore.get_default(workspace).as_mount()
    assert told(run(workspace, tmp_path / "src", whole), tmp_path)["trees"] == [[]]


def test_a_configuration_with_data_can_be_copied(workspace: Workspace, store: Any) -> None:
    config = ScriptRunConfig(".", "train.py")
    mount = Dataset.File.from_files((store, "mnist")).as_named_input("x").as_mount()
    config.run_config.data = {"x": mount}  # type: ignore[dict-item]
    config.run_config.output_data = {"o": OutputFileDatasetConfig("o", (store, "out"))}
    copied = copy.deepcopy(config)
    assert copied.request("data").spec == config.request("data").spec
    assert copied.run_config.data["x"] is not mount


def test_references_are_paths_wherever_they_stand(
    workspace: Workspace, store: Any, tmp_path: Path
) -> None:
    reference = store.path("mnist", "digits")
    found = told(
        run(
            workspace,
            tmp_path / "src",
            store.as_mount(),
            str(reference),
            f"--at={reference}/a.txt",
            data_references={"digits": reference.to_config()},
        ),
        tmp_path,
    )
    whole, digits, at = found["arguments"]
    assert found["trees"] == [["mnist/a.txt", "mnist/sub/b.txt", "t.csv"], ["a.txt", "sub/b.txt"]]
    assert at == f"--at={digits}/a.txt"
    assert found["variables"]["AZUREML_DATAREFERENCE_digits"] == digits
    assert found["variables"]["AZUREML_DATAREFERENCE_workspaceblobstore"] == whole


def test_a_table_is_an_id_among_the_arguments_and_an_object_in_the_run(
    workspace: Workspace, store: Any, tmp_path: Path
) -> None:
    table = Dataset.Tabular.from_delimited_files((store, "t.csv")).register(workspace, "t")
    script = (
        "import sys\nfrom azureml.core import Run\n"
        "table = Run.get_context().input_datasets['x']\n"
        "frame = table.to_pandas_dataframe()\n"
        "Run.get_context().log('sum', int(frame['x'].sum()))\n"
        "Run.get_context().log('rows', len(table.take(1).to_pandas_dataframe()))\n"
        "Run.get_context().log('id', sys.argv[1])\n"
    )
    submitted = run(workspace, tmp_path / "src", table.as_named_input("x"), script=script)
    assert submitted.get_metrics() == {"sum": 3, "rows": 1, "id": table.id}


def test_a_table_that_is_not_registered_is_found_by_its_id_too(
    workspace: Workspace, store: Any, tmp_path: Path
) -> None:
    table = Dataset.Tabular.from_delimited_files((store, "t.csv"))
    script = (
        "import sys\nfrom azureml.core import Dataset, Run\n"
        "run = Run.get_context()\n"
        "table = Dataset.get_by_id(run.experiment.workspace, id=sys.argv[2])\n"
        "run.log('rows', len(table.to_pandas_dataframe()))\n"
    )
    submitted = run(
        workspace, tmp_path / "src", "--input-data", table.as_named_input("t"), script=script
    )
    assert submitted.get_metrics() == {"rows": 2}
    (given,) = submitted.get_details()["inputDatasets"]
    assert given["dataset"].to_pandas_dataframe()["x"].tolist() == [1, 2]


def test_the_steps_of_a_table_are_done_in_the_run(
    workspace: Workspace, store: Any, tmp_path: Path
) -> None:
    table = Dataset.Tabular.from_delimited_files((store, "t.csv"))
    table = table.filter(table["x"] > 1)
    script = (
        "from azureml.core import Run\nrun = Run.get_context()\n"
        "run.log('xs', int(run.input_datasets['x'].to_pandas_dataframe()['x'].iloc[0]))\n"
    )
    submitted = run(workspace, tmp_path / "src", table.as_named_input("x"), script=script)
    assert submitted.get_metrics() == {"xs": 2}


def test_what_a_run_writes_goes_to_a_datastore_and_becomes_a_dataset(
    workspace: Workspace, store: Any, tmp_path: Path
) -> None:
    output = OutputFileDatasetConfig("result", (store, "out/{run-id}/{output-name}"))
    output = output.register_on_complete("result", tags={"by": "test"})
    script = "import os, sys\nopen(os.path.join(sys.argv[1], 'model.txt'), 'w').write('m')\n"
    submitted = run(workspace, tmp_path / "src", output, script=script)
    dataset = Dataset.get_by_name(workspace, "result")
    assert dataset.to_path() == ["/model.txt"]
    assert dataset.tags["by"] == "test"
    written = Path(store.container_name, "out", submitted.id, "result", "model.txt")
    assert written.read_text() == "m"


def test_a_reference_for_upload_takes_what_the_script_writes(
    workspace: Workspace, store: Any, tmp_path: Path
) -> None:
    reference = store.path("kept", "res").as_upload()
    script = (
        "import os, sys\n"
        "open(os.path.join(sys.argv[1], 'a.txt'), 'w').write('a')\n"
        "open(sys.argv[2][5:] + '/b.txt', 'w').write(os.environ['AZUREML_DATAREFERENCE_res'])\n"
    )
    run(workspace, tmp_path / "src", reference, f"--at={reference}", script=script)
    kept = Path(store.container_name, "kept")
    assert sorted(each.name for each in kept.iterdir()) == ["a.txt", "b.txt"]
    assert Path((kept / "b.txt").read_text()).name == "res"


def test_a_reference_for_upload_from_a_folder_that_the_script_makes(
    workspace: Workspace, store: Any, tmp_path: Path
) -> None:
    reference = store.path("kept", "res").as_upload("made/here")
    script = "import os\nos.makedirs('made/here')\nopen('made/here/r.txt', 'w').write('r')\n"
    run(workspace, tmp_path / "src", script=script, data_references={"res": reference.to_config()})
    assert Path(store.container_name, "kept", "r.txt").read_text() == "r"


def test_details_have_the_datasets_that_went_in(
    workspace: Workspace, store: Any, tmp_path: Path
) -> None:
    dataset = Dataset.File.from_files((store, "mnist")).register(workspace, "mnist")
    submitted = run(workspace, tmp_path / "src", dataset.as_named_input("x").as_mount())
    details = submitted.get_details()
    assert details["runDefinition"]["arguments"] == ["DatasetConsumptionConfig:x"]
    (given,) = details["inputDatasets"]
    assert given["consumptionDetails"]["inputName"] == "x"
    assert given["dataset"] == {"id": dataset.id, "name": "mnist", "version": 1}
    assert (given["dataset"].name, given["dataset"].to_path()) == ("mnist", dataset.to_path())


def test_what_is_not_there_is_said_before_the_run_is_queued(
    workspace: Workspace, store: Any, tmp_path: Path
) -> None:
    dataset = Dataset.File.from_files((store, "gone"), validate=False)
    with pytest.raises(Exception, match="'gone'"):
        run(workspace, tmp_path / "src", dataset.as_mount())
    other = type(store)(workspace, "raw", "c", "a")
    with pytest.raises(NoSuchDatastore, match="'raw'"):
        run(workspace, tmp_path / "src", other.as_mount())
    with pytest.raises(InvalidSpec, match="the data reference 'digits'"):
        run(workspace, tmp_path / "src", "$AZUREML_DATAREFERENCE_digits")
