"""What a container that installs packages is given of the user's settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from wheels import a_wheel

from jupyter_mltrain.environments import network
from jupyter_mltrain.environments.network import Network

THERE = "/bench/home"


def collected(home: Path, *lines: str, **environ: str) -> Network:
    """The settings of a user with these variables and nothing else, not even pip's files."""
    given = {"HOME": str(home), "PIP_CONFIG_FILE": "/dev/null", **environ}
    return network.collected(THERE, lines, given)


def test_a_machine_without_settings_gives_none(tmp_path: Path) -> None:
    found = collected(tmp_path)
    assert (found.variables, found.files, found.folders, found.host) == ({}, {}, {}, False)


def test_proxies_are_taken_along_in_every_spelling(tmp_path: Path) -> None:
    given = {"HTTPS_PROXY": "http://proxy:3128", "no_proxy": "example.org"}
    assert collected(tmp_path, **given).variables == given


def test_variables_that_are_nobodys_business_stay(tmp_path: Path) -> None:
    given = {"AWS_SECRET_ACCESS_KEY": "x", "PATH": "/bin", "UV_CACHE_DIR": "/here"}
    assert collected(tmp_path, **given).variables == {}


def test_variables_that_requirements_name_are_taken_along(tmp_path: Path) -> None:
    found = collected(tmp_path, "tool @ https://${TOKEN}@host/tool.whl", TOKEN="x", OTHER="y")
    assert found.variables == {"TOKEN": "x"}


def test_pips_index_is_handed_on(tmp_path: Path) -> None:
    found = collected(tmp_path, PIP_INDEX_URL="https://index.example/simple")
    assert found.variables == {"UV_DEFAULT_INDEX": "https://index.example/simple"}


def test_certificates_are_a_file_of_the_container(tmp_path: Path) -> None:
    bundle = tmp_path / "company.pem"
    bundle.write_text("certificates")
    found = collected(tmp_path, PIP_CERT=str(bundle))
    assert found.files == {"ssl-cert-file.pem": bundle}
    assert found.variables == {"SSL_CERT_FILE": f"{THERE}/ssl-cert-file.pem"}


def test_passwords_by_host_and_uvs_own_file_are_taken_along(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine index.example login ann password x")
    settings = tmp_path / ".config" / "uv" / "uv.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("")
    assert collected(tmp_path).files == {
        ".netrc": tmp_path / ".netrc",
        ".config/uv/uv.toml": settings,
    }


def test_folders_of_wheels_have_a_place_in_the_container(tmp_path: Path) -> None:
    found = collected(tmp_path, UV_FIND_LINKS=f"{tmp_path},https://host/wheels")
    assert found.folders == {"folder-0": tmp_path}
    assert found.variables["UV_FIND_LINKS"] == f"{THERE}/folder-0,https://host/wheels"


def test_an_index_in_a_folder_comes_with_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "simple").mkdir()
    found = collected(tmp_path, UV_INDEX=f"mine={tmp_path.as_uri()}/simple")
    assert found.folders == {"folder-0": tmp_path}
    assert found.variables["UV_INDEX"] == f"mine=file://{THERE}/folder-0/simple"


def test_a_folder_that_is_not_there_is_left_out(tmp_path: Path) -> None:
    assert collected(tmp_path, UV_FIND_LINKS=f"{tmp_path}/gone").variables == {}


def test_wheels_that_requirements_name_have_a_place_in_the_container(tmp_path: Path) -> None:
    wheel = a_wheel(tmp_path, "tool")
    found = collected(tmp_path, f"tool @ {wheel.as_uri()}", f"--find-links {tmp_path}")
    assert found.folders == {"folder-0": tmp_path}
    assert found.moved == {
        wheel.as_uri(): f"file://{THERE}/folder-0/{wheel.name}",
        str(tmp_path): f"{THERE}/folder-0",
    }


def test_an_engine_elsewhere_gets_all_but_the_folders(tmp_path: Path) -> None:
    given = {"UV_FIND_LINKS": f"{tmp_path},https://host/wheels", "HTTP_PROXY": "http://proxy"}
    found = collected(tmp_path, **given).without_folders(THERE)
    assert found.folders == {}
    assert found.variables == {**given, "UV_FIND_LINKS": "https://host/wheels"}


@pytest.mark.parametrize(
    "name", ["HTTPS_PROXY", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_EXTRA_INDEX_URL"]
)
def test_what_listens_on_this_machine_needs_its_network(tmp_path: Path, name: str) -> None:
    assert collected(tmp_path, **{name: "http://localhost:3128/simple"}).host
    assert not collected(tmp_path, **{name: "http://proxy:3128/simple"}).host


def test_no_secret_is_in_a_settings_representation(tmp_path: Path) -> None:
    found = collected(tmp_path, UV_DEFAULT_INDEX="https://ann:secret@index.example/simple")
    assert "secret" not in repr(found)
