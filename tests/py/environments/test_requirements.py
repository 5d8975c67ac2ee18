"""Requirements: what they mean, and what an environment cannot hold."""

from __future__ import annotations

import pytest

from jupyter_mltrain.environments import requirements
from jupyter_mltrain.environments.requirements import read
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import PackagesSpec


@pytest.mark.parametrize(
    ("line", "canonical"),
    [
        ("Scikit_Learn", "scikit-learn"),
        ("pandas  >= 2 , < 3   # the new one", "pandas<3,>=2"),
        ("requests[Socks,use_chardet]==2.31", "requests[socks,use-chardet]==2.31"),
        ('Tomli ; python_version<"3.11"', 'tomli; python_version < "3.11"'),
        ("pkg @ https://example.com/p.whl", "pkg @ https://example.com/p.whl"),
        ("git+https://example.com/p.git@main", "git+https://example.com/p.git@main"),
        ("/wheels/p-1-py3-none-any.whl", "/wheels/p-1-py3-none-any.whl"),
        (
            "six==1.16 --hash=sha256:ab --hash=sha256:cd",
            "six==1.16 --hash=sha256:ab --hash=sha256:cd",
        ),
    ],
)
def test_requirements_that_mean_the_same_read_the_same(line: str, canonical: str) -> None:
    assert read([line]).packages == (canonical,)


def test_the_order_of_packages_does_not_matter_and_that_of_options_does() -> None:
    read_ = read(["b", "--extra-index-url https://two", "a", "--extra-index-url=https://one", "b"])
    assert read_.packages == ("a", "b")
    assert read_.options == ("--extra-index-url https://two", "--extra-index-url https://one")


def test_a_line_goes_on_after_a_backslash() -> None:
    assert read(["six==1.16 \\", "    --hash=sha256:ab"]).packages == (
        "six==1.16 --hash=sha256:ab",
    )


@pytest.mark.parametrize("line", ["", "   ", "# nothing", "--prefer-binary", "--use-pep517"])
def test_what_means_nothing_to_uv_is_left_out(line: str) -> None:
    assert read([line]).lines == ()


def test_short_options_are_those_with_long_names() -> None:
    assert read(["-i https://i", "-fhttps://f"]).options == (
        "--index-url https://i",
        "--find-links https://f",
    )


def test_what_uv_takes_as_arguments_only_is_not_in_the_text() -> None:
    wanted = read(["--pre", "--trusted-host pypi.example.com", "six"])
    assert wanted.text == "six\n"
    assert wanted.arguments == (
        *("--prerelease", "allow"),
        *("--allow-insecure-host", "pypi.example.com"),
    )


@pytest.mark.parametrize(
    "line",
    ["azureml-defaults", "azureml_core==1.27.*", "azureml-sdk[notebooks]", "azureml-train-core"],
)
def test_what_our_runtime_answers_for_is_not_installed(line: str) -> None:
    wanted = read([line])
    assert wanted.packages == ()
    assert len(wanted.ours) == 1


def test_packages_of_azure_that_do_more_are_installed() -> None:
    assert read(["azureml-mlflow"]).packages == ("azureml-mlflow",)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("pandas=1.5", "Write `pandas==1.5`."),
        ("-r other.txt", "names another file"),
        ("--constraint=c.txt", "names another file"),
        ("-e .", "is an editable install"),
        ("./here", "is a relative path"),
        ("wheels/p.whl", "is a relative path"),
        ("two words", "is no requirement"),
        ("--no-such-option x", "is no option of a requirements file"),
        ("--index-url", "is no option of a requirements file"),
    ],
)
def test_what_an_environment_cannot_hold_is_refused_by_name(line: str, says: str) -> None:
    with pytest.raises(InvalidSpec) as caught:
        read([line])
    assert says in caught.value.message
    assert f"`{line}`" in caught.value.message


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://me:planted@pypi.example.com/simple",
        "p @ https://me:planted@pypi.example.com/p.whl",
        "git+https://me:planted@pypi.example.com/p.git",
    ],
)
def test_a_password_is_refused_without_telling_it(line: str) -> None:
    with pytest.raises(InvalidSpec) as caught:
        read([line])
    assert "planted" not in caught.value.message
    assert "pypi.example.com has a password in it" in caught.value.message


def test_a_variable_in_the_place_of_a_password_is_not_one() -> None:
    assert read(["--index-url https://${WHO}:${TOKEN}@pypi.example.com/simple"]).options


def test_the_channels_are_checked_too() -> None:
    requirements.check(PackagesSpec(channels=("conda-forge", "https://example.com/c")))
    with pytest.raises(InvalidSpec, match=r"The channel example\.com has a password"):
        requirements.check(PackagesSpec(channels=("https://me:planted@example.com/c",)))
