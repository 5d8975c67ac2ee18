"""Build contexts: which files go into one, and when it is refused."""

from __future__ import annotations

import tarfile
import tempfile
from pathlib import Path

import pytest

from jupyter_mltrain.environments import context, dockerfile
from jupyter_mltrain.errors import SnapshotError

COPIES = dockerfile.parse("FROM a\nCOPY . /app\n")


def a_folder(folder: Path, *files: str, ignore: str | None = None) -> Path:
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    if ignore is not None:
        (folder / ".dockerignore").write_text(ignore)
    return folder


def test_every_file_is_in_the_context(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, "b/c.txt", "a.txt", ".hidden", "b/.git/x")
    assert context.chosen(folder, COPIES) == (".hidden", "a.txt", "b/.git/x", "b/c.txt")


def test_a_dockerfile_that_copies_nothing_has_none(tmp_path: Path) -> None:
    a_folder(tmp_path, "a.txt")
    assert context.chosen(tmp_path, dockerfile.parse("FROM a\nRUN x\n")) == ()


def test_dockerignore_is_heeded_as_docker_does(tmp_path: Path) -> None:
    folder = a_folder(
        *(tmp_path, "a.log", "b/a.log", "data/big", "data/small", "c.py"),
        ignore="# no comment\n*.log\ndata\n!data/small\n",
    )
    # A rule without a slash is of the root only, unlike git's.
    assert context.chosen(folder, COPIES) == (".dockerignore", "b/a.log", "c.py", "data/small")


def test_other_ignore_files_are_not(tmp_path: Path) -> None:
    a_folder(tmp_path, "a.log", ".gitignore")
    (tmp_path / ".gitignore").write_text("*.log")
    assert "a.log" in context.chosen(tmp_path, COPIES)


def test_links_are_files_of_their_own(tmp_path: Path) -> None:
    a_folder(tmp_path, "d/a.txt")
    (tmp_path / "link").symlink_to("d")
    assert context.chosen(tmp_path, COPIES) == ("d/a.txt", "link")


def test_a_huge_folder_is_refused_with_its_largest_files(tmp_path: Path) -> None:
    a_folder(tmp_path, "small")
    for name, size in (("data/train.bin", 9_000_000_000), ("data/test.bin", 1_000_000_000)):
        (tmp_path / "data").mkdir(exist_ok=True)
        with open(tmp_path / name, "wb") as file:
            file.truncate(size)  # takes no room
    with pytest.raises(SnapshotError) as caught:
        context.chosen(tmp_path, COPIES)
    message = caught.value.message
    assert "holds 10 GB" in message
    assert "data/train.bin (9 GB), data/test.bin (1 GB), small" in message
    assert ".dockerignore" in message


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match=r"no folder .*/gone, which the Dockerfile"):
        context.chosen(tmp_path / "gone", COPIES)


def test_an_archive_holds_the_folder_and_the_dockerfile_of_nobody(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, "a/b.txt")
    with tempfile.TemporaryFile() as file:
        context.archive("FROM x\n", folder, file)
        file.seek(0)
        with tarfile.open(fileobj=file) as archive:
            assert archive.getnames() == ["a", "a/b.txt", context.NAME]
            assert {entry.uid for entry in archive.getmembers()} == {0}
