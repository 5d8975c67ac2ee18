"""The files of a run: listed and opened, whatever the script did to them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from run_builders import names, read
from store_builders import write

from jupyter_mltrain import errors, wire
from jupyter_mltrain.store.files import RunFiles

# While the run goes on


def test_files_and_what_the_script_writes_are_listed_together(run: Path) -> None:
    write(run, work__outputs__m__a_dot_pt="1", work__logs__b="22", work__train_dot_py="")
    write(run, files__azureml_logs__driver="333", files__outputs__up="4444")
    listed = RunFiles(run).list()
    assert [(file.name, file.size_bytes) for file in listed] == [
        ("azureml_logs/driver", 3),
        ("logs/b", 2),
        ("outputs/m/a.pt", 1),
        ("outputs/up", 4),
    ]
    assert listed[0].modified_at.utcoffset() is not None


def test_a_run_without_any_folder_has_no_files(tmp_path: Path) -> None:
    assert RunFiles(tmp_path / "nothing").list() == ()


def test_a_kept_file_comes_before_one_being_written(run: Path) -> None:
    write(run, files__outputs__a="kept", work__outputs__a="being written")
    assert read(run, "outputs/a") == b"kept"
    assert [file.size_bytes for file in RunFiles(run).list()] == [4]


def test_a_file_is_opened_wherever_it_lies(run: Path) -> None:
    write(run, files__a="a", work__outputs__b__c="c", work__logs__d="d")
    assert [read(run, name) for name in ("a", "outputs/b/c", "./logs//d")] == [b"a", b"c", b"d"]
    assert RunFiles(run).resolve("outputs/b/c") == run / "work/outputs/b/c"


def test_names_that_are_not_utf_8_can_be_listed_and_opened(run: Path) -> None:
    (run / "work/outputs" / os.fsdecode(b"caf\xe9")).write_text("x")
    (name,) = names(run)
    assert name == r"outputs/caf\udce9"
    assert wire.encode(RunFiles(run).list())
    assert read(run, name) == b"x"


# Page by page, level by level


def test_files_come_page_by_page_in_the_order_of_the_whole_list(run: Path) -> None:
    for name in ("b", "a/z", "a-b", "a/b", "c"):
        write(run, **{f"work/outputs/{name}": "12"})
    files, listed, after = RunFiles(run), [], None
    while True:
        page = files.page(limit=2, after=after)
        assert (page.total, page.total_bytes) == (5, 10)
        listed += [file.name for file in page.files]
        after = page.next_after
        if after is None:
            break
    assert listed == names(run)


def test_a_prefix_leaves_out_the_rest_and_its_totals(run: Path) -> None:
    write(run, files__outputs__a="1", files__outputs__b="2", files__other="333")
    page = RunFiles(run).page(prefix="outputs/", limit=1)
    assert [file.name for file in page.files] == ["outputs/a"]
    assert (page.total, page.total_bytes, page.next_after) == (2, 2, "outputs/a")


def level(run: Path, path: str = "") -> list[tuple[str, int | None]]:
    return [(entry.path, entry.size_bytes) for entry in RunFiles(run).folder(path).entries]


def test_a_level_shows_folders_first_whoever_wrote_them(run: Path) -> None:
    write(run, files__zeta="1", files__outputs__kept="22", work__outputs__plots__p="333")
    write(run, files__azureml_logs__driver="")
    assert level(run) == [("azureml_logs", None), ("logs", None), ("outputs", None), ("zeta", 1)]
    assert level(run, "outputs") == [("outputs/plots", None), ("outputs/kept", 2)]
    assert level(run, "outputs/plots/") == [("outputs/plots/p", 3)]


def test_in_a_level_a_kept_file_comes_before_one_being_written(run: Path) -> None:
    write(run, files__outputs__a="kept", work__outputs__a="being written")
    assert level(run, "outputs") == [("outputs/a", 4)]


def test_a_level_comes_page_by_page(run: Path) -> None:
    for name in ("d1/x", "d2/x", "a", "b", "c"):
        write(run, **{f"work/outputs/{name}": ""})
    files, found, after = RunFiles(run), [], None
    while True:
        page = files.folder("outputs", limit=2, after=after)
        assert page.total == 5
        found += [entry.name for entry in page.entries]
        after = page.next_after
        if after is None:
            break
    assert found == ["d1", "d2", "a", "b", "c"]


def test_the_top_level_of_a_run_without_files_is_empty(tmp_path: Path) -> None:
    assert RunFiles(tmp_path / "nothing").folder().entries == ()


@pytest.mark.parametrize("path", ["nothing", "outputs/a", "outputs/a/b"])
def test_a_folder_that_is_not_there_is_told(run: Path, path: str) -> None:
    write(run, files__outputs__a="")
    with pytest.raises(errors.NoSuchFile, match="No folder "):
        RunFiles(run).folder(path)


@pytest.mark.parametrize("path", ["..", "../..", "/etc", "outputs/../..", "a\0b"])
def test_a_folder_that_lies_elsewhere_is_refused(run: Path, path: str) -> None:
    with pytest.raises(errors.InvalidSpec, match="does not name a file of a run"):
        RunFiles(run).folder(path)


def test_no_symlink_leads_a_level_anywhere(run: Path) -> None:
    (run / "secret").mkdir()
    write(run, secret__x="", work__outputs__real__y="", work__outputs__file="12")
    (run / "work/outputs/out").symlink_to(run / "secret")
    (run / "work/outputs/in").symlink_to("real")
    (run / "work/outputs/alias").symlink_to("file")
    (run / "work/outputs/secret").symlink_to(run / "secret/x")
    os.mkfifo(run / "work/outputs/pipe")
    assert level(run, "outputs") == [
        ("outputs/real", None),
        ("outputs/alias", 2),
        ("outputs/file", 2),
    ]
    for path in ("outputs/out", "outputs/in"):
        with pytest.raises(errors.NoSuchFile):
            RunFiles(run).folder(path)


def test_odd_names_can_be_walked_through(run: Path) -> None:
    folder = run / "work/outputs" / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / os.fsdecode(b"\xff")).write_text("x")
    assert level(run, "outputs") == [(r"outputs/caf\udce9", None)]
    assert level(run, r"outputs/caf\udce9") == [(r"outputs/caf\udce9/\udcff", 1)]
    assert read(run, r"outputs/caf\udce9/\udcff") == b"x"


@pytest.mark.parametrize(
    "name", ["", ".", "/etc/passwd", "../x", "a/../../x", "a\0b", "outputs/.."]
)
def test_a_name_that_leads_elsewhere_is_refused(run: Path, name: str) -> None:
    with pytest.raises(errors.InvalidSpec, match="does not name a file of a run"):
        RunFiles(run).open(name)


@pytest.mark.parametrize("name", ["nothing", "outputs/nothing", "outputs", "file/below", "folder"])
def test_what_is_no_file_is_refused_by_name(run: Path, name: str) -> None:
    write(run, files__file="", files__folder__x="")
    with pytest.raises(errors.NoSuchFile, match=f"file '{name}'"):
        RunFiles(run).open(name)


def test_a_named_pipe_is_neither_listed_nor_waited_for(run: Path) -> None:
    os.mkfifo(run / "work/outputs/pipe")
    assert names(run) == []
    with pytest.raises(errors.NoSuchFile, match="not a regular file"):
        RunFiles(run).open("outputs/pipe")


@pytest.mark.parametrize("target", ["/etc/passwd", "../../secret", "folder/../../../secret"])
def test_a_symlink_that_leads_out_is_neither_listed_nor_opened(run: Path, target: str) -> None:
    write(run, secret="secret")
    (run / "work/outputs/folder").mkdir()
    (run / "work/outputs/link").symlink_to(target)
    assert names(run) == []
    with pytest.raises(errors.InvalidSpec, match="symlink that leads out"):
        RunFiles(run).open("outputs/link")


def test_a_folder_that_is_a_symlink_out_is_not_passed_through(run: Path) -> None:
    (run / "work/outputs/etc").symlink_to("/etc")
    assert names(run) == []
    with pytest.raises(errors.InvalidSpec, match="symlink that leads out"):
        RunFiles(run).open("outputs/etc/passwd")


def test_outputs_that_is_a_symlink_itself_is_not_passed_through(run: Path) -> None:
    (run / "work/outputs").rmdir()
    (run / "work/outputs").symlink_to("/etc")
    assert names(run) == []
    with pytest.raises(errors.NoSuchFile):
        RunFiles(run).open("outputs/passwd")


@pytest.mark.parametrize("absolute", [False, True])
def test_a_symlink_to_a_file_in_the_same_place_is_listed_and_opened(
    run: Path, absolute: bool
) -> None:
    write(run, work__outputs__deep__model="model")
    target = run / "work/outputs/deep/model" if absolute else Path("deep/../deep/model")
    (run / "work/outputs/latest").symlink_to(target)
    assert names(run) == ["outputs/deep/model", "outputs/latest"]
    assert read(run, "outputs/latest") == b"model"


def test_a_loop_of_symlinks_is_no_file(run: Path) -> None:
    (run / "work/outputs/a").symlink_to("a")
    assert names(run) == []
    with pytest.raises(errors.NoSuchFile):
        RunFiles(run).open("outputs/a")


def test_folders_that_vanish_meanwhile_do_not_matter(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(run, work__outputs__a__x="", work__outputs__b="")
    scan = os.scandir

    def scan_and_remove(path: Path) -> object:
        found = scan(path)
        with monkeypatch.context() as patch:
            patch.setattr(os, "scandir", scan)  # which `rmtree` uses too
            shutil.rmtree(run / "work/outputs/a", ignore_errors=True)
        return found

    monkeypatch.setattr(os, "scandir", scan_and_remove)
    assert names(run) == ["outputs/b"]
