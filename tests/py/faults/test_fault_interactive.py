"""Runs that notebooks log to, when kernels and services are killed, and when two log to one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fault_builders import Gate, Place, Watched

from jupyter_mltrain import Experiment, Run
from jupyter_mltrain.spec import RunState

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
