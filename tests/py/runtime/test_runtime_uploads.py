"""The files of a run."""

from __future__ import annotations

import errno
import os
from io import BytesIO
from pathlib import Path

import pytest

from jupyter_mltrain.runtime import errors, load


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("name", "clean"), [("./outputs/x.pkl", "outputs/x.pkl"), ("a\\b.txt", "a/b.txt"), ("ü", "ü")]
)
def test_names_are_written_one_way(name: str, clean: str) -> None:
    assert load("files").clean_name(name) == clean


@pytest.mark.parametrize(
    "name",
    ["", ".", "/etc/x", "C:\\x", "\\x", "a/../b", "..", "a//b", "a/", "a\0b", "a\nb", "x" * 256, 7],
)
def test_names_that_lead_elsewhere_are_refused(in_run, name) -> None:
    with pytest.raises(ValueError, match="can't name a file of a run") as caught:
        in_run.upload_file(name, b"")
    assert isinstance(caught.value, errors.UserErrorException)


@pytest.mark.parametrize("source", [b"data", BytesIO(b"data"), "path", Path("path")])
def test_paths_streams_and_bytes_are_kept(in_run, run_dir: Path, source) -> None:
    Path("path").write_bytes(b"data")
    in_run.upload_file("a/b/c.bin", source)
    assert (run_dir / "files/a/b/c.bin").read_bytes() == b"data"
    assert names(run_dir / "files") == ["a"]


def test_a_file_is_written_once(in_run, run_dir: Path) -> None:
    in_run.upload_file("a.txt", b"first")
    with pytest.raises(errors.UserErrorException) as caught:
        in_run.upload_file("a.txt", b"second")
    assert caught.value.message == (
        "'a.txt' is already in run digits_1_ab: files are written once. Choose another name."
    )
    assert (run_dir / "files/a.txt").read_bytes() == b"first"


def test_a_file_system_without_hard_links_keeps_the_same_promises(
    in_run, run_dir: Path, monkeypatch
) -> None:
    def link(*args: object, **kwargs: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    in_run.upload_file("a.txt", b"first")
    with pytest.raises(errors.UserErrorException, match="written once"):
        in_run.upload_file("a.txt", b"second")
    assert (run_dir / "files/a.txt").read_bytes() == b"first"
    assert names(run_dir / "files") == ["a.txt"]


@pytest.mark.parametrize("name", ["out/a.txt", "out"])
def test_links_are_never_followed_out_of_the_run(in_run, run_dir: Path, tmp_path, name) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (run_dir / "files/out").symlink_to(elsewhere)
    with pytest.raises(errors.UserErrorException):
        in_run.upload_file(name, b"data")
    assert list(elsewhere.iterdir()) == []


def test_a_file_cannot_be_a_folder_too(in_run) -> None:
    in_run.upload_file("a", b"")
    with pytest.raises(errors.UserErrorException, match="not a folder"):
        in_run.upload_file("a/b", b"")


def test_a_source_that_is_missing_is_an_error_that_says_where_it_looked(in_run) -> None:
    with pytest.raises(errors.UserErrorException, match=r"No such file.*working folder is '/"):
        in_run.upload_file("a.txt", "nowhere.txt")
    with pytest.raises(errors.UserErrorException, match="upload_folder"):
        in_run.upload_file("a.txt", ".")
    with pytest.raises(errors.UserErrorException, match="give a path"):
        in_run.upload_file("a.txt", 3)


def test_a_full_disk_costs_the_file_and_one_line(in_run, run_dir, monkeypatch, capsys) -> None:
    def full(source: object, file: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(load("files"), "_copy", full)
    in_run.upload_file("a.txt", b"1")
    in_run.upload_file("b.txt", b"2")
    assert capsys.readouterr().err == (
        f"'a.txt' can't be kept with the run in {run_dir}/files: No space left on device. "
        "The run goes on without it.\n"
    )
    assert names(run_dir / "files") == []


def test_a_folder_keeps_its_tree(in_run) -> None:
    Path("tree/inner").mkdir(parents=True)
    Path("tree/a.txt").write_text("a")
    Path("tree/inner/b.txt").write_text("b")
    in_run.upload_folder("kept", "./tree")
    assert in_run.get_file_names() == ["kept/a.txt", "kept/inner/b.txt"]


def test_several_files_need_as_many_names(in_run) -> None:
    Path("a").write_text("a")
    in_run.upload_files(["x", "y"], ["a", "a"])
    with pytest.raises(errors.UserErrorException, match="2 names, 1 paths"):
        in_run.upload_files(["p", "q"], ["a"])


def test_outputs_and_logs_are_files_of_the_run(in_run) -> None:
    Path("outputs/m.pkl").write_text("m")
    Path("logs/l.txt").write_text("l")
    in_run.upload_file("u.txt", b"")
    assert in_run.get_file_names() == ["logs/l.txt", "outputs/m.pkl", "u.txt"]
