"""The files of a run that has ended: collected, whatever the script did to them."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from run_builders import names, read
from store_builders import tree, write

from jupyter_mltrain.store import collecting
from jupyter_mltrain.store.files import RunFiles


def test_what_the_script_wrote_is_moved_to_the_kept_files(run: Path) -> None:
    write(run, work__outputs__a__b="b", work__outputs__c="c", work__logs__d="d", work__e="e")
    inode = (run / "work/outputs/a/b").stat().st_ino
    files = RunFiles(run)
    assert files.collect() == ()
    assert names(run) == ["logs/d", "outputs/a/b", "outputs/c"]
    assert (run / "files/outputs/a/b").stat().st_ino == inode, "moved, not copied"
    assert files.collect() == ()
    assert files.drop_work() == ()
    assert not (run / "work").exists()
    assert files.drop_work() == ()


def test_empty_outputs_leave_nothing(run: Path) -> None:
    assert RunFiles(run).collect() == ()
    assert tree(run / "files") == {}


def test_collecting_without_a_working_copy_does_nothing(tmp_path: Path) -> None:
    assert RunFiles(tmp_path).collect() == ()
    assert RunFiles(tmp_path).drop_work() == ()


def test_an_uploaded_file_stays_and_the_other_gets_a_free_name(run: Path) -> None:
    write(run, files__outputs__model_dot_pt="uploaded", work__outputs__model_dot_pt="written")
    write(run, **{"files__outputs__model~1_dot_pt": "uploaded too"})
    notes = RunFiles(run).collect()
    assert notes == ("'outputs/model.pt' is kept as 'outputs/model~2.pt': its name was taken.",)
    assert read(run, "outputs/model.pt") == b"uploaded"
    assert read(run, "outputs/model~2.pt") == b"written"


def test_an_uploaded_file_of_the_same_content_is_not_kept_twice(run: Path) -> None:
    write(run, files__outputs__a="same", work__outputs__a="same", work__outputs__b="b")
    assert RunFiles(run).collect() == ()
    assert names(run) == ["outputs/a", "outputs/b"]
    assert RunFiles(run).drop_work() == ()


def test_a_free_name_is_found_for_the_longest_name(run: Path) -> None:
    name = "x" * 252 + ".pt"
    for folder in ("files/outputs", "work/outputs"):
        (run / folder).mkdir(exist_ok=True)
        (run / folder / name).write_text(folder)
    RunFiles(run).collect()
    assert read(run, f"outputs/{'x' * 250}~1.pt") == b"work/outputs"


def test_a_folder_in_the_way_of_a_file_and_the_other_way_round(run: Path) -> None:
    write(run, files__outputs__a__x="uploaded", work__outputs__a="file")
    write(run, files__outputs__b="uploaded", work__outputs__b__x="1", work__outputs__b__y="2")
    notes = RunFiles(run).collect()
    assert names(run) == [
        "outputs/a/x",
        "outputs/a~1",
        "outputs/b",
        "outputs/b~1/x",
        "outputs/b~1/y",
    ]
    assert len(notes) == 2
    assert RunFiles(run).drop_work() == ()


def test_outputs_that_the_script_made_a_file_is_kept_as_a_file(run: Path) -> None:
    (run / "work/outputs").rmdir()
    write(run, work__outputs="a file")
    assert names(run) == ["outputs"]
    assert read(run, "outputs") == b"a file"
    RunFiles(run).collect()
    assert read(run, "outputs") == b"a file"


def test_outputs_that_the_script_removed_are_no_problem(run: Path) -> None:
    (run / "work/outputs").rmdir()
    (run / "work/logs").rmdir()
    assert RunFiles(run).collect() == ()


def test_outputs_as_a_symlink_to_a_folder_of_the_run_keeps_its_content(run: Path) -> None:
    (run / "work/outputs").rmdir()
    (run / "work/outputs").symlink_to("results")
    write(run, work__results__a="a", work__results__deep__b="b")
    (run / "work/results/c").symlink_to("/etc/passwd")
    (note,) = RunFiles(run).collect()
    assert note.startswith("'c', reached through 'outputs', is not a file of the run")
    assert RunFiles(run).drop_work() == ()
    assert tree(run / "files/outputs") == {
        "a": (b"a", False),
        "deep": None,
        "deep/b": (b"b", False),
    }


def test_a_symlink_to_a_file_of_the_working_copy_keeps_its_content(run: Path) -> None:
    write(run, work__config_dot_yaml="lr: 1")
    (run / "work/outputs/config.yaml").symlink_to("../config.yaml")
    assert RunFiles(run).collect() == ()
    RunFiles(run).drop_work()
    assert read(run, "outputs/config.yaml") == b"lr: 1"


@pytest.mark.parametrize("absolute", [False, True])
def test_a_symlink_between_outputs_still_leads_there(run: Path, absolute: bool) -> None:
    write(run, work__outputs__deep__model="model", work__logs__x="x")
    target = run / "work/outputs/deep/model" if absolute else Path("deep/model")
    (run / "work/outputs/latest").symlink_to(target)
    (run / "work/outputs/log").symlink_to("../logs/x")
    assert RunFiles(run).collect() == ()
    RunFiles(run).drop_work()
    assert (run / "files/outputs/latest").is_symlink()
    assert read(run, "outputs/latest") == b"model"
    assert read(run, "outputs/log") == b"x"


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("/etc", "outside of the run's folder"),
        ("nowhere", "which is not there"),
        ("..", "which it lies in itself"),
    ],
)
def test_other_symlinks_are_not_kept_and_named(run: Path, target: str, why: str) -> None:
    (run / "work/outputs/link").symlink_to(target)
    (note,) = RunFiles(run).collect()
    assert note.startswith(f"'outputs/link' is a symlink to '{target}', {why}")
    assert tree(run / "files") == {}
    assert RunFiles(run).drop_work() == ()


def test_a_special_file_is_not_kept_and_named(run: Path) -> None:
    os.mkfifo(run / "work/outputs/pipe")
    assert RunFiles(run).collect() == ("'outputs/pipe' is no plain file and is not kept.",)


def test_a_second_call_completes_an_interrupted_one(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(run, work__outputs__a="a", work__outputs__b="b", work__outputs__d__x="x")
    write(run, files__outputs__d="uploaded", work__config="c")
    (run / "work/outputs/link").symlink_to("a")
    (run / "work/outputs/config").symlink_to("../config")
    rename = Path.rename
    calls: list[Path] = []

    def fail_later(path: Path, target: Path) -> Path:
        calls.append(path)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail_later)
    with pytest.raises(KeyboardInterrupt):
        RunFiles(run).collect()
    monkeypatch.undo()
    RunFiles(run).collect()
    assert RunFiles(run).drop_work() == ()
    expected = ["a", "b", "config", "d", "d~1/x", "link"]
    assert names(run) == [f"outputs/{name}" for name in expected]
    assert read(run, "outputs/link") == b"a"


def test_a_file_on_another_filesystem_is_copied(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(run, work__outputs__deep__a="a")
    rename = Path.rename

    def across(path: Path, target: Path) -> Path:
        if "work" in path.parts:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", across)
    assert RunFiles(run).collect() == ()
    assert read(run, "outputs/deep/a") == b"a"
    assert RunFiles(run).drop_work() == ()


def test_a_file_that_cannot_be_moved_stays_and_the_working_copy_with_it(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(run, work__outputs__a="a", work__outputs__b="b", work__c="c")

    def fail(path: Path) -> None:
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "rename", lambda path, target: fail(path))
    notes = RunFiles(run).collect()
    assert sorted(notes) == [
        "'outputs/a' stays where it is: Permission denied.",
        "'outputs/b' stays where it is: Permission denied.",
    ]
    assert names(run) == ["outputs/a", "outputs/b"]
    (note,) = RunFiles(run).drop_work()
    assert "is kept" in note
    monkeypatch.undo()
    assert RunFiles(run).collect() == ()
    assert RunFiles(run).drop_work() == ()
    assert names(run) == ["outputs/a", "outputs/b"]


def test_a_symlink_whose_content_cannot_be_kept_keeps_the_working_copy(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(run, work__config="c", work__outputs__a="a")
    (run / "work/outputs/config").symlink_to("../config")

    def no_room(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "hardlink_to", no_room)
    monkeypatch.setattr(collecting, "_copy", no_room)
    assert RunFiles(run).collect() == (
        "'outputs/config' stays where it is: No space left on device.",
    )
    assert RunFiles(run).drop_work() != ()
    assert (run / "work/config").exists()
    assert read(run, "outputs/a") == b"a"


def test_closed_folders_are_opened_collected_and_dropped(as_nobody: Callable[[str], str]) -> None:
    output = as_nobody(
        """
        run = base / "run"
        for name in ("files/outputs/deep", "work/outputs/deep/er", "work/logs", "work/data/in"):
            (run / name).mkdir(parents=True)
        for name in ("files/outputs/deep/a", "work/outputs/deep/a", "work/outputs/deep/er/b",
                     "work/data/in/c"):
            (run / name).write_text(name)
            (run / name).chmod(0)
        for name in ("outputs/deep/er", "outputs/deep", "outputs", "data/in", "data"):
            (run / "work" / name).chmod(0)
        (run / "files/outputs/deep/a").chmod(0o400)
        (run / "work").chmod(0o500)
        files = RunFiles(run)
        print(files.collect())
        print(files.drop_work(), (run / "work").exists())
        print([file.name for file in files.list()])
        """
    )
    assert output.splitlines() == [
        "(\"'outputs/deep/a' is kept as 'outputs/deep/a~1': its name was taken.\",)",
        "() False",
        "['outputs/deep/a', 'outputs/deep/a~1', 'outputs/deep/er/b']",
    ]
