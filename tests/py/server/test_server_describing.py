"""From the form of an environment to its definition."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.server.describing import environment_of, spec_of
from jupyter_mltrain.spec import EnvironmentSpec, ImageSpec, PackagesSpec
from jupyter_mltrain.wire import EnvironmentForm, SubmitForm

CONDA = """\
channels: [conda-forge]
dependencies:
  - python=3.11
  - numpy
  - pip:
      - torch
variables:
  SEED: 1
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root folder with a folder for a Dockerfile to copy from, and a way out of it."""
    root = tmp_path / "root"
    (root / "project").mkdir(parents=True)
    (root / "requirements.txt").write_text("pandas>=2\n")
    (root / "outside").symlink_to(tmp_path)
    return root


def spec(root: Path, **form: object) -> EnvironmentSpec:
    return spec_of(EnvironmentForm(name="fit", **form), root)  # type: ignore[arg-type]


def image(**given: object) -> ImageSpec:
    return ImageSpec(**given)  # type: ignore[arg-type]


def test_lines_of_pip_are_packages_and_comments_are_not(root):
    made = spec(root, pip="torch  # the big one\n\n# nothing\npandas>=2\n", python="3.11")
    assert made == EnvironmentSpec(
        name="fit", packages=PackagesSpec(python="3.11", pip=("torch", "pandas>=2"))
    )


def test_a_version_of_python_alone_is_an_environment(root):
    assert spec(root, python="3.12").packages == PackagesSpec(python="3.12")


def test_a_requirements_file_is_one_of_the_file_browser(root):
    assert spec(root, pip="-r requirements.txt").packages == PackagesSpec(pip=("pandas>=2",))


def test_a_requirements_file_that_is_not_there_is_said(root):
    with pytest.raises(InvalidSpec, match=r"No requirements file at .*missing\.txt"):
        spec(root, pip="-r missing.txt")


def test_a_line_of_pip_that_is_wrong_is_named(root):
    with pytest.raises(InvalidSpec, match=r"^Line 2: "):
        spec(root, pip="torch\npandas 2\n")


def test_a_conda_specification_is_read(root):
    made = spec(root, conda=CONDA)
    assert made.packages == PackagesSpec(
        python="3.11", conda=("numpy",), channels=("conda-forge",), pip=("torch",)
    )
    assert made.variables == {"SEED": "1"}


def test_a_variable_of_the_form_goes_before_that_of_the_specification(root):
    assert spec(root, conda=CONDA, variables={"SEED": "2"}).variables == {"SEED": "2"}


def test_a_line_of_a_conda_specification_that_is_wrong_is_named(root):
    with pytest.raises(InvalidSpec, match=r"^environment\.yml, line 2: "):
        spec(root, conda="dependencies:\n  - [numpy]\n")


def test_an_image_is_used_as_it_is(root):
    made = spec(root, image="python:3.11", registry="r.example", username="ada", python="")
    assert made.image == image(image="python:3.11", registry="r.example", username="ada")
    assert made.packages is None


def test_packages_go_on_top_of_an_image_whose_python_is_taken(root):
    made = spec(root, image="python:3.11", pip="torch")
    assert made.image == image(image="python:3.11")
    assert made.packages == PackagesSpec(pip=("torch",))


def test_a_container_is_made_as_the_form_says(root):
    arguments = ("--ulimit", "memlock=-1", "--label", "two words")
    made = spec(root, image="debian:12", shm_bytes=1 << 30, arguments=arguments, interpreter="py")
    assert made.image == image(image="debian:12", shm_bytes=1 << 30, arguments=arguments)
    assert made.interpreter == "py"


def test_a_dockerfile_copies_from_a_folder_of_the_file_browser(root):
    made = spec(root, dockerfile="FROM debian:12\nCOPY . /app\n", context="project")
    assert made.image is not None
    assert made.image.context == str(root / "project")


def test_a_dockerfile_goes_on_copying_from_what_an_earlier_version_had(root):
    made = spec(root, dockerfile="FROM debian:12\n", snapshot="5eed")
    assert made.image is not None
    assert made.image.context == "5eed"


def test_no_folder_leads_out_of_the_file_browser(root):
    with pytest.raises(InvalidSpec, match="leads out of"):
        spec(root, dockerfile="FROM debian:12\n", context="outside")


def test_a_dockerfile_of_one_line_is_not_taken_for_a_path(root):
    made = spec(root, dockerfile="/etc/hostname")
    assert made.image == image(dockerfile="/etc/hostname")


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({}, "The environment is empty"),
        ({"image": "a", "dockerfile": "FROM b"}, "either an image or a Dockerfile"),
        ({"conda": CONDA, "pip": "torch"}, "Write them there"),
        ({"conda": CONDA, "python": "3.11"}, "Write them there"),
    ],
)
def test_a_form_that_contradicts_itself_is_refused(root, form, problem):
    with pytest.raises(InvalidSpec, match=problem):
        spec(root, **form)


def run_environment(**form: object) -> EnvironmentSpec | None:
    return environment_of(SubmitForm(path="train.py", **form))  # type: ignore[arg-type]


def test_a_run_without_image_and_packages_has_its_environment_from_elsewhere():
    assert run_environment(interpreter="/usr/bin/python3") is None
    assert run_environment(environment="fit:2") is None


@pytest.mark.parametrize(
    ("named", "name"),
    [
        ("python:3.11-slim", "my-python"),
        ("registry.example:5000/team/torch@sha256:abc", "torch"),
        ("debian", "debian"),
    ],
)
def test_the_environment_of_an_image_is_called_as_its_last_part(named, name):
    made = run_environment(image=named)
    assert made is not None
    assert (made.name, made.packages) == (name, None)


@pytest.mark.parametrize("package", ["torch>=2", "torch[extra]", "torch ; python_version > '3'"])
def test_the_environment_of_packages_is_called_as_the_first(package):
    made = run_environment(packages=(package, "pandas"))
    assert made is not None
    assert made.name == "torch"
    assert made.packages is not None
    assert {package, "pandas"} <= set(made.packages.pip)


def test_a_run_has_one_environment():
    with pytest.raises(InvalidSpec, match="one environment"):
        run_environment(image="debian:12", environment="fit")
