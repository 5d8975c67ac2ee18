"""Only what changed is read again, and nothing that changed is missed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from store_builders import Clock, Reads, blob_files, write

from jupyter_mltrain.store.blobs import Batch
from jupyter_mltrain.store.snapshots import Snapshots


def test_an_unchanged_file_is_not_read_again(
    snapshots: Snapshots, source: Path, reads: Reads
) -> None:
    write(source, a="a", b="b")
    snapshots.take(source)
    assert reads.take() == ["a", "b"]
    snapshots.take(source)
    assert reads.take() == []
    write(source, b="changed")
    snapshots.take(source)
    assert reads.take() == ["b"]


def test_a_change_that_keeps_size_and_time_is_seen(snapshots: Snapshots, source: Path) -> None:
    write(source, a="before")
    info = (source / "a").stat()
    first = snapshots.take(source)
    while (source / "a").stat().st_ctime_ns == info.st_ctime_ns:  # until the clock ticks
        write(source, a="after!")
        os.utime(source / "a", ns=(info.st_atime_ns, info.st_mtime_ns))
    second = snapshots.take(source)
    assert snapshots.read(first.id, "a") == b"before"
    assert snapshots.read(second.id, "a") == b"after!"


def test_a_file_read_right_after_its_last_change_is_read_again(
    snapshots: Snapshots, source: Path, clock: Clock, reads: Reads
) -> None:
    write(source, a="a")
    changed_ns = (source / "a").stat().st_ctime_ns
    clock.now_ns = changed_ns + 50_000_000
    snapshots.take(source)
    snapshots.take(source)
    assert reads.take() == ["a", "a"]
    clock.now_ns = changed_ns + 150_000_000
    snapshots.take(source)
    snapshots.take(source)
    assert reads.take() == ["a"]


def test_what_was_learnt_about_a_large_folder_outlives_the_process(
    snapshots: Snapshots, workspace: Path, source: Path, clock: Clock, reads: Reads
) -> None:
    for number in range(60):
        write(source, **{f"f{number}": str(number)})
    (source / os.fsdecode(b"\xff")).touch()
    taken = snapshots.take(source)
    reads.take()
    assert Snapshots(workspace, clock).take(source).id == taken.id
    assert len(reads.take()) == 1  # the one whose name the index cannot hold


def test_a_broken_index_only_costs_time(
    snapshots: Snapshots, workspace: Path, source: Path, clock: Clock, reads: Reads
) -> None:
    for number in range(60):
        write(source, **{f"f{number}": str(number)})
    taken = snapshots.take(source)
    for index in (workspace / "source-index").iterdir():
        index.write_bytes(b"\0" * 100)
    reads.take()
    assert Snapshots(workspace, clock).take(source).id == taken.id
    assert len(reads.take()) == 60


def test_a_blob_that_went_missing_is_stored_again(
    snapshots: Snapshots, source: Path, workspace: Path
) -> None:
    write(source, a="content")
    taken = snapshots.take(source)
    for blob in blob_files(workspace):
        blob.unlink()
    assert snapshots.take(source).id == taken.id
    assert snapshots.read(taken.id, "a") == b"content"


@pytest.mark.parametrize("size", [10, 3_000_000])
def test_a_blob_matches_its_name_even_if_the_file_changes_while_it_is_read(
    snapshots: Snapshots, source: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    path = source / "growing.log"
    path.write_bytes(b"x" * size)
    original = os.read

    def read_and_grow(descriptor: int, length: int) -> bytes:
        data = original(descriptor, length)
        with open(path, "ab") as file:
            file.write(b"y")
        return data if data.strip(b"y") else b""  # or it would be read for ever

    monkeypatch.setattr(os, "read", read_and_grow)
    taken = snapshots.take(source)
    monkeypatch.undo()
    assert "'growing.log'" in taken.warnings[0]
    assert snapshots.read(taken.id, "growing.log").startswith(b"x")


def test_a_file_that_goes_away_meanwhile_is_left_out(
    snapshots: Snapshots, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(source, a="", b="")
    original = Batch.add_file

    def add_file(batch: Batch, path: str, known: str | None) -> tuple[str, os.stat_result]:
        (source / "b").unlink(missing_ok=True)
        return original(batch, path, known)

    monkeypatch.setattr(Batch, "add_file", add_file)
    assert "b" not in snapshots.take(source).names
