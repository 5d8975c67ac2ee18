"""A workspace's secrets, under Azure's names."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mltrain import Workspace
from jupyter_mltrain.core.keyvault import Keyvault
from jupyter_mltrain.errors import NoSuchSecret, UserError


@pytest.fixture
def vault(tmp_path: Path) -> Keyvault:
    return Workspace.at(tmp_path / "ws").get_default_keyvault()


def test_a_secret_is_given_back(vault: Keyvault) -> None:
    vault.set_secret("token", "abc")
    vault.set_secret(name="token", value="def")
    assert vault.get_secret("token") == "def"


def test_one_that_is_not_there_is_an_error_that_lists_names_only(vault: Keyvault) -> None:
    vault.set_secret("token", "abc")
    with pytest.raises(NoSuchSecret, match=r"No secret 'tokens'.* has 'token'\.") as caught:
        vault.get_secret("tokens")
    assert "abc" not in caught.value.message


def test_several_are_kept_and_asked_for_at_once(vault: Keyvault) -> None:
    vault.set_secrets({"a": "1", "b": "2"})
    assert vault.get_secrets(["a", "b", "c"]) == {"a": "1", "b": "2", "c": None}


def test_names_are_listed_without_values(vault: Keyvault) -> None:
    vault.set_secrets({"b": "2", "a": "1"})
    assert vault.list_secrets() == [{"name": "a"}, {"name": "b"}]


def test_a_deleted_one_is_gone(vault: Keyvault) -> None:
    vault.set_secrets({"a": "1", "b": "2"})
    vault.delete_secret("a")
    assert vault.list_secrets() == [{"name": "b"}]
    with pytest.raises(NoSuchSecret):
        vault.delete_secrets(["b", "a"])
    assert vault.get_secret("b") == "2"


@pytest.mark.parametrize(("name", "value"), [("", "x"), (" ", "x"), ("a", 5), ("a", None)])
def test_what_is_no_name_or_text_is_refused(vault: Keyvault, name: str, value: str) -> None:
    with pytest.raises(UserError):
        vault.set_secrets({"good": "x", name: value})
    assert vault.list_secrets() == []


def test_every_secret_has_the_same_type(vault: Keyvault) -> None:
    vault.set_secret("a", "1")
    assert vault.get_secret_content_type("a") == "application/NotProvided"


def test_another_workspace_has_its_own(vault: Keyvault, tmp_path: Path) -> None:
    vault.set_secret("a", "1")
    assert Workspace.at(tmp_path / "other").get_default_keyvault().list_secrets() == []


def test_nothing_of_a_secret_is_in_the_workspace(vault: Keyvault, tmp_path: Path) -> None:
    vault.set_secret("a", "planted-value")
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not any(b"planted-value" in data for data in files)
    assert "planted-value" not in repr(vault)
