"""Snapshots: what goes in comes out."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_builders import blob_files, checked_out, tree, write

from jupyter_mltrain import errors
from jupyter_mltrain.store.snapshots import Snapshots


def test_a_working_copy_is_what_the_source_was(
    snapshots: Snapshots, source: Path, tmp_path: Path
) -> None:
    write(source, train_dot_py="print(1)", pkg__a_dot_py="", data__raw__b_dot_bin=b"\0\xff" * 5000)
    (source / "empty/inner").mkdir(parents=True)
    (source / "run.sh").write_text("#!/bin/sh\n")
    (source / "run.sh").chmod(0o700)
    (source / "link").symlink_to("pkg/a.py")
    (source / "pkg/up").symlink_to("../data")
    (source / "dangling").symlink_to("not/there")
    taken = snapshots.take(source)
    assert checked_out(snapshots, taken, tmp_path / "work") == tree(source)
    assert taken.files == 4
    assert taken.size_bytes == 8 + 10_000 + 10
    assert taken.names == (
        "dangling",
        "data/raw/b.bin",
        "link",
        "pkg/a.py",
        "pkg/up",
        "run.sh",
        "train.py",
    )
    assert taken.warnings == ()


@pytest.mark.parametrize(
    "name",
    [b"two words", b"'quo\"tes'", b"new\nline", "😀".encode(), b"x" * 255, b"not-utf-\xff\xfe"],
)
def test_odd_names_survive(snapshots: Snapshots, source: Path, tmp_path: Path, name: bytes) -> None:
    (source / os.fsdecode(name)).write_text("content")
    (source / "link").symlink_to(os.fsdecode(name))
    taken = snapshots.take(source)
    assert checked_out(snapshots, taken, tmp_path / "work") == tree(source)
    assert snapshots.read(taken.id, os.fsdecode(name)) == b"content"
    assert snapshots.take(source).id == taken.id


FILE_NAMES = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=5
).filter(lambda name: name not in (".", "..", ".git", ".hg", ".svn", "logs"))
LEAVES = st.one_of(
    st.binary(max_size=50),
    st.just(b"same"),
    st.booleans(),  # an executable or a symlink that stays inside
    st.binary(min_size=1, max_size=3).map(lambda seed: seed * 40_000),
)
TREES = st.recursive(LEAVES, lambda inner: st.dictionaries(FILE_NAMES, inner, max_size=4))


def build(folder: Path, content: dict[str, object]) -> None:
    for name, item in content.items():
        path = folder / f"x{name}"
        if isinstance(item, dict):
            path.mkdir()
            build(path, item)
        elif isinstance(item, bytes):
            path.write_bytes(item)
        elif item:
            path.write_bytes(b"#!")
            path.chmod(0o755)
        else:
            path.symlink_to(f"./{path.name}-target")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.dictionaries(FILE_NAMES, TREES, max_size=5))
def test_any_tree_survives(
    tmp_path_factory: pytest.TempPathFactory, content: dict[str, object]
) -> None:
    base = tmp_path_factory.mktemp("any")
    (base / "source").mkdir()
    build(base / "source", content)
    snapshots = Snapshots(base / "workspace")
    taken = snapshots.take(base / "source")
    assert checked_out(snapshots, taken, base / "work") == tree(base / "source")
    assert snapshots.take(base / "work").id == taken.id


def test_the_same_content_is_the_same_snapshot_and_stored_once(
    snapshots: Snapshots, source: Path, workspace: Path, tmp_path: Path
) -> None:
    write(source, a="same", b="same")
    other = tmp_path / "other"
    write(other, a="same", b="same")
    assert snapshots.take(source).id == snapshots.take(other).id
    assert len(list(blob_files(workspace))) == 1


def test_the_executable_bit_is_part_of_a_snapshot(snapshots: Snapshots, source: Path) -> None:
    write(source, a="x")
    before = snapshots.take(source)
    (source / "a").chmod(0o755)
    assert snapshots.take(source).id != before.id


def test_changing_a_working_copy_changes_nothing_in_the_store(
    snapshots: Snapshots, source: Path, tmp_path: Path
) -> None:
    write(source, small="small", large=b"l" * 200_000)
    taken = snapshots.take(source)
    snapshots.check_out(taken.id, tmp_path / "work")
    for name in ("small", "large"):
        with open(tmp_path / "work" / name, "r+b") as file:
            file.write(b"changed")
    assert snapshots.read(taken.id, "small") == b"small"
    assert snapshots.read(taken.id, "large") == b"l" * 200_000


def test_working_copies_have_plain_modes_whatever_the_umask_is(
    snapshots: Snapshots, source: Path, tmp_path: Path
) -> None:
    write(source, a="", b="")
    (source / "a").chmod(0o400)
    (source / "b").chmod(0o500)
    taken = snapshots.take(source)
    before = os.umask(0o077)
    try:
        snapshots.check_out(taken.id, tmp_path / "work")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / "work" / name).stat().st_mode) for name in "ab"]
    assert modes == [0o644, 0o755]


def test_an_interrupted_check_out_is_completed_by_the_next(
    snapshots: Snapshots, source: Path, tmp_path: Path
) -> None:
    write(source, a="whole", b="b")
    (source / "link").symlink_to("a")
    taken = snapshots.take(source)
    work = tmp_path / "work"
    write(work, a="wh")
    write(tmp_path, outside="safe")
    (work / "b").symlink_to("../outside")
    (work / "link").symlink_to("a")
    assert checked_out(snapshots, taken, work) == tree(source)
    assert (tmp_path / "outside").read_text() == "safe"


def test_inline_files_need_no_folder(snapshots: Snapshots, tmp_path: Path) -> None:
    taken = snapshots.take(None, inline={"cell.py": "print('ü')", "pkg/x.py": ""})
    work = checked_out(snapshots, taken, tmp_path / "work")
    assert work["cell.py"] == ("print('ü')".encode(), False)
    assert taken.names == ("cell.py", "pkg/x.py")


def test_inline_files_replace_those_of_the_folder(snapshots: Snapshots, source: Path) -> None:
    write(source, a="old", b="kept")
    (source / "empty").mkdir()
    taken = snapshots.take(source, inline={"a": "new", "empty/c": "c"})
    assert taken.names == ("a", "b", "empty/c")
    assert snapshots.read(taken.id, "a") == b"new"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../x", "leads out"),
        ("/x", "leads out"),
        ("a/../../x", "leads out"),
        ("a\0b", "leads out"),
        ("", "has no name"),
        ("a/b", "needs a folder 'a'"),
        ("folder", "is a folder in the source"),
    ],
)
def test_an_inline_file_in_a_wrong_place_is_refused(
    snapshots: Snapshots, source: Path, name: str, message: str
) -> None:
    write(source, a="a", folder__b="b")
    with pytest.raises(errors.SnapshotError, match=message):
        snapshots.take(source, inline={name: "x"})


def test_an_include_takes_only_what_it_names(snapshots: Snapshots, source: Path) -> None:
    write(source, a_dot_py="", b_dot_py="", pkg__c_dot_py="", pkg__sub__d_dot_py="", other__e="")
    (source / "pkg/__pycache__").mkdir()
    (source / "pkg/__pycache__/c.pyc").touch()
    taken = snapshots.take(source, include=("pkg/", "./a.py", "pkg/sub"))
    assert taken.names == ("a.py", "pkg/c.py", "pkg/sub/d.py")


def test_an_include_takes_what_it_names_even_if_ignored(snapshots: Snapshots, source: Path) -> None:
    write(source, _dot_amlignore="*.csv\ndata/\n", a_dot_csv="", data__b_dot_csv="", data__c="")
    assert snapshots.take(source, include=("a.csv", "data")).names == ("a.csv", "data/c")


def test_an_empty_include_takes_nothing(snapshots: Snapshots, source: Path) -> None:
    write(source, a="")
    assert snapshots.take(source, include=(), inline={"cell.py": ""}).names == ("cell.py",)


def test_an_include_that_is_missing_is_refused_by_name(snapshots: Snapshots, source: Path) -> None:
    with pytest.raises(errors.SnapshotError, match=r"'helpers\.py' is not in"):
        snapshots.take(source, include=("helpers.py",))


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../b"])
def test_an_include_that_leads_out_is_refused(
    snapshots: Snapshots, source: Path, path: str
) -> None:
    with pytest.raises(errors.SnapshotError, match="leads out of the source folder"):
        snapshots.take(source, include=(path,))


def test_an_include_through_a_symlink_is_refused(
    snapshots: Snapshots, source: Path, tmp_path: Path
) -> None:
    write(tmp_path, elsewhere__x="secret")
    (source / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(errors.SnapshotError, match="goes through 'link'"):
        snapshots.take(source, include=("link/x",))


def test_what_is_in_a_snapshot_comes_page_by_page(snapshots: Snapshots, source: Path) -> None:
    write(source, b="22", a__c="1", a_b="333")
    (source / os.fsdecode(b"\xff")).write_text("x")
    taken = snapshots.take(source)
    first = snapshots.page(taken.id, limit=2)
    assert [file.name for file in first.files] == [r"\udcff", "a/c"]
    assert (first.total, first.total_bytes, first.next_after) == (4, 7, "a/c")
    second = snapshots.page(taken.id, limit=2, after=first.next_after)
    assert [(file.name, file.size_bytes) for file in second.files] == [("a_b", 3), ("b", 2)]
    assert second.next_after is None


def test_a_file_of_a_snapshot_can_be_opened(snapshots: Snapshots, source: Path) -> None:
    (source / os.fsdecode(b"\xff")).write_text("content")
    taken = snapshots.take(source)
    file, sha256 = snapshots.open(taken.id, r"\udcff")
    with file:
        assert file.read() == b"content"
    assert sha256 == hashlib.sha256(b"content").hexdigest()
    with pytest.raises(errors.NoSuchFile):
        snapshots.open(taken.id, "other")
