"""Runs that notebooks log to, when kernels and services are killed, and when two log to one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fault_builders import Gate, MakePlace, Place, Watched, fill

from jupyter_mltrain import Experiment, Run
from jupyter_mltrain.errors import DiskFull
from jupyter_mltrain.spec import ClusterSpec, RunState
from jupyter_mltrain.wire import ClusterRequest

pytestmark = pytest.mark.slow

_KERNEL = """\
import sys
from jupyter_mltrain import Experiment, Run, Workspace
directory, run_id, gate, *rest = sys.argv[1:]
experiment = Experiment(Workspace.at(directory), "faults")
if run_id == "new":
    run = experiment.start_logging(snapshot_directory=None)
else:
    run = Run(experiment, run_id)
"""
_WAITS = """\
open(gate, "w").write(run.id)
open(rest[0]).read()
"""


@contextmanager
def kernel(place: Place, text: str, run: str, *gates: Gate) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own that has opened a run, or logs to one."""
    command = [sys.executable, "-c", _KERNEL + text, str(place.directory), run, *map(str, gates)]
    with subprocess.Popen(command) as process:
        yield process
        process.kill()


def test_a_run_whose_kernel_is_killed_has_failed_with_what_it_logged(place: Place) -> None:
    up, never = place.gate("up"), place.gate("never")
    text = "run.log('loss', 0.5)\nrun.upload_file('a.txt', b'a')\nrun.child_run('fold')\n" + _WAITS
    with kernel(place, text, "new", up, never) as process:
        run = place.client.get(up.heard())
        process.send_signal(signal.SIGKILL)
        ended = place.ended(run)
    assert ended.state is RunState.FAILED
    assert ended.reason == "the process that logged to it ended without completing it"
    assert place.client.metrics(run.id) == {"loss": 0.5}
    assert [file.name for file in place.client.files(run.id)] == ["a.txt"]
    (child,) = place.client.iterate(parent=run.id)
    assert child.state is RunState.FAILED


def test_a_run_outlives_its_service_and_completes_with_the_next(place: Place) -> None:
    run = Experiment(place.workspace, "faults").start_logging(snapshot_directory=None)
    run.log("before", 1)
    place.kill_service()
    run.log("between", 2)
    run.upload_file("between.txt", b"kept")
    assert run.status == "Running"
    place.kill_service()
    run.complete()
    assert run.status == "Completed"
    assert run.get_metrics() == {"before": 1, "between": 2}
    assert run.get_file_names() == ["between.txt"]


def test_a_kernel_that_ends_without_a_service_is_missed_by_the_next(place: Place) -> None:
    up, on = place.gate("up"), place.gate("on")
    with kernel(place, _WAITS, "new", up, on) as process:
        run = place.client.get(up.heard())
        place.kill_service()
        gone = Watched(process.pid)
        process.kill()
        process.wait()
        gone.wait()
    assert place.ended(run).state is RunState.FAILED


def test_a_service_killed_just_after_the_end_was_said_still_tells_it(place: Place) -> None:
    run = Experiment(place.workspace, "faults").start_logging(snapshot_directory=None)
    place.kill_service()
    run._pen.complete()  # into the journal, where nobody reads it just now
    assert place.ended(run.record).state is RunState.COMPLETED


@pytest.mark.parametrize("times", [3])
def test_openings_and_ends_are_done_once_however_often_the_service_is_killed(
    place: Place, times: int
) -> None:
    experiment = Experiment(place.workspace, "faults")
    over = threading.Event()

    def kill_on() -> None:
        for _ in range(times):
            run = experiment.start_logging(snapshot_directory=None)
            run.complete()
            place.kill_service()
        over.set()

    killing = threading.Thread(target=kill_on)
    killing.start()
    made = []
    while not over.is_set():
        with experiment.start_logging(snapshot_directory=None) as run:
            run.child_run().complete()
        made.append(run.id)
    killing.join()
    records = list(place.client.iterate(children="1"))
    assert {run.state for run in records} == {RunState.COMPLETED}
    assert len([run for run in records if run.parent_id is None]) == len(made) + times
    assert len([run for run in records if run.parent_id is not None]) == len(made)


def test_two_kernels_and_this_process_log_to_one_run_and_nothing_is_lost(place: Place) -> None:
    count = 20_000
    run = Experiment(place.workspace, "faults").start_logging(snapshot_directory=None)
    text = f"for step in range({count}):\n    run.log(rest[0], step)\n"
    commands = [
        [sys.executable, "-c", _KERNEL + text, str(place.directory), run.id, "-", name]
        for name in ("first", "second")
    ]
    kernels = [subprocess.Popen(command) for command in commands]
    for step in range(count):
        run.log("own", step)
    assert [process.wait() for process in kernels] == [0, 0]
    metrics = run.get_metrics()
    assert {name: len(values) for name, values in metrics.items()} == {
        "first": count,
        "second": count,
        "own": count,
    }
    assert all(values == list(range(count)) for values in metrics.values())
    run.complete()


def test_the_service_leaves_a_kernel_of_another_life_alone(place: Place) -> None:
    """A pid that is given again names another process: the run has failed all the same."""
    run = Experiment(place.workspace, "faults").start_logging(snapshot_directory=None)
    path = place.run_dir(run.record) / "control" / "opener.json"
    place.kill_service()
    path.write_text(path.read_text().replace('"ticks":', '"ticks":1'))
    assert place.ended(run.record).state is RunState.FAILED
    os.kill(os.getpid(), 0)


def test_a_run_can_be_looked_at_from_another_process_while_it_goes_on(place: Place) -> None:
    run = Experiment(place.workspace, "faults").start_logging(snapshot_directory=None)
    run.log("a", 1)
    found = Run.get(place.workspace, run.id)
    assert found.get_metrics() == {"a": 1}
    run.complete()
    assert found.status == "Completed"


@pytest.mark.root
def test_a_run_on_a_full_disk_says_so_and_goes_on_when_there_is_room(
    disk: Path, make_place: MakePlace, capfd: pytest.CaptureFixture[str]
) -> None:
    place = make_place(disk / "workspace")
    experiment = Experiment(place.workspace, "faults")
    run = experiment.start_logging(snapshot_directory=None)
    ballast = fill(disk)
    run.upload_file("big.bin", b"x" * 100_000)
    assert "'big.bin' can't be kept with the run in" in capfd.readouterr().err
    with pytest.raises(DiskFull):
        experiment.start_logging(snapshot_directory=None)
    ballast.unlink()
    run.log("after", 3)
    run.complete()
    assert (run.status, run.get_metrics()) == ("Completed", {"after": 3})
    assert len(list(experiment.get_runs())) == 1
    place.close()


@pytest.mark.root
def test_a_run_that_is_completed_on_a_full_disk_completes(
    disk: Path, make_place: MakePlace
) -> None:
    place = make_place(disk / "workspace")
    run = Experiment(place.workspace, "faults").start_logging(snapshot_directory=None)
    run.log("loss", 1)
    journal = place.run_dir(run.record) / "journal.jsonl"
    while not (place.directory / "reserve").exists():
        time.sleep(0.02)
    fill(disk)
    before = -1
    while before < (before := journal.stat().st_size):  # until not even one line fits
        run.log_list("many", [1.0] * 100)
    run.complete()
    assert run.status == "Completed"
    place.close()


@pytest.mark.parametrize("damage", ["lost", "damaged"])
def test_all_kinds_of_runs_and_models_are_found_when_the_database_is_gone(
    make_place: MakePlace, damage: str
) -> None:
    place = make_place(cpus=3, memory_bytes=16 * 1024**3)
    spec = ClusterSpec(vm_size="STANDARD_D1_V2", max_nodes=2)
    place.client.create_cluster(ClusterRequest(name="nodes", spec=spec))
    opened = Experiment(place.workspace, "faults").start_logging(snapshot_directory=None)
    opened.log("loss", 1)
    gate = place.gate()
    text = (
        "import os, sys\nfrom azureml.core import Run\n"
        "open('outputs/m', 'a').write(os.environ['MLTRAIN_ATTEMPT'])\n"
        "Run.get_context().register_model('net', 'outputs/m')\n"
        "if os.environ['MLTRAIN_ATTEMPT'] == '1': sys.exit(3)\n"
        "open(sys.argv[1]).read()\n"
    )
    again = place.submit(text, gate, retries=1, compute="nodes")
    while [model.version for model in place.client.models("net")] != [2, 1]:
        time.sleep(0.02)
    for run in (again, opened.record):
        record = place.run_dir(run) / "run.json"
        while not record.exists() or b'"Running"' not in record.read_bytes():
            time.sleep(0.02)
    while b'"attempt":2' not in (place.run_dir(again) / "run.json").read_bytes():
        time.sleep(0.02)
    models = place.client.models("net")
    place.kill_service()
    for path in place.directory.glob("store.sqlite*"):
        path.unlink()
    if damage == "damaged":
        (place.directory / "store.sqlite").write_bytes(b"no database" * 1000)
    assert place.client.models("net") == models
    opened.log("loss", 2)
    opened.complete()
    gate.open()
    ended = place.completed(again)
    assert (ended.attempt, place.output(again, "outputs/m")) == (2, b"12")
    assert opened.get_metrics() == {"loss": [1, 2]}
    assert opened.status == "Completed"
    assert place.client.models("net") == models
