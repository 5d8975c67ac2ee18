"""The conda environments of this machine, as conda leaves them on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_mltrain import Environment
from jupyter_mltrain.errors import UserError
from jupyter_mltrain.spec import PackagesSpec


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose conda knows the environment ``pets``."""
    for name in ("CONDA_PREFIX", "CONDA_EXE", "MAMBA_ROOT_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    prefix = tmp_path / "elsewhere" / "pets"
    for name, version, channel in (
        ("python", "3.10.14", "https://conda.anaconda.org/conda-forge/linux-64"),
        ("pip", "24.0", "https://conda.anaconda.org/conda-forge/noarch"),
        ("numpy", "1.26.4", "https://repo.anaconda.com/pkgs/main/linux-64"),
        ("mine", "1", "file:///channel/noarch/"),
    ):
        record = {"name": name, "version": version, "channel": channel}
        path = prefix / "conda-meta" / f"{name}-{version}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record))
    for name, installer in (("rich", "uv"), ("numpy", "conda")):
        info = prefix / "lib/python3.10/site-packages" / f"{name}-13.7.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 13.7\n")
        (info / "INSTALLER").write_text(f"{installer}\n")
    (tmp_path / ".conda").mkdir()
    (tmp_path / ".conda" / "environments.txt").write_text(f"{prefix}\n/gone\n")
    return tmp_path


def test_its_packages_are_taken_with_their_versions(home: Path) -> None:
    spec = Environment.from_existing_conda_environment("e", "pets").spec()
    assert spec.packages == PackagesSpec(
        python="3.10.14",
        conda=("mine=1", "numpy=1.26.4"),
        channels=("file:///channel", "defaults", "conda-forge"),
        pip=("rich==13.7",),
    )


def test_it_may_be_named_by_its_folder(home: Path) -> None:
    path = home / "elsewhere" / "pets"
    environment = Environment.from_existing_conda_environment("e", str(path))
    assert environment.python.conda_dependencies.get_python_version() == "3.10.14"


def test_one_that_is_not_there_is_named_with_those_that_are(home: Path) -> None:
    with pytest.raises(UserError, match=r"No conda environment 'cats' on this machine\. There are"):
        Environment.from_existing_conda_environment("e", "cats")
