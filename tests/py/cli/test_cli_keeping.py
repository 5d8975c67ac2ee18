"""``get``, ``rm`` and ``gc``: files come out whole, and nothing goes unasked."""

from __future__ import annotations

import pexpect
import pytest

OUTPUTS = """
import os
os.makedirs("outputs/deep")
open("outputs/model.bin", "wb").write(bytes(range(256)) * 2_000)
open("outputs/deep/with 'quotes' é.txt", "w").write("x")
print("done")
"""


@pytest.fixture(scope="module")
def trained(cli):
    """A run with outputs."""
    return str(cli.run(OUTPUTS, "--name", "trained"))


def test_all_outputs_come_under_their_names(cli, trained, tmp_path):
    said = cli.text("get", trained, "-o", tmp_path)
    assert (tmp_path / "outputs/model.bin").read_bytes() == bytes(range(256)) * 2_000
    assert (tmp_path / "outputs/deep/with 'quotes' é.txt").read_text() == "x"
    assert f"{tmp_path}/outputs/model.bin  512 kB\n" in said


def test_outputs_come_to_the_current_folder_by_default(cli, trained, tmp_path):
    cli("get", trained, cwd=tmp_path)
    assert (tmp_path / "outputs" / "model.bin").is_file()


def test_one_file_can_be_named_without_outputs(cli, trained, tmp_path):
    cli("get", trained, "model.bin", cwd=tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["model.bin"]


def test_logs_can_be_fetched_too(cli, trained, tmp_path):
    cli("get", trained, "azureml-logs", cwd=tmp_path)
    assert (tmp_path / "azureml-logs/70_driver_log.txt").read_text() == "done\n"


def test_what_was_fetched_is_said_to_programs(cli, trained, tmp_path):
    assert cli.json("get", trained, "model.bin", "-o", tmp_path) == [
        {
            "name": "outputs/model.bin",
            "path": str(tmp_path / "outputs/model.bin"),
            "size_bytes": 512_000,
        }
    ]


def test_a_file_that_is_there_is_not_overwritten(cli, trained, tmp_path):
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs/model.bin").write_text("mine")
    said = cli.error("get", trained, "-o", tmp_path)
    assert "outputs/model.bin is there already" in said
    assert [path.name for path in (tmp_path / "outputs").iterdir()] == ["model.bin"]


def test_a_file_that_is_there_is_overwritten_when_forced(cli, trained, tmp_path):
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs/model.bin").write_text("mine")
    cli("get", trained, "--force", "-o", tmp_path)
    assert (tmp_path / "outputs/model.bin").stat().st_size == 512_000


def test_a_file_of_the_run_that_is_not_there_fetches_nothing(cli, trained, tmp_path):
    assert "no file 'modle'" in cli.error("get", trained, "model.bin", "modle", "-o", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_one_sentence(cli, trained, tmp_path):
    (tmp_path / "file").touch()
    assert "cannot be written" in cli.error("get", trained, "-o", tmp_path / "file")


# rm


def test_deleting_unasked_needs_yes_and_names_what_would_be_lost(cli):
    number = cli.run(OUTPUTS)
    said = cli.error("rm", str(number))
    assert said.startswith("Nothing is deleted without --yes: ")
    assert f"project #{number} with 2 outputs and the logs, 512 kB in all" in said
    assert cli.json("show", str(number))


def test_a_deleted_run_is_gone(cli):
    numbers = [str(cli.run("")), str(cli.run(""))]
    assert cli.text("rm", "--yes", *numbers, numbers[0]).count("is deleted") == 2
    assert "No run" in cli.error("show", numbers[0])


def test_a_run_that_goes_on_is_not_deleted_and_neither_are_the_others(cli):
    ended = str(cli.run(""))
    going = str(cli.submit("import time; time.sleep(600)"))
    assert f"cancel {going}" in cli.error("rm", "--yes", ended, going)
    assert cli.json("show", ended)
    cli("cancel", going)


@pytest.mark.parametrize(("answer", "there"), [("y", False), ("n", True), ("", True)])
def test_on_a_terminal_deleting_asks_once(cli, answer, there):
    number = str(cli.run(""))
    terminal = cli.terminal("rm", number)
    terminal.expect_exact(f"Delete project #{number} with 0 outputs and the logs".encode())
    terminal.sendline(answer)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == (1 if there else 0)
    assert (number in [str(run["number"]) for run in cli.json("ls")]) is there


# gc


def test_a_clean_up_says_what_it_would_take_and_takes_it_only_when_told(cli):
    number = cli.run(OUTPUTS, "--name", "old")
    done = cli("gc", "--keep", "0", status=1)
    assert f"old #{number}" in done.stdout.decode()
    assert "Nothing is deleted without --yes: " in done.stderr.decode()
    assert f"old #{number}" in cli.text("gc", "--keep", "0", "--dry-run")
    assert cli.json("gc", "--keep", "0")["dry_run"] is True
    assert cli.json("show", "old")
    said = cli.text("gc", "--keep", "0", "--yes")
    assert said.splitlines()[-1].startswith("Deleted ")
    assert cli.json("ls") == []


def test_a_clean_up_with_nothing_to_take_says_so(cli):
    cli.run("")
    assert cli.text("gc", "--older-than", "30d") == "There is nothing to take.\n"
