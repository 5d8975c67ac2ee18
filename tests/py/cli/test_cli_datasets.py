"""``jupyter mltrain datasets`` and ``submit --input``."""

from __future__ import annotations

import json

import pytest

TELL = """
import os
print(sorted(os.listdir(os.environ["digits"])), open(os.environ["one"]).read())
"""


@pytest.fixture(scope="module")
def data(cli, tmp_path_factory):
    """A folder with two files."""
    folder = tmp_path_factory.mktemp("digits")
    (folder / "sub").mkdir()
    (folder / "a.txt").write_text("a")
    (folder / "sub" / "b.txt").write_text("bb")
    return folder


@pytest.fixture(scope="module")
def registered(cli, data):
    """The folder where it lies, a file of it, and an upload."""
    assert cli.text("datasets", "register", "faces", data) == "faces:1 is registered.\n"
    said = cli.text(
        *("datasets", "register", "one", data / "a.txt"),
        *("--description", "the first", "--tag", "by=me"),
    )
    assert said == "one:1 is registered.\n"
    said = cli.text("datasets", "upload", "digits", data)
    assert "Uploaded 2 files" in said
    assert said.endswith("digits:1 is registered.\n")


def test_there_is_a_way_to_the_first_one(cli):
    assert "datasets upload NAME FOLDER" in cli("datasets", "ls").stderr.decode()


def test_datasets_are_listed_with_where_they_are_from(cli, registered, data):
    listed = cli.text("datasets", "ls")
    assert all(word in listed for word in ("faces", "one:a.txt", "workspaceblobstore:digits"))
    told = json.loads(cli.text("datasets", "ls", "--json"))
    assert {each["name"] for each in told} >= {"faces", "one"}


def test_one_is_told_with_its_files(cli, registered):
    shown = cli.text("datasets", "show", "one:1")
    assert all(word in shown for word in ("one:1", "the first", "by=me", "1 file, 1 byte", "a.txt"))
    told = json.loads(cli.text("datasets", "show", "digits", "--json"))
    assert told["versions"][0]["version"] == 1


def test_nothing_of_a_registered_folder_is_copied(cli, registered, data):
    (data / "later.txt").write_text("x")
    assert "3 files" in cli.text("datasets", "show", "faces")
    (data / "later.txt").unlink()
    assert "2 files" in cli.text("datasets", "show", "digits")


def test_other_data_is_another_version(cli, registered, data):
    said = cli.text("datasets", "register", "again", "workspaceblobstore:digits/**")
    assert said == "again:1 is registered.\n"
    said = cli.text("datasets", "upload", "again", data / "a.txt", "--to", "other", "-q")
    assert said == "again:2 is registered.\n"
    assert "also 1" in cli.text("datasets", "show", "again")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "nope"), "There is no dataset 'nope'."),
        (("show", "one:7"), "has no version 7. It has 1."),
        (("show", "one:x"), "'x' is no version of a dataset. Write a number: one:1."),
        (("register", "x", "./nope"), "'./nope' is not there."),
        (("register", "x", "workspaceblobstore:nope"), "There is no 'nope'"),
        (("register", "x", "nostore:a"), "There is no datastore 'nostore'."),
        (("upload", "x", "./nope"), "'./nope' is not there."),
    ],
)
def test_what_is_not_there_is_said(cli, registered, arguments, said):
    assert said in cli.error("datasets", *arguments)


def test_a_run_gets_the_path_in_a_variable(cli, registered):
    (cli.folder / "tell.py").write_text(TELL)
    printed = cli.text(
        *("submit", "--quiet", "--wait", "--input", "digits=digits:1", "--input", "one=one"),
        "tell.py",
    )
    assert printed == "['a.txt', 'sub'] a\n"


@pytest.mark.parametrize(
    ("given", "said", "status"),
    [
        ("digits", "'digits' is no input. Write NAME=DATASET or NAME=DATASET:VERSION.", 2),
        ("1st=digits", "'1st' cannot name an input.", 2),
        ("x=nope", "There is no dataset 'nope'.", 1),
        ("x=one:7", "has no version 7", 1),
    ],
)
def test_an_input_that_cannot_be_is_refused_before_anything_is_sent(
    cli, registered, given, said, status
):
    (cli.folder / "tell.py").write_text(TELL)
    assert said in cli.error("submit", "--input", given, "tell.py", status=status)


def test_two_inputs_of_one_name_are_refused(cli, registered):
    (cli.folder / "tell.py").write_text(TELL)
    said = cli.error("submit", "--input", "x=one", "--input", "x=faces", "tell.py")
    assert said == "Two inputs have the name 'x'. Give one of them another."
