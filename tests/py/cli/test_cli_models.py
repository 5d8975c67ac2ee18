"""``jupyter mltrain models``: register, list, show, fetch and delete."""

from __future__ import annotations

import json

import pytest

OUTPUTS = """
import os
os.makedirs("outputs/model")
open("outputs/model/a.bin", "wb").write(b"x" * 2_000)
open("outputs/one.txt", "w").write("one")
"""


@pytest.fixture(scope="module")
def trained(cli):
    """A run with outputs."""
    return str(cli.run(OUTPUTS, "--name", "trained"))


def test_there_is_a_way_to_the_first_one(cli):
    assert "No models yet." in cli.text("models", "ls")
    assert "models register NAME" in cli.text("models", "ls")


def test_files_of_a_run_are_registered_shown_and_fetched(cli, trained, tmp_path):
    said = cli.text(
        *("models", "register", "net", "outputs/model", "--run", trained),
        *("--tag", "stage=test", "--framework", "PyTorch", "--description", "a small one"),
    )
    assert said == "net:1 is registered: 1 file, 2 kB.\n"
    listed = cli.text("models", "ls")
    assert all(word in listed for word in ("net", "PyTorch", "2 kB", "a small one"))
    shown = cli.text("models", "show", "net")
    assert all(word in shown for word in ("net:1", "trained #", "stage=test", "model/a.bin"))
    fetched = cli.text("models", "get", "net", "-o", tmp_path)
    assert fetched == f"{tmp_path}/model  2 kB\n"
    assert (tmp_path / "model" / "a.bin").stat().st_size == 2_000
    assert "overwrite with --force" in cli.error("models", "get", "net", "-o", tmp_path)


def test_files_of_this_machine_are_registered(cli, tmp_path):
    (tmp_path / "m.onnx").write_text("x")
    made = json.loads(cli.text("models", "register", "local", tmp_path / "m.onnx", "--json"))
    assert (made["name"], made["run_id"], made["files"][0]["name"]) == ("local", None, "m.onnx")


def test_what_is_not_there_is_said(cli, trained):
    assert "no file or folder 'nope'" in cli.error(
        "models", "register", "net", "nope", "--run", trained
    )
    assert "There is no model 'nope'" in cli.error("models", "show", "nope")


def test_nothing_is_deleted_unasked_and_everything_of_a_name_when_asked(cli, trained):
    for _ in range(2):
        cli("models", "register", "old", "outputs/one.txt", "--run", trained)
    said = cli.error("models", "rm", "old")
    assert "Nothing is deleted without --yes: old:2, old:1 would be lost, 6 bytes." in said
    assert cli.text("models", "rm", "old:1", "--yes") == "Deleted old:1, 3 bytes in all.\n"
    cli("models", "rm", "old", "--yes")
    assert "There is no model 'old'" in cli.error("models", "show", "old")
