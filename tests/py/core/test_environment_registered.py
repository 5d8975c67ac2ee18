"""Environments that a workspace knows, and what is built of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from services import end_service

from jupyter_mltrain import Environment, Experiment, Run, ScriptRunConfig, Workspace
from jupyter_mltrain.errors import EnvironmentFailed, InvalidSpec, NoSuchEnvironment, UserError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    workspace = Workspace.at(tmp_path_factory.mktemp("environments") / "workspace")
    yield workspace
    end_service(workspace)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "train.py").write_text("import os, sys\nprint(sys.prefix, os.environ.get('KIND'))\n")
    return folder


def a_bare(name: str, **variables: str) -> Environment:
    """One with nothing but a Python, which is made in no time."""
    environment = Environment(name)
    environment.environment_variables = variables
    return environment


def submitted(ws: Workspace, folder: Path, environment: Environment | str) -> Run:
    config = ScriptRunConfig(folder, "train.py", environment=environment)
    run = Experiment(ws, "e").submit(config)
    run.wait_for_completion()
    return run


def test_versions_count_up_as_text(ws: Workspace) -> None:
    environment = a_bare("counted")
    assert environment.register(ws).version == "1"
    assert environment.register(ws).version == "1"
    environment.environment_variables = {"A": "1"}
    assert environment.register(ws).version == environment.version == "2"
    assert Environment.get(ws, "counted").environment_variables == {"A": "1"}
    assert Environment.get(ws, "counted", version="1").environment_variables == {}
    assert Environment.get(ws, "counted", label="Latest").version == "2"


def test_all_are_listed_with_those_that_are_given(ws: Workspace) -> None:
    a_bare("listed").register(ws)
    assert {"listed", "sklearn", "pytorch"} <= set(ws.environments)
    assert Environment.list(ws)["listed"].spec() == a_bare("listed").register(ws).spec()


def test_one_that_is_not_there_is_named(ws: Workspace) -> None:
    with pytest.raises(NoSuchEnvironment, match="nowhere"):
        Environment.get(ws, "nowhere")
    with pytest.raises(UserError, match="No label 'best'"):
        Environment.get(ws, "sklearn", label="best")


def test_a_given_one_is_cloned_not_changed(ws: Workspace) -> None:
    given = Environment.get(ws, "sklearn")
    given.environment_variables = {"A": "1"}
    with pytest.raises(InvalidSpec, match="sklearn"):
        given.register(ws)
    assert given.clone("my-sklearn").register(ws).version == "1"


def test_a_run_registers_what_it_runs_in(ws: Workspace, folder: Path) -> None:
    run = submitted(ws, folder, a_bare("implicit", KIND="mine"))
    assert Environment.get(ws, "implicit").version == "1"
    assert run.get_environment().environment_variables == {"KIND": "mine"}
    definition = run.get_details()["runDefinition"]["environment"]
    assert definition["python"]["userManagedDependencies"] is False
    assert definition["environmentVariables"] == {"KIND": "mine"}
    assert run.record.environment is not None
    assert run.record.environment.kind == "venv"


def test_an_earlier_version_is_run_in_and_not_registered_again(ws: Workspace, folder: Path) -> None:
    a_bare("earlier", KIND="one").register(ws)
    a_bare("earlier", KIND="two").register(ws)
    run = submitted(ws, folder, Environment.get(ws, "earlier", version="1"))
    assert dict(run.record.spec.environment.variables) == {"KIND": "one"}
    assert Environment.get(ws, "earlier").version == "2"


def test_a_registered_one_may_be_named(ws: Workspace, folder: Path) -> None:
    a_bare("named", KIND="by name").register(ws)
    run = submitted(ws, folder, "named:1")
    assert dict(run.record.spec.environment.variables) == {"KIND": "by name"}


def test_it_is_built_before_a_run_needs_it(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    build = a_bare("built").build(ws).wait_for_completion()
    assert build.status == "Succeeded"
    said = capsys.readouterr().out
    assert said.startswith(build.get_log())
    assert said.endswith("Image Build Status: Succeeded\n")
    details = a_bare("built").get_image_details(ws)
    assert details["imageExistsInRegistry"] is True
    assert details["pythonEnvironment"]["interpreterPath"]


def test_a_local_build_gives_the_interpreter(ws: Workspace) -> None:
    path = a_bare("local").build_local(ws)
    assert Path(path).name.startswith("python")


def test_a_build_that_fails_says_why(ws: Workspace) -> None:
    environment = Environment("failing")
    environment.python.conda_dependencies.set_python_version("3.99")
    with pytest.raises(
        EnvironmentFailed, match=r"The environment failing:1 is not built\. .*3\.99"
    ):
        environment.build(ws).wait_for_completion(show_output=False)


def test_a_password_reaches_the_keyring_and_nothing_else(ws: Workspace) -> None:
    environment = Environment.from_docker_image("private", "a/b:1", "r.example:5000")
    registry = environment.docker.base_image_registry
    registry.username, registry.password = "ann", "planted-4711"
    registered = environment.register(ws)
    assert registered.docker.base_image_registry.username == "ann"
    assert registered.docker.base_image_registry.password is None
    kept = [path for path in ws.directory.rglob("*") if path.is_file()]
    assert [path for path in kept if b"planted-4711" in path.read_bytes()] == []


def test_a_command_is_executed_in_an_image(ws: Workspace, folder: Path, base_image: str) -> None:
    environment = Environment.from_docker_image("tools", base_image)
    command = ["/bin/sh", "-c", 'mkdir outputs; echo "$1" > outputs/said', "sh", "a b"]
    run = Experiment(ws, "e").submit(
        ScriptRunConfig(folder, command=command, environment=environment)
    )
    run.wait_for_completion()
    run.download_file("outputs/said", str(folder / "said"))
    assert (folder / "said").read_text() == "a b\n"
    definition = run.get_details()["runDefinition"]
    assert (definition["script"], definition["command"]) == (None, command)


def test_a_command_finds_the_python_of_its_environment(ws: Workspace, folder: Path) -> None:
    command = "python -c 'import sys; print(sys.prefix)' > outputs/prefix"
    run = Experiment(ws, "e").submit(ScriptRunConfig(folder, command=command))
    run.wait_for_completion()
    run.download_file("outputs/prefix", str(folder / "prefix"))
    assert (folder / "prefix").read_text() == f"{sys.prefix}\n"
