"""Passwords of registries: where they are kept, and where they are not."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backends.null import Keyring as NullKeyring
from keyrings import AKeyring, in_place_of_the_systems

from jupyter_mltrain.engine.pulling import Login
from jupyter_mltrain.environments.credentials import Credentials
from jupyter_mltrain.errors import EnvironmentFailed


@pytest.fixture
def a_keyring() -> Iterator[AKeyring]:
    with in_place_of_the_systems() as made:
        yield made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / "registries.json"


@pytest.fixture
def credentials(file: Path) -> Credentials:
    return Credentials(file, keyring=False)


def test_a_password_that_was_kept_is_found(credentials: Credentials) -> None:
    credentials.keep("registry.example", "ann", "secret")
    assert credentials.password("registry.example", "ann") == "secret"


def test_a_password_is_of_one_user_of_one_registry(credentials: Credentials) -> None:
    credentials.keep("registry.example", "ann", "secret")
    assert credentials.password("registry.example", "bob") is None
    assert credentials.password("other.example", "ann") is None


@pytest.mark.parametrize(
    "address", ["https://Registry.example/", "registry.example", "http://registry.example"]
)
def test_an_address_is_the_same_however_it_is_spelled(
    credentials: Credentials, address: str
) -> None:
    credentials.keep(address, "ann", "secret")
    assert credentials.password("registry.example", "ann") == "secret"


def test_docker_hub_has_one_address(credentials: Credentials) -> None:
    credentials.keep("https://index.docker.io/v1/", "ann", "secret")
    assert credentials.password("docker.io", "ann") == "secret"


def test_another_service_finds_it_too(credentials: Credentials, file: Path) -> None:
    credentials.keep("registry.example", "ann", "secret")
    assert Credentials(file, keyring=False).password("registry.example", "ann") == "secret"


def test_only_the_user_can_read_the_file(credentials: Credentials, file: Path) -> None:
    credentials.keep("registry.example", "ann", "secret")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_empty_password_forgets(credentials: Credentials, file: Path) -> None:
    credentials.keep("registry.example", "ann", "secret")
    credentials.keep("registry.example", "ann", "")
    assert credentials.password("registry.example", "ann") is None
    assert "ann" not in file.read_text()


def test_services_that_write_at_once_lose_nothing(file: Path) -> None:
    def keep(number: int) -> None:
        Credentials(file, keyring=False).keep("registry.example", f"user-{number}", "secret")

    threads = [threading.Thread(target=keep, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = Credentials(file, keyring=False)
    assert all(found.password("registry.example", f"user-{n}") == "secret" for n in range(8))


def test_the_keyring_goes_before_the_file(a_keyring: AKeyring, file: Path) -> None:
    Credentials(file).keep("registry.example", "ann", "secret")
    assert list(a_keyring.held.values()) == ["secret"]
    assert not file.exists()
    assert Credentials(file).password("registry.example", "ann") == "secret"


def test_a_locked_keyring_leaves_it_to_the_file(a_keyring: AKeyring, file: Path) -> None:
    a_keyring.locked = True
    Credentials(file).keep("registry.example", "ann", "secret")
    assert Credentials(file).password("registry.example", "ann") == "secret"


def test_what_the_keyring_takes_leaves_the_file(a_keyring: AKeyring, file: Path) -> None:
    a_keyring.locked = True
    Credentials(file).keep("registry.example", "ann", "old")
    a_keyring.locked = False
    Credentials(file).keep("registry.example", "ann", "new")
    assert "old" not in file.read_text()
    assert Credentials(file).password("registry.example", "ann") == "new"


def test_the_keyring_forgets(a_keyring: AKeyring, file: Path) -> None:
    Credentials(file).keep("registry.example", "ann", "secret")
    Credentials(file).keep("registry.example", "ann", "")
    assert a_keyring.held == {}


def test_a_keyring_that_is_switched_off_leaves_it_to_the_file(
    a_keyring: AKeyring, file: Path
) -> None:
    keyring.set_keyring(NullKeyring())
    Credentials(file).keep("registry.example", "ann", "secret")
    assert Credentials(file).password("registry.example", "ann") == "secret"


def test_a_damaged_file_is_named_without_what_is_in_it(
    credentials: Credentials, file: Path
) -> None:
    file.parent.mkdir()
    file.write_text('{"registry.example": "secret')
    with pytest.raises(EnvironmentFailed) as caught:
        credentials.password("registry.example", "ann")
    assert str(file) in caught.value.message
    assert "secret" not in caught.value.message
    assert caught.value.__context__ is None


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file in its place")
    with pytest.raises(EnvironmentFailed, match="cannot be kept in"):
        Credentials(tmp_path / "home" / "file", keyring=False).keep("a.example", "ann", "secret")


def test_a_login_does_not_show_its_password() -> None:
    login = Login(username="ann", password="secret")
    assert "secret" not in f"{login!r} {login}"
