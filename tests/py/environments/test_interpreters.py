"""Which Python of this machine has the version that is asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from loops import in_loop

from jupyter_mltrain.environments import interpreters
from jupyter_mltrain.environments.installing import uv_path
from jupyter_mltrain.environments.interpreters import Interpreter
from jupyter_mltrain.errors import InvalidSpec


@pytest.mark.parametrize(
    ("wanted", "version", "fits"),
    [
        (None, "3.11.7", True),
        ("3.11", "3.11.7", True),
        ("3.1", "3.11.7", False),
        ("=3.11", "3.11.0", True),
        ("3.11.*", "3.11.7", True),
        ("3", "3.11.7", True),
        ("3.8.13", "3.8.13", True),
        ("3.8.13", "3.8.18", False),
        ("==3.8.13", "3.8.13", True),
        (">=3.9", "3.11.7", True),
        (">=3.9,<3.11", "3.11.7", False),
        (">=3.9, !=3.11.7", "3.11.7", False),
        ("3.9|3.11", "3.11.7", True),
        ("~=3.11.2", "3.11.7", True),
    ],
)
def test_versions_are_read_as_conda_reads_them(
    wanted: str | None, version: str, fits: bool
) -> None:
    assert interpreters.fits(wanted, version) is fits


@pytest.mark.parametrize("wanted", ["three", ">>3", "3.11 or so"])
def test_what_is_no_version_is_refused(wanted: str) -> None:
    with pytest.raises(InvalidSpec, match="is no version of Python"):
        interpreters.fits(wanted, "3.11.7")


@pytest.mark.parametrize(
    ("wanted", "spec"),
    [
        (None, "python"),
        ("3.11", "python 3.11.*"),
        ("3.8.13", "python 3.8.13.*"),
        (">=3.9, <3.11", "python >=3.9,<3.11"),
        ("3.9|3.11", "python 3.9.*|3.11.*"),
    ],
)
def test_conda_is_asked_for_the_same(wanted: str | None, spec: str) -> None:
    assert interpreters.as_conda(wanted) == spec


@in_loop
async def test_the_own_python_does_where_it_fits() -> None:
    own = "{}.{}".format(*sys.version_info[:2])
    found = await interpreters.find(own, "/no/uv/needed")
    assert found is not None
    assert found.path == sys.executable


@in_loop
async def test_pythons_of_pyenv_are_found_the_newest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("3.99.2", "3.99.10", "3.99-dev"):
        (tmp_path / "versions" / version / "bin").mkdir(parents=True)
        (tmp_path / "versions" / version / "bin" / "python").touch()
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    found = await interpreters.find("3.99", uv_path())
    assert found == Interpreter(
        path=str(tmp_path / "versions/3.99.10/bin/python"), version="3.99.10"
    )


@in_loop
async def test_pythons_on_the_path_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "python3").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = await interpreters.installed(uv_path())
    assert str(tmp_path / "python3") in {each.path for each in found}


@in_loop
async def test_without_a_uv_there_is_still_the_own_one() -> None:
    assert interpreters.own() in await interpreters.installed("/no/such/uv")


def test_no_such_python_is_said_with_the_newest_first() -> None:
    there = [Interpreter(path="/a", version="3.9.1"), Interpreter(path="/b", version="3.11.7")]
    assert interpreters.none_such("3.6.2", there) == (
        "This machine has no Python 3.6.2. It has 3.11.7, 3.9.1: ask for one of them, as in "
        "python=3.11, or name a conda channel to get it from."
    )
