"""Disks that are full, read-only or not there: each is told in a sentence, nothing is lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_builders import MakePlace, Place, fill

from jupyter_mltrain.core.workspace import Workspace
from jupyter_mltrain.errors import DiskFull, WorkspaceError
from jupyter_mltrain.spec import RunState, Source

pytestmark = [pytest.mark.slow, pytest.mark.root]


@pytest.fixture
def full(disk: Path, make_place: MakePlace) -> Iterator[Place]:
    """A workspace on a file system of its own."""
    place = make_place(disk / "workspace")
    yield place
    place.close()


def test_a_submit_to_a_full_disk_is_refused_leaves_nothing_and_works_when_there_is_room(
    full: Place, disk: Path
) -> None:
    before = full.completed(full.submit("print('before')"))
    ballast = fill(disk)
    for script in ("print('a')", "print('b')" * 1000):
        with pytest.raises(DiskFull, match=r"No .*(room|space) left .*jupyter mltrain gc"):
            full.submit(script)
    assert [run.id for run in full.client.iterate()] == [before.id]
    assert full.run_dirs() == {before.id}
    assert full.client.queue() == ()
    ballast.unlink()
    full.completed(full.submit("print('a')"))


def test_a_folder_that_does_not_fit_is_refused_and_its_part_does_not_stay(
    full: Place, disk: Path
) -> None:
    source = full.root / "source"
    source.mkdir()
    (source / "train.py").write_text("print('here')")
    (source / "data.bin").write_bytes(os.urandom(30_000_000))
    full.client.status()
    free = os.statvfs(disk).f_bfree
    with pytest.raises(DiskFull, match=r"holds 30 MB .* are free .* 'data\.bin' \(30 MB\)"):
        full.submit("", source=Source(directory=str(source)))
    assert os.statvfs(disk).f_bfree > free - 100
    assert full.run_dirs() == set()
    (source / "data.bin").unlink()
    full.completed(full.submit("", source=Source(directory=str(source))))


def test_a_run_that_fills_the_disk_with_output_fails_saying_so_and_its_output_is_kept(
    full: Place, disk: Path
) -> None:
    script = "import sys\nwhile True:\n    print('x' * 999)\n"
    run = full.submit(script)
    ended = full.ended(run)
    assert ended.state is RunState.FAILED
    assert ended.reason.startswith("The disk is full")
    output = full.output(run)
    assert len(output) > 10_000_000
    assert output.startswith(b"x" * 999 + b"\n")
    assert full.client.get(run.id).state is RunState.FAILED


def test_a_run_that_fills_the_disk_with_outputs_fails_saying_so_and_the_workspace_works_after(
    full: Place, disk: Path
) -> None:
    service = full.client.status().pid
    run = full.submit("open('outputs/big', 'wb').write(b'x' * 40_000_000)")
    ended = full.ended(run)
    assert ended.state is RunState.FAILED
    assert "disk is full" in ended.reason
    assert full.client.status().pid == service
    full.client.delete(run.id)
    full.completed(full.submit("print('room again')"))


def test_a_run_that_exits_well_on_a_full_disk_is_completed(full: Place, disk: Path) -> None:
    gate = full.gate()
    run = full.submit("import sys; print('one', flush=True); open(sys.argv[1]).read()", gate)
    next(full.lines(run))
    ballast = fill(disk)
    gate.open()
    ended = full.ended(run)
    assert ended.state is RunState.COMPLETED
    ballast.unlink()
    full.kill_service()
    assert full.client.get(run.id).state is RunState.COMPLETED


def test_a_service_that_cannot_start_on_a_full_disk_says_so_and_starts_when_there_is_room(
    full: Place, disk: Path
) -> None:
    run = full.completed(full.submit("print('here')"))
    full.kill_service()
    ballast = fill(disk)
    try:
        assert full.client.get(run.id).state is RunState.COMPLETED
    except DiskFull as error:
        assert "No space left" in error.message  # noqa: PT017 - both are right
    ballast.unlink()
    assert full.output(run) == b"here\n"


def test_the_queue_pauses_below_the_floor_says_so_and_goes_on_when_there_is_room(
    disk: Path, make_place: MakePlace
) -> None:
    place = make_place(disk / "workspace", disk_floor_bytes=10_000_000)
    place.client.status()
    ballast = disk / "ballast"
    ballast.write_bytes(b"x" * 18_000_000)
    run = place.submit("print('here')")
    assert run.state is RunState.QUEUED
    assert "the queue is paused" in run.reason
    assert "it keeps 10 MB" in run.reason
    assert "jupyter mltrain gc" in run.reason
    (entry,) = place.client.queue()
    assert "the queue is paused" in entry.reason
    assert "the queue is paused" in (place.client.status().queue_paused or "")
    ballast.unlink()
    place.completed(run)
    assert place.client.status().queue_paused is None
    place.close()


def test_a_workspace_on_a_read_only_disk_is_refused_in_a_sentence(full: Place, disk: Path) -> None:
    full.completed(full.submit("print('here')"))
    full.client.shutdown()
    full.close()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    try:
        with pytest.raises(WorkspaceError) as caught:
            full.client.status()
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    assert caught.value.message == (
        f"The workspace {full.directory} cannot be written (Read-only file system). Make it "
        "writable for you, or choose another with MLTRAIN_WORKSPACE."
    )
    assert full.client.status().running == 0


def test_a_new_workspace_on_a_read_only_disk_is_refused_in_a_sentence(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    client = Workspace.at(disk / "new").client
    with pytest.raises(WorkspaceError, match=r"cannot be written \(Read-only file system\)"):
        client.status()
