"""What cannot go into a snapshot, and what the user is warned of."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from store_builders import write

from jupyter_mltrain import errors
from jupyter_mltrain.store.snapshots import Snapshots


def test_a_missing_folder_is_refused(snapshots: Snapshots, source: Path) -> None:
    with pytest.raises(errors.SnapshotError, match="nowhere is not there"):
        snapshots.take(source / "nowhere")


def test_a_file_instead_of_a_folder_is_refused(snapshots: Snapshots, source: Path) -> None:
    write(source, a="")
    with pytest.raises(errors.SnapshotError, match="is a file, not a folder"):
        snapshots.take(source / "a")


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "sub/../../x", "first", "sub/up"])
def test_a_symlink_that_leaves_the_folder_is_refused_by_name(
    snapshots: Snapshots, source: Path, target: str
) -> None:
    (source / "sub").mkdir()
    if target == "first":
        (source / "first").symlink_to("..")  # and the one under test leads through it
    if target == "sub/up":
        (source / "sub/up").symlink_to("../..")
    (source / "a-link").symlink_to(target)
    with pytest.raises(errors.SnapshotError, match=r"is a symlink to .*out of the folder"):
        snapshots.take(source)


def test_dots_after_a_symlink_are_those_of_where_it_leads(
    snapshots: Snapshots, source: Path
) -> None:
    # By its text, this one stays inside; by the kernel, a/b/.. is the folder above the root.
    (source / "deep/er").mkdir(parents=True)
    (source / "here").symlink_to(".")
    (source / "bad").symlink_to("here/../x")
    with pytest.raises(errors.SnapshotError, match="'bad'"):
        snapshots.take(source)
    (source / "bad").unlink()
    (source / "down").symlink_to("deep/er")
    (source / "good").symlink_to("down/../../here")
    assert "good" in snapshots.take(source).names


def test_a_loop_of_symlinks_is_kept(snapshots: Snapshots, source: Path) -> None:
    (source / "a").symlink_to("b")
    (source / "b").symlink_to("a")
    assert snapshots.take(source).names == ("a", "b")


def test_an_ignored_symlink_may_lead_anywhere(snapshots: Snapshots, source: Path) -> None:
    write(source, _dot_amlignore="data\n")
    (source / "data").symlink_to("/")
    assert snapshots.take(source).names == (".amlignore",)


def test_special_files_are_left_out_with_a_warning(snapshots: Snapshots, source: Path) -> None:
    write(source, a="")
    os.mkfifo(source / "pipe")
    taken = snapshots.take(source)
    assert taken.names == ("a",)
    assert taken.warnings == ("'pipe' is left out: it is a named pipe, not a file.",)


def test_a_workspace_in_the_source_does_not_swallow_itself(source: Path) -> None:
    write(source, a="")
    snapshots = Snapshots(source / "runs/ws")
    taken = snapshots.take(source)
    assert taken.names == ("a",)
    assert "'runs/ws'" in taken.warnings[0]
    assert snapshots.take(source).id == taken.id
    assert snapshots.take(source, include=("runs/ws",)).names == ()


def test_the_workspace_itself_is_no_source(snapshots: Snapshots, workspace: Path) -> None:
    with pytest.raises(errors.SnapshotError, match="is the workspace's own folder"):
        snapshots.take(workspace)


def test_over_300_mb_the_largest_files_are_named(snapshots: Snapshots, source: Path) -> None:
    for number in range(6):
        with open(source / f"{number}.bin", "wb") as file:
            file.truncate(50_000_000 + number * 1_000_000)
    (warning,) = snapshots.take(source).warnings
    assert warning == (
        "The snapshot holds 315 MB. Its largest files are '5.bin' (55 MB), '4.bin' (54 MB), "
        "'3.bin' (53 MB), '2.bin' (52 MB), '1.bin' (51 MB). "
        "List what the run does not need in .amlignore."
    )


def test_what_looks_like_a_secret_is_named(snapshots: Snapshots, source: Path) -> None:
    names = [".env", "deep/server.pem", "id_rsa", ".aws/config", "credentials.json", ".netrc"]
    harmless = [".env.example", "id_rsa.pub", "credentials.py", "monkey.py", "keys.txt"]
    for name in names + harmless:
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).touch()
    (warning,) = snapshots.take(source).warnings
    assert warning == (
        "The snapshot holds what may be secrets: '.aws/config', '.env', '.netrc', "
        "'credentials.json', 'deep/server.pem' and 1 more. "
        "List them in .amlignore if the run does not need them."
    )


def test_an_unreadable_file_is_refused_by_name(as_nobody: Callable[[str], str]) -> None:
    output = as_nobody(
        """
        (base / "source/data").mkdir(parents=True)
        (base / "source/data/secret.bin").write_text("x")
        (base / "source/data/secret.bin").chmod(0)
        try:
            Snapshots(base / "ws").take(base / "source")
        except errors.SnapshotError as error:
            print(error)
        """
    )
    assert "'data/secret.bin' in " in output
    assert "cannot be read: Permission denied. Make it readable, or list it in" in output


def test_an_unreadable_folder_is_refused_by_name(as_nobody: Callable[[str], str]) -> None:
    output = as_nobody(
        """
        (base / "source/closed").mkdir(parents=True)
        (base / "source/closed").chmod(0)
        try:
            Snapshots(base / "ws").take(base / "source")
        except errors.SnapshotError as error:
            print(error)
        """
    )
    assert "'closed' in " in output


def test_an_unreadable_file_that_is_ignored_does_not_matter(
    as_nobody: Callable[[str], str],
) -> None:
    output = as_nobody(
        """
        (base / "source/closed").mkdir(parents=True)
        (base / "source/closed").chmod(0)
        (base / "source/.amlignore").write_text("closed/")
        print(Snapshots(base / "ws").take(base / "source").names)
        """
    )
    assert output == "('.amlignore',)\n"


def test_a_workspace_that_cannot_be_written_is_said_so(as_nobody: Callable[[str], str]) -> None:
    output = as_nobody(
        """
        snapshots = Snapshots(base / "ws")
        (base / "ws/blobs/tmp").chmod(0o500)
        try:
            snapshots.take(None, inline={"a": "a"})
        except errors.WorkspaceError as error:
            print(error)
        """
    )
    assert "cannot be written: Permission denied" in output
