"""What a script runs in."""

from __future__ import annotations

import copy
import json
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_mltrain import (
    CondaDependencies,
    DockerConfiguration,
    Environment,
    ScriptRunConfig,
    Workspace,
)
from jupyter_mltrain.core.conda_dependencies import DEFAULT_PYTHON
from jupyter_mltrain.core.docker_section import DEFAULT_CPU_IMAGE
from jupyter_mltrain.core.script_run_config import RunConfiguration
from jupyter_mltrain.errors import InvalidSpec, UserError
from jupyter_mltrain.spec import EnvironmentSpec, ImageSpec, PackagesSpec


def a_managed(name: str = "mine") -> Environment:
    environment = Environment(name)
    environment.python.user_managed_dependencies = True
    return environment


# An interpreter of this machine


def test_the_default_is_the_python_that_runs_this() -> None:
    spec = ScriptRunConfig(".", "train.py").request("e").spec.environment
    assert spec == Environment.current().spec()
    assert spec.interpreter == sys.executable


def test_the_caller_s_python_brings_what_it_is_found_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/mine")
    monkeypatch.setenv("SECRET_TOKEN", "x")
    inherited = Environment.current().spec().inherited
    assert inherited["PYTHONPATH"] == "/mine"
    assert "SECRET_TOKEN" not in inherited


def test_another_python_is_not_misled_by_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "python"
    other.symlink_to(sys.executable)
    monkeypatch.setenv("PYTHONPATH", "/mine")
    monkeypatch.setenv("VIRTUAL_ENV", "/mine")
    environment = a_managed()
    environment.python.interpreter_path = str(other)
    spec = environment.spec()
    assert spec.interpreter == str(other)
    assert not {"PYTHONPATH", "VIRTUAL_ENV"} & set(spec.inherited)


def test_an_interpreter_that_is_not_there_is_named() -> None:
    environment = a_managed()
    environment.python.interpreter_path = "/no/python"
    with pytest.raises(InvalidSpec, match="No interpreter '/no/python' here"):
        environment.spec()


# Packages, and containers


def test_with_nothing_set_it_is_a_python_of_this_version() -> None:
    assert Environment("e").spec() == EnvironmentSpec(
        name="e", packages=PackagesSpec(python=DEFAULT_PYTHON)
    )


def test_only_an_interpreter_takes_variables_over() -> None:
    assert Environment("e").spec().inherited == {}
    image = a_managed()
    image.docker.enabled = True
    assert image.spec().inherited == {}


def test_its_variables_stay_its_own() -> None:
    environment = a_managed()
    environment.environment_variables = {"A": "1", "N": 2}  # type: ignore[dict-item]
    config = ScriptRunConfig(".", "train.py", environment=environment)
    config.run_config.environment_variables = {"A": "run"}
    spec = config.request("e").spec
    assert dict(spec.environment.variables) == {"A": "1", "N": "2"}
    assert dict(spec.variables) == {"A": "run"}


def test_enabled_means_a_container_of_the_default_image() -> None:
    environment = Environment("e")
    environment.docker.enabled = True
    spec = environment.spec()
    assert spec.image == ImageSpec(image=DEFAULT_CPU_IMAGE)
    assert spec.packages == PackagesSpec()  # the image's own Python will do


def test_an_image_that_was_set_means_a_container_and_the_default_one_does_not() -> None:
    environment = a_managed()
    assert environment.docker.base_image == DEFAULT_CPU_IMAGE
    assert environment.spec().image is None
    environment.docker.base_image = DEFAULT_CPU_IMAGE
    assert environment.spec().image is not None


def test_an_interpreter_named_for_an_image_is_the_image_s() -> None:
    environment = a_managed()
    environment.docker.base_image = "fastdotai/fastai2:latest"
    assert environment.spec().interpreter is None
    environment.python.interpreter_path = "/opt/venv/bin/python"
    assert environment.spec().interpreter == "/opt/venv/bin/python"


def test_a_run_may_ask_for_a_container_and_more_of_it() -> None:
    docker = DockerConfiguration(use_docker=True, arguments=["--ulimit core=0"], shm_size="4g")
    environment = Environment("e")
    environment.docker.arguments = ["--init"]
    config = ScriptRunConfig(".", "train.py", environment=environment, docker_runtime_config=docker)
    image = config.request("e").spec.environment.image
    assert image is not None
    assert image.arguments == ("--init", "--ulimit", "core=0")
    assert image.shm_bytes == 4 * 1024**3


def test_a_container_runtime_config_of_another_kind_is_refused() -> None:
    config = ScriptRunConfig(".", "train.py", docker_runtime_config=["x"])  # type: ignore[arg-type]
    with pytest.raises(InvalidSpec, match="docker_runtime_config is a DockerConfiguration"):
        config.request("e")


def test_enabled_shows_in_the_run_configuration() -> None:
    environment = Environment("e")
    environment.docker.enabled = True
    config = ScriptRunConfig(".", "train.py", environment=environment)
    assert config.run_config.docker.use_docker is True


def test_a_registered_one_may_be_named() -> None:
    request = ScriptRunConfig(".", "train.py", environment="sklearn:3").request("e")
    assert request.environment == "sklearn:3"


def test_what_is_no_environment_is_refused() -> None:
    config = ScriptRunConfig(".", "train.py", environment=7)  # type: ignore[arg-type]
    with pytest.raises(InvalidSpec, match="is an Environment, or the name of a registered one"):
        config.request("e")


# Made from files


def test_a_conda_specification_is_kept_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "environment.yml"
    path.write_text(
        "name: mine\nchannels: [conda-forge]\nvariables: {OMP_NUM_THREADS: 2}\ndependencies:\n"
        "  - python=3.10\n  - numpy>=1.26\n  - pip\n  - pip:\n    - azureml-defaults\n    - rich\n"
    )
    environment = Environment.from_conda_specification("e", path)
    spec = environment.spec()
    assert spec.packages == PackagesSpec(
        python="3.10", conda=("numpy>=1.26",), channels=("conda-forge",), pip=("rich",)
    )
    assert dict(spec.variables) == {"OMP_NUM_THREADS": "2"}
    assert environment.docker.base_image == DEFAULT_CPU_IMAGE
    assert "azureml-defaults" in environment.python.conda_dependencies.pip_packages


def test_requirements_come_with_this_python(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("pandas>=2\n")
    spec = Environment.from_pip_requirements("e", path).spec()
    assert spec.packages == PackagesSpec(python=DEFAULT_PYTHON, pip=("pandas>=2",))


@pytest.mark.parametrize("make", ["from_conda_specification", "from_pip_requirements"])
def test_a_file_that_is_not_there_is_named(make: str) -> None:
    with pytest.raises(FileNotFoundError, match=r"at /no/where\.yml\. Give the path"):
        getattr(Environment, make)("e", "/no/where.yml")


def test_an_image_is_used_as_it_is_unless_packages_are_named(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("rich\n")
    as_it_is = Environment.from_docker_image("e", "python:3.11")
    with_more = Environment.from_docker_image("e", "python:3.11", pip_requirements=path)
    assert as_it_is.spec().packages is None
    assert with_more.spec().packages == PackagesSpec(pip=("rich",))


def test_a_dockerfile_makes_an_environment(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\nCOPY . /b\n")
    image = Environment.from_dockerfile("e", tmp_path / "Dockerfile").spec().image
    assert image == ImageSpec(dockerfile="FROM a\nCOPY . /b\n", context=str(tmp_path))


# The object


def test_a_typo_does_not_pass_for_a_setting() -> None:
    environment = Environment("e")
    with pytest.raises(AttributeError, match=r"no attribute 'pyton'\. Did you mean python\?"):
        environment.pyton = 1  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="Did you mean interpreter_path"):
        environment.python.interpreter = 1  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="Did you mean base_image"):
        environment.docker.base_img = "x"  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="Did you mean environment"):
        RunConfiguration().enviroment = environment  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match=r"It has docker, environment_variables, name"):
        _ = environment.zzz


def test_a_password_is_not_shown_pickled_or_sent(tmp_path: Path) -> None:
    environment = a_managed()
    environment.docker.base_image = "private"
    registry = environment.docker.base_image_registry
    registry.address, registry.username, registry.password = "here:5000", "me", "s3cret"
    environment.save_to_directory(tmp_path / "saved")
    written = [path.read_text() for path in (tmp_path / "saved").iterdir()]
    shown = f"{environment!r}{environment.docker!r}{registry!r}{environment.spec()!r}{written}"
    assert "s3cret" not in shown
    assert b"s3cret" not in pickle.dumps(environment)
    assert pickle.loads(pickle.dumps(environment)).docker.base_image_registry.username == "me"


def test_a_copy_is_another_with_the_same_password() -> None:
    environment = a_managed()
    environment.docker.base_image_registry.password = "s3cret"
    cloned = environment.clone("other")
    cloned.docker.base_image = "other"
    assert (cloned.name, cloned.docker.base_image_registry.password) == ("other", "s3cret")
    assert environment.docker.base_image == DEFAULT_CPU_IMAGE
    assert copy.copy(environment.docker.base_image_registry).password == "s3cret"


@pytest.mark.parametrize(
    "spec",
    [
        EnvironmentSpec(name="e", version="3", packages=PackagesSpec()),
        EnvironmentSpec(
            name="e",
            variables={"A": "1"},
            packages=PackagesSpec(
                python=">=3.10", conda=("numpy=1.26",), channels=("c",), pip=("a", "--pre")
            ),
            image=ImageSpec(
                image="a/b:1",
                registry="r:1",
                username="u",
                platform="linux/arm64",
                shm_bytes=64 * 1024**2,
                arguments=("--init",),
            ),
        ),
        EnvironmentSpec(name="e", image=ImageSpec(dockerfile="FROM a\n", context="b3a1")),
    ],
)
def test_a_spec_becomes_the_environment_that_gives_it(spec: EnvironmentSpec) -> None:
    assert Environment.from_spec(spec).spec() == spec


def test_it_is_saved_and_loaded(tmp_path: Path) -> None:
    environment = Environment("e")
    environment.docker.base_dockerfile = "FROM a\nRUN b\n"
    environment.docker.shm_size = "1g"
    environment.docker.arguments = ["--init"]
    environment.environment_variables = {"A": "1"}
    packages = CondaDependencies.create(pip_packages=["rich"], python_version="3.10")
    environment.python.conda_dependencies = packages
    environment.save_to_directory(tmp_path / "saved")
    assert (tmp_path / "saved" / "BaseDockerfile").read_text() == "FROM a\nRUN b\n"
    assert Environment.load_from_directory(tmp_path / "saved").spec() == environment.spec()


def test_one_that_was_saved_is_not_overwritten_unasked(tmp_path: Path) -> None:
    Environment("e").save_to_directory(tmp_path)
    with pytest.raises(UserError, match="Pass overwrite=True"):
        Environment("f").save_to_directory(tmp_path)
    Environment("f").save_to_directory(tmp_path, overwrite=True)
    assert Environment.load_from_directory(tmp_path).name == "f"


def test_what_azure_s_sdk_saved_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "azureml_environment.json").write_text(
        '{"databricks": {}, "docker": {"arguments": [], "baseDockerfile": null, "baseImage": '
        '"a/b:1", "baseImageRegistry": {"address": "r.io", "password": null, "registryIdentity": '
        'null, "username": "u"}, "enabled": true, "platform": {"architecture": "amd64", "os": '
        '"Linux"}, "sharedVolumes": true, "shmSize": null}, "environmentVariables": {"A": "1"}, '
        '"name": "e", "python": {"baseCondaEnvironment": null, "condaDependencies": {"channels": '
        '["conda-forge"], "dependencies": ["python=3.8.13", {"pip": ["azureml-defaults"]}], '
        '"name": "x"}, "interpreterPath": "python", "userManagedDependencies": false}, "spark": '
        '{}, "version": "2"}'
    )
    spec = Environment.load_from_directory(tmp_path).spec()
    assert spec.image == ImageSpec(image="a/b:1", registry="r.io", username="u")
    assert spec.packages is not None
    assert spec.packages.python == "3.8.13"


def test_a_folder_without_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"No azureml_environment\.json in"):
        Environment.load_from_directory(tmp_path)


# The run's configuration


def test_nothing_of_a_config_is_checked_before_it_is_submitted() -> None:
    config = ScriptRunConfig("/nowhere")
    with pytest.raises(InvalidSpec, match="has no script"):
        config.request("e")


def test_arguments_become_strings_and_stay_what_they_were() -> None:
    config = ScriptRunConfig(".", "train.py", ["--lr", 0.1, "--n", 3])
    assert config.request("e").spec.arguments == ("--lr", "0.1", "--n", "3")
    assert config.arguments == ["--lr", 0.1, "--n", 3]


def test_the_run_config_is_live() -> None:
    config = ScriptRunConfig(".", "train.py")
    assert config.run_config.target == "local"
    config.run_config.target = "elsewhere"
    config.run_config.priority = 7
    config.run_config.environment = Environment("later")
    config.run_config.environment_variables["A"] = 1  # type: ignore[assignment]
    spec = config.request("e").spec
    assert (spec.compute, spec.priority, dict(spec.variables)) == ("elsewhere", 7, {"A": "1"})
    assert spec.environment.name == "later"


def test_a_command_is_a_program_with_its_arguments() -> None:
    request = ScriptRunConfig(".", command=["./train", "--lr", 0.1, "a b"]).request("e")
    assert request.spec.arguments == ("./train", "--lr", "0.1", "a b")
    assert request.source.inline == {request.spec.script: 'exec "$@"\n'}


def test_a_line_is_for_the_shell() -> None:
    config = ScriptRunConfig(".", command="cat $DATA | ./train")
    assert config.request("e").spec.arguments == ("/bin/sh", "-c", "cat $DATA | ./train")


def test_the_command_of_a_run_configuration_counts() -> None:
    config = ScriptRunConfig(".", run_config=RunConfiguration(command=["ls"]))
    assert config.request("e").spec.arguments == ("ls",)


@pytest.mark.parametrize("besides", [{"script": "train.py"}, {"arguments": ["x"]}])
def test_a_command_and_a_script_are_too_much(besides: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec, match="either a command, or a script"):
        ScriptRunConfig(".", command=["ls"], **besides).request("e")


def test_one_that_was_never_registered_is_known_nowhere(workspace: Workspace) -> None:
    assert Environment("e").registered_in(workspace) is None


def test_it_shows_its_definition_but_no_password() -> None:
    environment = Environment("e")
    environment.docker.base_image = "team/image:1"
    environment.docker.base_image_registry.address = "registry.example"
    environment.docker.base_image_registry.password = "hidden-word"
    shown = repr(environment)
    assert "hidden-word" not in shown
    assert json.loads(shown)["docker"]["baseImage"] == "team/image:1"
