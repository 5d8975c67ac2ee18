"""What users install: the source distribution, the wheel built of it, and what Jupyter finds then.

Nothing here finds a Node on its path: building takes it from a wheel, installing needs none.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import jupyter_mltrain

ROOT = Path(__file__).parents[2]
LABEXTENSION = "share/jupyter/labextensions/jupyter-mltrain"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """Variables of a machine that has no tool but Python."""
    empty = tmp_path_factory.mktemp("path")
    return {**os.environ, "PATH": str(empty), "JUPYTER_CONFIG_DIR": str(empty)}


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    """The source distribution of this tree, unpacked; the front end in it is what is built here."""
    folder = tmp_path_factory.mktemp("sdist")
    run(
        [sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", folder],
        {**os.environ, "SKIP_JUPYTER_BUILDER": "1"},
        ROOT,
    )
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return archive.with_name(archive.name.removesuffix(".tar.gz"))


@pytest.fixture(scope="module")
def wheel(sdist, bare, tmp_path_factory):
    """The wheel that ``pip install .`` makes of a checkout, front end and all."""
    folder = tmp_path_factory.mktemp("wheel")
    checkout = folder / "checkout"
    shutil.copytree(sdist, checkout)
    (checkout / "PKG-INFO").unlink()
    shutil.rmtree(checkout / "jupyter_mltrain" / "labextension", ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, checkout]
    run(pip, bare, folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel, bare, tmp_path_factory):
    """A new environment with the wheel and JupyterLab."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=True)
    run([home / "bin" / "python", "-m", "pip", "install", f"{wheel}[lab]"], bare, home)
    return home


def run(command, environment, folder):
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-5_000:] + done.stderr[-5_000:]
    return done.stdout + done.stderr


def jupyter(home, bare, *arguments):
    return run([home / "bin" / "jupyter", *arguments], bare, home)


def test_a_source_distribution_brings_the_built_front_end(sdist):
    built = sdist / "jupyter_mltrain" / "labextension" / "static" / "style.js"
    assert built.is_file(), "There is no built front end here. Build it: make front-end"


def test_a_wheel_has_the_front_end_and_both_settings_of_jupyter_and_nothing_twice(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    data = f"jupyter_mltrain-{jupyter_mltrain.__version__}.data/data"
    assert f"{data}/{LABEXTENSION}/package.json" in names
    assert f"{data}/{LABEXTENSION}/install.json" in names
    assert f"{data}/etc/jupyter/jupyter_server_config.d/jupyter_mltrain.json" in names
    assert not [name for name in names if name.startswith("jupyter_mltrain/labextension")]
    assert not [name for name in names if name.endswith((".ts", ".map", "yarn.lock"))]


def test_what_jupyterlab_loads_was_built_for_users(installed):
    package = json.loads((installed / LABEXTENSION / "package.json").read_text())
    loaded = installed / LABEXTENSION / package["jupyterlab"]["_build"]["load"]
    assert loaded.is_file()
    assert "sourceMappingURL" not in loaded.read_text()


def test_jupyterlab_finds_the_front_end(installed, bare):
    listed = jupyter(installed, bare, "labextension", "list")
    (line,) = [line for line in listed.splitlines() if "jupyter-mltrain v" in line]
    assert "enabled" in line
    assert "OK" in line
    assert "(python, jupyter_mltrain)" in line


def test_the_server_finds_its_extension(installed, bare):
    listed = jupyter(installed, bare, "server", "extension", "list").splitlines()
    assert any("jupyter_mltrain" in line and "enabled" in line for line in listed)
    assert any("jupyter_mltrain 0" in line and "OK" in line for line in listed)


def test_the_command_is_there(installed, bare):
    assert "submit" in jupyter(installed, bare, "mltrain", "--help")


def test_the_page_has_the_version_of_the_package():
    package = json.loads((ROOT / "package.json").read_text())
    assert package["version"] == jupyter_mltrain.__version__
