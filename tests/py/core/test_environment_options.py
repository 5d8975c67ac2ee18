"""What options say a run executes in: the same for the magics, the form and the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pytest

from jupyter_mltrain.core import environment_options
from jupyter_mltrain.core.conda_dependencies import DEFAULT_PYTHON
from jupyter_mltrain.core.environment import Environment
from jupyter_mltrain.core.environment_options import OPTIONS, Chosen, chosen
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import EnvironmentSpec, ImageSpec, PackagesSpec


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for flags, settings in OPTIONS:
        parser.add_argument(*flags, **settings)
    return parser.parse_args(words)


def of(*words: str, python: str | None = None) -> Chosen:
    return chosen(parsed(*words), python)


def test_without_a_word_it_is_this_python() -> None:
    assert of().spec == Environment.current().spec()
    assert of("--env", "current").registered is None


def test_env_sets_variables_and_names_an_environment() -> None:
    given = parsed("--env", "A=1", "--env", "sklearn:3", "--env", "B=x=y")
    assert environment_options.variables(given) == {"A": "1", "B": "x=y"}
    asked = chosen(given)
    assert (asked.registered, asked.environment) == ("sklearn:3", "sklearn:3")
    assert asked.spec == EnvironmentSpec(name="sklearn", version="3")


def test_the_long_form_names_one_too() -> None:
    assert of("--environment", "sklearn").registered == "sklearn"


def test_packages_are_installed_for_this_python() -> None:
    assert of("--pip", "torch pandas>=2", "--pip", "rich").spec == EnvironmentSpec(
        name="torch",
        packages=PackagesSpec(python=DEFAULT_PYTHON, pip=("torch", "pandas>=2", "rich")),
    )


def test_an_image_is_used_as_it_is() -> None:
    spec = of("--image", "registry.example.com:5000/team/Pets:2@sha256:ab").spec
    assert spec.name == "Pets"
    assert spec.packages is None
    assert spec.image == ImageSpec(image="registry.example.com:5000/team/Pets:2@sha256:ab")


def test_packages_go_into_the_image(folder: Path) -> None:
    (folder / "environment.yml").write_text("dependencies: [numpy]\n")
    spec = of("--image", "pets", "--conda", "environment.yml", "--pip", "rich").spec
    assert spec.packages == PackagesSpec(conda=("numpy",), pip=("rich",))
    assert of("--image", "pets", "--pip", "rich").spec.packages == PackagesSpec(pip=("rich",))


def test_a_dockerfile_brings_its_folder(folder: Path) -> None:
    (folder / "pets").mkdir()
    (folder / "pets" / "Dockerfile").write_text("FROM a\nCOPY . .\n")
    spec = of("--dockerfile", "pets/Dockerfile").spec
    assert spec.name == "pets"
    assert spec.image == ImageSpec(dockerfile="FROM a\nCOPY . .\n", context=str(folder / "pets"))


def test_a_conda_file_may_bring_variables_and_a_name(folder: Path) -> None:
    (folder / "a.yml").write_text("name: pets\nvariables: {A: 1}\ndependencies: [numpy]\n")
    (folder / "b.yml").write_text("dependencies: [numpy]\n")
    spec = of("--conda", "a.yml").spec
    assert (spec.name, dict(spec.variables)) == ("pets", {"A": "1"})
    assert of("--conda", "b.yml").spec.name == "b"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("--pip", "tensorflow>=2"), "my-tensorflow"),
        (("--image", "python:3.11"), "my-python"),
        (("--image", "mltrain-base"), "my-mltrain-base"),
        (("--pip", "a[x,y]>=1"), "a"),
        (("--pip", "--pre a"), "a"),
        (("--pip", "git+https://example.com/a.git"), "git-https-example.com-a.git"),
        (("--pip=--pre",), "packages"),
    ],
)
def test_what_has_no_name_gets_one_that_is_free(words: tuple[str, ...], name: str) -> None:
    assert of(*words).spec.name == name


def test_a_python_may_be_named() -> None:
    assert of(python=sys.executable).spec.interpreter == sys.executable
    assert of("--image", "a", python="python3").spec.interpreter == "python3"


def test_the_environment_for_a_config_says_the_same() -> None:
    asked = of("--image", "a", "--pip", "rich")
    assert isinstance(asked.environment, Environment)
    assert asked.environment.spec() == asked.spec


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--image", "a", "--dockerfile", "b"), "--image and --dockerfile exclude each other."),
        (("--env", "a", "--env", "b"), "A run has one environment, not a and b."),
        (("--env", "a", "--pip", "b"), "The environment 'a' is complete: --pip cannot be added"),
        (("--env", "current", "--image", "b"), "The environment 'current' is complete: --image"),
        (("--conda", "no.yml"), "No conda specification at "),
        (("--dockerfile", "FROM a"), "No Dockerfile at "),
        (("--pip", "-r no.txt"), "No requirements file at "),
        (("--pip", "'a"), "A quote is not closed in "),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(words: tuple[str, ...], says: str) -> None:
    with pytest.raises(InvalidSpec) as caught:
        of(*words)
    assert caught.value.message.startswith(says)


def test_packages_are_not_installed_into_a_python_that_is_named() -> None:
    with pytest.raises(InvalidSpec, match="packages are not installed into that"):
        of("--pip", "a", python="/usr/bin/python3")


@pytest.mark.parametrize("word", ["", "=b", " a"])
def test_a_word_that_is_neither_is_refused(word: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is neither NAME=VALUE, a variable"):
        environment_options.env_word(word)


def test_every_option_is_documented() -> None:
    assert all(settings["help"] for _, settings in OPTIONS)
