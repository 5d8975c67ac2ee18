"""`RunConfiguration` and what of it reaches the service."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from jupyter_mltrain import CondaDependencies, Environment, ScriptRunConfig
from jupyter_mltrain.core.data_reference import DataReferenceConfiguration
from jupyter_mltrain.core.distributed import (
    MpiConfiguration,
    ParallelTaskConfiguration,
    PyTorchConfiguration,
    TensorflowConfiguration,
)
from jupyter_mltrain.core.run_configuration import RunConfiguration
from jupyter_mltrain.core.script_run_config import get_run_config_from_script_run
from jupyter_mltrain.errors import InvalidSpec, UserError
from jupyter_mltrain.spec import RunSpec


def spec_of(config: RunConfiguration) -> RunSpec:
    """What the service gets of it."""
    return ScriptRunConfig(".", "train.py", run_config=config).request("e").spec


# Attributes


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("script", None), ("arguments", []), ("command", None), ("target", "local")),
        *(("framework", "Python"), ("communicator", "None"), ("node_count", 1)),
        *(("environment_variables", {}), ("data_references", {}), ("data", {})),
        *(("output_data", {}), ("max_run_duration_seconds", None), ("priority", None)),
        *(("auto_prepare_environment", True), ("credential_passthrough", False), ("retries", 0)),
        *(("source_directory_data_store", None), ("auto_cluster_compute_specification", None)),
    ],
)
def test_everything_has_azures_default(name: str, value: object) -> None:
    assert getattr(RunConfiguration(), name) == value


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        *(("docker", "use_docker", False), ("history", "output_collection", True)),
        *(("history", "directories_to_watch", ["logs"]), ("history", "snapshot_project", True)),
        *(("amlcompute", "vm_size", None), ("mpi", "process_count_per_node", 1)),
        *(("pytorch", "communication_backend", "nccl"), ("tensorflow", "worker_count", 1)),
        *(("hdi", "yarn_deploy_mode", "cluster"), ("paralleltask", "worker_count_per_node", 1)),
        *(("spark", "configuration", {}), ("kubernetescompute", "instance_type", None)),
    ],
)
def test_every_section_has_azures_default(section: str, name: str, value: object) -> None:
    assert getattr(getattr(RunConfiguration(), section), name) == value


@pytest.mark.parametrize(
    ("section", "typo", "meant"),
    [
        *((None, "enviroment", "environment"), (None, "nodecount", "node_count")),
        *(("history", "outputs_collection", "output_collection"), ("mpi", "node_counts", "node")),
    ],
)
def test_a_typo_is_no_setting(section: str | None, typo: str, meant: str) -> None:
    config = RunConfiguration()
    with pytest.raises(AttributeError, match=f"Did you mean {meant}"):
        setattr(config if section is None else getattr(config, section), typo, 1)


def test_a_target_is_named_by_its_object_too() -> None:
    class Target:
        name = "gpu-box"

    config = RunConfiguration()
    config.target = Target()
    assert config.target == "gpu-box"
    config.target = None
    assert config.target == "local"


# The environment


def test_an_environment_that_nobody_set_is_this_python() -> None:
    assert spec_of(RunConfiguration()).environment.name == "current"


def test_variables_alone_leave_it_this_python() -> None:
    config = RunConfiguration()
    config.environment.environment_variables = {"A": "1"}
    environment = spec_of(config).environment
    assert (environment.name, environment.packages) == ("current", None)
    assert dict(environment.variables) == {"A": "1"}


def test_it_can_be_changed_in_place_as_notebooks_do() -> None:
    config = RunConfiguration()
    config.environment.docker.enabled = True
    config.environment.docker.base_image = "python:3.11"
    config.environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["rich"])
    environment = spec_of(config).environment
    assert environment.image is not None
    assert environment.image.image == "python:3.11"
    assert environment.packages is not None
    assert environment.packages.pip == ("rich",)


def test_packages_are_given_at_once() -> None:
    packages = CondaDependencies.create(conda_packages=["numpy"])
    environment = spec_of(RunConfiguration(conda_dependencies=packages)).environment
    assert environment.packages is not None
    assert environment.packages.conda == ("numpy",)


def test_a_container_that_is_asked_for_without_an_image_has_azures_default() -> None:
    config = RunConfiguration()
    config.docker.use_docker = True
    environment = spec_of(config).environment
    assert environment.image is not None
    assert environment.image.image is not None
    assert environment.image.image.startswith("mcr.microsoft.com/azureml/")
    assert (environment.name, environment.packages) == ("default-environment", None)


def test_what_is_no_environment_is_refused_at_submit() -> None:
    config = RunConfiguration()
    config.environment = 7
    with pytest.raises(InvalidSpec, match="is an Environment, or the name"):
        spec_of(config)


# Several nodes and processes


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (MpiConfiguration(), ("Python", "IntelMpi", 1, 1)),
        (MpiConfiguration(4, 2), ("Python", "IntelMpi", 2, 4)),
        (PyTorchConfiguration(), ("PyTorch", "Nccl", 1, 1)),
        (PyTorchConfiguration("Gloo", 8, 2), ("PyTorch", "Gloo", 2, 4)),
        (TensorflowConfiguration(2, 1), ("TensorFlow", "ParameterServer", 3, 1)),
    ],
)
def test_a_distributed_job_says_framework_communicator_nodes_and_processes(
    job: Any, expected: tuple[str, str, int, int]
) -> None:
    config = ScriptRunConfig(".", "train.py", distributed_job_config=job)
    spec = config.request("e").spec
    found = (spec.framework, spec.communicator, spec.node_count, spec.processes_per_node)
    assert found == expected
    assert config.run_config.node_count == expected[2]


def test_the_old_way_to_say_it_counts_too() -> None:
    config = RunConfiguration(framework="python", communicator="OpenMpi")
    config.node_count = 2
    config.mpi.process_count_per_node = 3
    spec = spec_of(config)
    assert (spec.communicator, spec.node_count, spec.processes_per_node) == ("IntelMpi", 2, 3)


def test_processes_that_cannot_be_shared_out_are_refused() -> None:
    config = ScriptRunConfig(".", "t.py", distributed_job_config=PyTorchConfiguration("Nccl", 3, 2))
    with pytest.raises(InvalidSpec, match="process_count=3 cannot be shared out evenly"):
        config.request("e")


@pytest.mark.parametrize(
    ("job", "words"), [("mpi", "not str"), (ParallelTaskConfiguration(), "not offered")]
)
def test_what_is_no_distributed_job_is_refused_at_once(job: Any, words: str) -> None:
    with pytest.raises(InvalidSpec, match=words):
        ScriptRunConfig(".", "train.py", distributed_job_config=job)


def test_a_backend_that_pytorch_has_not_is_refused_at_once() -> None:
    with pytest.raises(InvalidSpec, match="Use 'Nccl' or 'Gloo'"):
        PyTorchConfiguration("mpi")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("framework", "PySpark", "no framework"), ("communicator", "Ring", "no communicator")],
)
def test_an_unknown_word_is_refused_with_those_there_are(name: str, value: str, words: str) -> None:
    config = RunConfiguration()
    setattr(config, name, value)
    with pytest.raises(InvalidSpec, match=words):
        spec_of(config)


# Other settings


def test_retries_reach_the_service() -> None:
    config = RunConfiguration()
    config.retries = 3
    assert spec_of(config).retries == 3


def test_what_to_resume_from_is_data() -> None:
    config = ScriptRunConfig(".", "train.py", resume_from="outputs/model")
    with pytest.raises(InvalidSpec, match="resume_from is a DataPath or DataReference"):
        config.request("e")


def test_a_copy_of_the_run_config_names_script_and_arguments() -> None:
    given = ScriptRunConfig(".", "train.py", ["--lr", 0.1])
    config = get_run_config_from_script_run(given)
    assert (config.script, config.arguments) == ("train.py", ["--lr", 0.1])
    assert given.run_config.arguments == []


def test_a_deep_copy_is_one_of_its_own() -> None:
    config = RunConfiguration()
    config.environment.environment_variables = {"A": "1"}
    copied = copy.deepcopy(config)
    copied.environment.environment_variables["A"] = "2"
    assert config.environment.environment_variables == {"A": "1"}


# Files


def a_config() -> RunConfiguration:
    config = RunConfiguration("train.py", ["--lr", 0.1])
    config.environment = Environment.from_docker_image("net", "python:3.11")
    config.environment_variables = {"A": "1"}
    config.node_count, config.retries, config.max_run_duration_seconds = 2, 1, 60.0
    config.communicator, config.mpi.process_count_per_node = "IntelMpi", 4
    config.docker.shm_size = "8g"
    config.data_references["mnist"] = DataReferenceConfiguration("store", path_on_datastore="x")
    return config


@pytest.mark.parametrize("separately", [False, True])
def test_a_saved_configuration_is_the_same_when_loaded(tmp_path: Path, separately: bool) -> None:
    config = a_config()
    config.save(tmp_path, "mine", separate_environment_yaml=separately)
    loaded = RunConfiguration.load(tmp_path, "mine")
    assert (tmp_path / ".azureml" / "mine.runconfig").is_file()
    assert (loaded.script, loaded.arguments) == ("train.py", ["--lr", 0.1])
    assert loaded.environment.spec(loaded.docker) == config.environment.spec(config.docker)
    assert (loaded.node_count, loaded.processes_per_node, loaded.retries) == (2, 4, 1)
    assert loaded.max_run_duration_seconds == 60.0
    assert loaded.data_references["mnist"].path_on_data_store == "x"


def test_it_is_saved_to_a_path_and_loaded_from_it(tmp_path: Path) -> None:
    path = tmp_path / "here.runconfig"
    a_config().save(path)
    assert RunConfiguration.load(path).script == "train.py"


def test_a_password_is_not_saved(tmp_path: Path) -> None:
    config = a_config()
    config.environment.docker.base_image_registry.password = "pl4nted"
    config.save(tmp_path, "mine")
    assert "pl4nted" not in (tmp_path / ".azureml" / "mine.runconfig").read_text()


def test_one_that_nobody_set_stands_for_this_python_after_loading(tmp_path: Path) -> None:
    RunConfiguration().save(tmp_path, "plain")
    assert spec_of(RunConfiguration.load(tmp_path, "plain")).environment.name == "current"


def test_the_file_of_azures_sdk_is_read_and_what_it_has_besides_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "aml_config"
    folder.mkdir()
    (folder / "conda_dependencies.yml").write_text("dependencies: [numpy]")
    (folder / "old.runconfig").write_text(
        "script: train.py\ntarget: cpu-cluster\nnodeCount: 1\nsomething: {new: 1}\n"
        "environment:\n  python:\n    condaDependenciesFile: aml_config/conda_dependencies.yml\n"
    )
    config = RunConfiguration.load(tmp_path, "old")
    assert (config.script, config.target) == ("train.py", "cpu-cluster")
    assert list(config.environment.python.conda_dependencies.conda_packages) == ["numpy"]


def test_a_name_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    RunConfiguration().save(tmp_path, "one")
    with pytest.raises(UserError, match=r"No run configuration 'two' in .*There is one\."):
        RunConfiguration.load(tmp_path, "two")


def test_a_saved_one_can_be_deleted(tmp_path: Path) -> None:
    RunConfiguration().save(tmp_path, "one")
    RunConfiguration.delete(tmp_path, "one")
    with pytest.raises(UserError, match="No run configuration 'one'"):
        RunConfiguration.delete(tmp_path, "one")


@pytest.mark.parametrize(
    ("path", "name", "words"),
    [(".", None, "Say under which name"), ("nowhere", "a", "is not there"), (".", "a/b", "cannot")],
)
def test_where_to_save_has_to_be_said(
    path: str, name: str | None, words: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=words):
        RunConfiguration().save(tmp_path / path, name)


@pytest.mark.parametrize("text", ["- a\n- b", "a: [", "docker: 3"])
def test_a_file_that_is_something_else_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.runconfig").write_text(text)
    with pytest.raises(InvalidSpec, match=r"x\.runconfig"):
        RunConfiguration.load(tmp_path, "x")
