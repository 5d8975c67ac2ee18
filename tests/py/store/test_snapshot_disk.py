"""Snapshots on the disk: flushed, read-only, checked, cleaned up."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest
from store_builders import blob_files, checked_out, tree, write

from jupyter_mltrain import errors
from jupyter_mltrain.store import blobs as blobs_module
from jupyter_mltrain.store.snapshots import Snapshots


def test_what_is_new_is_flushed_before_it_gets_its_name(
    snapshots: Snapshots, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    flush, rename = os.fsync, os.rename

    def fsync(descriptor: int) -> None:
        info = os.fstat(descriptor)
        steps.append("flush folder" if stat.S_ISDIR(info.st_mode) else "flush file")
        flush(descriptor)

    def renamed(one: str, other: str) -> None:
        steps.append("rename")
        rename(one, other)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", renamed)
    write(source, a="a")
    snapshots.take(source)
    # A blob and a manifest, whose two folders and their parents are new as well.
    assert steps == ["flush file"] * 2 + ["rename"] * 2 + ["flush folder"] * 4
    steps.clear()
    snapshots.take(source)
    assert steps == []


def test_many_new_files_are_flushed_at_once(
    snapshots: Snapshots, source: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(blobs_module, "_MANY_FILES", 5)
    for number in range(20):
        write(source, **{f"f{number}": str(number)})
    taken = snapshots.take(source)
    assert checked_out(snapshots, taken, tmp_path / "work") == tree(source)


def test_a_full_disk_is_said_so_and_leaves_nothing(
    snapshots: Snapshots, source: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(source, a="a")

    def no_room(descriptor: int, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(blobs_module, "write_all", no_room)
    with pytest.raises(errors.DiskFull, match="No room left"):
        snapshots.take(source)
    assert not list((workspace / "blobs").rglob("*-*"))


def test_blobs_are_read_only(snapshots: Snapshots, source: Path, workspace: Path) -> None:
    write(source, a="a", large=b"x" * 2_000_000)
    snapshots.take(source)
    assert {stat.S_IMODE(blob.stat().st_mode) & 0o222 for blob in blob_files(workspace)} == {0}


@pytest.mark.parametrize("size", [100, 200_000])
@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_a_damaged_blob_is_refused_naming_the_file(
    snapshots: Snapshots, source: Path, workspace: Path, tmp_path: Path, size: int, damage: str
) -> None:
    write(source, the_file=b"x" * size)
    taken = snapshots.take(source)
    for blob in blob_files(workspace):
        blob.unlink() if damage == "missing" else os.truncate(blob, size // 2)
    with pytest.raises(errors.SnapshotError, match=r"'the_file' is (missing|damaged)"):
        snapshots.check_out(taken.id, tmp_path / "work")


def test_a_damaged_manifest_is_refused(snapshots: Snapshots, source: Path, workspace: Path) -> None:
    write(source, a="a")
    taken = snapshots.take(source)
    (path,) = (workspace / "snapshots").glob("??/*.json")
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b'"a"', b'"b"'))
    with pytest.raises(errors.SnapshotError, match="is damaged"):
        Snapshots(workspace).manifest(taken.id)


@pytest.mark.parametrize("snapshot_id", ["0" * 64, "../../etc/passwd", ""])
def test_an_unknown_snapshot_is_refused(snapshots: Snapshots, snapshot_id: str) -> None:
    with pytest.raises(errors.SnapshotError, match="No snapshot"):
        snapshots.manifest(snapshot_id)


def test_a_file_that_is_not_in_the_snapshot_is_refused(snapshots: Snapshots) -> None:
    taken = snapshots.take(None, inline={"a": ""})
    with pytest.raises(errors.NoSuchFile, match="'b'"):
        snapshots.read(taken.id, "b")


def test_only_what_no_kept_snapshot_needs_is_removed(snapshots: Snapshots, workspace: Path) -> None:
    old = snapshots.take(None, inline={"shared": "shared", "old": "only in old"})
    new = snapshots.take(None, inline={"shared": "shared", "new": "new"})
    (workspace / "blobs/tmp/left-over").touch()
    planned = snapshots.unused({new.id})
    assert snapshots.read(old.id, "old") == b"only in old"
    removed = snapshots.remove_unused({new.id})
    assert removed == planned
    assert removed.blobs == 1
    assert removed.size_bytes > len("only in old")
    assert snapshots.read(new.id, "shared") == b"shared"
    with pytest.raises(errors.SnapshotError, match="No snapshot"):
        snapshots.manifest(old.id)
    assert not (workspace / "blobs/tmp/left-over").exists()
    assert snapshots.unused({new.id}) == (0, 0)


def test_a_removed_snapshot_can_be_taken_again(snapshots: Snapshots, source: Path) -> None:
    write(source, a="a")
    taken = snapshots.take(source)
    snapshots.remove_unused(set())
    assert snapshots.take(source).id == taken.id
    assert snapshots.read(taken.id, "a") == b"a"


def test_a_damaged_manifest_that_is_kept_stops_the_clean_up(
    snapshots: Snapshots, workspace: Path
) -> None:
    taken = snapshots.take(None, inline={"a": "a"})
    (path,) = (workspace / "snapshots").glob("??/*.json")
    path.chmod(0o600)
    path.write_bytes(b"{}")
    with pytest.raises(errors.SnapshotError, match="is damaged"):
        snapshots.remove_unused({taken.id})
    assert len(list(blob_files(workspace))) == 1


def test_many_threads_take_and_remove_at_once(
    snapshots: Snapshots, source: Path, tmp_path: Path
) -> None:
    for number in range(30):
        write(source, **{f"f{number}": f"shared {number}"})
    kept = snapshots.take(source)
    problems: list[BaseException] = []
    whole: list[bool] = []

    def work(number: int) -> None:
        try:
            for turn in range(8):
                taken = snapshots.take(source, inline={"mine": f"{number // 2} {turn}"})
                if number == 0:
                    snapshots.remove_unused({kept.id})
                elif taken.files == 31:
                    whole.append(True)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(whole) == 40
    assert checked_out(snapshots, kept, tmp_path / "work") == tree(source)
