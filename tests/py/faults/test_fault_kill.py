"""Whoever is killed with `kill -9`: runs go on, and their endings are told truly."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from fault_builders import Place, Watched, is_gone, kill

from jupyter_mltrain.errors import ServiceUnavailable
from jupyter_mltrain.spec import Run, RunState

pytestmark = pytest.mark.slow

WAITS = """\
import sys
print("one", flush=True)
open(sys.argv[1]).read()
print("two", flush=True)
sys.exit(int(sys.argv[2]))
"""
"""Prints, waits at a gate, prints and ends with the status that it is given."""


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        (0, RunState.COMPLETED, "completed"),
        (3, RunState.FAILED, 'Exit status 3. Last output: "two"'),
    ],
)
def test_a_run_outlives_its_service_and_the_next_one_tells_its_ending(
    place: Place, status: int, state: RunState, reason: str
) -> None:
    gate = place.gate()
    run = place.running(place.submit(WAITS, gate, status))
    killed = place.service_pid
    place.kill_service()
    assert place.client.get(run.id).state is RunState.RUNNING
    assert place.service_pid != killed
    gate.open()
    ended = place.ended(run)
    assert (ended.state, ended.reason) == (state, reason)
    assert place.output(run) == b"one\ntwo\n"


def test_an_ending_that_no_service_saw_is_told_by_the_next(place: Place) -> None:
    gate = place.gate()
    run = place.running(place.submit(WAITS, gate, 3))
    reaper = Watched(place.reaper_pid(run))
    place.kill_service()
    gate.open()
    reaper.wait()
    ended = place.ended(run)
    assert (ended.state, ended.exit and ended.exit.status) == (RunState.FAILED, 3)


def test_a_follower_gets_every_line_once_though_the_service_is_killed_under_it(
    place: Place,
) -> None:
    gate = place.gate()
    script = """\
import sys
for part in range(3):
    for line in range(5000):
        print(f"{part} {line:04} {'x' * 60}")
    sys.stdout.flush()
    open(sys.argv[1]).read()
"""
    run = place.submit(script, gate)
    expected = [f"{part} {line:04} {'x' * 60}" for part in range(3) for line in range(5000)]
    received = b""
    opened = 0
    for data in place.lines(run):
        received += data
        # Before the service can have sent all of it, and again when it has.
        if opened < 3 and len(received) >= opened * 5000 * 68 + 1:
            place.kill_service()
            gate.open()
            opened += 1
    assert received.decode().splitlines() == expected


def test_no_promised_run_is_lost_or_doubled_however_often_the_service_is_killed(
    place: Place,
) -> None:
    marks = place.root / "marks"
    script = """\
import os, sys
mark = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(mark, f"{os.environ['AZUREML_RUN_ID']}\\n".encode())
sys.exit(int(sys.argv[2]))
"""
    promised: list[Run] = []
    place.client.status()

    def submit(round_number: int) -> None:
        for number in range(3):
            promised.append(place.submit(script, marks, (round_number + number) % 4))

    for round_number in range(15):
        submitting = threading.Thread(target=submit, args=(round_number,))
        submitting.start()
        time.sleep(0.004 * round_number)  # the moment is the point: from accepting to ending
        place.kill_service()
        submitting.join()
    for run in promised:
        ended = place.ended(run)
        status = int(run.spec.arguments[1])
        assert ended.exit is not None
        assert (ended.exit.status, ended.state is RunState.COMPLETED) == (status, status == 0)
    assert len({run.id for run in promised}) == len(promised) == 45
    assert sorted(marks.read_text().split()) == sorted(run.id for run in promised)
    assert {run.id for run in place.client.iterate()} == {run.id for run in promised}
    place.client.shutdown()
    place.close()  # it clears what was half done before it leaves
    assert place.run_dirs() == {run.id for run in promised}


def test_a_run_that_a_power_cut_ended_is_failed_with_the_reason(place: Place) -> None:
    run = place.submit(WAITS, place.gate(), 0)
    next(place.lines(run))
    kill(*place.everything())
    ended = place.ended(run)
    assert ended.state is RunState.FAILED
    assert "exit status is unknown" in ended.reason
    assert place.output(run) == b"one\n"


def test_a_power_cut_that_tears_the_reapers_file_still_leaves_a_failed_run(place: Place) -> None:
    run = place.running(place.submit(WAITS, place.gate(), 0))
    kill(*place.everything())
    (place.run_dir(run) / "control" / "reaper.json").write_bytes(b"")
    _forget_handle(place, run)
    ended = place.ended(run)
    assert ended.state is RunState.FAILED
    assert "went down" in ended.reason


def test_a_run_of_before_a_restart_of_the_machine_is_failed_with_the_reason(place: Place) -> None:
    run = place.running(place.submit(WAITS, place.gate(), 0))
    kill(*place.everything())
    found = place.run_dir(run) / "control" / "reaper.json"
    found.write_text(found.read_text().replace('"boot": "', '"boot": "another-'))
    _forget_handle(place, run)
    assert "the machine went down while it ran" in place.ended(run).reason


def _forget_handle(place: Place, run: Run) -> None:
    import sqlite3

    database = sqlite3.connect(place.directory / "store.sqlite")
    with database:
        database.execute("UPDATE runs SET handle = NULL WHERE id = ?", (run.id,))
    database.close()


def test_a_run_whose_reaper_is_killed_is_failed_and_none_of_its_processes_left(
    place: Place,
) -> None:
    script = """\
import subprocess, sys
child = subprocess.Popen(["sleep", "1000"])
print(child.pid, flush=True)
open(sys.argv[1]).read()
"""
    run = place.submit(script, place.gate())
    child = Watched(int(next(place.lines(run))))
    reaper = place.reaper_pid(run)
    kill(reaper)
    ended = place.ended(run)
    assert ended.state is RunState.FAILED
    assert f"the process that watched it (pid {reaper}) was killed" in ended.reason
    child.wait()
    assert place.of_run(run) == []


def test_a_run_outlives_the_client_that_submitted_it(place: Place) -> None:
    gate = place.gate()
    code = f"""\
from jupyter_mltrain import Experiment, ScriptRunConfig, Workspace
import pathlib, sys
folder = pathlib.Path({str(place.root)!r}, "source")
folder.mkdir()
(folder / "train.py").write_text({WAITS!r})
config = ScriptRunConfig(str(folder), "train.py", [{str(gate)!r}, "0"])
run = Experiment(Workspace.at({str(place.directory)!r}), "faults").submit(config)
print(run.id, flush=True)
run.wait_for_completion(show_output=False)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        run = place.client.get(client.stdout.readline().decode().strip())
        place.running(run)
        client.kill()
    gate.open()
    place.completed(run)


def test_a_service_that_is_told_to_end_leaves_in_order_and_its_runs_go_on(place: Place) -> None:
    gate = place.gate()
    run = place.running(place.submit(WAITS, gate, 0))
    service = Watched(place.service_pid)
    service.kill(signal.SIGTERM)
    service.wait()
    assert (place.directory / "lock").read_bytes() == b""
    assert not is_gone(place.reaper_pid(run))
    assert "ERROR" not in place.log()
    gate.open()
    place.completed(run)


def test_runs_start_after_the_launcher_was_killed(place: Place) -> None:
    place.client.status()
    service = place.service_pid
    launcher = next(pid for pid in place.machinery() if _parent(pid) == service)
    os.kill(launcher, signal.SIGKILL)
    runs = [place.submit("print('here')") for _ in range(5)]
    for run in runs:
        place.completed(run)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_an_ending_that_comes_while_the_service_is_away_is_not_taken_for_running(
    place: Place,
) -> None:
    run = place.completed(place.submit("print('done')"))
    place.kill_service()
    assert place.client.get(run.id).state is RunState.COMPLETED
    assert place.client.history(run.id)[-1].reason == "completed"


def test_a_run_that_waited_when_the_power_was_cut_is_run_by_the_next_service(
    place: Place,
) -> None:
    cpus = place.client.computes()[0].capacity.cpus
    first = place.submit(WAITS, place.gate(), 0, resources={"cpus": cpus})
    second = place.submit("print('my turn')", resources={"cpus": cpus})
    next(place.lines(first))
    assert place.client.get(second.id).state is RunState.QUEUED
    kill(*place.everything())
    assert place.output(place.completed(second)) == b"my turn\n"
    assert place.ended(first).state is RunState.FAILED


def test_a_waiting_run_whose_folders_a_power_cut_took_is_run_all_the_same(place: Place) -> None:
    cpus = place.client.computes()[0].capacity.cpus
    first = place.submit(WAITS, place.gate(), 0, resources={"cpus": cpus})
    second = place.submit("print('my turn')", resources={"cpus": cpus})
    next(place.lines(first))
    kill(*place.everything())
    shutil.rmtree(place.run_dir(second))
    assert place.output(place.completed(second)) == b"my turn\n"


def test_a_service_killed_while_it_starts_is_in_nobodys_way(place: Place) -> None:
    for step in range(8):
        starting = threading.Thread(target=_ask_for_status, args=(place,))
        starting.start()
        time.sleep(0.03 * step)  # the moment is the point: from the fork to the first answer
        kill(*place.machinery())
        starting.join()
    assert place.client.status().running == 0
    place.completed(place.submit("print('here')"))


def _ask_for_status(place: Place) -> None:
    try:
        place.client.status()
    except ServiceUnavailable:
        return  # it was told that the service does not start; the next one starts it
