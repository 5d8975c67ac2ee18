"""`get_details` and what waiting prints, key by key and line by line as Azure has them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from services import end_service

from jupyter_mltrain import Environment, Experiment, Run, ScriptRunConfig, Workspace
from jupyter_mltrain.core.details import Details
from jupyter_mltrain.core.exceptions import ActivityFailedException

pytestmark = pytest.mark.slow

DETAILS = (
    *("runId", "target", "status", "startTimeUtc", "endTimeUtc", "services", "properties"),
    *("inputDatasets", "outputDatasets", "runDefinition", "logFiles", "submittedBy"),
)
DEFINITION = {
    *("script", "command", "useAbsolutePath", "arguments", "sourceDirectoryDataStore"),
    *("framework", "communicator", "target", "dataReferences", "data", "outputData"),
    *("datacaches", "jobName", "maxRunDurationSeconds", "nodeCount", "instanceTypes"),
    *("priority", "credentialPassthrough", "identity", "environment", "history", "spark"),
    *("parallelTask", "amlCompute", "tensorflow", "mpi", "pyTorch", "hdi"),
    *("containerInstance", "exposedPorts", "docker", "environmentVariables"),
}
ENVIRONMENT = {
    *("name", "version", "assetId", "python", "environmentVariables", "docker", "spark"),
    "inferencingStackVersion",
}


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Experiment]:
    workspace = Workspace.at(tmp_path_factory.mktemp("details") / "workspace")
    yield Experiment(workspace, "digits")
    end_service(workspace)


def submit(experiment: Experiment, source: Path, script: str, **given: object) -> Run:
    source.mkdir(exist_ok=True)
    (source / "train.py").write_text(script)
    return experiment.submit(ScriptRunConfig(source, "train.py", **given))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def done(experiment: Experiment, tmp_path_factory: pytest.TempPathFactory) -> Run:
    environment = Environment.current()
    environment.environment_variables = {"OMP": "1"}
    config = ScriptRunConfig(
        _source(tmp_path_factory.mktemp("source")),
        "train.py",
        arguments=["--lr", 0.1, "--epochs", 3],
        environment=environment,
        max_run_duration_seconds=600,
    )
    run = experiment.submit(config)
    run.wait_for_completion()
    return run


def _source(folder: Path) -> Path:
    (folder / "train.py").write_text("print('training')\n")
    return folder


def test_the_script_finds_the_names_of_azure_s_world(
    experiment: Experiment, tmp_path: Path
) -> None:
    script = (
        "import json, os\n"
        "from azureml.core import Run\n"
        "ws = Run.get_context().experiment.workspace\n"
        "found = {k: v for k, v in os.environ.items() if k.startswith('AZUREML_')}\n"
        "found['ws'] = [ws.subscription_id, ws.resource_group]\n"
        "json.dump(found, open('outputs/found.json', 'w'))\n"
    )
    run = submit(experiment, tmp_path / "source", script)
    run.wait_for_completion()
    run.download_file("outputs/found.json", tmp_path / "found.json")
    workspace = experiment.workspace
    assert json.loads((tmp_path / "found.json").read_text()) == {
        "AZUREML_RUN_ID": run.id,
        "AZUREML_ARM_SUBSCRIPTION": workspace.subscription_id,
        "AZUREML_ARM_RESOURCEGROUP": workspace.resource_group,
        "AZUREML_ARM_WORKSPACE_NAME": workspace.name,
        "AZUREML_ARM_PROJECT_NAME": "digits",
        "AZUREML_EXPERIMENT_ID": "digits",
        "AZUREML_FRAMEWORK": "Python",
        "AZUREML_COMMUNICATOR": "None",
        "ws": [workspace.subscription_id, workspace.resource_group],
    }


def test_the_keys_are_azure_s(done: Run) -> None:
    details = done.get_details()
    assert set(details) - {"warnings"} == set(DETAILS)
    assert set(details["runDefinition"]) == DEFINITION
    assert set(details["runDefinition"]["environment"]) == ENVIRONMENT
    history = {"outputCollection", "directoriesToWatch", "enableMLflowTracking", "snapshotProject"}
    assert set(details["runDefinition"]["history"]) == history
    docker = {"useDocker", "sharedVolumes", "shmSize", "arguments"}
    assert set(details["runDefinition"]["docker"]) == docker


def test_the_properties_are_azure_s(done: Run) -> None:
    properties = done.get_details()["properties"]
    assert properties["_azureml.ComputeTargetType"] == "local"
    assert properties["ContentSnapshotId"] == done.get_snapshot_id()
    assert {"ProcessInfoFile", "ProcessStatusFile"} <= set(properties)


def test_arguments_are_a_flat_list_of_strings(done: Run) -> None:
    definition = done.get_details()["runDefinition"]
    assert definition["arguments"] == ["--lr", "0.1", "--epochs", "3"]
    assert (definition["script"], definition["command"]) == ("train.py", "")
    assert definition["maxRunDurationSeconds"] == 600
    assert definition["environment"]["environmentVariables"]["OMP"] == "1"


def test_passwords_of_registries_are_never_there(done: Run) -> None:
    docker = done.get_details()["runDefinition"]["environment"]["docker"]
    assert docker["baseImageRegistry"]["password"] is None


def test_keys_are_attributes_too(done: Run) -> None:
    details = done.get_details()
    assert isinstance(details, dict)
    assert details.status == details["status"] == "Completed"
    assert details.runId == done.id
    assert "status" in dir(details)
    with pytest.raises(AttributeError, match=r"have no .state.\. There are runId, target, status"):
        details.state  # noqa: B018


def test_a_run_that_goes_on_has_no_end() -> None:
    assert not hasattr(Details(status="Running"), "endTimeUtc")


def test_a_failure_is_in_the_details_and_raised(experiment: Experiment, tmp_path: Path) -> None:
    run = submit(experiment, tmp_path / "s", "raise ValueError('no data')\n")
    with pytest.raises(ActivityFailedException, match="no data"):
        run.wait_for_completion()
    found = run.wait_for_completion(raise_on_error=False)
    assert found.status == "Failed"
    assert "no data" in found.error["error"]["message"]


def test_logs_have_azure_s_names_and_their_text_on_request(done: Run) -> None:
    assert list(done.get_details().logFiles) == ["azureml-logs/70_driver_log.txt"]
    logs = done.get_details_with_logs().logFiles
    assert logs == {"azureml-logs/70_driver_log.txt": "training\n"}


def test_waiting_prints_azure_s_lines(
    experiment: Experiment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = submit(experiment, tmp_path / "s", "print('training')\n")
    capsys.readouterr()
    run.wait_for_completion(show_output=True)
    title = "Streaming azureml-logs/70_driver_log.txt"
    assert capsys.readouterr().out == (
        f"RunId: {run.id}\n"
        f"Web View: {run.get_portal_url()}\n"
        "\n"
        f"{title}\n"
        f"{'=' * len(title)}\n"
        "\n"
        "training\n"
        "\n"
        "Execution Summary\n"
        "=================\n"
        f"RunId: {run.id}\n"
        f"Web View: {run.get_portal_url()}\n"
        "\n"
    )


def test_waiting_says_that_another_attempt_begins(
    experiment: Experiment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "s").mkdir()
    script = "import os; raise SystemExit(os.environ['MLTRAIN_ATTEMPT'] == '1')\n"
    (tmp_path / "s" / "train.py").write_text(script)
    config = ScriptRunConfig(str(tmp_path / "s"), "train.py")
    config.run_config.retries = 1
    experiment.submit(config).wait_for_completion(show_output=True)
    assert "\nAttempt 1 of 2 failed; attempt 2 begins.\n" in capsys.readouterr().out


def test_the_portal_is_the_folder_of_the_files_where_there_is_no_jupyterlab(done: Run) -> None:
    assert done.get_portal_url() == done.portal_url
    assert done.get_portal_url().startswith("file://")


def test_the_portal_is_the_jupyterlab_whose_kernel_this_is(
    done: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "jpserver-77.json").write_text('{"url": "http://localhost:8888/hub/"}')
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("JPY_PARENT_PID", "77")
    url = done.get_portal_url()
    assert re.fullmatch(
        r"http://localhost:8888/hub/lab\?mltrain-run=[0-9a-f]+/" + re.escape(done.id), url
    )
    assert f'<a href="{url}"' in done._repr_html_()
    (tmp_path / "jpserver-77.json").write_text("{")
    assert done.get_portal_url().startswith("file://")


def test_a_child_that_is_submitted_goes_on_by_itself(
    experiment: Experiment, done: Run, tmp_path: Path
) -> None:
    (tmp_path / "train.py").write_text("print(1)\n")
    child = done.submit_child(ScriptRunConfig(str(tmp_path), "train.py"), tags={"a": 1})
    child.wait_for_completion()
    assert child.parent == done
    assert list(done.get_children()) == [child]
    assert list(done.get_children(tags={"a": "2"})) == []
    assert child.record.parent_id is None
    assert child in experiment.get_runs()


def test_what_names_the_run_says_the_same(done: Run) -> None:
    assert done.identity == done.id
    assert done.display_name == f"digits #{done.number}"
    assert done.clean() == []
