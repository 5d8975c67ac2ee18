"""What a script runs in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jupyter_mltrain import Environment, ScriptRunConfig
from jupyter_mltrain.core.script_run_config import RunConfiguration
from jupyter_mltrain.errors import InvalidSpec


def test_the_default_is_the_python_that_runs_this() -> None:
    assert Environment.current().spec().interpreter == sys.executable


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
    environment = Environment("other")
    environment.python.interpreter_path = str(other)
    spec = environment.spec()
    assert spec.interpreter == str(other)
    assert not {"PYTHONPATH", "VIRTUAL_ENV"} & set(spec.inherited)


def test_an_interpreter_that_is_not_there_is_named() -> None:
    environment = Environment("other")
    environment.python.interpreter_path = "/no/python"
    with pytest.raises(InvalidSpec, match="No interpreter '/no/python' here"):
        environment.spec()


def test_dependencies_that_would_have_to_be_installed_are_refused() -> None:
    environment = Environment("conda")
    environment.python.user_managed_dependencies = False
    with pytest.raises(InvalidSpec, match="asks for dependencies to be installed"):
        environment.spec()


def test_a_typo_does_not_pass_for_a_setting() -> None:
    environment = Environment("e")
    with pytest.raises(AttributeError):
        environment.pyton = 1  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        environment.python.interpreter = 1  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        RunConfiguration().enviroment = environment  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="it has name, version, python"):
        _ = environment.docker


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
    config.run_config.environment_variables["A"] = 1  # type: ignore[assignment]
    spec = config.request("e").spec
    assert (spec.compute, spec.priority, dict(spec.variables)) == ("elsewhere", 7, {"A": "1"})


@pytest.mark.parametrize(
    "asked", ["command", "distributed_job_config", "resume_from", "docker_runtime_config"]
)
def test_what_a_process_run_cannot_do_is_said(asked: str) -> None:
    config = ScriptRunConfig(".", "train.py", **{asked: ["x"]})  # type: ignore[arg-type]
    with pytest.raises(InvalidSpec, match="Leave it out"):
        config.request("e")
