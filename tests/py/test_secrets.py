"""Secrets: by name within a scope, in the keyring or in one file of the user's."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from keyrings import AKeyring, in_place_of_the_systems

from jupyter_mltrain import workspaces
from jupyter_mltrain.errors import DataUnavailable, WorkspaceError
from jupyter_mltrain.secrets import Secrets, delete_below


@pytest.fixture
def a_keyring() -> Iterator[AKeyring]:
    with in_place_of_the_systems() as made:
        yield made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / "secrets.json"


def in_a_file(file: Path, scope: str = "keyvault/1") -> Secrets:
    return Secrets(scope, file=file, keyring=False)


def test_a_secret_that_was_kept_is_found(file: Path) -> None:
    in_a_file(file).keep("token", "abc")
    assert in_a_file(file).get("token") == "abc"


def test_one_that_was_not_is_none(file: Path) -> None:
    assert in_a_file(file).get("token") is None


def test_the_same_name_in_another_scope_is_another_secret(file: Path) -> None:
    in_a_file(file, "keyvault/1").keep("token", "one")
    in_a_file(file, "keyvault/2").keep("token", "two")
    assert in_a_file(file, "keyvault/1").get("token") == "one"
    assert in_a_file(file, "keyvault/3").get("token") is None


def test_an_empty_text_is_a_secret_too(file: Path) -> None:
    in_a_file(file).keep("token", "")
    assert in_a_file(file).get("token") == ""


def test_names_are_listed_in_order(file: Path) -> None:
    for name in ("b", "a"):
        in_a_file(file).keep(name, "x")
    assert in_a_file(file).names() == ("a", "b")


def test_a_deleted_one_is_gone_from_the_file(file: Path) -> None:
    in_a_file(file).keep("token", "abc")
    in_a_file(file).delete("token")
    assert in_a_file(file).names() == ()
    assert "abc" not in file.read_text()


def test_deleting_what_is_not_there_does_nothing(file: Path) -> None:
    in_a_file(file).delete("token")
    assert not file.exists()


def test_only_the_user_can_read_the_file(file: Path) -> None:
    in_a_file(file).keep("token", "abc")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_by_default_the_file_is_beside_the_workspaces() -> None:
    secrets = Secrets("keyvault/somewhere", keyring=False)
    secrets.keep("token", "abc")
    file = workspaces.home() / "credentials" / "secrets.json"
    assert json.loads(file.read_text())["keyvault/somewhere"] == {"token": "abc"}
    secrets.delete("token")


def test_the_keyring_has_the_value_and_the_file_the_name(a_keyring: AKeyring, file: Path) -> None:
    Secrets("keyvault/1", file=file).keep("token", "abc")
    assert a_keyring.held == {("jupyter_mltrain", "token@keyvault/1"): "abc"}
    assert json.loads(file.read_text()) == {"keyvault/1": {"token": None}}
    assert Secrets("keyvault/1", file=file).get("token") == "abc"
    assert Secrets("keyvault/1", file=file).names() == ("token",)


def test_what_the_keyring_keeps_is_deleted_there(a_keyring: AKeyring, file: Path) -> None:
    secrets = Secrets("keyvault/1", file=file)
    secrets.keep("token", "abc")
    secrets.delete("token")
    assert (a_keyring.held, secrets.names()) == ({}, ())


def test_a_locked_keyring_is_said_when_a_secret_in_it_cannot_go(
    a_keyring: AKeyring, file: Path
) -> None:
    secrets = Secrets("keyvault/1", file=file)
    secrets.keep("token", "abc")
    a_keyring.locked = True
    with pytest.raises(WorkspaceError, match="does not delete 'token': locked"):
        secrets.delete("token")
    assert secrets.names() == ("token",)


def test_every_scope_below_a_name_can_be_forgotten_at_once(
    a_keyring: AKeyring,
) -> None:
    for scope in ("datastore/1/a", "datastore/1/b", "datastore/10/a"):
        Secrets(scope).keep("key", "abc")
    delete_below("datastore/1/")
    assert list(a_keyring.held) == [("jupyter_mltrain", "key@datastore/10/a")]
    Secrets("datastore/10/a").delete("key")


def test_who_asks_chooses_the_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file in its place")
    secrets = Secrets("s", file=tmp_path / "home" / "file", keyring=False, failure=DataUnavailable)
    with pytest.raises(DataUnavailable, match="cannot be kept in") as caught:
        secrets.keep("key", "abc")
    assert "abc" not in caught.value.message


def test_a_secret_is_in_no_repr(file: Path) -> None:
    secrets = in_a_file(file)
    secrets.keep("token", "abc")
    assert "abc" not in f"{secrets!r} {vars(secrets)!r}"
