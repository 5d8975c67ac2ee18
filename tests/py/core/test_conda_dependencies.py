"""Packages, as a conda specification names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mltrain import CondaDependencies
from jupyter_mltrain.core.conda_dependencies import DEFAULT_PYTHON
from jupyter_mltrain.errors import InvalidSpec, UserError
from jupyter_mltrain.spec import PackagesSpec


def of_text(tmp_path: Path, text: str) -> CondaDependencies:
    path = tmp_path / "environment.yml"
    path.write_text(text)
    return CondaDependencies(path)


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(InvalidSpec) as caught:
        of_text(tmp_path, text)
    return caught.value.message.removeprefix(f"{tmp_path}/environment.yml")


def test_packages_are_given_by_name() -> None:
    made = CondaDependencies.create(
        pip_packages=["rich"], conda_packages=["numpy=1.26"], python_version="3.10.18"
    )
    assert list(made.conda_packages) == ["python=3.10.18", "numpy=1.26"]
    assert list(made.pip_packages) == ["azureml-defaults", "rich"]
    assert list(made.conda_channels) == ["anaconda", "conda-forge"]
    assert made.spec() == PackagesSpec(
        python="3.10.18", conda=("numpy=1.26",), channels=("anaconda", "conda-forge"), pip=("rich",)
    )


def test_the_default_python_is_this_one_and_of_an_image_the_image_s() -> None:
    made = CondaDependencies()
    assert made.get_python_version() == DEFAULT_PYTHON
    assert made.spec(in_image=True).python is None
    made.set_python_version(DEFAULT_PYTHON)
    assert made.spec(in_image=True).python == DEFAULT_PYTHON


def test_a_package_is_there_once_whatever_its_version() -> None:
    made = CondaDependencies.create(pip_packages=["pandas"], conda_packages=["numpy"])
    made.add_pip_package("Pandas>=2")
    made.add_conda_package("conda-forge::numpy >=1.26")
    assert list(made.pip_packages) == ["azureml-defaults", "Pandas>=2"]
    assert list(made.conda_packages)[1:] == ["conda-forge::numpy >=1.26"]


def test_packages_channels_and_options_go_as_they_came() -> None:
    made = CondaDependencies.create(pip_packages=["pandas>=2"], conda_packages=["numpy=1.26"])
    made.add_channel("mine")
    made.set_pip_option("--pre")
    made.remove_pip_package("pandas")
    made.remove_conda_package("numpy")
    made.remove_channel("mine")
    made.remove_pip_option("--pre")
    assert made == CondaDependencies()


def test_a_second_index_is_an_extra_one() -> None:
    made = CondaDependencies.create(pip_indexurl="https://a.example/simple")
    made.set_pip_index_url("https://b.example/simple")
    assert list(made.pip_options) == [
        "--extra-index-url https://b.example/simple",
        "--index-url https://a.example/simple",
    ]


def test_requirements_are_replaced_and_options_stay() -> None:
    made = CondaDependencies.create(pip_packages=["pandas"])
    made.set_pip_option("--pre")
    made.set_pip_requirements(["rich"])
    assert made.spec().pip == ("--pre", "rich")


def test_frameworks_have_their_own_words() -> None:
    made = CondaDependencies()
    made.add_tensorflow_pip_package("gpu", "2.15")
    made.add_tensorflow_conda_package(version="2.15")
    made.add_cntk_package()
    assert made.spec().pip == ("tensorflow-gpu==2.15", "cntk")
    assert made.spec().conda == ("tensorflow=2.15",)
    with pytest.raises(UserError, match="neither 'cpu' nor 'gpu'"):
        made.add_cntk_package("tpu")


@pytest.mark.parametrize(
    ("entry", "version"),
    [
        ("python", None),
        ("python=3.8.13", "3.8.13"),
        ("python==3.8", "3.8"),
        ("python>=3.9,<3.12", ">=3.9,<3.12"),
        ("python >=3.9", ">=3.9"),
        ("python 3.9.*", "3.9.*"),
        ("python=3.9=h1234_cpython", "3.9"),
        ("conda-forge::python=3.9", "3.9"),
        ("python-dateutil", None),
    ],
)
def test_the_version_of_python_is_read(tmp_path: Path, entry: str, version: str | None) -> None:
    made = of_text(tmp_path, f"dependencies:\n- {entry}\n")
    assert made.get_python_version() == version


def test_a_file_is_written_as_it_was_read(tmp_path: Path) -> None:
    text = "name: a\nchannels:\n- c\ndependencies:\n- python=3.10\n- pip:\n  - rich>=13\n"
    made = of_text(tmp_path, text)
    assert made.serialize_to_string() == text
    assert made.save_to_file(tmp_path, "out.yml") == "out.yml"
    assert (tmp_path / "out.yml").read_text() == text
    assert made.save(tmp_path) == str(tmp_path / "conda_dependencies.yml")
    with pytest.raises(UserError, match=r"is not there\. Create it first"):
        made.save(tmp_path / "no" / "where.yml")


def test_requirements_of_the_file_may_stand_in_another(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("rich\n")
    made = of_text(tmp_path, "dependencies:\n- pip:\n  - -r requirements.txt\n")
    assert list(made.pip_packages) == ["rich"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [\nb", ", line 2 is not YAML: expected ',' or ']', but got '<stream end>'."),
        ("- numpy\n", ", line 1: a conda specification has channels and dependencies."),
        ("\ndependancies: []\n", ", line 2: 'dependancies' is no part of it. Did you mean"),
        ("name: a\ndependencies: numpy\n", ", line 2: dependencies is a list,"),
        ("dependencies:\n- a\n- 3.8\n", ", line 3: 3.8 is no package."),
        ("dependencies:\n- a\n- nump y=\n", ", line 3: 'nump y=' is no package."),
        ("dependencies:\n- pipp:\n  - a\n", ", line 2: the only entry with a list of its own"),
        ("dependencies:\n- pip:\n  - a\n  - b=>1\n", ", line 4: "),
        ("dependencies:\n- pip:\n  - -e .\n", ", line 3: a folder of this machine"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    assert refusal(tmp_path, text).startswith(says)


def test_requirements_of_one_package_are_merged() -> None:
    merged = CondaDependencies.merge_requirements(["a>=1", "b", "A<2", "a[x]"])
    assert merged == ["a[x]<2,>=1", "b"]
    with pytest.raises(InvalidSpec, match="'=' is no requirement"):
        CondaDependencies.merge_requirements(["="])


def test_what_is_no_package_is_refused_at_once() -> None:
    with pytest.raises(InvalidSpec, match="is no package of conda"):
        CondaDependencies().add_conda_package("-- x")
    with pytest.raises(InvalidSpec, match="A requirement reads name, or name>=version"):
        CondaDependencies().add_pip_package("a=>1")


def test_a_copy_of_the_specification_is_a_copy() -> None:
    made = CondaDependencies()
    made.as_dict()["dependencies"].clear()
    assert made == CondaDependencies()
