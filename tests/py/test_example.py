"""The digits example, as the demo of the command line and by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_mltrain.cli.demo import example
from jupyter_mltrain.client import Client


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """What ``jupyter mltrain demo`` prints in a new workspace, with a client of that workspace."""
    root = tmp_path_factory.mktemp("demo")
    environment = {
        **os.environ,
        "MLTRAIN_WORKSPACE": str(root / "workspace"),
        "JUPYTER_DATA_DIR": str(root / "data"),
        "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_mltrain.cli", "demo"],
        env=environment,
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    client = Client(root / "workspace")
    yield done.stdout, client
    client.shutdown()


def test_the_demo_shows_each_epoch_and_what_comes_of_it(demo):
    printed, _ = demo
    assert "epoch   1/20" in printed
    assert "epoch  20/20" in printed
    assert "\n✓ Completed  digits #1  0:0" in printed
    for line in (
        "\n  loss ",
        "\n  accuracy ",
        "\n  outputs/confusion.png ",
        "\n  outputs/model.joblib ",
    ):
        assert line in printed


def test_the_demo_says_what_to_do_next(demo):
    printed, _ = demo
    assert "jupyter mltrain get 1 " in printed.split("\nNext\n")[1]


def test_the_demo_learns_the_digits(demo):
    _, client = demo
    metrics = client.metrics("1")
    assert metrics["accuracy"][-1] >= 0.9
    assert len(metrics["loss"]) == 20


def test_the_plot_is_a_picture(demo):
    _, client = demo
    assert next(client.read_file("1", "outputs/confusion.png")).startswith(b"\x89PNG")


def test_the_example_works_outside_a_run_as_well(tmp_path):
    script = example() / "train.py"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MLTRAIN_")}
    done = subprocess.run(
        [sys.executable, script, "--epochs", "2", "--C", "0.5"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert "epoch   2/2" in done.stdout, done.stderr
    assert {path.name for path in (tmp_path / "outputs").iterdir()} == {
        "confusion.png",
        "model.joblib",
    }


def test_the_example_has_a_readme_that_names_its_files():
    readme = Path(example() / "README.md").read_text()
    assert all(f"`{name}`" in readme for name in ("train.py", "plots.py"))
