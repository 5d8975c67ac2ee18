"""Binder: what `binder/` sets up, and both notebooks, in 1 GB of memory."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
import venv
from pathlib import Path

import nbformat
import pytest
from jupyterlab_process import TOKEN, JupyterLab
from memory_limit import MemoryLimit

ROOT = Path(__file__).parents[2]
GIGABYTE = 1_000_000_000

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def limit():
    """A limit of 1 GB that kills."""
    try:
        limit = MemoryLimit(f"mltrain-binder-{os.getpid()}", GIGABYTE)
    except OSError as error:
        pytest.fail(
            f"Memory cannot be limited here: {error}. Run as root, or in a container as root."
        )
    yield limit
    limit.close()


@pytest.fixture(scope="module")
def binder(limit, tmp_path_factory):
    """What Binder makes of the repository: a checkout, and variables that find its environment."""
    home = tmp_path_factory.mktemp("binder")
    checkout = home / "checkout"
    listed = subprocess.check_output(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT, text=True
    )
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, checkout / name)
    venv.create(home / "venv", with_pip=True)
    environment = {
        **os.environ,
        "PATH": f"{home / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "MLTRAIN_WORKSPACE": str(home / "workspace"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
    }
    for command in (
        ["python", "-m", "pip", "install", "--quiet", "--requirement", "binder/requirements.txt"],
        ["bash", "binder/postBuild"],
    ):
        done = run(limit.command(command), environment, checkout)
        assert done.returncode == 0, f"{command}: {done.stdout[-3_000:]}{done.stderr[-3_000:]}"
    return checkout, environment


@pytest.fixture(scope="module")
def server(limit, binder, tmp_path_factory):
    """A JupyterLab that shares the 1 GB, behind a base URL."""
    checkout, environment = binder
    server = JupyterLab(
        checkout,
        tmp_path_factory.mktemp("lab") / "lab.log",
        environment=environment,
        base_url="/user/somebody/",
        python=checkout.parent / "venv" / "bin" / "python",
        wrap=limit.command,
    )
    yield server
    server.stop()


def run(command, environment, folder):
    return subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, check=False
    )


def execute(limit, binder, name):
    """Execute a notebook as a user would from top to bottom; it, and the seconds it took."""
    checkout, environment = binder
    started = time.monotonic()
    command = ["jupyter", "execute", "--inplace", f"{name}.ipynb"]
    done = run(limit.command(command), environment, checkout / "binder")
    assert done.returncode == 0, done.stderr[-5_000:]
    return nbformat.read(checkout / "binder" / f"{name}.ipynb", 4), time.monotonic() - started


def text_of(notebook):
    """Everything in words that stands under the cells."""
    return "\n".join(
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for cell in notebook.cells
        for output in cell.get("outputs", ())
    )


def test_the_limit_kills_what_needs_more(limit):
    command = [sys.executable, "-c", f"b'x' * {GIGABYTE}"]
    assert run(limit.command(command), None, "/").returncode == -signal.SIGKILL


def test_jupyterlab_starts_on_the_first_notebook(server):
    asked = urllib.request.Request(server.url, headers={"Authorization": f"token {TOKEN}"})
    with urllib.request.urlopen(asked) as answer:
        assert answer.url == f"{server.url}lab/tree/binder/train.ipynb"


def test_what_the_front_end_was_built_with_stays_out_of_the_image(binder):
    checkout, _ = binder
    assert not (checkout / "node_modules").exists()


def test_the_first_notebook_trains_in_under_a_minute(limit, binder, server):
    notebook, took_s = execute(limit, binder, "train")
    assert text_of(notebook).count("✓ Completed") >= 2
    assert took_s < 60
    pictures = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == 2


def test_the_second_notebook_queues_cancels_and_repeats(limit, binder, server):
    notebook, _ = execute(limit, binder, "queue")
    text = text_of(notebook)
    assert "○ Queued" in text
    assert "⊘ Canceled" in text
    assert "✓ Completed  for longer" in text


@pytest.mark.parametrize("name", ["train", "queue"])
def test_a_notebook_in_the_repository_has_no_outputs(name):
    notebook = nbformat.read(ROOT / "binder" / f"{name}.ipynb", 4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
