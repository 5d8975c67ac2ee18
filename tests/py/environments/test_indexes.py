"""pip's settings, handed on to uv where uv has none of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mltrain.environments import indexes
from jupyter_mltrain.environments.requirements import read

HERE = "https://pypi.example.com/simple"
THERE = "https://other.example.com/simple"


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The environment on a machine where nothing is configured."""
    return {
        "HOME": str(tmp_path),
        "PIP_CONFIG_FILE": "/dev/null",
        "XDG_CONFIG_HOME": str(tmp_path / ".config"),
    }


def test_without_settings_there_is_nothing_to_hand_on(machine: dict[str, str]) -> None:
    assert indexes.settings(machine) == {}


def test_pip_s_variables_become_uv_s(machine: dict[str, str]) -> None:
    given = {
        "PIP_INDEX_URL": HERE,
        "PIP_EXTRA_INDEX_URL": f"{THERE} https://third",
        "PIP_FIND_LINKS": "/wheels /more",
        "PIP_TRUSTED_HOST": "pypi.example.com",
        "PIP_NO_INDEX": "yes",
        "PIP_CERT": "/ca.pem",
        "PIP_CLIENT_CERT": "/me.pem",
        "PIP_PROXY": "proxy:3128",
    }
    assert indexes.settings(machine | given) == {
        "UV_DEFAULT_INDEX": HERE,
        "UV_INDEX": f"{THERE} https://third",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_INSECURE_HOST": "pypi.example.com",
        "UV_NO_INDEX": "1",
        "SSL_CERT_FILE": "/ca.pem",
        "SSL_CLIENT_CERT": "/me.pem",
        "ALL_PROXY": "http://proxy:3128",
    }


def test_pip_s_files_count_and_its_variables_go_first(
    machine: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "pip.conf"
    file.write_text(f"[global]\nindex_url = {THERE}\n[install]\nfind-links =\n  /a\n  /b\n")
    found = indexes.settings(machine | {"PIP_CONFIG_FILE": str(file), "PIP_INDEX_URL": HERE})
    assert (found["UV_DEFAULT_INDEX"], found["UV_FIND_LINKS"]) == (HERE, "/a,/b")


@pytest.mark.parametrize("name", ["UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_FIND_LINKS"])
def test_what_uv_is_told_itself_goes_before_all_of_pip(machine: dict[str, str], name: str) -> None:
    assert indexes.settings(machine | {name: THERE, "PIP_EXTRA_INDEX_URL": HERE}) == {}


@pytest.mark.parametrize(
    "text",
    [f'index-url = "{THERE}"\n', f'[[index]]\nurl = "{THERE}"\n', "[pip]\nno-index = true\n"],
)
def test_so_does_uv_s_own_file(machine: dict[str, str], tmp_path: Path, text: str) -> None:
    file = tmp_path / ".config" / "uv" / "uv.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert indexes.settings(machine | {"PIP_INDEX_URL": HERE}) == {}


def test_a_proxy_and_certificates_that_are_set_stay(machine: dict[str, str]) -> None:
    given = {
        "https_proxy": "http://p",
        "SSL_CERT_FILE": "/own.pem",
        "PIP_PROXY": "q",
        "PIP_CERT": "/c",
    }
    assert indexes.settings(machine | given) == {}


def test_certificates_of_other_tools_do_for_uv(machine: dict[str, str]) -> None:
    found = indexes.settings(machine | {"REQUESTS_CA_BUNDLE": "/company.pem"})
    assert found == {"SSL_CERT_FILE": "/company.pem"}


def test_a_broken_file_of_pip_is_pip_s_to_complain_about(
    machine: dict[str, str], tmp_path: Path
) -> None:
    broken, empty = tmp_path / "broken.conf", tmp_path / "empty.conf"
    broken.write_text("no section\n")
    empty.touch()
    found = [indexes.settings(machine | {"PIP_CONFIG_FILE": str(each)}) for each in (broken, empty)]
    assert found[0] == found[1]


def test_an_index_of_the_requirements_is_in_the_place_of_the_configured(
    machine: dict[str, str],
) -> None:
    environ = machine | {"UV_INDEX_URL": THERE, "UV_INDEX": THERE}
    found = indexes.for_requirements(environ, read([f"-i {HERE}"]))
    assert found == machine | {"UV_DEFAULT_INDEX": HERE}


def test_an_extra_index_of_the_requirements_comes_on_top(machine: dict[str, str]) -> None:
    found = indexes.for_requirements(
        machine | {"UV_INDEX": THERE, "TOKEN": "t"},
        read(["--extra-index-url https://me:${TOKEN}@here"]),
    )
    assert found["UV_INDEX"] == f"https://me:t@here {THERE}"


def test_tools_do_not_see_where_the_user_works(machine: dict[str, str]) -> None:
    given = {"VIRTUAL_ENV": "/v", "PYTHONPATH": "/p", "UV_PYTHON": "3.8", "PATH": "/bin"}
    found = indexes.variables(machine | given)
    assert found == machine | {"PATH": "/bin", "NO_COLOR": "1"}
